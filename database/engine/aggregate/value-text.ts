import { fail } from '../errors.ts'
import { bsonTypeName } from '../values/types.ts'

/**
 * A value as text, as `$toLower`, `$substr`, `$strcasecmp` and `$toString` read one: null and missing are empty.
 * @throws DatabaseError 16007 for what has no text
 */
export function textOf(value: unknown): string {
  const type = bsonTypeName(value)
  switch (type) {
    case 'string':
      return value as string
    case 'null':
    case 'missing':
    case 'undefined':
      return ''
    case 'int':
      return String(Number(value))
    case 'double':
      return doubleText(Number(value))
    case 'long':
    case 'decimal':
    case 'symbol':
    case 'timestamp':
      return String(value)
    case 'javascript':
      return String((value as { code: unknown }).code)
    case 'date':
      return (value as Date).toISOString()
    default:
      return fail(16007, `can't convert from BSON type ${type} to String`)
  }
}

/** A double with at most 16 significant digits, in C's `%.16g` form, which is what the server prints. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return Object.is(value, -0) ? '-0' : String(value)
  const [mantissa = '', exponentText = '0'] = value.toExponential(15).split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) {
    const digits = mantissa.replace(/\.?0+$/, '')
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  const fixed = value.toFixed(15 - exponent)
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed
}
