import { isNumber, toDouble } from './numbers.ts'
import { MISSING } from './types.ts'

/** MongoDB's idea of true: everything but false, null, missing and the zeros; NaN, `''` and `[]` are true. */
export function isTruthy(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (value === null || value === undefined || value === MISSING) return false
  return !isNumber(value) || toDouble(value) !== 0
}
