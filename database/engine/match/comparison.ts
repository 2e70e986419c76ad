import { compareStrings } from '../values/compare.ts'
import { compareNumbers, isNumber, toDouble } from '../values/numbers.ts'
import { MISSING, ORDER, typeOrder } from '../values/types.ts'
import type { Predicate } from './node.ts'

/**
 * `$eq $lt $lte $gt $gte` on one value (spec/database.md §7): only values of the operand's own place in the type
 * order compare; null and missing are one another's equals; MinKey and MaxKey compare with everything.
 */

export type Comparison = 'eq' | 'lt' | 'lte' | 'gt' | 'gte'

/** How two values of the same type order compare; collated or not. */
export type ValueOrder = (a: unknown, b: unknown) => number

/**
 * Compiles one comparison.
 * @param collated false lets strings compare by bytes without a call to `order`
 */
export function comparison(
  operator: Comparison,
  operand: unknown,
  order: ValueOrder,
  collated: boolean,
): Predicate {
  if (typeof operand === 'number' && !Number.isNaN(operand)) return numberComparison(operator, operand)
  if (typeof operand === 'string' && !collated) return stringComparison(operator, operand)
  if (typeof operand === 'boolean' && operator === 'eq') return (value) => value === operand
  if (operand instanceof Date) return dateComparison(operator, operand.getTime())
  const place = typeOrder(operand)
  if (place === ORDER.null) return nullComparison(operator)
  if (place === ORDER.minKey || place === ORDER.maxKey) return edgeComparison(operator, place)
  if (place === ORDER.number) return preciseComparison(operator, operand)
  const holds = VERDICTS[operator]
  return (value) => typeOrder(value) === place && holds(order(value, operand))
}

// internals

const VERDICTS: Readonly<Record<Comparison, (result: number) => boolean>> = {
  eq: (result) => result === 0,
  lt: (result) => result < 0,
  lte: (result) => result <= 0,
  gt: (result) => result > 0,
  gte: (result) => result >= 0,
}

function numberComparison(operator: Comparison, operand: number): Predicate {
  const precise = preciseComparison(operator, operand)
  // JavaScript's comparisons are already false for NaN, as they have to be.
  switch (operator) {
    case 'eq':
      return (value) => (typeof value === 'number' ? value === operand : precise(value))
    case 'lt':
      return (value) => (typeof value === 'number' ? value < operand : precise(value))
    case 'lte':
      return (value) => (typeof value === 'number' ? value <= operand : precise(value))
    case 'gt':
      return (value) => (typeof value === 'number' ? value > operand : precise(value))
    case 'gte':
      return (value) => (typeof value === 'number' ? value >= operand : precise(value))
  }
}

/** For every numeric kind. NaN is in no range but equals NaN, which `$lte` and `$gte` include. */
function preciseComparison(operator: Comparison, operand: unknown): Predicate {
  const holds = VERDICTS[operator]
  if (Number.isNaN(toDouble(operand))) {
    const withEquals = holds(0)
    return (value) => withEquals && isNumber(value) && Number.isNaN(toDouble(value))
  }
  return (value) => {
    if (typeof value === 'string' || !isNumber(value)) return false
    return holds(compareNumbers(value, operand)) && !Number.isNaN(toDouble(value))
  }
}

function stringComparison(operator: Comparison, operand: string): Predicate {
  if (operator === 'eq') {
    return (value) =>
      value === operand ||
      (typeof value === 'object' && typeOrder(value) === ORDER.string && String(value) === operand)
  }
  const holds = VERDICTS[operator]
  return (value) => typeof value === 'string' && holds(compareStrings(value, operand))
}

function dateComparison(operator: Comparison, operand: number): Predicate {
  const holds = VERDICTS[operator]
  return (value) => value instanceof Date && holds(compareNumbers(value.getTime(), operand))
}

function nullComparison(operator: Comparison): Predicate {
  if (!VERDICTS[operator](0)) return () => false
  return (value) => value === null || value === MISSING
}

/** MinKey stands below and MaxKey above everything, missing included. */
function edgeComparison(operator: Comparison, place: number): Predicate {
  const holds = VERDICTS[operator]
  const others = holds(place === ORDER.minKey ? 1 : -1)
  const itself = holds(0)
  return (value) => (typeOrder(value) === place ? itself : others)
}
