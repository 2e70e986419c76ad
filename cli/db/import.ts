/** `unicloud-local db import` */
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { SeedFile } from '../../database/seed.ts'
import { fileContents } from '../../database/tools/file-names.ts'
import {
  type ImportCount,
  type ImportProblem,
  importFile,
  newImportCount,
  prepareCollection,
} from '../../database/tools/import.ts'
import type { OpenPlace } from '../../database/tools/open-place.ts'
import { LocalError } from '../../errors/errors.ts'
import type { Flags } from '../space-options.ts'
import { databaseTarget, Interruption, openTarget, projectIfAny, providerOf } from './context.ts'
import { count, note, number, Progress, remark, say, seedReporter, shownPath, size } from './print.ts'

/** Reads documents from files into collections. Exit code 1 when a document was not imported. */
export async function importCommand(paths: string[], flags: Flags): Promise<void> {
  const { files, indexes } = expand(paths, flags)
  const target = await databaseTarget(flags)
  const project = await projectIfAny(target)
  await using place = await openTarget(target)
  using interruption = new Interruption()
  const emptied = new Set<string>()
  const results: ImportResult[] = []
  await interruption.run(async () => {
    for (const { file, collection } of files) {
      const result = await importOne({
        place,
        file,
        collection,
        flags,
        provider: providerOf(target, project),
        databaseFiles: [...indexes, ...(project?.databaseFiles ?? [])],
        drop: flags.drop === true && !emptied.has(collection),
        signal: interruption.signal,
        results,
      })
      emptied.add(collection)
      if (result.count.failed > 0 && flags.stopOnError) break
    }
  })
  if (flags.json) say(JSON.stringify(results, undefined, 2))
  if (results.some((result) => result.count.failed > 0)) process.exitCode ||= 1
}

// internals

interface ImportResult {
  file: string
  collection: string
  removed: number
  count: ImportCount
}

interface ImportTask {
  place: OpenPlace
  file: string
  collection: string
  flags: Flags
  provider: ReturnType<typeof providerOf>
  databaseFiles: readonly SeedFile[]
  drop: boolean
  signal: AbortSignal
  /** Gets the result also when the import does not come to its end. */
  results: ImportResult[]
}

async function importOne(task: ImportTask): Promise<ImportResult> {
  const { place, file, collection, flags, provider, signal } = task
  using progress = new Progress()
  const { report } = seedReporter()
  const prepared = await prepareCollection({
    ...place,
    collection,
    provider,
    files: task.databaseFiles,
    report,
    drop: task.drop,
  })
  const result: ImportResult = { file, collection, removed: prepared.removed, count: newImportCount() }
  task.results.push(result)
  const problems = new ProblemPrinter(flags.verbose === true, progress)
  const total = file === '-' ? undefined : statSync(file, { throwIfNoEntry: false })?.size
  let bytes = 0
  try {
    await importFile({
      ...place,
      collection,
      file: { path: file, onBytes: (more) => (bytes += more) },
      provider,
      mode: flags.mode === 'upsert' ? 'upsert' : 'insert',
      exact: flags.exact === true,
      stopOnError: flags.stopOnError === true,
      count: result.count,
      report: (problem) => problems.print(problem),
      onProgress: () => {
        const share = total ? `  ${Math.floor((100 * bytes) / total)}% of ${size(total)}` : ''
        progress.show(`${collection}  ${count(result.count.read, 'document')}${share}`)
      },
      signal,
    })
  } finally {
    progress.clear()
    problems.end(flags)
    if (!flags.json) say(summary(result, flags.stopOnError === true))
  }
  return result
}

/** What became of one file, in one line. */
function summary({ file, collection, removed, count: done }: ImportResult, stops: boolean): string {
  const parts = [
    ...(removed > 0 ? [`${number(removed)} removed`] : []),
    `${number(done.inserted)} inserted`,
    ...(done.replaced > 0 ? [`${number(done.replaced)} replaced`] : []),
    ...(done.unchanged > 0 ? [`${number(done.unchanged)} unchanged`] : []),
    ...(done.failed > 0 ? [`${number(done.failed)} failed${stops ? ', stopped there' : ''}`] : []),
  ]
  const source = file === '-' ? 'standard input' : shownPath(file)
  return `${collection}: ${count(done.read, 'document')} read from ${source}: ${parts.join(', ')}`
}

/** Prints problems until there are too many to read. */
class ProblemPrinter {
  readonly #all: boolean
  readonly #progress: Progress
  readonly #seen = { error: 0, warning: 0 }
  #knownIds = 0

  constructor(all: boolean, progress: Progress) {
    this.#all = all
    this.#progress = progress
  }

  print({ severity, message, file, line, column, code }: ImportProblem): void {
    if (code === DUPLICATE_KEY && message.includes('index: _id_')) this.#knownIds++
    if (++this.#seen[severity] > MOST_SHOWN && !this.#all) return
    this.#progress.clear()
    remark(severity, message, {
      file: file === '-' ? 'standard input' : file,
      line,
      ...(column === undefined ? {} : { column }),
    })
  }

  end({ mode, drop }: Flags): void {
    for (const [severity, seen] of Object.entries(this.#seen)) {
      if (seen > MOST_SHOWN && !this.#all)
        note(`… and ${count(seen - MOST_SHOWN, `more ${severity}`)}; --verbose shows all`)
    }
    if (this.#knownIds > 0 && mode !== 'upsert' && !drop) {
      note(
        `${count(this.#knownIds, 'document')} had an _id that is there already: --mode upsert replaces such documents, --drop empties the collection first`,
      )
    }
  }
}

const MOST_SHOWN = 20
const DUPLICATE_KEY = 11000

/** The files of documents, with their collections; of a folder, all that are such, and its index files. */
function expand(
  paths: readonly string[],
  flags: Flags,
): { files: { file: string; collection: string }[]; indexes: SeedFile[] } {
  const named = flags.collection === undefined ? undefined : String(flags.collection)
  const files: { file: string; collection: string }[] = []
  const indexes: SeedFile[] = []
  for (const given of paths) {
    requireReadable(given)
    if (given !== '-' && statSync(given, { throwIfNoEntry: false })?.isDirectory()) {
      const found = documentsIn(given)
      files.push(...found.files.map((entry) => ({ ...entry, collection: named ?? entry.collection })))
      indexes.push(...found.indexes)
    } else {
      files.push({
        file: given === '-' ? given : path.resolve(given),
        collection: named ?? collectionOf(given),
      })
    }
  }
  return { files, indexes }
}

/** Before anything is emptied for a file that is not there. */
function requireReadable(file: string): void {
  if (file === '-') return
  try {
    accessSync(file, constants.R_OK)
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const message = missing
      ? `there is no file ${file}`
      : `${file} cannot be read: ${(cause as Error).message}`
    throw new LocalError('USAGE', message, { cause })
  }
}

function documentsIn(folder: string): { files: { file: string; collection: string }[]; indexes: SeedFile[] } {
  const files: { file: string; collection: string }[] = []
  const indexes: SeedFile[] = []
  for (const name of readdirSync(folder).sort()) {
    const file = path.resolve(folder, name)
    const { kind, collection } = fileContents(name)
    if (kind === 'documents') files.push({ file, collection })
    else if (kind === 'index') indexes.push({ collection, kind: 'index', path: file })
  }
  if (files.length > 0) return { files, indexes }
  throw new LocalError('USAGE', `${folder} holds no files of documents`, {
    hint: 'they are named COLLECTION.jsonl or COLLECTION.json, with .gz behind it when packed',
  })
}

function collectionOf(given: string): string {
  if (given === '-') {
    throw new LocalError('USAGE', 'which collection is the standard input for?', {
      hint: 'name it with --collection',
    })
  }
  const { kind, collection } = fileContents(given)
  if (kind === 'documents') return collection
  if (kind === 'index') {
    throw new LocalError('USAGE', `${given} describes indexes, it holds no documents`, {
      hint: 'put it into the database folder of the project and run: unicloud-local db init',
    })
  }
  throw new LocalError('USAGE', `which collection is ${given} for?`, { hint: 'name it with --collection' })
}
