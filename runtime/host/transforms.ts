/**
 * Transforms source files before an instance asks for them: esbuild's synchronous calls start a process each, its
 * asynchronous service does not. Only TypeScript and module syntax are sent through it (shared design, decision 2).
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { realPath } from '../project/real-path.ts'
import {
  finishTransform,
  mayNeedTransform,
  planTransform,
  TransformCache,
  type Transformed,
  withoutMark,
} from '../source-transform.ts'

export class Transforms {
  readonly #cache: TransformCache
  #started = false
  #working = 0
  #rest: NodeJS.Timeout | undefined

  /** @param cacheDir shared with the instances (`GuestSpace.transformCache`) */
  constructor(cacheDir: string) {
    this.#cache = new TransformCache(cacheDir)
  }

  /**
   * Fills the cache. Files that are gone, or that have a syntax error, are passed over: the instance that loads them
   * reports them with its own words.
   * @param targets absolute files, or folders, which are searched without `node_modules` and hidden folders
   */
  async ahead(targets: readonly string[]): Promise<void> {
    const files = (await Promise.all([...new Set(targets.map(realPath))].map(sourceFiles))).flat()
    const worker = async (): Promise<void> => {
      for (let file = files.pop(); file !== undefined; file = files.pop()) await this.#one(file)
    }
    clearTimeout(this.#rest)
    this.#working++
    try {
      await Promise.all(Array.from({ length: parallel }, worker))
    } finally {
      this.#working--
      if (this.#working === 0) this.#rest = setTimeout(() => void this.#stop(), restMs).unref()
    }
  }

  /** Ends esbuild's service, if it was needed, and forgets what was made long ago. */
  async close(): Promise<void> {
    clearTimeout(this.#rest)
    await this.#cache.prune(keptEntries)
    await this.#stop()
  }

  async #stop(): Promise<void> {
    if (!this.#started) return
    this.#started = false
    const { stop } = await import('esbuild')
    await stop()
  }

  async #one(file: string): Promise<void> {
    const text = await readFile(file, 'utf8').then(withoutMark, () => undefined)
    if (text === undefined || !mayNeedTransform(file, text)) return
    const key = this.#cache.key(file, text)
    if (this.#cache.read(key) !== undefined) return
    const result = await this.#transform(file, text)
    if (result !== undefined) this.#cache.write(key, result)
  }

  async #transform(file: string, text: string): Promise<Transformed | undefined> {
    const plan = planTransform(file, text)
    if (plan.step === 'keep') return {}
    if (plan.step === 'use') return { code: plan.code }
    const { transform } = await import('esbuild')
    this.#started = true
    try {
      const { code, map } = await transform(text, plan.options)
      return { code: finishTransform(code), map }
    } catch {
      return undefined
    }
  }
}

// internals

/** Files in work at once: enough to keep esbuild busy, few enough for any limit of open files. */
const parallel = 32
/** esbuild's service holds 20 MB and is up again in 10 ms: without work it ends after this long, in milliseconds. */
const restMs = 5000
/** Each edit of a TypeScript file leaves an entry behind. */
const keptEntries = 2000

/** Source files of a folder, or the file itself; nothing when it does not exist. */
async function sourceFiles(target: string): Promise<string[]> {
  const found = await stat(target).catch(() => undefined)
  if (found === undefined) return []
  if (found.isFile()) return sourceEnding.test(target) ? [target] : []
  const entries = await readdir(target, { withFileTypes: true })
  const nested = entries
    .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .filter((entry) => entry.isDirectory() || sourceEnding.test(entry.name))
    .map((entry) => sourceFiles(path.join(target, entry.name)))
  return (await Promise.all(nested)).flat()
}

const sourceEnding = /(?<!\.d)\.[cm]?[jt]s$/
