import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { LocalError } from '../../../../errors/errors.ts'
import { DocumentCodec } from './document-codec.ts'
import { RecordCodec } from './record-codec.ts'

/** As much of lmdb as is used. */
export interface LmdbRoot {
  openDB(name: string, options: object): unknown
  /** Runs the callback inside a transaction, once its turn has come; resolves when that is committed. */
  transaction(callback: () => void): Promise<unknown>
  /** Runs the callback at once, inside the transaction under way; what it wrote is given up when it throws. */
  childTransaction<T>(callback: () => T): T
  useReadTransaction(): LmdbTransaction
  /** Brings everything committed to the disk, on another thread. */
  sync(callback: (error?: unknown) => void): void
  /** Writes what is there now into a new file. @param compact without the pages that are free */
  backup(path: string, compact: boolean): Promise<void>
  close(): Promise<void>
}

export interface LmdbTransaction {
  done(): void
}

export interface LmdbTable<V, K> {
  get(key: K, options?: LmdbReadOptions): V | undefined
  /** The bytes are good until the next call. */
  getBinaryFast(key: K, options?: LmdbReadOptions): Uint8Array | undefined
  getRange(range: LmdbRange<K>): Iterable<{ readonly key: K; readonly value: V }>
  getKeys(range: LmdbRange<K>): Iterable<K>
  /** All values of one key, for tables that have several. */
  getValues(key: K): Iterable<V>
  /** Inside a transaction only. */
  put(key: K, value: V): unknown
  remove(key: K, value?: V): unknown
}

export interface LmdbReadOptions {
  /** Not given: what is there now. */
  readonly transaction?: LmdbTransaction
}

export interface LmdbRange<K> extends LmdbReadOptions {
  /** Included; going backwards it is the upper one. */
  readonly start: K
  /** Not included. */
  readonly end: K
  readonly reverse?: boolean
  readonly exclusiveStart?: boolean
  readonly inclusiveEnd?: boolean
  readonly limit?: number
}

/** The key of a document: the place of its collection in the file, and its record number. */
export interface DocumentKey {
  slot: number
  record: number
}

/** The file's three tables (spec/embedded-database.md §8). */
export interface Environment {
  readonly root: LmdbRoot
  readonly codec: DocumentCodec
  /** Documents by slot and record. */
  readonly documents: LmdbTable<Buffer, DocumentKey>
  /** Index entries: slot, index and key -> records. Keys are Latin-1 strings. */
  readonly entries: LmdbTable<number, string>
  /** Catalogue, sizes, replies of retryable writes: BSON by name. */
  readonly meta: LmdbTable<Buffer, string>
}

/** Bytes of a key: lmdb's limit for pages of 4 KB is 1,978. */
export const MAX_KEY = 1500

export interface OpenOptions {
  /** False for tests: commits are then never brought to the disk. */
  readonly safe?: boolean
  /** Only to look at; the file must be there. */
  readonly readOnly?: boolean
}

/**
 * Opens the file, which must have been looked at before: lmdb ends the process over a file that is none of its own.
 * @throws LocalError PACKAGE_MISSING when lmdb is not installed, or has no program for this system
 * @throws Error with lmdb's own number as its code
 */
export function openEnvironment(path: string, { safe = true, readOnly = false }: OpenOptions): Environment {
  const { open } = loadPackage()
  const root = open({
    path,
    noSubdir: true,
    maxDbs: 4,
    // Every open cursor may hold a snapshot of its own.
    maxReaders: 2000,
    encoding: 'binary',
    separateFlushed: true,
    // With it a failed commit rejects a promise that nobody has.
    eventTurnBatching: false,
    noSync: !safe,
    readOnly,
  })
  const table = <V, K>(name: string, options: object) => root.openDB(name, options) as LmdbTable<V, K>
  try {
    return {
      root,
      codec: new DocumentCodec(),
      documents: table('d', { encoding: 'binary', keyEncoder: DOCUMENT_KEYS }),
      entries: table('i', { dupSort: true, encoder: new RecordCodec(), keyEncoder: TEXT_KEYS }),
      meta: table('m', { encoding: 'binary', keyEncoder: TEXT_KEYS }),
    }
  } catch (error) {
    void root.close()
    throw error
  }
}

// internals

const DOCUMENT_KEYS = {
  writeKey({ slot, record }: DocumentKey, target: Buffer, start: number): number {
    target.writeUInt32BE(slot, start)
    target.writeUIntBE(record, start + 4, 6)
    return start + 10
  },
  readKey(source: Buffer, start: number): DocumentKey {
    return { slot: source.readUInt32BE(start), record: source.readUIntBE(start + 4, 6) }
  },
}

const TEXT_KEYS = {
  writeKey(key: string, target: Buffer, start: number): number {
    return start + target.write(key, start, 'latin1')
  },
  readKey(source: Buffer, start: number, end: number): string {
    return source.toString('latin1', start, end)
  },
}

/** Looks beside ourselves first, then in the project: with a global installation only that can have it. */
function loadPackage(): { open(options: object): LmdbRoot } {
  let cause: unknown
  for (const base of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json'))]) {
    try {
      return createRequire(base)('lmdb') as { open(options: object): LmdbRoot }
    } catch (error) {
      cause ??= error
    }
  }
  throw new LocalError('PACKAGE_MISSING', "storage: 'lmdb' needs the package lmdb, which cannot be loaded", {
    hint: "npm install lmdb, or storage: 'journal'",
    cause,
  })
}
