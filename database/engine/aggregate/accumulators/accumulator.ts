import type { Expression } from '../scope.ts'

/** Gathers values one by one; knows nothing of the documents they came from. */
export interface Accumulator {
  /** Takes the next value, which may be MISSING. */
  add(value: unknown): void
  /** The result so far; may be asked for more than once. */
  result(): unknown
}

/** One output field of `$group` and its relatives, compiled. */
export interface AccumulatorPlan {
  /** What each document contributes. */
  input: Expression
  /**
   * A fresh accumulator.
   * @param group the group's key: arguments such as `n` are evaluated on it
   */
  create(group: unknown): Accumulator
}
