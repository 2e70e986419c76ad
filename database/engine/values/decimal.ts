import { Decimal128 } from 'bson'

/**
 * Decimal128 arithmetic: coefficients as BigInt with an exponent of ten, 34 digits, half-even
 * (spec/embedded-database.md §5).
 */

/** A decimal taken apart: `(negative ? -1 : 1) · digits · 10^exponent`, or one of the two special kinds. */
export interface DecimalParts {
  readonly kind: 'finite' | 'infinite' | 'nan'
  readonly negative: boolean
  readonly digits: bigint
  readonly exponent: number
}

/** How a digit that must go is rounded away. */
export type Rounding = 'half-even' | 'truncate' | 'floor' | 'ceiling'

/** Takes a Decimal128 apart (binary integer encoding of IEEE 754-2008). */
export function decimalParts(value: { bytes: Uint8Array }): DecimalParts {
  const view = new DataView(value.bytes.buffer, value.bytes.byteOffset, 16)
  const low = view.getBigUint64(0, true)
  const high = view.getBigUint64(8, true)
  const negative = high >> 63n === 1n
  const combination = Number((high >> 58n) & 0x1fn)
  if (combination === 0x1f) return NOT_A_NUMBER
  if (combination === 0x1e) return { kind: 'infinite', negative, digits: 0n, exponent: 0 }
  if (combination >= 0x18) {
    // The long form only holds coefficients above 34 digits, which the standard reads as zero.
    return finite(negative, 0n, Number((high >> 47n) & 0x3fffn) - BIAS)
  }
  const digits = ((high & 0x1ffffffffffffn) << 64n) | low
  return finite(negative, digits > MAX_DIGITS ? 0n : digits, Number((high >> 49n) & 0x3fffn) - BIAS)
}

/** Puts a Decimal128 together, rounded half-even to 34 digits; too large becomes infinite, too small becomes zero. */
export function decimalOf(parts: DecimalParts): Decimal128 {
  if (parts.kind === 'nan') return pack(false, 0x7c00n << 48n)
  if (parts.kind === 'infinite') return pack(parts.negative, 0x7800n << 48n)
  let { digits, exponent } = parts
  const surplus = Math.max(countDigits(digits) - PRECISION, -BIAS - exponent)
  if (surplus > 0) {
    digits = dropDigits(digits, surplus, 'half-even', parts.negative)
    exponent += surplus
    if (digits > MAX_DIGITS) {
      digits /= 10n
      exponent += 1
    }
  }
  if (digits === 0n) {
    exponent = Math.min(Math.max(exponent, -BIAS), MAX_EXPONENT)
  } else if (exponent > MAX_EXPONENT) {
    const room = PRECISION - countDigits(digits)
    if (exponent - MAX_EXPONENT > room) return pack(parts.negative, 0x7800n << 48n)
    digits *= power(exponent - MAX_EXPONENT)
    exponent = MAX_EXPONENT
  }
  return pack(
    parts.negative,
    (BigInt(exponent + BIAS) << 49n) | (digits >> 64n),
    digits & 0xffffffffffffffffn,
  )
}

export const NOT_A_NUMBER: DecimalParts = { kind: 'nan', negative: false, digits: 0n, exponent: 0 }

/** A finite decimal. */
export function finite(negative: boolean, digits: bigint, exponent: number): DecimalParts {
  return { kind: 'finite', negative, digits, exponent }
}

/** The exact decimal value of an integer. */
export function partsOfInteger(value: bigint): DecimalParts {
  return value < 0n ? finite(true, -value, 0) : finite(false, value, 0)
}

/** The exact decimal value of a double: every double has one. */
export function partsOfDouble(value: number): DecimalParts {
  if (Number.isNaN(value)) return NOT_A_NUMBER
  const negative = value < 0 || Object.is(value, -0)
  if (!Number.isFinite(value)) return { kind: 'infinite', negative, digits: 0n, exponent: 0 }
  if (Number.isInteger(value)) return finite(negative, BigInt(Math.abs(value)), 0)
  let mantissa = Math.abs(value)
  let twos = 0
  // Doubling is exact until the mantissa is an integer, also for subnormal numbers.
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2
    twos += 1
  }
  return finite(negative, BigInt(mantissa) * 5n ** BigInt(twos), -twos)
}

/**
 * The double rounded to a number of significant digits, as the server converts: to 15 with the zeros that fill them, to
 * 34 without, where it has no more digits than that.
 */
export function partsOfRoundedDouble(value: number, significant: number): DecimalParts {
  const exact = partsOfDouble(value)
  if (!Number.isFinite(value) || value === 0) return exact
  if (significant === 34 && exact.digits < 10n ** 34n) return exact
  const [mantissa = '0', exponent = '0'] = Math.abs(value)
    .toExponential(significant - 1)
    .split('e')
  return finite(value < 0, BigInt(mantissa.replace('.', '')), Number(exponent) - significant + 1)
}

/** The nearest double. */
export function doubleOfParts(parts: DecimalParts): number {
  if (parts.kind === 'nan') return Number.NaN
  const size =
    parts.kind === 'infinite' ? Number.POSITIVE_INFINITY : Number(`${parts.digits}e${parts.exponent}`)
  return parts.negative ? -size : size
}

/** Compares two decimals by value; NaN equals NaN and is below everything. */
export function compareParts(a: DecimalParts, b: DecimalParts): number {
  if (a.kind === 'nan' || b.kind === 'nan') return a.kind === b.kind ? 0 : a.kind === 'nan' ? -1 : 1
  const signs = signOfParts(a) - signOfParts(b)
  if (signs !== 0) return signs < 0 ? -1 : 1
  if (signOfParts(a) === 0) return 0
  const sizes = compareSizes(a, b)
  return a.negative ? 0 - sizes : sizes
}

/** −1, 0 or 1; 0 for NaN. */
export function signOfParts(parts: DecimalParts): number {
  if (parts.kind === 'nan' || (parts.kind === 'finite' && parts.digits === 0n)) return 0
  return parts.negative ? -1 : 1
}

export function addParts(a: DecimalParts, b: DecimalParts): DecimalParts {
  if (a.kind === 'nan' || b.kind === 'nan') return NOT_A_NUMBER
  if (a.kind === 'infinite') return b.kind === 'infinite' && a.negative !== b.negative ? NOT_A_NUMBER : a
  if (b.kind === 'infinite') return b
  const exponent = Math.min(a.exponent, b.exponent)
  const sum = signed(a, exponent) + signed(b, exponent)
  if (sum === 0n) return finite(a.negative && b.negative, 0n, exponent)
  return finite(sum < 0n, sum < 0n ? -sum : sum, exponent)
}

export function negateParts(a: DecimalParts): DecimalParts {
  return a.kind === 'nan' ? a : { ...a, negative: !a.negative }
}

export function multiplyParts(a: DecimalParts, b: DecimalParts): DecimalParts {
  if (a.kind === 'nan' || b.kind === 'nan') return NOT_A_NUMBER
  const negative = a.negative !== b.negative
  if (a.kind === 'infinite' || b.kind === 'infinite') {
    if (signOfParts(a) === 0 || signOfParts(b) === 0) return NOT_A_NUMBER
    return { kind: 'infinite', negative, digits: 0n, exponent: 0 }
  }
  return finite(negative, a.digits * b.digits, a.exponent + b.exponent)
}

export function divideParts(a: DecimalParts, b: DecimalParts): DecimalParts {
  if (a.kind === 'nan' || b.kind === 'nan' || (a.kind === 'infinite' && b.kind === 'infinite'))
    return NOT_A_NUMBER
  const negative = a.negative !== b.negative
  if (a.kind === 'infinite') return { ...a, negative }
  if (b.kind === 'infinite') return finite(negative, 0n, -BIAS)
  const ideal = a.exponent - b.exponent
  if (b.digits === 0n)
    return a.digits === 0n ? NOT_A_NUMBER : { kind: 'infinite', negative, digits: 0n, exponent: 0 }
  if (a.digits === 0n) return finite(negative, 0n, ideal)
  const shift = Math.max(0, PRECISION + 2 + countDigits(b.digits) - countDigits(a.digits))
  const scaled = a.digits * power(shift)
  let digits = scaled / b.digits
  let exponent = ideal - shift
  if (scaled % b.digits !== 0n) {
    // A non-zero digit behind the last one keeps the final rounding from seeing a tie where there is none.
    return finite(negative, digits * 10n + 1n, exponent - 1)
  }
  while (exponent < ideal && digits % 10n === 0n) {
    digits /= 10n
    exponent += 1
  }
  return finite(negative, digits, exponent)
}

/** The remainder with the dividend's sign. */
export function remainderParts(a: DecimalParts, b: DecimalParts): DecimalParts {
  if (a.kind !== 'finite' || b.kind === 'nan' || signOfParts(b) === 0) return NOT_A_NUMBER
  if (b.kind === 'infinite') return a
  const exponent = Math.min(a.exponent, b.exponent)
  const rest = (a.digits * power(a.exponent - exponent)) % (b.digits * power(b.exponent - exponent))
  return finite(a.negative, rest, exponent)
}

/** The value with its last digit at `10^exponent`. Digits that are added are zeros. */
export function quantizeParts(a: DecimalParts, exponent: number, rounding: Rounding): DecimalParts {
  if (a.kind !== 'finite') return a
  if (exponent <= a.exponent) return finite(a.negative, a.digits * power(a.exponent - exponent), exponent)
  return finite(a.negative, dropDigits(a.digits, exponent - a.exponent, rounding, a.negative), exponent)
}

/** How many decimal digits a non-negative integer has; zero has one. */
export function countDigits(digits: bigint): number {
  return digits.toString().length
}

/** 10 to a non-negative power. */
export function power(exponent: number): bigint {
  return 10n ** BigInt(exponent)
}

// internals

const PRECISION = 34
const BIAS = 6176
const MAX_EXPONENT = 6111
const MAX_DIGITS = 10n ** 34n - 1n

function pack(negative: boolean, high: bigint, low = 0n): Decimal128 {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, low, true)
  view.setBigUint64(8, negative ? high | (1n << 63n) : high, true)
  return new Decimal128(bytes)
}

function signed(parts: DecimalParts, exponent: number): bigint {
  const size = parts.digits * power(parts.exponent - exponent)
  return parts.negative ? -size : size
}

function compareSizes(a: DecimalParts, b: DecimalParts): number {
  if (a.kind === 'infinite' || b.kind === 'infinite')
    return a.kind === b.kind ? 0 : a.kind === 'infinite' ? 1 : -1
  // The leading digit's place decides nearly always and spares scaling by thousands of digits.
  const places = countDigits(a.digits) + a.exponent - (countDigits(b.digits) + b.exponent)
  if (places !== 0) return places < 0 ? -1 : 1
  const exponent = Math.min(a.exponent, b.exponent)
  const left = a.digits * power(a.exponent - exponent)
  const right = b.digits * power(b.exponent - exponent)
  return left < right ? -1 : left > right ? 1 : 0
}

function dropDigits(digits: bigint, count: number, rounding: Rounding, negative: boolean): bigint {
  if (digits === 0n) return 0n
  if (count > countDigits(digits) + 1) {
    return (rounding === 'floor' && negative) || (rounding === 'ceiling' && !negative) ? 1n : 0n
  }
  const unit = power(count)
  const quotient = digits / unit
  const rest = digits % unit
  if (rest === 0n) return quotient
  if (rounding === 'truncate') return quotient
  if (rounding === 'floor') return negative ? quotient + 1n : quotient
  if (rounding === 'ceiling') return negative ? quotient : quotient + 1n
  const twice = rest * 2n
  const up = twice > unit || (twice === unit && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}
