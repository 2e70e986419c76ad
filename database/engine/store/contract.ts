import type { IndexDefinition } from '../index/definition.ts'
import type { Doc } from '../values/types.ts'
import type { MemoryCollection } from './memory-collection.ts'

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
      readonly data?: MemoryCollection
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

/** How sure an acknowledged write is (§8): `os` survives the process, `disk` the machine, `none` neither. */
export type Durability = 'os' | 'disk' | 'none'

/**
 * Where collections live (spec/embedded-database.md §8). Documents and indexes of a loaded collection are in memory and
 * are changed by the engine before `commit`; a store only has to remember. When `commit` throws, the engine undoes the
 * batch in memory.
 */
export interface Store {
  /** The collections as they were when the store was opened. */
  readonly catalog: readonly CatalogEntry[]
  /** Replies of retryable writes that were remembered. */
  readonly retries: readonly RetryRecord[]
  /** Number of the last commit. */
  readonly sequence: number
  /** The documents of a collection, loaded at its first use. */
  load(entry: CatalogEntry): MemoryCollection
  /** An upper estimate of a collection's bytes that needs no loading. */
  estimate(entry: CatalogEntry): { documents: number; bytes: number } | undefined
  /** Stores a batch; acknowledged durably as configured once {@link settled} resolves. Returns its number. */
  commit(batch: Batch): number
  /** Resolves when everything committed so far is as durable as configured; undefined when it already is. */
  settled(): Promise<void> | undefined
  /** Resolves when everything committed so far is on the disk, whatever the configured durability. */
  sync(): Promise<void>
  close(): Promise<void>
}
