import { encodeKey } from '../values/keys.ts'
import { isNumber } from '../values/numbers.ts'
import { MISSING, ORDER, typeOrder } from '../values/types.ts'
import type { ValueOrder } from './comparison.ts'
import type { Predicate } from './node.ts'

/**
 * `$in`: equality with one of many operands, in constant time for scalars (logarithmic under a collation).
 * Regular expressions among the operands are not its business.
 */
export function membership(operands: readonly unknown[], order: ValueOrder, collated: boolean): Predicate {
  const contains = collated ? sortedMembership(operands, order) : hashedMembership(operands)
  const withNull = operands.some((operand) => typeOrder(operand) === ORDER.null)
  return (value) => (value === MISSING ? withNull : contains(value))
}

// internals

function hashedMembership(operands: readonly unknown[]): Predicate {
  const primitives = new Set(operands.filter(isPrimitive))
  const others = operands.filter((operand) => !isPrimitive(operand))
  const keys = new Set(operands.map((operand) => encodeKey(operand)))
  // A number of another kind among the operands can equal a plain one, and the other way round.
  const mixedNumbers = others.some(isNumber)
  const plainNumbers = operands.some((operand) => typeof operand === 'number')
  return (value) => {
    // A set holds 0 for −0 and NaN for NaN, as equality of numbers does.
    if (isPrimitive(value)) {
      return (
        primitives.has(value) || (mixedNumbers && typeof value === 'number' && keys.has(encodeKey(value)))
      )
    }
    return (plainNumbers || others.length > 0) && keys.has(encodeKey(value))
  }
}

function isPrimitive(value: unknown): value is string | number | boolean | null {
  return (
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
  )
}

function sortedMembership(operands: readonly unknown[], order: ValueOrder): Predicate {
  const sorted = [...operands].sort(order)
  return (value) => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (order(sorted[middle], value) < 0) low = middle + 1
      else high = middle
    }
    return low < sorted.length && order(sorted[low], value) === 0
  }
}
