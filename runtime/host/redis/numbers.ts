/** Numbers as redis reads and writes them. */
import { errors } from './reply.ts'

const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n

/** Strict: no plus sign, no leading zeros, no spaces, and within 64 bits. */
export function parseInt64(text: string): bigint | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined
  const value = BigInt(text)
  return fitsInt64(value) ? value : undefined
}

export function fitsInt64(value: bigint): boolean {
  return value >= minInt64 && value <= maxInt64
}

/** An integer argument. @throws CommandError */
export function integer(text: string | undefined): number {
  const value = parseInt64(text ?? '')
  if (value === undefined) throw errors.notInteger()
  return Number(value)
}

/** An integer that must not be negative; text that is no number gets the same complaint. @throws CommandError */
export function natural(
  text: string | undefined,
  complaint = 'value is out of range, must be positive',
): number {
  const value = parseInt64(text ?? '')
  if (value === undefined || value < 0n) throw errors.of(complaint)
  return Number(value)
}

/** Decimal or infinite; undefined for anything else. */
export function parseDouble(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  const [, sign, infinite] = /^([+-]?)(inf|infinity)$/i.exec(text) ?? []
  if (infinite === undefined) return undefined
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** A score or increment. @throws CommandError */
export function double(text: string | undefined): number {
  const value = parseDouble(text ?? '')
  if (value === undefined) throw errors.notFloat()
  return value
}

/** As C prints with `%.17g`: how redis 7.0 shows scores. */
export function formatDouble(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  return formatGeneral(value, 17)
}

/** C's `%.<precision>g`. */
export function formatGeneral(value: number, precision: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = '0'] = value.toExponential(precision - 1).split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= precision) {
    const digits = String(Math.abs(exponent)).padStart(2, '0')
    return `${withoutZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  return withoutZeros(value.toFixed(precision - 1 - exponent))
}

/**
 * The sum of two decimal texts, exact, with at most 17 decimals and without an exponent: what `incrbyfloat` stores
 * (spec/redis.md §3).
 */
export function addDecimals(a: string, b: string): string | undefined {
  const left = parseDecimal(a)
  const right = parseDecimal(b)
  if (!left || !right) return undefined
  const scale = Math.max(left.scale, right.scale)
  const sum =
    left.digits * 10n ** BigInt(scale - left.scale) + right.digits * 10n ** BigInt(scale - right.scale)
  return formatDecimal(rounded(sum, scale))
}

// internals

const maxDecimals = 17
/** Larger exponents are no numbers anybody counts with; they would only cost memory. */
const maxExponent = 400

interface Decimal {
  digits: bigint
  /** Digits behind the point. */
  scale: number
}

function parseDecimal(text: string): Decimal | undefined {
  const [, sign, whole = '', fraction = '', exponentText = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return undefined
  const exponent = Number(exponentText)
  if (Math.abs(exponent) > maxExponent) return undefined
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n)
  const scale = fraction.length - exponent
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale }
}

function rounded(digits: bigint, scale: number): Decimal {
  if (scale <= maxDecimals) return { digits, scale }
  const unit = 10n ** BigInt(scale - maxDecimals)
  const half = digits < 0n ? -unit / 2n : unit / 2n
  return { digits: (digits + half) / unit, scale: maxDecimals }
}

function formatDecimal({ digits, scale }: Decimal): string {
  const negative = digits < 0n
  const text = String(negative ? -digits : digits).padStart(scale + 1, '0')
  const whole = text.slice(0, text.length - scale)
  const shown = withoutZeros(scale === 0 ? whole : `${whole}.${text.slice(text.length - scale)}`)
  return negative && shown !== '0' ? `-${shown}` : shown
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
