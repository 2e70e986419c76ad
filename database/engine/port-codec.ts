import { types } from 'node:util'
import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson'
import { fail } from './errors.ts'
import { longOf } from './values/numbers.ts'
import { setOwn } from './values/own.ts'
import { binaryParts, bsonClass, type Doc, isInt32 } from './values/types.ts'

/**
 * Values on their way through a MessagePort (spec/embedded-database.md §11). They travel as JSON: a port takes a text in
 * a fraction of the time it needs for the objects, and a thread makes and reads one faster than it copies them. What JSON
 * has no form for (dates, special numbers, values of a `bson` class) is a plain object with one member, `$$`, that names
 * its kind; an object of the user's with just that member is wrapped in another one.
 */

/**
 * Makes a value fit for JSON.
 * @returns the very same object when nothing inside needs a tag
 * @throws DatabaseError 15 when it nests deeper than any document may, as a circle does
 */
export function encodeForPort(value: unknown): unknown {
  return encode(value, 0)
}

/**
 * Turns tags back into values, in place; only needed when {@link encodeForPort} has changed something.
 * @param numbers `engine`: Int32 and Double become what the engine stores; `caller`: classes come back as they were
 */
export function decodeFromPort(value: unknown, numbers: 'engine' | 'caller'): unknown {
  return typeof value === 'object' && value !== null ? decodeObject(value, numbers) : value
}

// internals

const MARK = '$$'
const MAX_DEPTH = 200
/** What wraps an object of the user's that looks like a tag. */
const ESCAPE = 'e'

function encode(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : encodeObject(value, depth)
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0) ? value : encodeSpecial(value)
    case 'bigint': {
      const { low, high } = longOf(value)
      return tag('l', low, high)
    }
    case 'function':
    case 'symbol':
      return undefined
    default:
      return value
  }
}

/** Numbers that JSON does not know. */
function encodeSpecial(value: number): Doc {
  return tag('f', value === 0 ? '-0' : String(value))
}

function encodeObject(value: object, depth: number): unknown {
  if (depth > MAX_DEPTH)
    return fail(15, `Document nesting exceeds the maximum of ${MAX_DEPTH} levels, or runs in a circle`)
  if (Array.isArray(value)) return encodeArray(value, depth)
  // Nearly everything is a plain object; the rarer classes need dearer questions.
  if (Object.getPrototypeOf(value) === Object.prototype) {
    const { toBSON } = value as { toBSON?: unknown }
    return typeof toBSON === 'function'
      ? encode(toBSON.call(value), depth + 1)
      : encodeMembers(value as Doc, depth)
  }
  const type = bsonClass(value)
  if (type !== undefined) return encodeClass(value, type, depth)
  if (types.isDate(value)) return tag('D', value.getTime())
  if (types.isRegExp(value)) return tag('x', value.source, value.flags)
  if (ArrayBuffer.isView(value)) return tag('b', base64(binaryParts(value).bytes), 0)
  const { toBSON } = value as { toBSON?: unknown }
  if (typeof toBSON === 'function') return encode(toBSON.call(value), depth + 1)
  // A copy, so that JSON does not find the methods of a class.
  return encodeMembers(value instanceof Map ? Object.fromEntries(value) : { ...value }, depth)
}

function encodeArray(values: readonly unknown[], depth: number): unknown {
  let encoded: unknown[] | undefined
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    const element = encode(value, depth + 1)
    if (encoded === undefined && element !== value) encoded = values.slice(0, at)
    encoded?.push(element)
  }
  return encoded ?? values
}

function encodeMembers(doc: Doc, depth: number): unknown {
  const names = Object.keys(doc)
  let encoded: Doc | undefined
  for (const name of names) {
    const value = doc[name]
    const member = encode(value, depth + 1)
    if (member === value) continue
    encoded ??= { ...doc }
    setOwn(encoded, name, member)
  }
  const result = encoded ?? doc
  return names.length === 1 && names[0] === MARK ? { [MARK]: [ESCAPE, result[MARK]] } : result
}

function tag(kind: string, ...payload: unknown[]): Doc {
  return { [MARK]: [kind, ...payload] }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'))
}

function encodeClass(value: object, type: string, depth: number): unknown {
  switch (type) {
    case 'ObjectId':
    case 'ObjectID':
      return tag('o', (value as { toHexString(): string }).toHexString())
    case 'Long': {
      const { low, high } = value as { low: number; high: number }
      return tag('l', low, high)
    }
    case 'Timestamp': {
      const { low, high } = value as { low: number; high: number }
      return tag('t', low >>> 0, high >>> 0)
    }
    case 'Decimal128':
      return tag('n', base64((value as { bytes: Uint8Array }).bytes))
    case 'Double':
      return tag('d', encode(Number((value as { value: unknown }).value), depth))
    case 'Int32':
      return tag('i', encode(Number((value as { value: unknown }).value), depth))
    case 'Binary': {
      const { bytes, subtype } = binaryParts(value)
      return tag('b', base64(bytes), subtype)
    }
    case 'MinKey':
      return tag('<')
    case 'MaxKey':
      return tag('>')
    case 'BSONRegExp': {
      const { pattern, options } = value as { pattern: string; options: string }
      return tag('r', pattern, options)
    }
    case 'BSONSymbol':
      return tag('s', String((value as { value: unknown }).value))
    case 'Code': {
      const { code, scope } = value as { code: unknown; scope?: object | null }
      return tag('c', String(code), scope ? encode(scope, depth + 1) : null)
    }
    case 'DBRef': {
      const { collection, oid, db, fields } = value as {
        collection: string
        oid: unknown
        db?: string
        fields?: Doc
      }
      return encode({ $ref: collection, $id: oid, ...(db ? { $db: db } : {}), ...fields }, depth + 1)
    }
    default:
      return encodeMembers({ ...value } as Doc, depth)
  }
}

type Numbers = 'engine' | 'caller'

function decodeObject(value: object, numbers: Numbers): unknown {
  if (!Array.isArray(value)) return decodeMembers(value as Doc, numbers)
  for (let at = 0; at < value.length; at++) {
    const element: unknown = value[at]
    if (typeof element === 'object' && element !== null) value[at] = decodeObject(element, numbers)
  }
  return value
}

function decodeMembers(doc: Doc, numbers: Numbers): unknown {
  let count = 0
  for (const name in doc) {
    count++
    const value = doc[name]
    if (typeof value !== 'object' || value === null) continue
    // Only its first member has to be asked.
    if (count === 1 && name === MARK && Object.keys(doc).length === 1)
      return decodeTag(value as unknown[], numbers)
    const decoded = decodeObject(value, numbers)
    if (decoded !== value) setOwn(doc, name, decoded)
  }
  return doc
}

function decodeTag(payload: unknown[], numbers: Numbers): unknown {
  const [kind, first, second] = payload
  switch (kind) {
    case 'D':
      return new Date((first as number | null) ?? Number.NaN)
    case 'o':
      return ObjectId.createFromHexString(first as string)
    case 'l':
      return new Long(first as number, second as number)
    case 'f':
      return Number(first)
    case 't':
      return new Timestamp({ t: second as number, i: first as number })
    case 'n':
      return new Decimal128(bytesOf(first as string))
    case 'd':
      return decodeDouble(decodeFromPort(first, numbers) as number, numbers)
    case 'i':
      return decodeFromPort(first, numbers)
    case 'b':
      return new Binary(bytesOf(first as string), second as number)
    case '<':
      return new MinKey()
    case '>':
      return new MaxKey()
    case 'x':
      return new RegExp(first as string, second as string)
    case 'r':
      return new BSONRegExp(first as string, second as string)
    case 's':
      return new BSONSymbol(first as string)
    case 'c':
      return second === null
        ? new Code(first as string)
        : new Code(first as string, decodeFromPort(second, numbers) as Doc)
    default:
      return { [MARK]: decodeFromPort(first, numbers) }
  }
}

function decodeDouble(value: number, numbers: Numbers): number | Double {
  return numbers === 'caller' || isInt32(value) ? new Double(value) : value
}
