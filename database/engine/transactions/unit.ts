import type { Collection } from '../catalog.ts'
import type { Snapshot } from '../store/snapshot.ts'
import type { Doc } from '../values/types.ts'

/** What one reader sees of a collection: live, or as of a transaction's snapshot with its own writes on top. */
export interface CollectionView {
  readonly collection: Collection
  get(record: number): Doc | undefined
  /** Every visible document with its record number, in order of insertion. */
  entries(): Iterable<[number, Doc]>
  /** The same without record numbers. */
  documents(): Iterable<Doc>
  /** Number of visible documents when it is known without counting. */
  readonly size: number | undefined
  /** What index entries are read from; undefined for the present. It may be set while the reading goes on. */
  readonly snapshot: Snapshot | undefined
  /** Records whose visible version is not the live one; live index entries say nothing about them. */
  readonly shadowed: Shadow | undefined
}

/** The difference between a view and the live collection. */
export interface Shadow {
  /** True when the live entry of this record must be passed over. */
  hides(record: number): boolean
  /** Records to look at besides the live ones. */
  records(): Iterable<number>
}

/**
 * One unit of work: what a command, or a transaction, reads and writes. Nothing outside sees its writes before it is
 * committed, and all of them are gone when it is rolled back (spec/embedded-database.md §10).
 */
export interface Unit {
  readonly inTransaction: boolean
  /** The collection of that name as this unit sees the catalogue. */
  find(database: string, name: string): Collection | undefined
  view(collection: Collection): CollectionView
  create(database: string, name: string, options: Doc): Collection
  /** @throws DatabaseError 11000, 112 */
  insert(collection: Collection, doc: Doc): void
  /** @throws DatabaseError 11000, 112 */
  write(collection: Collection, record: number, before: Doc, after: Doc, replaced: boolean): void
  /** @throws DatabaseError 112 */
  remove(collection: Collection, record: number, before: Doc): void
}

/** Thrown by a plain write that meets an open transaction's intent: the command waits for its end and starts over. */
export class Blocked {
  readonly by: { whenEnded(): Promise<void> }

  constructor(by: { whenEnded(): Promise<void> }) {
    this.by = by
  }
}
