import { Ranking } from '../../ranking.ts'
import { MISSING } from '../../values/types.ts'
import type { Accumulator } from './accumulator.ts'

/** `$firstN`: the first n values, missing as null. */
export class FirstN implements Accumulator {
  readonly #count: number
  readonly #values: unknown[] = []

  constructor(count: number) {
    this.#count = count
  }

  add(value: unknown): void {
    if (this.#values.length < this.#count) this.#values.push(value === MISSING ? null : value)
  }

  result(): unknown {
    return this.#values.slice()
  }
}

/** `$lastN`: the last n values in their order, missing as null. */
export class LastN implements Accumulator {
  readonly #count: number
  #values: unknown[] = []

  constructor(count: number) {
    this.#count = count
  }

  add(value: unknown): void {
    this.#values.push(value === MISSING ? null : value)
    // Cutting at twice the size keeps the cost of a value constant.
    if (this.#values.length >= this.#count * 2) this.#values = this.#values.slice(-this.#count)
  }

  result(): unknown {
    return this.#values.slice(-this.#count)
  }
}

/** `$minN` and `$maxN`: the n extreme values in order, without null and missing. */
export class ExtremeN implements Accumulator {
  readonly #ranking: Ranking<unknown>

  constructor(count: number, order: (a: unknown, b: unknown) => number) {
    this.#ranking = new Ranking(count, order)
  }

  add(value: unknown): void {
    if (value !== MISSING && value !== null) this.#ranking.add(value)
  }

  result(): unknown {
    return this.#ranking.ranked()
  }
}

/** What `$top` and its relatives are given for each document. */
export interface RankedValue {
  document: unknown
  output: unknown
}

/** `$topN`, `$bottomN` and, with `single`, `$top` and `$bottom`. */
export class TopN implements Accumulator {
  readonly #ranking: Ranking<RankedValue>
  readonly #bottom: boolean
  readonly #single: boolean

  /** @param order of documents; for `$bottom` they are kept from the other end, and given in this order all the same */
  constructor(
    count: number,
    order: (a: unknown, b: unknown) => number,
    { bottom, single }: { bottom: boolean; single: boolean },
  ) {
    this.#bottom = bottom
    this.#single = single
    this.#ranking = new Ranking(
      count,
      bottom ? (a, b) => order(b.document, a.document) : (a, b) => order(a.document, b.document),
    )
  }

  add(value: unknown): void {
    this.#ranking.add(value as RankedValue)
  }

  result(): unknown {
    const outputs = this.#ranking.ranked().map(({ output }) => (output === MISSING ? null : output))
    if (this.#bottom) outputs.reverse()
    return this.#single ? (outputs[0] ?? null) : outputs
  }
}
