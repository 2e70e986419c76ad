/**
 * Second step of a value on its way to the database, and the first on its way back: what the provider does to
 * strings, which kind a number has, and which classes user code gets to see (spec/database.md §2 and §5).
 */
import { Long, ObjectId } from 'bson'
import { type Doc, setOwn } from './own-member.ts'
import { ServerDate } from './server-values.ts'
import { type BsonValue, isBson, isDocument } from './snapshot.ts'

/** How values are stored. */
export interface StorageRules {
  objectIds: boolean
  isoDates: boolean
  /** The database's time, for `serverDate`; milliseconds since the Unix epoch. */
  now: number
}

/** Converts a snapshot into what is sent. Idempotent. */
export function toStored(value: unknown, rules: StorageRules): unknown {
  if (typeof value === 'string') return storedString(value, rules)
  if (typeof value === 'number') return storedNumber(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => toStored(item, rules))
  if (value instanceof ServerDate) return new Date(rules.now + value.offset)
  if (isBson(value)) return storedBson(value)
  return isDocument(value) ? mapMembers(value, (member) => toStored(member, rules)) : value
}

/** Converts what the database answered into what user code gets: fresh plain values. */
export function fromStored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromStored)
  if (isBson(value)) return plainBson(value)
  if (value instanceof Date) return new Date(value.getTime())
  if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array)
  return isDocument(value) ? mapMembers(value, fromStored) : value
}

/** A document that the database answered. */
export function rowOf(document: unknown): Doc {
  return fromStored(document) as Doc
}

/** An `_id` as results carry it. Numbers are possible, and as rare as they are in uniCloud. */
export function idOf(value: unknown): string {
  return fromStored(value) as string
}

/** A copy of a document with each member converted. */
export function mapMembers(source: Doc, convert: (value: unknown, name: string) => unknown): Doc {
  const result: Doc = {}
  for (const name of Object.keys(source)) setOwn(result, name, convert(source[name], name))
  return result
}

// internals

const hexId = /^[0-9a-fA-F]{24}$/
/** Exactly what `Date.prototype.toISOString` writes for years 0 to 9999. */
const isoDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function storedString(text: string, rules: StorageRules): unknown {
  if (text.length !== 24) return text
  if (rules.objectIds && hexId.test(text)) return ObjectId.createFromHexString(text)
  if (rules.isoDates && isoDate.test(text)) {
    const time = Date.parse(text)
    // February 31st and the like parse or roll over; only a date that writes itself back the same is one.
    if (!Number.isNaN(time) && new Date(time).toISOString() === text) return new Date(time)
  }
  return text
}

/** Integers beyond int32 are longs; what is no safe integer is a double by itself. */
function storedNumber(value: number): unknown {
  if (!Number.isSafeInteger(value) || (value | 0) === value) return value
  return Long.fromNumber(value)
}

/** Classes of another copy of bson are refused by the database, so ids are made anew; other kinds are rare. */
function storedBson(value: BsonValue): unknown {
  if (value._bsontype !== 'ObjectId' && value._bsontype !== 'ObjectID') return value
  return ObjectId.createFromHexString((value as BsonValue & { toHexString(): string }).toHexString())
}

interface BsonShapes {
  toHexString(): string
  toNumber(): number
  valueOf(): number
  buffer: Uint8Array
  position: number
  pattern: string
  options: string
}

function plainBson(value: BsonValue): unknown {
  const shape = value as BsonValue & BsonShapes
  switch (value._bsontype) {
    case 'ObjectId':
      return shape.toHexString()
    case 'Long': {
      const number = shape.toNumber()
      return Number.isSafeInteger(number) ? number : value
    }
    case 'Int32':
    case 'Double':
      return shape.valueOf()
    case 'Binary':
      return Buffer.from(shape.buffer.subarray(0, shape.position))
    case 'BSONRegExp':
      return plainRegExp(value, shape)
    default:
      return value
  }
}

function plainRegExp(value: BsonValue, { pattern, options }: BsonShapes): unknown {
  try {
    return new RegExp(pattern, options)
  } catch {
    // `x`, inline flags and other PCRE-only syntax have no JavaScript form.
    return value
  }
}
