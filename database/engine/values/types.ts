/**
 * What a BSON value is inside the engine (spec/embedded-database.md §5): which of the BSON types it has, and where
 * that type stands in the order of types. Classes of `bson` are recognised by `_bsontype`, never by `instanceof`:
 * values may come from another copy of the package.
 */

/** A document: a plain object. Documents inside the engine are immutable. */
export type Doc = Record<string, unknown>

/** The state of a path that leads nowhere. It is no value: it never appears inside a document. */
export const MISSING: unique symbol = Symbol('missing')

/** Names as `$type` knows them, and `missing`. */
export type BsonTypeName =
  | 'double'
  | 'string'
  | 'object'
  | 'array'
  | 'binData'
  | 'undefined'
  | 'objectId'
  | 'bool'
  | 'date'
  | 'null'
  | 'regex'
  | 'dbPointer'
  | 'javascript'
  | 'symbol'
  | 'javascriptWithScope'
  | 'int'
  | 'timestamp'
  | 'long'
  | 'decimal'
  | 'minKey'
  | 'maxKey'
  | 'missing'

/** Places in the order of types; several BSON types share one (all numbers, strings and symbols). */
export const ORDER = {
  minKey: -1,
  missing: 0,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binary: 30,
  objectId: 35,
  bool: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  dbPointer: 55,
  code: 60,
  codeWithScope: 65,
  maxKey: 125,
} as const

/** The `_bsontype` of a value of a `bson` class; undefined for everything else, also for a document with such a member. */
export function bsonClass(value: object): string | undefined {
  const name = (value as { _bsontype?: unknown })._bsontype
  return typeof name === 'string' && !Object.hasOwn(value, '_bsontype') ? name : undefined
}

/** True for documents: objects that are neither arrays nor one of the scalar types. */
export function isDocument(value: unknown): value is Doc {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    bsonClass(value) === undefined &&
    !(value instanceof RegExp) &&
    !ArrayBuffer.isView(value)
  )
}

/** True when a JavaScript number stands for an int32 (§5): integral, in range, and not −0. */
export function isInt32(value: number): boolean {
  return (value | 0) === value && (value !== 0 || 1 / value > 0)
}

/** True for values of the `bson` class of that name. */
export function isBson(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && bsonClass(value) === name
}

/** Where the value's type stands in the BSON order of types ({@link ORDER}). */
export function typeOrder(value: unknown): number {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return ORDER.number
    case 'string':
      return ORDER.string
    case 'boolean':
      return ORDER.bool
    case 'object':
      return value === null ? ORDER.null : orderOfObject(value)
    default:
      return ORDER.missing
  }
}

/** The value's type as `$type` names it. */
export function bsonTypeName(value: unknown): BsonTypeName {
  switch (typeof value) {
    case 'number':
      return isInt32(value) ? 'int' : 'double'
    case 'bigint':
      return 'long'
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'object':
      return value === null ? 'null' : nameOfObject(value)
    default:
      return 'missing'
  }
}

/** The numeric type codes and their names, as `$type` and `bsonType` accept them. */
export const TYPE_CODES: ReadonlyMap<number, BsonTypeName> = new Map([
  [-1, 'minKey'],
  [1, 'double'],
  [2, 'string'],
  [3, 'object'],
  [4, 'array'],
  [5, 'binData'],
  [6, 'undefined'],
  [7, 'objectId'],
  [8, 'bool'],
  [9, 'date'],
  [10, 'null'],
  [11, 'regex'],
  [12, 'dbPointer'],
  [13, 'javascript'],
  [14, 'symbol'],
  [15, 'javascriptWithScope'],
  [16, 'int'],
  [17, 'timestamp'],
  [18, 'long'],
  [19, 'decimal'],
  [127, 'maxKey'],
])

/** Pattern and options of a regex value, the options in BSON's own letters (`i m s x u`), sorted. */
export function regexParts(value: unknown): { pattern: string; options: string } {
  if (value instanceof RegExp) {
    // `g`, `y` and `d` are states of a JavaScript object, not properties of a pattern.
    return {
      pattern: value.source,
      options: (value.ignoreCase ? 'i' : '') + (value.multiline ? 'm' : '') + (value.dotAll ? 's' : ''),
    }
  }
  const { pattern, options } = value as { pattern: string; options?: string }
  return { pattern, options: [...(options ?? '')].sort().join('') }
}

/** The bytes of a binary value and its subtype. */
export function binaryParts(value: unknown): { bytes: Uint8Array; subtype: number } {
  if (ArrayBuffer.isView(value)) {
    return { bytes: new Uint8Array(value.buffer, value.byteOffset, value.byteLength), subtype: 0 }
  }
  const binary = value as { buffer: Uint8Array; position: number; sub_type: number }
  const bytes =
    binary.buffer.length === binary.position ? binary.buffer : binary.buffer.subarray(0, binary.position)
  return { bytes, subtype: binary.sub_type }
}

// internals

function orderOfObject(value: object): number {
  if (Array.isArray(value)) return ORDER.array
  if (value instanceof Date) return ORDER.date
  const name = bsonClass(value)
  if (name !== undefined) return CLASS_ORDER.get(name) ?? codeOrder(value, name)
  if (value instanceof RegExp) return ORDER.regex
  if (ArrayBuffer.isView(value)) return ORDER.binary
  return ORDER.object
}

function codeOrder(value: object, name: string): number {
  if (name === 'Code') return (value as { scope?: unknown }).scope ? ORDER.codeWithScope : ORDER.code
  return ORDER.object
}

function nameOfObject(value: object): BsonTypeName {
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  const name = bsonClass(value)
  if (name === 'Code') return (value as { scope?: unknown }).scope ? 'javascriptWithScope' : 'javascript'
  if (name !== undefined) return CLASS_NAME.get(name) ?? 'object'
  if (value instanceof RegExp) return 'regex'
  if (ArrayBuffer.isView(value)) return 'binData'
  return 'object'
}

const CLASS_ORDER: ReadonlyMap<string, number> = new Map([
  ['MinKey', ORDER.minKey],
  ['MaxKey', ORDER.maxKey],
  ['Long', ORDER.number],
  ['Double', ORDER.number],
  ['Int32', ORDER.number],
  ['Decimal128', ORDER.number],
  ['BSONSymbol', ORDER.string],
  ['Binary', ORDER.binary],
  ['ObjectId', ORDER.objectId],
  ['ObjectID', ORDER.objectId],
  ['Timestamp', ORDER.timestamp],
  ['BSONRegExp', ORDER.regex],
])

const CLASS_NAME: ReadonlyMap<string, BsonTypeName> = new Map([
  ['MinKey', 'minKey'],
  ['MaxKey', 'maxKey'],
  ['Long', 'long'],
  ['Double', 'double'],
  ['Int32', 'int'],
  ['Decimal128', 'decimal'],
  ['BSONSymbol', 'symbol'],
  ['Binary', 'binData'],
  ['ObjectId', 'objectId'],
  ['ObjectID', 'objectId'],
  ['Timestamp', 'timestamp'],
  ['BSONRegExp', 'regex'],
])
