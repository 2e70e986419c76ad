/**
 * What the database files of a project say about each collection, gathered from `<c>.*.json` and the older
 * `db_init.json` (spec/database.md §14). Files are read only as far as they are needed.
 */
import { isDocument } from '../api/snapshot.ts'
import { type FilePlace, JsonFault, JsonFile } from './json-file.ts'

/** A file of a `database/` folder. */
export interface SeedFile {
  /** Name of the collection; of no meaning for `db_init`. */
  collection: string
  kind: 'schema' | 'index' | 'init_data' | 'db_init' | 'schema-ext' | 'validate-function'
  path: string
}

/** Something to tell the user about one of the files. */
export interface SeedProblem extends FilePlace {
  severity: 'error' | 'warning'
  collection?: string
  message: string
}

/** A part of a file: where it was found, and its value. */
export interface SeedPart {
  file: JsonFile
  at: readonly string[]
  value: unknown
}

export class SeedPlan {
  readonly #parts = new Map<string, Partial<Record<PartName, SeedFile | SeedPart>>>()
  readonly #read = new Map<string, Promise<JsonFile | undefined>>()
  readonly #report: (problem: SeedProblem) => void

  private constructor(report: (problem: SeedProblem) => void) {
    this.#report = report
  }

  /** Sorts the files by collection; of two with the same purpose the first wins. */
  static async of(files: readonly SeedFile[], report: (problem: SeedProblem) => void): Promise<SeedPlan> {
    const plan = new SeedPlan(report)
    for (const file of files) {
      if (file.kind === 'schema-ext') plan.#entry(file.collection)
      const part = partOf[file.kind]
      if (part) plan.#entry(file.collection)[part] ??= file
    }
    // A collection's own files win over db_init.json.
    for (const file of files) if (file.kind === 'db_init') await plan.#addDatabaseInit(file)
    return plan
  }

  /** All collections that any file names. */
  get collections(): string[] {
    return [...this.#parts.keys()]
  }

  /** One part of a collection; undefined if there is none or it cannot be read, which is then reported. */
  async part(collection: string, name: PartName): Promise<SeedPart | undefined> {
    const found = this.#parts.get(collection)?.[name]
    if (!found || 'value' in found) return found
    const file = await this.#readOnce(found)
    return file && { file, at: [], value: file.value }
  }

  #entry(collection: string): Partial<Record<PartName, SeedFile | SeedPart>> {
    const entry = this.#parts.get(collection) ?? {}
    this.#parts.set(collection, entry)
    return entry
  }

  async #addDatabaseInit(source: SeedFile): Promise<void> {
    const file = await this.#readOnce(source)
    if (!file) return
    if (!isDocument(file.value)) {
      this.#report({
        severity: 'error',
        path: file.path,
        message: 'must be an object: collection -> {data, index, schema}',
      })
      return
    }
    for (const [collection, content] of Object.entries(file.value)) {
      const entry = this.#entry(collection)
      if (!isDocument(content)) continue
      for (const name of ['schema', 'index', 'data'] as const) {
        if (content[name] !== undefined)
          entry[name] ??= { file, at: [collection, name], value: content[name] }
      }
    }
  }

  #readOnce(source: SeedFile): Promise<JsonFile | undefined> {
    const reading = this.#read.get(source.path) ?? this.#readFile(source)
    this.#read.set(source.path, reading)
    return reading
  }

  async #readFile(source: SeedFile): Promise<JsonFile | undefined> {
    try {
      return await JsonFile.read(source.path)
    } catch (error) {
      const place = error instanceof JsonFault ? error.place : { path: source.path }
      const collection = source.kind === 'db_init' ? {} : { collection: source.collection }
      this.#report({ severity: 'error', ...place, ...collection, message: (error as Error).message })
      return undefined
    }
  }
}

// internals

type PartName = 'schema' | 'index' | 'data'

const partOf: Readonly<Record<SeedFile['kind'], PartName | undefined>> = {
  schema: 'schema',
  index: 'index',
  init_data: 'data',
  db_init: undefined,
  'schema-ext': undefined,
  'validate-function': undefined,
}
