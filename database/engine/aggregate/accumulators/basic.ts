import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { divide, isNumber, toDecimal, toDouble } from '../../values/numbers.ts'
import { setOwn } from '../../values/own.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { Summation } from '../summation.ts'
import type { Accumulator } from './accumulator.ts'

/** `$sum`: numbers only; 0 when there are none. */
export class Sum implements Accumulator {
  readonly #sum = new Summation()

  add(value: unknown): void {
    this.#sum.add(value)
  }

  result(): unknown {
    return this.#sum.total()
  }
}

/** `$avg`: numbers only; null when there are none. */
export class Average implements Accumulator {
  readonly #sum = new Summation()

  add(value: unknown): void {
    this.#sum.add(value)
  }

  result(): unknown {
    const { count } = this.#sum
    if (count === 0) return null
    return this.#sum.isDecimal
      ? divide(this.#sum.total(), toDecimal(count))
      : toDouble(this.#sum.doubleTotal()) / count
  }
}

/** `$min` and `$max`: by the order of values, without null and missing; null when nothing is left. */
export class Extreme implements Accumulator {
  readonly #compare: (a: unknown, b: unknown) => number
  readonly #sign: 1 | -1
  #best: unknown = MISSING

  /** @param sign 1 keeps the largest, -1 the smallest */
  constructor(compare: (a: unknown, b: unknown) => number, sign: 1 | -1) {
    this.#compare = compare
    this.#sign = sign
  }

  add(value: unknown): void {
    if (value === MISSING || value === null) return
    if (this.#best === MISSING || this.#compare(value, this.#best) * this.#sign > 0) this.#best = value
  }

  result(): unknown {
    return this.#best === MISSING ? null : this.#best
  }
}

/** `$first`: a missing value counts, as null. */
export class First implements Accumulator {
  #value: unknown
  #empty = true

  add(value: unknown): void {
    if (!this.#empty) return
    this.#empty = false
    this.#value = value
  }

  result(): unknown {
    return this.#empty || this.#value === MISSING ? null : this.#value
  }
}

/** `$last`: a missing value counts, as null. */
export class Last implements Accumulator {
  #value: unknown = null

  add(value: unknown): void {
    this.#value = value
  }

  result(): unknown {
    return this.#value === MISSING ? null : this.#value
  }
}

/** `$push`: skips missing, keeps null. */
export class Push implements Accumulator {
  readonly #values: unknown[] = []

  add(value: unknown): void {
    if (value !== MISSING) this.#values.push(value)
  }

  result(): unknown {
    return this.#values.slice()
  }
}

/** `$addToSet`: distinct values in the order of their first appearance. */
export class AddToSet implements Accumulator {
  readonly #key: (value: unknown) => string
  readonly #values = new Map<string, unknown>()

  constructor(key: (value: unknown) => string) {
    this.#key = key
  }

  add(value: unknown): void {
    if (value === MISSING) return
    const id = this.#key(value)
    if (!this.#values.has(id)) this.#values.set(id, value)
  }

  result(): unknown {
    return [...this.#values.values()]
  }
}

/** `$mergeObjects`: later members win; null and missing are skipped. */
export class MergeObjects implements Accumulator {
  readonly #merged: Doc = {}

  add(value: unknown): void {
    if (value === MISSING || value === null) return
    if (!isDocument(value)) {
      const type = bsonTypeName(value)
      fail(
        40400,
        `$mergeObjects requires object inputs, but input ${describeValue(value)} is of type ${type}`,
      )
    }
    for (const key of Object.keys(value)) setOwn(this.#merged, key, value[key])
  }

  result(): unknown {
    return { ...this.#merged }
  }
}

/** `$stdDevPop` and `$stdDevSamp`: numbers only (Welford's method). */
export class StandardDeviation implements Accumulator {
  readonly #sample: boolean
  #count = 0
  #mean = 0
  #squares = 0

  constructor(sample: boolean) {
    this.#sample = sample
  }

  add(value: unknown): void {
    if (!isNumber(value)) return
    const number = toDouble(value)
    this.#count += 1
    const distance = number - this.#mean
    this.#mean += distance / this.#count
    this.#squares += distance * (number - this.#mean)
  }

  result(): unknown {
    const divisor = this.#sample ? this.#count - 1 : this.#count
    if (divisor <= 0) return null
    return Math.sqrt(this.#squares / divisor)
  }
}

/** `$count`: the number of documents. */
export class Count implements Accumulator {
  #count = 0

  add(): void {
    this.#count += 1
  }

  result(): unknown {
    return this.#count
  }
}
