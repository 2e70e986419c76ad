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
 * Values on their way through a MessagePort (spec/embedded-database.md §11). Structured clone drops classes, so a value
 * of a `bson` class travels as a plain object with one member, `$$`, that names the class; an object of the user's with
 * just that member is wrapped in another one. Whatever needs no such care is sent as it is: the port copies it anyway.
 */

/**
 * Makes a value fit for the port.
 * @param copy true for values of the user's, which may change, or hold what no port takes, before they are sent; without
 * it the very same object comes back when nothing inside needs a tag
 * @throws DatabaseError 15 when it nests deeper than any document may, as a circle does
 */
export function encodeForPort(value: unknown, copy = false): unknown {
  return encode(value, copy, 0)
}

/**
 * Turns what the port delivered back into values, in place.
 * @param numbers `engine`: Int32 and Double become what the engine stores; `caller`: classes come back as they were
 */
export function decodeFromPort(value: unknown, numbers: 'engine' | 'caller'): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? longOf(value) : value
  return decodeObject(value, numbers)
}

// internals

const MARK = '$$'
const MAX_DEPTH = 200
/** What wraps an object of the user's that looks like a tag. */
const ESCAPE = 'e'

function encode(value: unknown, copy: boolean, depth: number): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : encodeObject(value, copy, depth)
    case 'function':
    case 'symbol':
      return undefined
    default:
      return value
  }
}

function encodeObject(value: object, copy: boolean, depth: number): unknown {
  if (depth > MAX_DEPTH)
    return fail(15, `Document nesting exceeds the maximum of ${MAX_DEPTH} levels, or runs in a circle`)
  if (Array.isArray(value)) return encodeArray(value, copy, depth)
  const type = bsonClass(value)
  if (type !== undefined) return encodeClass(value, type, copy, depth)
  if (value instanceof Date || value instanceof RegExp) return value
  if (ArrayBuffer.isView(value)) return tag('b', binaryParts(value).bytes.slice(), 0)
  const { toBSON } = value as { toBSON?: unknown }
  if (typeof toBSON === 'function') return encode(toBSON.call(value), copy, depth + 1)
  if (value instanceof Map) return encodeMembers(Object.fromEntries(value) as Doc, copy, depth)
  return encodeMembers(value as Doc, copy, depth)
}

function encodeArray(values: readonly unknown[], copy: boolean, depth: number): unknown {
  let encoded: unknown[] | undefined = copy ? [] : undefined
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    const element = encode(value, copy, depth + 1)
    if (encoded === undefined && element !== value) encoded = values.slice(0, at)
    encoded?.push(element)
  }
  return encoded ?? values
}

function encodeMembers(doc: Doc, copy: boolean, depth: number): unknown {
  const names = Object.keys(doc)
  let encoded: Doc | undefined = copy ? {} : undefined
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!
    const value = doc[name]
    const member = encode(value, copy, depth + 1)
    if (encoded === undefined && member !== value) encoded = copyMembers(doc, names, at)
    if (encoded !== undefined) setOwn(encoded, name, member)
  }
  const result = encoded ?? doc
  return names.length === 1 && names[0] === MARK ? { [MARK]: [ESCAPE, result[MARK]] } : result
}

function copyMembers(doc: Doc, names: readonly string[], count: number): Doc {
  const copy: Doc = {}
  for (let at = 0; at < count; at++) setOwn(copy, names[at]!, doc[names[at]!])
  return copy
}

function tag(kind: string, ...payload: unknown[]): Doc {
  return { [MARK]: [kind, ...payload] }
}

function encodeClass(value: object, type: string, copy: boolean, depth: number): unknown {
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
      return tag('n', (value as { bytes: Uint8Array }).bytes.slice())
    case 'Double':
      return tag('d', Number((value as { value: unknown }).value))
    case 'Int32':
      return tag('i', Number((value as { value: unknown }).value))
    case 'Binary': {
      const { bytes, subtype } = binaryParts(value)
      return tag('b', Uint8Array.from(bytes), subtype)
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
      return tag('c', String(code), scope ? encode(scope, copy, depth + 1) : undefined)
    }
    case 'DBRef': {
      const { collection, oid, db, fields } = value as {
        collection: string
        oid: unknown
        db?: string
        fields?: Doc
      }
      return encode({ $ref: collection, $id: oid, ...(db ? { $db: db } : {}), ...fields }, copy, depth + 1)
    }
    default:
      return encodeMembers({ ...value } as Doc, copy, depth)
  }
}

type Numbers = 'engine' | 'caller'

function decodeObject(value: object, numbers: Numbers): unknown {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) value[at] = decodeElement(value[at], numbers)
    return value
  }
  if (value instanceof Date || value instanceof RegExp || ArrayBuffer.isView(value)) return value
  return decodeMembers(value as Doc, numbers)
}

function decodeElement(value: unknown, numbers: Numbers): unknown {
  // What has no value is null in an array (§5).
  return value === undefined ? null : decodeFromPort(value, numbers)
}

function decodeMembers(doc: Doc, numbers: Numbers): unknown {
  const names = Object.keys(doc)
  if (names.length === 1 && names[0] === MARK) return decodeTag(doc[MARK] as unknown[], numbers)
  for (const name of names) {
    const value = doc[name]
    if (value === undefined) delete doc[name]
    else if (typeof value === 'object' ? value !== null : typeof value === 'bigint') {
      const decoded = decodeFromPort(value, numbers)
      if (decoded !== value) setOwn(doc, name, decoded)
    }
  }
  return doc
}

function decodeTag(payload: unknown[], numbers: Numbers): unknown {
  const [kind, first, second] = payload
  switch (kind) {
    case 'o':
      return ObjectId.createFromHexString(first as string)
    case 'l':
      return new Long(first as number, second as number)
    case 't':
      return new Timestamp({ t: second as number, i: first as number })
    case 'n':
      return new Decimal128(first as Uint8Array)
    case 'd':
      return numbers === 'caller' || isInt32(first as number) ? new Double(first as number) : first
    case 'i':
      return first
    case 'b':
      return new Binary(first as Uint8Array, second as number)
    case '<':
      return new MinKey()
    case '>':
      return new MaxKey()
    case 'r':
      return new BSONRegExp(first as string, second as string)
    case 's':
      return new BSONSymbol(first as string)
    case 'c':
      return second === undefined
        ? new Code(first as string)
        : new Code(first as string, decodeFromPort(second, numbers) as Doc)
    default:
      return { [MARK]: decodeElement(first, numbers) }
  }
}
