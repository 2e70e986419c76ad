/** The commands of the benchmark on anything that speaks them: engine, port, driver. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { DocumentDatabase, Reply } from '../../database/command.ts'
import { type BenchDocument, batches, queries } from './documents.ts'

export const DATABASE = 'bench'
export const COLLECTION = 'docs'

/** `uid` and `seq`; with `_id` that makes three. */
export const indexes = [
  { key: { uid: 1 }, name: 'uid_1' },
  { key: { seq: 1 }, name: 'seq_1' },
]

export class Ours<D extends DocumentDatabase = DocumentDatabase> {
  readonly database: D
  readonly size: number

  /** @param size documents it holds, or will */
  constructor(database: D, size: number) {
    this.database = database
    this.size = size
  }

  /** Creates the collection with its indexes and fills it. */
  static async fill<D extends DocumentDatabase>(
    database: D,
    size: number,
    name = DATABASE,
  ): Promise<Ours<D>> {
    await database.command(name, { createIndexes: COLLECTION, indexes })
    for (const documents of batches(size)) await database.command(name, { insert: COLLECTION, documents })
    return new Ours(database, size)
  }

  byId(n: number): Promise<Reply> {
    return this.#find(queries.byId(n, this.size), { limit: 1, singleBatch: true })
  }

  byUser(n: number): Promise<Reply> {
    return this.#find(queries.byUser(n, this.size))
  }

  range(n: number): Promise<Reply> {
    // As nedb answers: all of them at once.
    return this.#find(queries.range(n, this.size), { batchSize: 200 })
  }

  scan(n: number): Promise<Reply> {
    return this.database.command(DATABASE, { count: COLLECTION, query: queries.scan(n) })
  }

  group(): Promise<Reply> {
    return this.database.command(DATABASE, { aggregate: COLLECTION, pipeline: queries.group(), cursor: {} })
  }

  increment(n: number): Promise<Reply> {
    const updates = [{ q: queries.byId(n, this.size), u: { $inc: { score: 1 } } }]
    return this.database.command(DATABASE, { update: COLLECTION, updates })
  }

  insert(documents: readonly BenchDocument[], collection = COLLECTION): Promise<Reply> {
    return this.database.command(DATABASE, { insert: collection, documents })
  }

  #find(filter: object, more: object = {}): Promise<Reply> {
    return this.database.command(DATABASE, { find: COLLECTION, filter, ...more })
  }
}

/** A folder that is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'unicloud-bench-db-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
