import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber, toSafeInteger } from '../../values/numbers.ts'

/** An int32 from a number of any kind, or undefined when it is no number, not whole, or out of range. */
export function int32Of(value: unknown): number | undefined {
  const whole = isNumber(value) ? toSafeInteger(value) : undefined
  return whole !== undefined && whole >= -(2 ** 31) && whole < 2 ** 31 ? whole : undefined
}

/**
 * The count of the N operators (`$firstN`, `$maxN`, `$topN` …): a positive whole number.
 * @throws DatabaseError 5787902, 5787903 or 5787908
 */
export function countOf(value: unknown): number {
  if (!isNumber(value)) {
    return fail(5787902, `Value for 'n' must be of integral type, but found ${describeValue(value)}`)
  }
  const count = toSafeInteger(value)
  if (count === undefined) {
    return fail(5787903, `Value for 'n' must be of integral type, but found ${describeValue(value)}`)
  }
  return count > 0 ? count : fail(5787908, `'n' must be greater than 0, found ${count}`)
}
