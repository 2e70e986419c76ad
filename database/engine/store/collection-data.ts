import { ID_INDEX, type IndexDefinition } from '../index/definition.ts'
import type { Index, KeyChange, KeyConflict } from '../index/index.ts'
import type { Doc } from '../values/types.ts'
import type { Reader, Snapshot } from './snapshot.ts'

/** The changes of the indexes that one write brings. */
export type PreparedKeys = readonly (readonly [Index, KeyChange])[]

/**
 * The documents of one collection by record number, and its indexes, wherever they live. Record numbers only grow and
 * are kept on update, so that their order is the order of insertion (spec/embedded-database.md §8). What is written is
 * seen at once by whoever reads without a snapshot.
 */
export abstract class CollectionData {
  readonly #indexes = new Map<string, Index>()
  #nextRecord = 1

  /** Number of documents. */
  abstract readonly size: number
  /** BSON bytes of all documents. */
  abstract readonly bytes: number
  /** BSON bytes of the largest document there has been. */
  abstract readonly largest: number

  abstract get(record: number, at?: Snapshot): Doc | undefined

  /** Record and document, in order of insertion. */
  abstract entries(reader?: Reader): IterableIterator<[number, Doc]>

  /** The documents alone, in order of insertion. */
  abstract documents(reader?: Reader): IterableIterator<Doc>

  /** Writes one version over the other, in documents and indexes. No checks: those are the writer's. */
  abstract apply(record: number, before: Doc | undefined, after: Doc | undefined, keys?: PreparedKeys): void

  /** Takes back {@link apply} with the same versions; the last one first. */
  abstract undo(record: number, before: Doc | undefined, after: Doc | undefined): void

  /** Puts the documents back in record order, after removed ones were put back. */
  abstract restoreOrder(): void

  /** Builds an index over what is there. Nothing is added when building fails. */
  abstract addIndex(definition: IndexDefinition): KeyConflict | undefined

  /** The number the next inserted document will get. */
  get nextRecord(): number {
    return this.#nextRecord
  }

  set nextRecord(record: number) {
    this.#nextRecord = Math.max(this.#nextRecord, record)
  }

  /** Takes the next record number. */
  allocate(): number {
    return this.#nextRecord++
  }

  get indexes(): Iterable<Index> {
    return this.#indexes.values()
  }

  index(name: string): Index | undefined {
    return this.#indexes.get(name)
  }

  get idIndex(): Index {
    return this.#indexes.get(ID_INDEX.name)!
  }

  /** Takes an index away; it can be given back to {@link restoreIndexes}. */
  removeIndex(name: string): void {
    this.#indexes.delete(name)
  }

  /** The index objects as they are now, for undoing. */
  snapshotIndexes(): Map<string, Index> {
    return new Map(this.#indexes)
  }

  restoreIndexes(indexes: ReadonlyMap<string, Index>): void {
    this.releaseIndexes()
    for (const index of indexes.values()) this.hold(index)
  }

  /**
   * What writing one version over the other means for every index. Nothing is changed yet, so nothing is half done when
   * it cannot be.
   * @throws DatabaseError 171 when an index cannot hold the new version
   */
  prepare(before: Doc | undefined, after: Doc | undefined): PreparedKeys {
    const changes: [Index, KeyChange][] = []
    for (const index of this.#indexes.values()) {
      const change = index.change(before, after)
      if (change) changes.push([index, change])
    }
    return changes
  }

  /**
   * The first new key that another record than `record` holds in a unique index.
   * @param doc the version the keys are of
   */
  conflict(keys: PreparedKeys, doc: Doc, record: number): KeyConflict | undefined {
    for (const [index, { added }] of keys) {
      if (!index.definition.unique) continue
      for (const key of added) {
        const other = index.taken(key, record)
        if (other !== undefined) return { index, record: other, values: index.valuesUnder(doc, key) }
      }
    }
    return undefined
  }

  // internals

  /** Takes an index in, under its name. */
  protected hold(index: Index): void {
    this.#indexes.set(index.name, index)
  }

  protected releaseIndexes(): void {
    this.#indexes.clear()
  }

  /** Two documents with the same key in an index that is filled. */
  protected duplicateIn(index: Index): KeyConflict | undefined {
    for (const [record, doc] of this.entries()) {
      for (const key of index.keysOf(doc)) {
        const first = index.lookup(key)
        if (first !== undefined && first !== record)
          return { index, record: first, values: index.valuesUnder(doc, key) }
      }
    }
    return undefined
  }
}
