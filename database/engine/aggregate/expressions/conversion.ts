import { Binary, Decimal128, ObjectId } from 'bson'
import { DatabaseError } from '../../../command.ts'
import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber, longOf, toDecimal, toDouble, toInteger, toSafeInteger } from '../../values/numbers.ts'
import { isTruthy } from '../../values/truth.ts'
import { type BsonTypeName, bsonTypeName, type Doc, isDocument, TYPE_CODES } from '../../values/types.ts'
import { parseDateText } from '../date-parse.ts'
import type { Expression, Operator, Scope } from '../scope.ts'
import { textOf } from '../value-text.ts'
import { isNullish, typeOf, unary } from './arguments.ts'

/** `$convert`, its short forms, `$type` and `$isNumber`. */
export const CONVERSION: Readonly<Record<string, Operator>> = {
  $convert: convertOperator,
  $isNumber: unary(isNumber, 'see'),
  $toBool: unary((value) => convert(value, 'bool')),
  $toDate: unary((value) => convert(value, 'date')),
  $toDecimal: unary((value) => convert(value, 'decimal')),
  $toDouble: unary((value) => convert(value, 'double')),
  $toInt: unary((value) => convert(value, 'int')),
  $toLong: unary((value) => convert(value, 'long')),
  $toObjectId: unary((value) => convert(value, 'objectId')),
  $toString: unary((value) => convert(value, 'string')),
  $toUUID: unary((value) => convert(value, 'binData')),
  $type: unary((value) => typeOf(value), 'see'),
}

/** The instant of a value that counts as a date: Date, ObjectId or Timestamp; else undefined. */
export function instantOf(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime()
  switch (bsonTypeName(value)) {
    case 'objectId': {
      const { id } = value as { id: Uint8Array }
      return new DataView(id.buffer, id.byteOffset, 4).getUint32(0) * 1000
    }
    case 'timestamp':
      return ((value as { high: number }).high >>> 0) * 1000
    default:
      return undefined
  }
}

// internals

type Converter = (value: unknown, from: BsonTypeName) => unknown

const TARGETS: Readonly<Partial<Record<BsonTypeName, Converter>>> = {
  binData: toUuid,
  bool: (value) => isTruthy(value),
  date: toDate,
  decimal: toDecimalValue,
  double: toDoubleValue,
  int: (value, from) => toIntegerValue(value, from, 'int', 32),
  long: (value, from) => toIntegerValue(value, from, 'long', 64),
  objectId: toObjectId,
  string: toText,
}

function convert(value: unknown, to: BsonTypeName): unknown {
  const from = bsonTypeName(value)
  const converter = TARGETS[to]
  return converter ? converter(value, from) : unsupported(from, to)
}

function convertOperator(argument: unknown, scope: Scope): Expression {
  const doc = convertArgument(argument)
  const member = (name: string) => (Object.hasOwn(doc, name) ? scope.compile(doc[name]) : undefined)
  const [input, to, onError, onNull] = [member('input')!, member('to')!, member('onError'), member('onNull')]
  return (frame) => {
    const value = input(frame)
    const target = targetType(to(frame))
    if (isNullish(value)) return onNull ? onNull(frame) : null
    if (target === null) return null
    if (!onError) return convert(value, target)
    try {
      return convert(value, target)
    } catch (error) {
      if (error instanceof DatabaseError && error.code === 241) return onError(frame)
      throw error
    }
  }
}

function convertArgument(argument: unknown): Doc {
  if (!isDocument(argument)) {
    return fail(9, `$convert expects an object of named arguments but found: ${typeOf(argument)}`)
  }
  for (const name of Object.keys(argument)) {
    if (!['input', 'to', 'onError', 'onNull'].includes(name))
      fail(9, `$convert found an unknown argument: ${name}`)
  }
  for (const name of ['input', 'to']) {
    if (!Object.hasOwn(argument, name)) fail(9, `Missing '${name}' parameter to $convert`)
  }
  return argument
}

function targetType(to: unknown): BsonTypeName | null {
  if (isNullish(to)) return null
  if (typeof to === 'string') {
    for (const name of TYPE_CODES.values()) if (name === to && name !== 'undefined') return name
    if (to === 'missing') return 'missing'
    return fail(2, `Unknown type name: ${to}`)
  }
  if (!isNumber(to))
    return fail(9, `$convert's 'to' argument must be a string or number, but is ${typeOf(to)}`)
  const code = toSafeInteger(to)
  if (code === undefined) return fail(9, "In $convert, numeric 'to' argument is not an integer")
  return (
    TYPE_CODES.get(code) ??
    fail(9, `In $convert, numeric value for 'to' does not correspond to a BSON type: ${code}`)
  )
}

function unsupported(from: BsonTypeName, to: BsonTypeName): never {
  return fail(241, `Unsupported conversion from ${from} to ${to} in $convert with no onError value`)
}

function unparsable(text: string, why: string): never {
  return fail(241, `Failed to parse number '${text}' in $convert with no onError value: ${why}`)
}

function overflow(value: unknown): never {
  return fail(
    241,
    `Conversion would overflow target type in $convert with no onError value: ${describeValue(value)}`,
  )
}

function toIntegerValue(value: unknown, from: BsonTypeName, to: 'int' | 'long', bits: 32 | 64): unknown {
  const whole = wholeOf(value, from, to)
  if (BigInt.asIntN(bits, whole) !== whole) {
    if (from === 'string') unparsable(value as string, 'Overflow')
    overflow(value)
  }
  return to === 'int' ? Number(whole) : longOf(whole)
}

function wholeOf(value: unknown, from: BsonTypeName, to: BsonTypeName): bigint {
  switch (from) {
    case 'bool':
      return value ? 1n : 0n
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return toInteger(value) ?? notWhole(toDouble(value))
    case 'string':
      return /^[+-]?\d+$/.test(value as string)
        ? BigInt((value as string).replace('+', ''))
        : unparsable(value as string, badNumber(value as string))
    case 'date':
      return to === 'long' ? BigInt((value as Date).getTime()) : unsupported(from, to)
    default:
      return unsupported(from, to)
  }
}

function notWhole(value: number): never {
  const what = Number.isNaN(value) ? 'NaN' : 'infinity'
  return fail(241, `Attempt to convert ${what} value to integer type in $convert with no onError value`)
}

function badNumber(text: string): string {
  return text === '' ? 'No digits' : 'Did not consume whole string.'
}

function toDoubleValue(value: unknown, from: BsonTypeName): unknown {
  switch (from) {
    case 'bool':
      return value ? 1 : 0
    case 'int':
    case 'long':
    case 'double':
      return toDouble(value)
    case 'decimal': {
      const double = toDouble(value)
      return Number.isFinite(double) || !/\d/.test(String(value)) ? double : overflow(value)
    }
    case 'string':
      return parseDouble(value as string)
    case 'date':
      return (value as Date).getTime()
    default:
      return unsupported(from, 'double')
  }
}

const DECIMAL_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const SPECIAL_TEXT = /^(?:nan|[+-]?inf(?:inity)?)$/i

function parseDouble(text: string): number {
  if (DECIMAL_TEXT.test(text)) {
    const double = Number(text)
    return Number.isFinite(double) ? double : unparsable(text, 'Out of range')
  }
  if (!SPECIAL_TEXT.test(text)) return unparsable(text, badNumber(text))
  if (/nan/i.test(text)) return Number.NaN
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

function toDecimalValue(value: unknown, from: BsonTypeName): unknown {
  switch (from) {
    case 'bool':
      return toDecimal(value ? 1 : 0)
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return toDecimal(value)
    case 'string': {
      const text = value as string
      if (!DECIMAL_TEXT.test(text) && !SPECIAL_TEXT.test(text)) unparsable(text, badNumber(text))
      try {
        return Decimal128.fromStringWithRounding(text)
      } catch {
        return unparsable(text, 'Conversion from string to decimal would overflow') // bson knows no other reason here
      }
    }
    case 'date':
      return toDecimal(longOf(BigInt((value as Date).getTime())))
    default:
      return unsupported(from, 'decimal')
  }
}

function toDate(value: unknown, from: BsonTypeName): unknown {
  const instant = instantOf(value)
  if (instant !== undefined) return new Date(instant)
  switch (from) {
    case 'int':
    case 'long':
    case 'double':
    case 'decimal': {
      const date = new Date(toDouble(value))
      return Number.isNaN(date.getTime()) ? overflow(value) : date
    }
    case 'string':
      return new Date(parseDateText(value as string))
    default:
      return unsupported(from, 'date')
  }
}

function toObjectId(value: unknown, from: BsonTypeName): unknown {
  if (from === 'objectId') return value
  if (from !== 'string') return unsupported(from, 'objectId')
  const text = value as string
  if (/^[0-9a-f]{24}$/i.test(text)) return new ObjectId(text)
  const why =
    text.length === 24
      ? `Invalid character found in hex string: ${text}`
      : `Invalid string length for parsing to OID, expected 24 but found ${text.length}`
  return fail(241, `Failed to parse objectId '${text}' in $convert with no onError value: ${why}`)
}

function toText(value: unknown, from: BsonTypeName): unknown {
  switch (from) {
    case 'objectId':
    case 'bool':
      return String(value)
    case 'string':
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
    case 'date':
      return textOf(value)
    case 'binData':
      return (value as Binary).sub_type === Binary.SUBTYPE_UUID
        ? (value as Binary).toUUID().toString()
        : unsupported(from, 'string')
    default:
      return unsupported(from, 'string')
  }
}

const UUID_TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Only a UUID's text becomes binary data. */
function toUuid(value: unknown, from: BsonTypeName): unknown {
  if (from === 'binData') return value
  if (from !== 'string') return unsupported(from, 'binData')
  const text = value as string
  if (!UUID_TEXT.test(text)) return fail(241, `Input string '${text}' is not a valid UUID`)
  return new Binary(Buffer.from(text.replaceAll('-', ''), 'hex'), Binary.SUBTYPE_UUID)
}
