import { type Decimal128, Double, Long } from 'bson'
import {
  addParts,
  compareParts,
  type DecimalParts,
  decimalOf,
  decimalParts,
  divideParts,
  doubleOfParts,
  multiplyParts,
  negateParts,
  partsOfDouble,
  partsOfInteger,
  partsOfRoundedDouble,
  quantizeParts,
  type Rounding,
  remainderParts,
} from './decimal.ts'
import { bsonClass, isInt32 } from './types.ts'

/**
 * The numeric line (spec/embedded-database.md §5). A JavaScript number is an int32 when integral and in range, else a
 * double; `Long` and `Decimal128` stay what they are; `Double` marks a double that looks like an int32. Results widen
 * as on the server: int32 to int64 (`Long`), int64 to double, anything with a decimal to decimal.
 */

export type NumberKind = 'int' | 'long' | 'double' | 'decimal'

/** The numeric kind of a value, or undefined when it is no number. */
export function numberKind(value: unknown): NumberKind | undefined {
  if (typeof value === 'number') return isInt32(value) ? 'int' : 'double'
  if (typeof value === 'bigint') return 'long'
  if (typeof value !== 'object' || value === null) return undefined
  switch (bsonClass(value)) {
    case 'Long':
      return 'long'
    case 'Decimal128':
      return 'decimal'
    case 'Double':
      return 'double'
    case 'Int32':
      return 'int'
    default:
      return undefined
  }
}

export function isNumber(value: unknown): boolean {
  return typeof value === 'number' || numberKind(value) !== undefined
}

/** Sum; an int64 overflow becomes a double. Both arguments must be numbers. */
export function add(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return widened(a + b, isInt32(a) && isInt32(b))
  return arithmetic(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
    addParts,
  )
}

/** Difference; an int64 overflow becomes a double. */
export function subtract(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return widened(a - b, isInt32(a) && isInt32(b))
  return arithmetic(
    a,
    b,
    (x, y) => x - y,
    (x, y) => x - y,
    (x, y) => addParts(x, negateParts(y)),
  )
}

/** Product; an int64 overflow becomes a double. */
export function multiply(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    if (!isInt32(a) || !isInt32(b)) return product
    return Number.isSafeInteger(product) ? widened(product, true) : longOf(BigInt(a) * BigInt(b))
  }
  return arithmetic(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
    multiplyParts,
  )
}

/** Quotient: a double, or a decimal when one of the two is. Division by zero is the caller's to refuse. */
export function divide(a: unknown, b: unknown): unknown {
  if (numberKind(a) === 'decimal' || numberKind(b) === 'decimal') {
    return decimalOf(divideParts(partsForArithmetic(a), partsForArithmetic(b)))
  }
  return toDouble(a) / toDouble(b)
}

/** Remainder with the dividend's sign. A zero divisor is the caller's to refuse. */
export function mod(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return widened(a % b, isInt32(a) && isInt32(b))
  return arithmetic(
    a,
    b,
    (x, y) => x % y,
    (x, y) => x % y,
    remainderParts,
  )
}

/** The nearest double; NaN for what is no number. */
export function toDouble(value: unknown): number {
  if (typeof value === 'number') return value
  switch (numberKind(value)) {
    case 'long':
      return typeof value === 'bigint' ? Number(value) : doubleOfLong(value as Long)
    case 'double':
    case 'int':
      return Number((value as Double).value)
    case 'decimal':
      return doubleOfParts(decimalParts(value as Decimal128))
    default:
      return Number.NaN
  }
}

/** The value cut to an integer as an int32, or undefined when it is out of range, infinite or NaN. */
export function toInt32(value: unknown): number | undefined {
  const cut = toInteger(value)
  return cut !== undefined && cut >= -2147483648n && cut <= 2147483647n ? Number(cut) : undefined
}

/** The value cut to an integer as an int64, or undefined when it is out of range, infinite or NaN. */
export function toLong(value: unknown): Long | undefined {
  const cut = toInteger(value)
  return cut !== undefined && fitsLong(cut) ? longOf(cut) : undefined
}

/**
 * The value as Decimal128.
 * @param significant digits kept of a double: 15 as `$toDecimal` and mixed arithmetic do, 34 as `$add` and `$sum` do
 */
export function toDecimal(value: unknown, significant = 15): Decimal128 {
  return numberKind(value) === 'decimal'
    ? (value as Decimal128)
    : decimalOf(partsForArithmetic(value, significant))
}

/** The value cut to an integer of any size, or undefined when it is no number, infinite or NaN. */
export function toInteger(value: unknown): bigint | undefined {
  switch (numberKind(value)) {
    case 'int':
      return BigInt(toDouble(value))
    case 'long':
      return bigIntOfLong(value)
    case 'double': {
      const double = toDouble(value)
      return Number.isFinite(double) ? BigInt(Math.trunc(double)) : undefined
    }
    case 'decimal': {
      const parts = quantizeParts(decimalParts(value as Decimal128), 0, 'truncate')
      return parts.kind === 'finite' ? (parts.negative ? -parts.digits : parts.digits) : undefined
    }
    default:
      return undefined
  }
}

/** The value as a JavaScript number when it is a number of any kind holding a safe integer; else undefined. */
export function toSafeInteger(value: unknown): number | undefined {
  const double =
    typeof value === 'number' ? value : numberKind(value) === undefined ? Number.NaN : toDouble(value)
  if (!Number.isSafeInteger(double)) return undefined
  return typeof value === 'number' || compareNumbers(value, double) === 0 ? double + 0 : undefined
}

/** Cuts towards zero at `place` digits behind the point (negative: before it). The numeric kind stays. */
export function truncate(value: unknown, place = 0): unknown {
  return quantized(value, place, 'truncate')
}

/** Rounds half to even at `place` digits behind the point (negative: before it). The numeric kind stays. */
export function round(value: unknown, place = 0): unknown {
  return quantized(value, place, 'half-even')
}

/** The largest integer that is not above the value. The numeric kind stays. */
export function floor(value: unknown): unknown {
  return quantized(value, 0, 'floor')
}

/** The smallest integer that is not below the value. The numeric kind stays. */
export function ceiling(value: unknown): unknown {
  return quantized(value, 0, 'ceiling')
}

/** Compares two numbers of any kind by exact value; NaN equals NaN and is below everything; −0 equals 0. */
export function compareNumbers(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return compareDoubles(a, b)
  const [kindA, kindB] = [numberKind(a), numberKind(b)]
  if (kindA === 'decimal' || kindB === 'decimal') return compareParts(exactParts(a), exactParts(b))
  if (kindA !== 'long' && kindB !== 'long') return compareDoubles(toDouble(a), toDouble(b))
  const [left, right] = [comparable(a, kindA), comparable(b, kindB)]
  if (Number.isNaN(left) || Number.isNaN(right))
    return Number.isNaN(left) ? (Number.isNaN(right) ? 0 : -1) : 1
  // JavaScript compares a BigInt with a number by exact value.
  return left < right ? -1 : left > right ? 1 : 0
}

/** The value as exact decimal parts, also for doubles. */
export function exactParts(value: unknown): DecimalParts {
  switch (numberKind(value)) {
    case 'decimal':
      return decimalParts(value as Decimal128)
    case 'long':
      return partsOfInteger(bigIntOfLong(value))
    default:
      return partsOfDouble(toDouble(value))
  }
}

/** An int64 as `Long`. The value must fit. */
export function longOf(value: bigint): Long {
  return new Long(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)))
}

/** The exact value of a Long (or a BigInt). */
export function bigIntOfLong(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  const { high, low } = value as Long
  return (BigInt(high) << 32n) | BigInt(low >>> 0)
}

/** A double kept apart from the int32 of the same value: wrapped only when it would be mistaken for one. */
export function doubleValue(value: number): number | Double {
  return isInt32(value) ? new Double(value) : value
}

// internals

function fitsLong(value: bigint): boolean {
  return value >= -9223372036854775808n && value <= 9223372036854775807n
}

function widened(result: number, integers: boolean): number | Long {
  if (!integers) return result
  return result === (result | 0) ? result + 0 : longOf(BigInt(result))
}

function arithmetic(
  a: unknown,
  b: unknown,
  doubles: (x: number, y: number) => number,
  integers: (x: bigint, y: bigint) => bigint,
  decimals: (x: DecimalParts, y: DecimalParts) => DecimalParts,
): unknown {
  const [kindA, kindB] = [numberKind(a), numberKind(b)]
  if (kindA === 'decimal' || kindB === 'decimal') {
    return decimalOf(decimals(partsForArithmetic(a), partsForArithmetic(b)))
  }
  if (kindA === 'double' || kindB === 'double') return doubles(toDouble(a), toDouble(b))
  const result = integers(toInteger(a) ?? 0n, toInteger(b) ?? 0n)
  if (kindA === 'int' && kindB === 'int' && BigInt.asIntN(32, result) === result) return Number(result)
  return fitsLong(result) ? longOf(result) : doubles(toDouble(a), toDouble(b))
}

function partsForArithmetic(value: unknown, significant = 15): DecimalParts {
  return numberKind(value) === 'double'
    ? partsOfRoundedDouble(toDouble(value), significant)
    : exactParts(value)
}

function quantized(value: unknown, place: number, rounding: Rounding): unknown {
  const kind = numberKind(value)
  if (kind === 'decimal') {
    const parts = decimalParts(value as Decimal128)
    return place === 0 || parts.exponent < -place || place < 0
      ? decimalOf(quantizeParts(parts, -place, rounding))
      : value
  }
  if (kind === 'double') {
    const double = toDouble(value)
    if (!Number.isFinite(double)) return value
    return doubleOfParts(quantizeParts(partsOfRoundedDouble(double, 34), -place, rounding))
  }
  if (place >= 0) return value
  const parts = quantizeParts(exactParts(value), -place, rounding)
  const result = (parts.negative ? -parts.digits : parts.digits) * 10n ** BigInt(parts.exponent)
  if (kind === 'int' && BigInt.asIntN(32, result) === result) return Number(result)
  return fitsLong(result) ? longOf(result) : Number(result)
}

function compareDoubles(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return 0
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : 1
}

function doubleOfLong(value: Long): number {
  // Exact below 2^53; beyond that two roundings could differ from one, so let BigInt do it.
  const double = value.high * 4294967296 + (value.low >>> 0)
  return Number.isSafeInteger(double) ? double : Number(bigIntOfLong(value))
}

function comparable(value: unknown, kind: NumberKind | undefined): number | bigint {
  if (kind !== 'long') return toDouble(value)
  const double = toDouble(value)
  return Number.isSafeInteger(double) ? double : bigIntOfLong(value)
}
