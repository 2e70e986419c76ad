import type { Collection } from '../catalog.ts'
import type { Doc } from '../values/types.ts'
import type { Transaction } from './transaction.ts'
import type { CollectionView, Shadow } from './unit.ts'

/** A collection as a transaction sees it: its own writes, else the pre-image, else the live document. */
export class TransactionView implements CollectionView, Shadow {
  readonly collection: Collection
  /** Its snapshot is made of pre-images: what is live is read as of now. */
  readonly snapshot = undefined
  readonly #transaction: Transaction

  constructor(transaction: Transaction, collection: Collection) {
    this.#transaction = transaction
    this.collection = collection
  }

  get size(): number | undefined {
    return this.shadowed ? undefined : this.collection.data.size
  }

  get shadowed(): Shadow | undefined {
    return this.#overlay || this.#before ? this : undefined
  }

  get(record: number): Doc | undefined {
    const own = this.#overlay?.get(record)
    if (own) return own.doc
    const before = this.#before
    if (before) {
      if (record >= before.high) return undefined
      if (before.records.has(record)) return before.records.get(record)
    }
    return this.collection.data.get(record)
  }

  hides(record: number): boolean {
    const before = this.#before
    if (before && (record >= before.high || before.records.has(record))) return true
    return this.#overlay?.has(record) ?? false
  }

  records(): Iterable<number> {
    return new Set([...(this.#before?.records.keys() ?? []), ...(this.#overlay?.keys() ?? [])])
  }

  *entries(): Iterable<[number, Doc]> {
    const live = this.collection.data
    if (!this.shadowed) {
      yield* live.entries()
      return
    }
    // Records that are gone from the live collection, or not yet in it, are merged back in at their place.
    const extra = [...this.records()].filter((record) => live.get(record) === undefined).sort((a, b) => a - b)
    let next = 0
    for (const [record] of live.entries()) {
      for (; next < extra.length && extra[next]! < record; next++) yield* this.#visible(extra[next]!)
      yield* this.#visible(record)
    }
    for (; next < extra.length; next++) yield* this.#visible(extra[next]!)
  }

  *documents(): Iterable<Doc> {
    if (this.shadowed) for (const [, doc] of this.entries()) yield doc
    else yield* this.collection.data.documents()
  }

  // internals

  get #overlay() {
    return this.#transaction.overlay.get(this.collection)
  }

  get #before() {
    return this.#transaction.before.get(this.collection.id)
  }

  *#visible(record: number): Iterable<[number, Doc]> {
    const doc = this.get(record)
    if (doc !== undefined) yield [record, doc]
  }
}
