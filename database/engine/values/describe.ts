import { numberKind, toDouble } from './numbers.ts'
import { binaryParts, bsonClass, type Doc, isDocument, MISSING, regexParts } from './types.ts'

/**
 * Values as MongoDB's error texts print them: `{ a: 1 }`, `[ 1, "x" ]`, `ObjectId('…')`. People search for those
 * texts, so the form matters.
 */

/** One value. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `"${value}"`
    case 'number':
      return describeNumber(value)
    case 'object':
      return value === null ? 'null' : describeObject(value)
    case 'symbol':
      return value === MISSING ? 'EOO' : String(value)
    default:
      return String(value)
  }
}

/** A member: `a: 1`. */
export function describeMember(name: string, value: unknown): string {
  return `${name}: ${describeValue(value)}`
}

/** A member as a document without inner spaces, `{a: 1}`, as update errors print it. */
export function describeElement(name: string, value: unknown): string {
  return `{${describeMember(name, value)}}`
}

// internals

function describeNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan.0'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (Number.isInteger(value)) {
    return Object.is(value, -0) ? '-0.0' : value === (value | 0) ? String(value) : describeDouble(value)
  }
  return describeDouble(value)
}

/** Sixteen significant digits, with a point so that a double is told from an integer. */
function describeDouble(value: number): string {
  const text = String(Number(value.toPrecision(16)))
  return /[.e]/.test(text) ? text : `${text}.0`
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map(describeValue).join(', ')} ]`
  if (value instanceof Date) return `new Date(${value.getTime()})`
  if (isDocument(value)) return describeDocument(value)
  if (value instanceof RegExp || bsonClass(value) === 'BSONRegExp') {
    const { pattern, options } = regexParts(value)
    return `/${pattern}/${options}`
  }
  return describeClass(value)
}

function describeDocument(doc: Doc): string {
  const members = Object.keys(doc).map((key) => describeMember(key, doc[key]))
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

function describeClass(value: object): string {
  const kind = numberKind(value)
  if (kind === 'double') return describeDouble(toDouble(value))
  switch (bsonClass(value)) {
    case 'ObjectId':
    case 'ObjectID':
      return `ObjectId('${Buffer.from((value as { id: Uint8Array }).id).toString('hex')}')`
    case 'Timestamp': {
      const { high, low } = value as { high: number; low: number }
      return `Timestamp(${high >>> 0}, ${low >>> 0})`
    }
    case 'MinKey':
      return 'MinKey'
    case 'MaxKey':
      return 'MaxKey'
    case 'Code':
      return String((value as { code: unknown }).code)
    case 'BSONSymbol':
      return `"${String((value as { value: unknown }).value)}"`
    case 'Binary':
    case undefined: {
      const { bytes, subtype } = binaryParts(value)
      return `BinData(${subtype}, ${Buffer.from(bytes).toString('hex').toUpperCase()})`
    }
    default:
      return String(value)
  }
}
