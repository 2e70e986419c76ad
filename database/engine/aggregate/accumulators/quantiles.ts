import { isNumber, toDouble } from '../../values/numbers.ts'
import type { Accumulator } from './accumulator.ts'

/**
 * `$percentile` and, with one fraction and `single`, `$median`: the value at the rank, never between two values.
 * The server estimates with a digest; this is exact and agrees with it wherever the digest is.
 */
export class Percentile implements Accumulator {
  readonly #fractions: readonly number[]
  readonly #single: boolean
  readonly #values: number[] = []

  /** @param fractions each from 0 to 1 */
  constructor(fractions: readonly number[], single: boolean) {
    this.#fractions = fractions
    this.#single = single
  }

  add(value: unknown): void {
    if (isNumber(value)) this.#values.push(toDouble(value))
  }

  result(): unknown {
    const sorted = this.#values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b)
    const found = this.#fractions.map((fraction) => {
      if (sorted.length === 0) return null
      return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? null
    })
    return this.#single ? (found[0] ?? null) : found
  }
}
