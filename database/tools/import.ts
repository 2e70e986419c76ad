import type { Now } from '../api/object-id-source.ts'
import type { DatabaseProvider } from '../api/profile.ts'
import { ExtendedJsonError } from '../extended-json/parse.ts'
import { type SeedFile, type SeedProblem, seedDatabase } from '../seed.ts'
import { type DatabasePlace, listCollections, listIndexes } from './collections.ts'
import { type DocumentFile, piecesOf } from './document-file.ts'
import { type DocumentRules, documentRules } from './document-rules.ts'
import type { Piece } from './document-splitter.ts'
import { type ImportCount, type ImportTarget, writeBatch } from './import-batch.ts'

export type { ImportCount } from './import-batch.ts'

export interface ImportOptions extends DatabasePlace {
  collection: string
  file: DocumentFile
  provider: DatabaseProvider
  /** `insert` (default): a known `_id` is an error; `upsert`: its document is replaced. */
  mode?: 'insert' | 'upsert'
  /** Takes every value as the file has it; see {@link RuleOptions.exact}. */
  exact?: boolean
  /** The first document that cannot be imported ends the import. Default: the others go on. */
  stopOnError?: boolean
  /** Counted up while the import goes on, so that it is right also when the import fails. */
  count: ImportCount
  /** Gets every document that is not imported, and what is strange about others. */
  report(problem: ImportProblem): void
  onProgress?(): void
  /** For generated ids. Default: the machine's time. */
  clock?: Now
  signal?: AbortSignal
}

/** A document that is wrong or strange, with its place. */
export interface ImportProblem {
  severity: 'error' | 'warning'
  file: string
  line: number
  column?: number
  message: string
  /** MongoDB's code, when it was the database that refused. */
  code?: number
}

export function newImportCount(): ImportCount {
  return { read: 0, inserted: 0, replaced: 0, unchanged: 0, failed: 0 }
}

/**
 * Imports the documents of one file. What cannot be imported is reported with its line.
 * @throws LocalError USAGE when the file is unreadable or no file of documents, DatabaseError when the database fails;
 * what was read before is imported then
 */
export async function importFile(options: ImportOptions): Promise<void> {
  const { signal } = options
  const run = new ImportRun(options, await rulesOf(options))
  try {
    for await (const piece of piecesOf({ ...options.file, ...(signal ? { signal } : {}) })) {
      signal?.throwIfAborted()
      await run.take(piece)
      if (run.stopped) return
    }
  } finally {
    if (!run.stopped) await run.flush()
  }
}

export interface PrepareOptions extends DatabasePlace {
  collection: string
  provider: DatabaseProvider
  /** Database files of the project: a collection that is not there yet gets the indexes they declare. */
  files: readonly SeedFile[]
  report(problem: SeedProblem): void
  /** Empties the collection; its indexes stay. */
  drop?: boolean
}

/** Makes a collection ready for an import. @returns what was done to it */
export async function prepareCollection(
  options: PrepareOptions,
): Promise<{ created: boolean; indexes: number; removed: number }> {
  const { database, name, collection, provider, files, report, drop = false } = options
  const exists = (await listCollections(options)).includes(collection)
  if (exists) {
    if (!drop) return { created: false, indexes: 0, removed: 0 }
    const { n } = await database.command(name, { delete: collection, deletes: [{ q: {}, limit: 0 }] })
    return { created: false, indexes: 0, removed: Number(n) }
  }
  const seeded = await seedDatabase({
    database,
    name,
    provider,
    files,
    report,
    only: [collection],
    data: false,
  })
  const done = seeded.seeded[collection]
  if (!done) await database.command(name, { create: collection })
  return { created: true, indexes: done?.indexes ?? 0, removed: 0 }
}

// internals

/** Documents, and bytes, of one command. */
const BATCH_DOCUMENTS = 1000
const BATCH_BYTES = 4 * 1024 * 1024

async function rulesOf(options: ImportOptions): Promise<DocumentRules> {
  const { provider, exact = false, clock = { now: () => Date.now() } } = options
  const indexes = exact ? [] : await listIndexes(options, options.collection)
  return documentRules({ provider, exact, clock, indexes: indexes as { name: string; key: object }[] })
}

/** The documents of one file on their way. */
class ImportRun {
  readonly #options: ImportOptions
  readonly #rules: DocumentRules
  readonly #target: ImportTarget
  #documents: Record<string, unknown>[] = []
  #lines: number[] = []
  #bytes = 0
  stopped = false

  constructor(options: ImportOptions, rules: DocumentRules) {
    const { database, name, collection, mode = 'insert', stopOnError = false } = options
    this.#options = options
    this.#rules = rules
    this.#target = { database, name, collection, mode, ordered: stopOnError }
  }

  async take(piece: Piece): Promise<void> {
    this.#options.count.read++
    let read: { document: Record<string, unknown>; bytes: number }
    try {
      read = this.#rules.read(piece.text, (message) => this.#report('warning', { line: piece.line }, message))
    } catch (error) {
      // Stopping here means that everything before it is done.
      if (this.#target.ordered) await this.flush()
      if (!this.stopped) this.#fail(placeOf(error, piece), (error as Error).message)
      return
    }
    this.#documents.push(read.document)
    this.#lines.push(piece.line)
    this.#bytes += read.bytes
    if (this.#documents.length >= BATCH_DOCUMENTS || this.#bytes >= BATCH_BYTES) await this.flush()
  }

  async flush(): Promise<void> {
    const documents = this.#documents
    const lines = this.#lines
    if (documents.length === 0) return
    this.#documents = []
    this.#lines = []
    this.#bytes = 0
    const faults = await writeBatch(this.#target, documents, this.#options.count)
    for (const { index, code, message } of faults) this.#fail({ line: lines[index] ?? 0 }, message, code)
    this.#options.onProgress?.()
  }

  // internals

  #fail(place: Place, message: string, code?: number): void {
    this.#options.count.failed++
    this.#report('error', place, message, code)
    if (this.#target.ordered) this.stopped = true
  }

  #report(severity: ImportProblem['severity'], place: Place, message: string, code?: number): void {
    const { file, report } = this.#options
    report({ severity, file: file.path, ...place, message, ...(code === undefined ? {} : { code }) })
  }
}

interface Place {
  line: number
  column?: number
}

/** Where in the file a text goes wrong: where its document begins, when nothing closer is known. */
function placeOf(error: unknown, { text, line, column }: Piece): Place {
  if (!(error instanceof ExtendedJsonError)) return { line }
  const before = text.slice(0, error.offset).split('\n')
  const within = before.at(-1)!.length
  return { line: line + before.length - 1, column: before.length === 1 ? column + within : within + 1 }
}
