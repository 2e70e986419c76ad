import { ID_INDEX, type IndexDefinition } from '../index/definition.ts'
import { Index, type KeyChange, type KeyConflict } from '../index/index.ts'
import type { Doc } from '../values/types.ts'
import { sizeOf } from './size.ts'

/** The changes of the indexes that one write brings. */
export type PreparedKeys = readonly (readonly [Index, KeyChange])[]

/**
 * The documents of one collection by record number, and its indexes. Record numbers only grow and are kept on update,
 * so that the map's own order is the order of insertion (spec/embedded-database.md §8).
 */
export class MemoryCollection {
  #documents = new Map<number, Doc>()
  readonly #indexes = new Map<string, Index>()
  #nextRecord = 1
  #bytes = 0
  #largest = 0

  constructor(definitions: readonly IndexDefinition[] = [ID_INDEX]) {
    for (const definition of definitions) this.#indexes.set(definition.name, new Index(definition))
  }

  get size(): number {
    return this.#documents.size
  }

  /** BSON bytes of all documents. */
  get bytes(): number {
    return this.#bytes
  }

  /** BSON bytes of the largest document there has been. */
  get largest(): number {
    return this.#largest
  }

  /** The number the next inserted document will get. */
  get nextRecord(): number {
    return this.#nextRecord
  }

  set nextRecord(record: number) {
    this.#nextRecord = Math.max(this.#nextRecord, record)
  }

  get indexes(): Iterable<Index> {
    return this.#indexes.values()
  }

  get indexCount(): number {
    return this.#indexes.size
  }

  index(name: string): Index | undefined {
    return this.#indexes.get(name)
  }

  get idIndex(): Index {
    return this.#indexes.get(ID_INDEX.name)!
  }

  get(record: number): Doc | undefined {
    return this.#documents.get(record)
  }

  /** Record and document, in order of insertion. */
  entries(): IterableIterator<[number, Doc]> {
    return this.#documents.entries()
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

  /** Takes the next record number. */
  allocate(): number {
    return this.#nextRecord++
  }

  /** Writes one version over the other, in documents and indexes. No checks: those are the writer's. */
  apply(
    record: number,
    before: Doc | undefined,
    after: Doc | undefined,
    keys = this.prepare(before, after),
  ): void {
    if (after === undefined) {
      this.#documents.delete(record)
    } else {
      this.#documents.set(record, after)
      if (record >= this.#nextRecord) this.#nextRecord = record + 1
    }
    for (const [index, change] of keys) index.apply(record, change)
    if (before) this.#bytes -= sizeOf(before)
    if (!after) return
    const bytes = sizeOf(after)
    this.#bytes += bytes
    if (bytes > this.#largest) this.#largest = bytes
  }

  /** Puts the documents back in record order, after removed ones were put back at the end. */
  restoreOrder(): void {
    const ordered = [...this.#documents].sort((a, b) => a[0] - b[0])
    this.#documents.clear()
    for (const [record, doc] of ordered) this.#documents.set(record, doc)
  }

  /**
   * Takes over documents in record order as the contents, indexes included: sorts index keys once instead of inserting.
   */
  load(documents: Map<number, Doc>, bytes: number, largest: number): void {
    this.#documents = documents
    this.#bytes = bytes
    this.#largest = largest
    for (const index of this.#indexes.values()) index.build(this.#documents)
  }

  /** Builds an index over what is there. Nothing is added when building fails. */
  addIndex(definition: IndexDefinition): KeyConflict | undefined {
    const index = new Index(definition)
    index.build(this.#documents)
    const conflict = definition.unique ? this.#firstDuplicate(index) : undefined
    if (!conflict) this.#indexes.set(definition.name, index)
    return conflict
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
    this.#indexes.clear()
    for (const [name, index] of indexes) this.#indexes.set(name, index)
  }

  // internals

  #firstDuplicate(index: Index): KeyConflict | undefined {
    const seen = new Map<string, number>()
    for (const [record, doc] of this.#documents) {
      for (const key of index.keysOf(doc)) {
        const other = seen.get(key)
        if (other !== undefined) return { index, record: other, values: index.valuesUnder(doc, key) }
        seen.set(key, record)
      }
    }
    return undefined
  }
}
