/** A sorted set: members by score, equal scores by the bytes of the member. */
import type { Bytes } from './bytes.ts'

export interface ScoredMember {
  member: Bytes
  score: number
}

export class SortedSet {
  readonly #scores = new Map<Bytes, number>()
  /** In order. */
  readonly #order: ScoredMember[] = []

  get size(): number {
    return this.#order.length
  }

  score(member: Bytes): number | undefined {
    return this.#scores.get(member)
  }

  set(member: Bytes, score: number): void {
    const before = this.#scores.get(member)
    if (before === score) return
    if (before !== undefined) this.#order.splice(this.#place({ member, score: before }), 1)
    const item = { member, score }
    this.#order.splice(this.#place(item), 0, item)
    this.#scores.set(member, score)
  }

  delete(member: Bytes): boolean {
    const score = this.#scores.get(member)
    if (score === undefined) return false
    this.#order.splice(this.#place({ member, score }), 1)
    return this.#scores.delete(member)
  }

  rank(member: Bytes): number | undefined {
    const score = this.#scores.get(member)
    return score === undefined ? undefined : this.#place({ member, score })
  }

  /** In order; not to be changed. */
  items(): readonly ScoredMember[] {
    return this.#order
  }

  clone(): SortedSet {
    const copy = new SortedSet()
    for (const { member, score } of this.#order) {
      copy.#scores.set(member, score)
      copy.#order.push({ member, score })
    }
    return copy
  }

  // internals

  /** Where an item stands or would stand. */
  #place(item: ScoredMember): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(this.#order[middle] as ScoredMember, item)) low = middle + 1
      else high = middle
    }
    return low
  }
}

// internals

function isBefore(a: ScoredMember, b: ScoredMember): boolean {
  return a.score === b.score ? a.member < b.member : a.score < b.score
}
