/** nedb and mingo, as far as the benchmark uses them; installed on demand. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { packageRoot } from '../../runtime/package-info.ts'
import { type BenchDocument, batches } from './documents.ts'

export interface Nedb {
  loadDatabaseAsync(): Promise<void>
  ensureIndexAsync(options: { fieldName: string }): Promise<void>
  insertAsync(documents: object | readonly object[]): Promise<unknown>
  findOneAsync(filter: object): Promise<BenchDocument | null>
  findAsync(filter: object): PromiseLike<BenchDocument[]>
  updateAsync(filter: object, update: object, options: object): Promise<{ numAffected: number }>
}

export interface Mingo {
  Query: new (filter: object) => { find(documents: Iterable<object>): { all(): unknown[] } }
  Aggregator: new (pipeline: object[]) => { run(documents: Iterable<object>): unknown[] }
}

export interface Peers {
  mingo: Mingo
  nedb: new (options?: { filename: string }) => Nedb
}

/** Undefined when they are not installed. */
export function loadPeers(): Peers | undefined {
  const load = createRequire(path.join(packageRoot, 'bench', 'peers', 'package.json'))
  try {
    return { mingo: load('mingo') as Mingo, nedb: load('@seald-io/nedb') as Peers['nedb'] }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** @param filename without one it lives in memory */
export async function fillNedb({ nedb }: Peers, count: number, filename?: string): Promise<Nedb> {
  const database = filename === undefined ? new nedb() : new nedb({ filename })
  await database.loadDatabaseAsync()
  for (const fieldName of ['uid', 'seq']) await database.ensureIndexAsync({ fieldName })
  for (const documents of batches(count)) await database.insertAsync(documents)
  return database
}

export function fillMap(count: number): Map<string, BenchDocument> {
  const map = new Map<string, BenchDocument>()
  for (const documents of batches(count)) for (const document of documents) map.set(document._id, document)
  return map
}
