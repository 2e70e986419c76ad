import type { IndexDefinition } from '../index/definition.ts'
import type { Doc } from '../values/types.ts'
import type { CollectionData } from './collection-data.ts'
import type { Snapshot } from './snapshot.ts'

/** What the catalogue keeps of a collection. */
export interface CatalogEntry {
  /** Never reused within one directory. */
  readonly id: number
  readonly database: string
  readonly name: string
  /** 16 bytes as hexadecimal text. */
  readonly uuid: string
  /** Options of `create` that matter later: `validator`, `validationLevel`, `validationAction`, `collation`, … */
  readonly options: Doc
  readonly indexes: readonly IndexDefinition[]
}

/** One document written: no `before` is an insert, no `after` a removal. */
export interface RecordWrite {
  readonly collection: number
  readonly record: number
  readonly before: Doc | undefined
  readonly after: Doc | undefined
  /** The whole document was replaced, not updated: only the change feed cares. */
  readonly replaced?: boolean
}

/** A collection created or changed, or dropped. */
export type CatalogChange =
  | {
      readonly put: CatalogEntry
      /** Documents and indexes of a new collection, which the store has not loaded itself. */
      readonly data?: CollectionData
    }
  | { readonly drop: CatalogEntry }

/** The reply of a retryable write, kept so that a repeat is answered with it (spec/embedded-database.md §10). */
export interface RetryRecord {
  readonly session: string
  readonly number: number
  readonly reply: Doc
}

/** Everything one commit changes: stored as a whole or not at all. */
export interface Batch {
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly writes: readonly RecordWrite[]
  readonly catalog: readonly CatalogChange[]
  readonly retry?: RetryRecord
}

/**
 * How a data folder keeps documents (§8): `journal` in memory, with a journal and collection files; `lmdb` in a file,
 * for data that should not live in memory.
 */
export type Storage = 'journal' | 'lmdb'

/** How sure an acknowledged write is (§8): `os` survives the process, `disk` the machine, `none` neither. */
export type Durability = 'os' | 'disk' | 'none'

/**
 * Where collections live (spec/embedded-database.md §8). The engine changes documents and indexes first and then hands
 * over the batch that describes it, all within {@link write}; when that fails, it undoes the batch.
 */
export interface Store {
  /** Name of the setting: `memory`, `journal` or `lmdb`. */
  readonly kind: string
  /** The collections as they were when the store was opened. */
  readonly catalog: readonly CatalogEntry[]
  /** Replies of retryable writes that were remembered. */
  readonly retries: readonly RetryRecord[]
  /** Number of the last commit that readers can see. */
  readonly sequence: number
  /** The data of a collection that has just been made; nothing of it is kept before a commit puts it in the catalogue. */
  create(entry: CatalogEntry): CollectionData
  /** The data of a collection, opened at its first use. */
  load(entry: CatalogEntry): CollectionData
  /** An estimate of a collection's size that needs no loading. */
  estimate(entry: CatalogEntry): { documents: number; bytes: number } | undefined
  /**
   * Runs the work of one writing command: what it changes, and commits, is kept as a whole or, when it throws, not at
   * all. A store may run it later; then it gives a promise, and readers wait for {@link unsettled}.
   * @param done gets the result once readers can see it
   */
  write<T>(work: () => T, done: (result: T) => void): void | Promise<void>
  /**
   * Stores a batch, within {@link write}; acknowledged durably as configured once {@link settled} resolves.
   * @returns its number
   */
  commit(batch: Batch): number
  /** Lets other processes that want the data know where it can be reached. */
  announce(uri: string): void
  /** What a failure to read means to the user; errors that are not the store's stay as they are. */
  failure(error: unknown): unknown
  /** Set while commits are made that readers do not see yet: until it resolves, no command may begin to read. */
  readonly unsettled: Promise<void> | undefined
  /** What readers see at this moment, for those who go on later; undefined when they have to keep it themselves. */
  snapshot(): Snapshot | undefined
  /** Resolves when everything committed so far is as durable as configured; undefined when it already is. */
  settled(): Promise<void> | undefined
  /** Resolves when everything committed so far is on the disk, whatever the configured durability. */
  sync(): Promise<void>
  close(): Promise<void>
}
