import { fail } from '../errors.ts'
import { bigIntOfLong, isNumber, toDouble, toInteger, toLong } from '../values/numbers.ts'
import type { Predicate } from './node.ts'

/**
 * `$mod`: divisor, remainder and operand are cut to integers; the remainder has the operand's sign.
 * @throws code 2 for anything but two numbers, or a zero divisor
 */
export function moduloPredicate(operand: unknown): Predicate {
  if (!Array.isArray(operand)) return fail(2, 'malformed mod, needs to be an array')
  if (operand.length < 2) fail(2, 'malformed mod, not enough elements')
  if (operand.length > 2) fail(2, 'malformed mod, too many elements')
  const divisor = integerOf(operand[0], 'divisor')
  const remainder = integerOf(operand[1], 'remainder')
  if (divisor === 0n) fail(2, 'divisor cannot be 0')
  const [smallDivisor, smallRemainder] = [Number(divisor), Number(remainder)]
  const small = Number.isSafeInteger(smallDivisor) && Number.isSafeInteger(smallRemainder)
  return (value) => {
    if (typeof value === 'number' && small && Number.isSafeInteger(Math.trunc(value))) {
      return Math.trunc(value) % smallDivisor === smallRemainder
    }
    const long = isNumber(value) ? toLong(value) : undefined
    return long !== undefined && bigIntOfLong(long) % divisor === remainder
  }
}

// internals

function integerOf(value: unknown, role: 'divisor' | 'remainder'): bigint {
  if (!isNumber(value)) return fail(2, `malformed mod, ${role} not a number`)
  const cause = `malformed mod, ${role} value is invalid :: caused by ::`
  if (!Number.isFinite(toDouble(value))) fail(2, `${cause} Unable to coerce NaN/Inf to integral type`)
  if (toLong(value) === undefined) fail(2, `${cause} Out of bounds coercing to integral value`)
  return toInteger(value) ?? 0n
}
