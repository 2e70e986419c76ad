import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson'
import { isDocument } from '../engine/values/types.ts'

/**
 * The special objects of MongoDB's Extended JSON, second version, and the forms of the first that are still about:
 * `{"$date": …}`, `{"$oid": …}` and their like. Not bson's own reader, because that one loses what relaxed files say
 * about the kind of a number, and refuses `{"$date": <milliseconds>}`, which uniCloud's files hold
 * (spec/database.md §14).
 */

/** What `{"$oid": …}` becomes: the id itself, or its text, which the rules of the provider then take up. */
export type IdForm = 'objectId' | 'text'

/**
 * The value a special object stands for; the object itself when it is an ordinary one.
 * @param object its members are read already
 * @throws Error naming a special member that makes no sense
 */
export function readSpecial(object: Record<string, unknown>, ids: IdForm): unknown {
  const names = Object.keys(object)
  const [first] = names
  if (first === undefined || first.charCodeAt(0) !== DOLLAR || names.length > 2) return object
  const form = forms.get(names.sort().join(' '))
  if (!form) return object
  const value = form(object, ids)
  if (value === ORDINARY) return object
  if (value === undefined) throw new Error(`${shown(object)} is not a valid ${first}`)
  return value
}

/** True when an object of a user's would be read back as something else. */
export function looksSpecial(object: object): boolean {
  const names = Object.keys(object)
  if (names.length === 0 || names.length > 2 || names[0]!.charCodeAt(0) !== DOLLAR) return false
  return forms.has(names.sort().join(' '))
}

// internals

const DOLLAR = 36
const ORDINARY = Symbol('ordinary object')

/** Gives undefined for what it cannot read. */
type Form = (object: Record<string, unknown>, ids: IdForm) => unknown

/** By the sorted names of the members. */
const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['$date', ({ $date }) => readDate($date)],
  ['$oid', ({ $oid }, ids) => readId($oid, ids)],
  ['$numberInt', ({ $numberInt }) => readInt($numberInt)],
  ['$numberLong', ({ $numberLong }) => readLong($numberLong)],
  ['$numberDouble', ({ $numberDouble }) => readDouble($numberDouble)],
  ['$numberDecimal', ({ $numberDecimal }) => readDecimal($numberDecimal)],
  ['$binary', ({ $binary }) => readBinary($binary)],
  ['$binary $type', ({ $binary, $type }) => bytesOf($binary, $type)],
  ['$uuid', ({ $uuid }) => readUuid($uuid)],
  ['$timestamp', ({ $timestamp }) => readTimestamp($timestamp)],
  ['$regularExpression', ({ $regularExpression }) => readRegex($regularExpression)],
  ['$options $regex', ({ $regex, $options }) => readOldRegex($regex, $options)],
  ['$regex', ({ $regex }) => readOldRegex($regex, '')],
  ['$symbol', ({ $symbol }) => (typeof $symbol === 'string' ? new BSONSymbol($symbol) : undefined)],
  ['$code', ({ $code }) => (typeof $code === 'string' ? new Code($code) : undefined)],
  ['$code $scope', ({ $code, $scope }) => readScopedCode($code, $scope)],
  ['$minKey', ({ $minKey }) => (Number($minKey) === 1 ? new MinKey() : undefined)],
  ['$maxKey', ({ $maxKey }) => (Number($maxKey) === 1 ? new MaxKey() : undefined)],
  ['$undefined', () => null],
])

function shown(object: unknown): string {
  const text = JSON.stringify(object)
  return text.length > 100 ? `${text.slice(0, 97)}…` : text
}

function readDate(value: unknown): Date | undefined {
  if (value === null || typeof value === 'boolean') return undefined
  const time = typeof value === 'string' ? Date.parse(value) : Number(value)
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function readId(value: unknown, ids: IdForm): unknown {
  if (typeof value !== 'string' || !/^[0-9a-f]{24}$/i.test(value)) return undefined
  return ids === 'text' ? value : ObjectId.createFromHexString(value)
}

function readInt(value: unknown): Int32 | undefined {
  const number = numberOf(value)
  return number !== undefined && (number | 0) === number ? new Int32(number) : undefined
}

function readLong(value: unknown): Long | undefined {
  const text = String(value)
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const number = BigInt(text)
  return BigInt.asIntN(64, number) === number ? Long.fromBigInt(number) : undefined
}

function readDouble(value: unknown): Double | undefined {
  const number = numberOf(value)
  return number === undefined ? undefined : new Double(number)
}

function numberOf(value: unknown): number | undefined {
  const text = String(value).trim()
  if (/^[+-]?inf(inity)?$/i.test(text)) {
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  const number = Number(text)
  return text === '' || (Number.isNaN(number) && text !== 'NaN') ? undefined : number
}

function readDecimal(value: unknown): Decimal128 | undefined {
  try {
    return Decimal128.fromString(String(value))
  } catch {
    return undefined
  }
}

function readBinary(value: unknown): unknown {
  if (typeof value === 'string') return bytesOf(value, '00')
  if (!isDocument(value)) return undefined
  return bytesOf(value.base64, value.subType ?? '00')
}

function bytesOf(text: unknown, type: unknown): Binary | undefined {
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const subtype = typeof type === 'string' ? Number.parseInt(type, 16) : Number(type)
  if (!(subtype >= 0 && subtype <= 255)) return undefined
  return new Binary(Buffer.from(text, 'base64'), subtype)
}

function readUuid(value: unknown): Binary | undefined {
  const hex = String(value).replaceAll('-', '')
  return /^[0-9a-f]{32}$/i.test(hex) ? new Binary(Buffer.from(hex, 'hex'), Binary.SUBTYPE_UUID) : undefined
}

function readTimestamp(value: unknown): Timestamp | undefined {
  if (!isDocument(value)) return undefined
  const [t, i] = [Number(value.t), Number(value.i)]
  return isUint32(t) && isUint32(i) ? new Timestamp({ t, i }) : undefined
}

function isUint32(value: number): boolean {
  return value >>> 0 === value
}

function readRegex(value: unknown): BSONRegExp | undefined {
  const { pattern, options = '' } = isDocument(value) ? value : {}
  return typeof pattern === 'string' && typeof options === 'string' ? regex(pattern, options) : undefined
}

/** BSON ends both texts with a NUL: it may not stand inside. */
function regex(pattern: string, options: string): BSONRegExp | undefined {
  return `${pattern}${options}`.includes('\0') ? undefined : new BSONRegExp(pattern, options)
}

/** `$regex` is an operator, too: whatever is no pattern stays what it is. */
function readOldRegex(pattern: unknown, options: unknown): unknown {
  if (typeof pattern !== 'string' || typeof options !== 'string') return ORDINARY
  return regex(pattern, options)
}

function readScopedCode(code: unknown, scope: unknown): Code | undefined {
  return typeof code === 'string' && isDocument(scope) ? new Code(code, scope) : undefined
}
