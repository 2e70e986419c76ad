import type { Doc } from '../../values/types.ts'

/**
 * Decoded documents of one collection, as many as the budget of all collections allows: reading them anew costs
 * hundreds of times as much. Two generations: what is asked for moves into the young one; when the young ones are full,
 * the old ones are forgotten.
 */
export class DocumentCache {
  readonly #budget: CacheBudget
  #young = new Map<number, Doc>()
  #old = new Map<number, Doc>()

  constructor(budget: CacheBudget) {
    this.#budget = budget
    budget.caches.add(this)
  }

  /** How many documents are held, at most. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(record: number): Doc | undefined {
    const doc = this.#young.get(record)
    if (doc !== undefined) return doc
    const old = this.#old.get(record)
    if (old === undefined) return undefined
    // How long it is nobody has noted: about as long as others.
    this.put(record, old, this.#budget.average)
    return old
  }

  /** @param bytes length of the document in BSON */
  put(record: number, doc: Doc, bytes: number): void {
    this.#young.set(record, doc)
    this.#budget.spend(bytes)
  }

  /** Keeps the document if that makes none be forgotten: for those who pass over everything once. */
  offer(record: number, doc: Doc, bytes: number): void {
    if (this.#budget.hasRoom) this.put(record, doc, bytes)
  }

  delete(record: number): void {
    this.#young.delete(record)
    this.#old.delete(record)
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  /** Forgets the old generation; the young one is old from now on. */
  age(): void {
    this.#old = this.#young
    this.#young = new Map()
  }

  /** The collection is gone. */
  end(): void {
    this.clear()
    this.#budget.caches.delete(this)
  }
}

/** What all caches of a store may hold together, in bytes of BSON. */
export class CacheBudget {
  readonly caches = new Set<DocumentCache>()
  readonly #limit: number
  #young = 0
  #old = 0
  #documents = 0
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get hasRoom(): boolean {
    return this.#young + this.#old < this.#limit
  }

  /** Bytes of a document, of those seen so far. */
  get average(): number {
    return this.#documents === 0 ? 0 : this.#bytes / this.#documents
  }

  spend(bytes: number): void {
    this.#documents++
    this.#bytes += bytes
    this.#young += bytes
    if (this.#young < this.#limit / 2) return
    for (const cache of this.caches) cache.age()
    this.#old = this.#young
    this.#young = 0
  }
}
