import { binaryParts, bsonClass, isInt32, regexParts } from '../engine/values/types.ts'
import { looksSpecial } from './special.ts'

export interface WriteOptions {
  /** Names the kind of every number. Default: only where a plain number would be read back as another kind. */
  canonical?: boolean
  /**
   * Told the path of an object that Extended JSON cannot tell from one of its own special ones (`{"$oid": "x"}` in a
   * document): it is written as it is, and will be read back as what it looks like.
   */
  ambiguous?(path: string): void
}

/**
 * Writes a value as Extended JSON, second version, on one line. Relaxed wherever that loses nothing; where it would
 * (`5.0`, a small long, dates before 1970) the canonical form is used, so that reading gives every value back as it was.
 */
export function writeExtendedJson(value: unknown, options: WriteOptions = {}): string {
  return write(value, options, '')
}

// internals

/** Years 1970 to 9999 have a readable form, by the specification of Extended JSON. */
const LAST_READABLE = 253_402_300_799_999

function write(value: unknown, options: WriteOptions, path: string): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return writeNumber(value, options)
    case 'boolean':
      return String(value)
    case 'bigint':
      return writeLong(value, options)
    case 'object':
      return value === null ? 'null' : writeObject(value, options, path)
    default:
      return 'null'
  }
}

function writeObject(value: object, options: WriteOptions, path: string): string {
  if (Array.isArray(value)) return writeArray(value, options, path)
  if (value instanceof Date) return writeDate(value, options)
  const name = bsonClass(value)
  if (name !== undefined) return writeClass(value, name, options, path)
  if (value instanceof RegExp) return writeRegex(value)
  if (ArrayBuffer.isView(value)) return writeBinary(value)
  if (options.ambiguous && looksSpecial(value)) options.ambiguous(path)
  return writeMembers(value as Record<string, unknown>, options, path)
}

function writeArray(values: readonly unknown[], options: WriteOptions, path: string): string {
  let text = '['
  for (let at = 0; at < values.length; at++) {
    if (at > 0) text += ','
    text += write(values[at], options, path)
  }
  return `${text}]`
}

function writeMembers(doc: Record<string, unknown>, options: WriteOptions, path: string): string {
  let text = ''
  for (const name of Object.keys(doc)) {
    const value = doc[name]
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue
    text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:`
    text += write(value, options, typeof value === 'object' ? `${path === '' ? '' : `${path}.`}${name}` : '')
  }
  return text === '' ? '{}' : `${text}}`
}

function writeNumber(value: number, { canonical }: WriteOptions): string {
  if (isInt32(value)) return canonical ? `{"$numberInt":"${value}"}` : String(value)
  return writeDouble(value, canonical)
}

function writeDouble(value: number, canonical: boolean | undefined): string {
  if (!Number.isInteger(value)) {
    return canonical || !Number.isFinite(value) ? `{"$numberDouble":"${value}"}` : String(value)
  }
  const text = Object.is(value, -0) ? '-0' : String(value)
  return `{"$numberDouble":"${text.includes('e') ? text : `${text}.0`}"}`
}

/** A long too large for an int32 is read back as one by its size alone. */
function writeLong(value: bigint, { canonical }: WriteOptions): string {
  const plain = !canonical && BigInt.asIntN(32, value) !== value && isSafe(value)
  return plain ? String(value) : `{"$numberLong":"${value}"}`
}

/** Other readers than ours lose the last digits of longer ones. */
function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
}

function writeDate(value: Date, { canonical }: WriteOptions): string {
  const time = value.getTime()
  // As the database keeps a date that is none.
  if (Number.isNaN(time)) return '{"$date":{"$numberLong":"0"}}'
  if (canonical || time < 0 || time > LAST_READABLE) return `{"$date":{"$numberLong":"${time}"}}`
  return `{"$date":"${value.toISOString()}"}`
}

function writeRegex(value: object): string {
  const { pattern, options } = regexParts(value)
  return `{"$regularExpression":{"pattern":${JSON.stringify(pattern)},"options":${JSON.stringify(options)}}}`
}

function writeBinary(value: object): string {
  const { bytes, subtype } = binaryParts(value)
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  return `{"$binary":{"base64":"${base64}","subType":"${subtype.toString(16).padStart(2, '0')}"}}`
}

function writeClass(value: object, name: string, options: WriteOptions, path: string): string {
  switch (name) {
    case 'ObjectId':
    case 'ObjectID':
      return `{"$oid":"${(value as { toHexString(): string }).toHexString()}"}`
    case 'Long':
      return writeLong((value as { toBigInt(): bigint }).toBigInt(), options)
    case 'Int32':
      return writeNumber(Number((value as { value: unknown }).value), options)
    case 'Double':
      return writeDouble(Number((value as { value: unknown }).value), options.canonical)
    case 'Decimal128':
      return `{"$numberDecimal":"${String(value)}"}`
    case 'Binary':
      return writeBinary(value)
    case 'BSONRegExp':
      return writeRegex(value)
    case 'Timestamp': {
      const { low, high } = value as { low: number; high: number }
      return `{"$timestamp":{"t":${high >>> 0},"i":${low >>> 0}}}`
    }
    case 'MinKey':
      return '{"$minKey":1}'
    case 'MaxKey':
      return '{"$maxKey":1}'
    case 'BSONSymbol':
      return `{"$symbol":${JSON.stringify(String((value as { value: unknown }).value))}}`
    case 'Code':
      return writeCode(value as { code: unknown; scope?: object | null }, options, path)
    case 'DBRef': {
      const { collection, oid, db, fields } = value as DbRef
      return write({ $ref: collection, $id: oid, ...(db ? { $db: db } : {}), ...fields }, options, path)
    }
    default:
      return writeMembers({ ...value } as Record<string, unknown>, options, path)
  }
}

interface DbRef {
  collection: string
  oid: unknown
  db?: string
  fields?: Record<string, unknown>
}

function writeCode(
  { code, scope }: { code: unknown; scope?: object | null },
  options: WriteOptions,
  path: string,
): string {
  const text = JSON.stringify(String(code))
  if (!scope) return `{"$code":${text}}`
  return `{"$code":${text},"$scope":${writeMembers(scope as Record<string, unknown>, options, path)}}`
}
