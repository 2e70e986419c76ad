/**
 * Watches a project's files and hands over what changed, in small batches (hot reload). What a change means is the
 * space's business; here is only which files count and when a burst of saves is one change.
 */
import { existsSync, type Stats } from 'node:fs'
import path from 'node:path'
import type { Manifest } from './project/manifest.ts'
import { SecondLook } from './second-look.ts'

/** Editors and git write several files at once; a pause this long ends a batch. In milliseconds, of machine time. */
const quietMs = 8

/** Editors that replace a file by rename show up as a removal and an addition this close together, in milliseconds. */
const atomicMs = 20

/** File systems stamp by a clock that ticks every few milliseconds only, so a file may look this much older than it is. */
const stampMs = 20

export interface WatchOptions {
  manifest: Manifest
  /** State folder: our own writes are not changes. */
  data: string
  /** When the project was read, epoch milliseconds of machine time: what changed since then counts, too. */
  since: number
  /** Absolute paths that were changed, added or removed. */
  onChange(files: string[]): void
  onError(error: Error): void
}

/** Starts watching; resolves once every folder is watched. */
export async function watchProject(options: WatchOptions): Promise<AsyncDisposable> {
  const { watch } = await import('chokidar')
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    const files = [...changed]
    changed.clear()
    secondLook.schedule()
    options.onChange(files)
  }
  const note = (file: string): void => {
    changed.add(file)
    clearTimeout(timer)
    timer = setTimeout(flush, quietMs)
  }
  const secondLook = new SecondLook(note)
  const paths = watchedPaths(options.manifest)
  const present = paths.filter((file) => existsSync(file))
  const watcher = watch(present, {
    // The first listing tells what was saved while it was being made.
    ignoreInitial: false,
    alwaysStat: true,
    atomic: atomicMs,
    ignored: (file) => isIgnored(file, options),
  })
  const first = new FirstListing()
  watcher.on('all', (event, file, stats) => {
    if (event === 'addDir') return
    // Of the first listing counts what came since then: it has a change time of then, even by a move. Later on
    // everything counts: the files in a folder that is moved here keep their stamps.
    if (event === 'add' && first.holds(file) && stats && newest(stats) < options.since - stampMs) return
    secondLook.reported(file, stats)
    note(file)
    // A cloud folder that was taken away may come back, as when a branch without it is checked out for a while.
    if (event === 'unlinkDir' && paths.includes(file)) watcher.add(file)
  })
  watcher.on('error', (error) => options.onError(error as Error))
  // Without a path there is no `ready` either, and with one that does not exist it comes before anything is listed.
  if (present.length > 0) await new Promise<void>((resolve) => watcher.once('ready', resolve))
  watcher.add(paths.filter((file) => !present.includes(file)))
  first.complete(watcher.getWatched())
  return {
    [Symbol.asyncDispose]: async () => {
      clearTimeout(timer)
      secondLook.close()
      await watcher.close()
    },
  }
}

// internals

/** Which files were there when the watching began. Their `add` events may come in after `ready`. */
class FirstListing {
  /** Before `ready`: files that were reported. After it: files that are still to be. */
  #files = new Set<string>()
  #complete = false

  /** @param file reported as added; asked once for each report */
  holds(file: string): boolean {
    if (this.#complete) return this.#files.delete(file)
    this.#files.add(file)
    return true
  }

  /** @param watched names by folder, as they are known at `ready` */
  complete(watched: Record<string, string[]>): void {
    const reported = this.#files
    const all = Object.entries(watched).flatMap(([dir, names]) => names.map((name) => path.join(dir, name)))
    this.#files = new Set(all.filter((file) => !reported.has(file)))
    this.#complete = true
  }
}

function newest(stats: Stats): number {
  return Math.max(stats.mtimeMs, stats.ctimeMs)
}

/** Cloud folders, and the folders in which a new cloud folder or plug-in would appear. */
function watchedPaths(manifest: Manifest): string[] {
  return [
    ...manifest.cloudRoots,
    path.join(manifest.root, 'uni_modules'),
    path.join(manifest.root, 'src', 'uni_modules'),
    // Installing or removing npm packages changes what modules resolve to.
    path.join(manifest.root, 'package.json'),
  ]
}

function isIgnored(file: string, options: WatchOptions): boolean {
  if (file === options.data || file.startsWith(options.data + path.sep)) return true
  const relative = path.relative(options.manifest.root, file)
  const parts = relative.split(path.sep)
  if (
    parts.some((part) => part === 'node_modules' || (part.startsWith('.') && part !== '..' && part !== '.'))
  )
    return true
  // Of a plug-in only its cloud part counts; front-end folders can be huge.
  const plugin = parts.indexOf('uni_modules')
  const inside = plugin === -1 ? undefined : parts[plugin + 2]
  return inside !== undefined && inside.toLowerCase() !== 'unicloud'
}
