import { types } from 'node:util'
import { Binary, Double, ObjectId } from 'bson'
import { fail } from '../errors.ts'
import { longOf } from './numbers.ts'
import { setOwn } from './own.ts'
import { binaryParts, bsonClass, type Doc, isInt32 } from './types.ts'

/**
 * Turns what crosses the waist into what the engine stores (spec/embedded-database.md §5): `Int32` and `Double`
 * become numbers (a `Double` stays when it would look like an int32), BigInt becomes `Long`, byte arrays become
 * `Binary`, dates of another realm become ours; `undefined` members vanish, in arrays they become null. The result
 * is always a copy, so that the caller's later changes do not reach it.
 * @throws code 15 when documents nest deeper than 100 levels
 */
export function normalize(value: unknown): unknown {
  return convert(value, 0)
}

/** {@link normalize} for a whole document. */
export function normalizeDocument(doc: Doc): Doc {
  return convert(doc, 0) as Doc
}

// internals

/** The server's limit is 200 for BSON and 100 for what it promises to store (spec/embedded-database.md §13). */
const MAX_DEPTH = 180

function convert(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : convertObject(value, depth)
    case 'bigint':
      return longOf(value)
    case 'undefined':
    case 'function':
    case 'symbol':
      return null
    default:
      return value
  }
}

function convertObject(value: object, depth: number): unknown {
  if (depth > MAX_DEPTH) return fail(15, `Document nesting exceeds the maximum of ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) return value.map((element) => convert(element, depth + 1))
  // Nearly everything is a plain object; the rarer classes need dearer questions.
  if (Object.getPrototypeOf(value) === Object.prototype) return convertDocument(value as Doc, depth)
  if (value instanceof Date || types.isDate(value)) return new Date(value.getTime())
  const name = bsonClass(value)
  if (name !== undefined) return convertClass(value, name, depth)
  if (value instanceof RegExp) return value
  if (types.isRegExp(value)) return new RegExp((value as RegExp).source, (value as RegExp).flags)
  if (ArrayBuffer.isView(value)) return binaryOf(value)
  return convertDocument(value as Doc, depth)
}

function convertDocument(doc: Doc, depth: number): Doc {
  const copy: Doc = {}
  for (const key of Object.keys(doc)) {
    const member = doc[key]
    if (member === undefined || typeof member === 'function' || typeof member === 'symbol') continue
    setOwn(copy, key, convert(member, depth + 1))
  }
  return copy
}

function convertClass(value: object, name: string, depth: number): unknown {
  switch (name) {
    case 'Int32':
      return Number((value as { value: unknown }).value)
    case 'Double': {
      const double = Number((value as { value: unknown }).value)
      return isInt32(double) ? new Double(double) : double
    }
    case 'Binary': {
      const { bytes, subtype } = binaryParts(value)
      return new Binary(bytes.slice(), subtype)
    }
    case 'ObjectID':
      // The class as bson named it before version 5.
      return new ObjectId(String(value))
    case 'DBRef': {
      const { collection, oid, db, fields } = value as {
        collection: string
        oid: unknown
        db?: string
        fields?: Doc
      }
      return convert({ $ref: collection, $id: oid, ...(db ? { $db: db } : {}), ...fields }, depth)
    }
    default:
      return value
  }
}

function binaryOf(view: ArrayBufferView): Binary {
  return new Binary(new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice())
}
