/**
 * First step of every value on its way to the database: a copy that no longer shares anything with the caller's
 * objects and holds only what MongoDB can hold, plus `ServerDate`, which is replaced at execution
 * (spec/database.md §5). Provider-specific conversion comes second, in `stored-values.ts`.
 */
import { types } from 'node:util'
import { dollarField, invalidParam, tooDeep } from './errors.ts'
import { Geometry } from './geo.ts'
import { type Doc, setOwn } from './own-member.ts'
import { RegExpValue, ServerDate } from './server-values.ts'

/** A value of bson's, of any version: recognised by its tag, never by its class. */
export interface BsonValue {
  readonly _bsontype: string
}

/** Command objects of `db.command`; they carry this tag so that they are never taken for data. */
export const commandTag: unique symbol = Symbol('unicloud.database.command')

export function isBson(value: unknown): value is BsonValue {
  return typeof value === 'object' && value !== null && '_bsontype' in value
}

/** True for plain objects and class instances: whatever is stored as a document, member by member. */
export function isDocument(value: unknown): value is Doc {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !isScalarObject(value) && !(commandTag in value)
}

/** Members without a value: `undefined`, functions and symbols never reach the database. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol'
}

/**
 * Copies a value.
 *
 * @param path where it stands, for error texts
 * @param stored true for data to be stored: names must not start with a dollar sign
 * @param onDottedName told the names that no path can reach
 * @throws DatabaseApiError for circular structures, invalid dates, unsafe bigints and command objects
 */
export function snapshot(
  value: unknown,
  path = '',
  stored = false,
  onDottedName?: (name: string) => void,
): unknown {
  return copy(value, { path, stored, ancestors: [], ...(onDottedName ? { onDottedName } : {}) })
}

// internals

interface Walk {
  path: string
  stored: boolean
  ancestors: object[]
  onDottedName?: (name: string) => void
}

function copy(value: unknown, walk: Walk): unknown {
  if (typeof value === 'bigint') return copyBigInt(value, walk.path)
  if (typeof value !== 'object' || value === null) return isAbsent(value) ? null : value
  if (isScalarObject(value)) return copyScalar(value, walk.path)
  if (commandTag in value) {
    throw invalidParam(`${place(walk.path)}a command of db.command stands where a plain value is expected`)
  }
  if (walk.ancestors.includes(value)) throw invalidParam('Cannot convert circular structure to JSON')
  if (walk.ancestors.length >= deepest) throw tooDeep()
  walk.ancestors.push(value)
  const result = Array.isArray(value)
    ? value.map((item, index) => copy(item, { ...walk, path: join(walk.path, String(index)) }))
    : copyDocument(value as Doc, walk)
  walk.ancestors.pop()
  return result
}

/** Levels of documents and arrays inside each other, as in MongoDB. */
const deepest = 100

function copyDocument(source: Doc, walk: Walk): Doc {
  const result: Doc = {}
  for (const name of Object.keys(source)) {
    const value = source[name]
    if (isAbsent(value)) continue
    const path = join(walk.path, name)
    if (walk.stored && name.startsWith('$')) throw dollarField(name, path)
    if (walk.onDottedName && name.includes('.')) walk.onDottedName(name)
    setOwn(result, name, copy(value, { ...walk, path }))
  }
  return result
}

function isScalarObject(value: object): boolean {
  return (
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isAnyArrayBuffer(value) ||
    types.isBoxedPrimitive(value) ||
    ArrayBuffer.isView(value) ||
    value instanceof Geometry ||
    value instanceof ServerDate ||
    value instanceof RegExpValue ||
    isBson(value)
  )
}

function copyScalar(value: object, path: string): unknown {
  if (types.isDate(value)) return copyDate(value, path)
  if (types.isRegExp(value)) return new RegExp(value.source, value.flags.replace(/[dgy]/g, ''))
  if (value instanceof RegExpValue) return value.toBson()
  if (value instanceof Geometry) return value.toJSON()
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value.slice(0))
  if (ArrayBuffer.isView(value))
    return Buffer.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  if (types.isBoxedPrimitive(value)) return copyBoxed(value.valueOf(), path)
  return value
}

function copyBoxed(value: unknown, path: string): unknown {
  return typeof value === 'object' ? null : copy(value, { path, stored: false, ancestors: [] })
}

function copyDate(value: Date, path: string): Date {
  const time = value.getTime()
  if (Number.isNaN(time)) throw invalidParam(`${place(path)}the date is invalid`)
  return new Date(time)
}

function copyBigInt(value: bigint, path: string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw invalidParam(`${place(path)}the bigint ${value} is beyond ±(2^53 - 1) and would lose digits`)
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function place(path: string): string {
  return path === '' ? '' : `${path}: `
}
