import { binaryParts, bsonClass, isInt32, regexParts } from '../values/types.ts'

/** Bytes of a document in BSON. */
export function sizeOf(doc: object): number {
  let size = 5
  for (const name in doc) size += 2 + utf8Length(name) + valueSize((doc as Record<string, unknown>)[name])
  return size
}

/** UTF-8 bytes of a text. */
export function utf8Length(text: string): number {
  const { length } = text
  if (length > 64) return Buffer.byteLength(text)
  let bytes = length
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    // Each half of a surrogate pair counts two: four bytes for the pair.
    if (code >= 0x80) bytes += code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 2 : 1
  }
  return bytes
}

// internals

function valueSize(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 5 + utf8Length(value)
    case 'number':
      return isInt32(value) ? 4 : 8
    case 'boolean':
      return 1
    case 'bigint':
      return 8
    case 'object':
      return value === null ? 0 : objectSize(value)
    default:
      return 0
  }
}

function objectSize(value: object): number {
  if (Array.isArray(value)) return arraySize(value)
  if (value instanceof Date) return 8
  const name = bsonClass(value)
  if (name === undefined) {
    if (value instanceof RegExp) return regexSize(value)
    if (ArrayBuffer.isView(value)) return 5 + value.byteLength
    return sizeOf(value)
  }
  return classSize(value, name)
}

function classSize(value: object, name: string): number {
  switch (name) {
    case 'ObjectId':
    case 'ObjectID':
      return 12
    case 'Decimal128':
      return 16
    case 'Int32':
      return 4
    case 'MinKey':
    case 'MaxKey':
      return 0
    case 'Binary': {
      const { bytes, subtype } = binaryParts(value)
      return 5 + bytes.length + (subtype === 2 ? 4 : 0)
    }
    case 'BSONRegExp':
      return regexSize(value)
    case 'BSONSymbol':
      return 5 + utf8Length(String((value as { value: unknown }).value))
    case 'Code': {
      const { code, scope } = value as { code: unknown; scope?: object | null }
      const text = 5 + utf8Length(String(code))
      return scope ? 4 + text + sizeOf(scope) : text
    }
    default:
      return 8
  }
}

function regexSize(value: object): number {
  const { pattern, options } = regexParts(value)
  return utf8Length(pattern) + utf8Length(options) + 2
}

function arraySize(array: unknown[]): number {
  let size = 5
  for (let at = 0; at < array.length; at++) {
    size += 2 + (at < 10 ? 1 : at < 100 ? 2 : String(at).length) + valueSize(array[at])
  }
  return size
}
