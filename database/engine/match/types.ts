import { fail } from '../errors.ts'
import { isNumber, toDouble, toSafeInteger } from '../values/numbers.ts'
import { type BsonTypeName, bsonTypeName, isInt32, TYPE_CODES } from '../values/types.ts'
import type { Predicate } from './node.ts'

/**
 * `$type` and `bsonType`.
 * @param operand an alias (`'string'`, `'number'`), a type code, or an array of them
 * @param path the field, for the error texts
 */
export function typePredicate(operand: unknown, path: string): Predicate {
  const operands = Array.isArray(operand) ? operand : [operand]
  if (operands.length === 0) fail(9, `${path} must match at least one type`)
  const names = new Set<BsonTypeName>(operands.flatMap(typeNames))
  // The commonest question deserves no look at a set.
  if (names.size === 1 && names.has('string')) return (value) => typeof value === 'string'
  if (names.size === 1 && names.has('int')) {
    return (value) => (typeof value === 'number' ? isInt32(value) : bsonTypeName(value) === 'int')
  }
  return (value) => names.has(bsonTypeName(value))
}

/** The type names an alias or a code stands for. */
export function typeNames(operand: unknown): BsonTypeName[] {
  if (typeof operand === 'string') {
    if (operand === 'number') return NUMBERS
    return ALIASES.has(operand) ? [operand as BsonTypeName] : fail(2, `Unknown type name alias: ${operand}`)
  }
  if (!isNumber(operand)) return fail(14, 'type must be represented as a number or a string')
  const name = TYPE_CODES.get(toSafeInteger(operand) ?? Number.NaN)
  return name === undefined ? fail(2, `Invalid numerical type code: ${String(toDouble(operand))}`) : [name]
}

// internals

const NUMBERS: BsonTypeName[] = ['int', 'long', 'double', 'decimal']

const ALIASES: ReadonlySet<string> = new Set(TYPE_CODES.values())
