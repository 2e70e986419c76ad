import { ID_INDEX, type IndexDefinition } from '../index/definition.ts'
import { Index, type KeyConflict } from '../index/index.ts'
import type { Doc } from '../values/types.ts'
import { CollectionData } from './collection-data.ts'
import { sizeOf } from './size.ts'

/** A collection whose documents and indexes are in memory: the map's own order is the order of insertion. */
export class MemoryCollection extends CollectionData {
  #documents = new Map<number, Doc>()
  #bytes = 0
  #largest = 0

  constructor(definitions: readonly IndexDefinition[] = [ID_INDEX]) {
    super()
    for (const definition of definitions) this.hold(new Index(definition))
  }

  get size(): number {
    return this.#documents.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get largest(): number {
    return this.#largest
  }

  get(record: number): Doc | undefined {
    return this.#documents.get(record)
  }

  entries(): IterableIterator<[number, Doc]> {
    return this.#documents.entries()
  }

  documents(): DocumentScan {
    return new DocumentScan(this.#documents)
  }

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
      this.nextRecord = record + 1
    }
    for (const [index, change] of keys) index.apply(record, change)
    if (before) this.#bytes -= sizeOf(before)
    if (!after) return
    const bytes = sizeOf(after)
    this.#bytes += bytes
    if (bytes > this.#largest) this.#largest = bytes
  }

  undo(record: number, before: Doc | undefined, after: Doc | undefined): void {
    this.apply(record, after, before)
  }

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
    for (const index of this.indexes) index.build(this.#documents)
  }

  addIndex(definition: IndexDefinition): KeyConflict | undefined {
    const index = new Index(definition)
    index.build(this.#documents)
    const conflict = definition.unique ? this.duplicateIn(index) : undefined
    if (!conflict) this.hold(index)
    return conflict
  }
}

/** Documents one by one; what is left of them can be copied at once, many times faster than by asking for each. */
export class DocumentScan implements IterableIterator<Doc> {
  readonly #documents: ReadonlyMap<number, Doc>
  #items: Iterator<Doc>
  #taken = 0

  constructor(documents: ReadonlyMap<number, Doc>) {
    this.#documents = documents
    this.#items = documents.values()
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<Doc> {
    this.#taken++
    return this.#items.next()
  }

  /** Later writes do not reach this scan; to be called while none has come since it began. */
  freeze(): void {
    const rest = [...this.#documents.values()]
    this.#items = (this.#taken === 0 ? rest : rest.slice(this.#taken))[Symbol.iterator]()
  }
}
