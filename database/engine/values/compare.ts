import { type StringOrder, stringOrder } from './collation.ts'
import { compareNumbers } from './numbers.ts'
import { binaryParts, bsonTypeName, type Doc, MISSING, ORDER, regexParts, typeOrder } from './types.ts'

/**
 * The BSON order of values (spec/embedded-database.md §6, spec/database.md §7): type order first, then by value. Strings by UTF-8
 * bytes, documents member by member (type, name, value) in their own order, arrays element by element.
 */

/** −1, 0 or 1. MISSING stands below null. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b)
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b)
  return compareBy(a, b, compareStrings)
}

/** True when the two are the same point of the order: 1, 1.0, Long 1 and Decimal 1 are. */
export function equalValues(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a === 'string' || typeof b === 'string') {
    return typeof a === typeof b ? false : compareValues(a, b) === 0
  }
  return compareValues(a, b) === 0
}

/**
 * True when storing one over the other changes nothing: the same types all the way down (1 and Long 1 differ), the
 * same members in the same order. This is how an update knows that it was a no-op.
 */
export function identicalValues(a: unknown, b: unknown): boolean {
  if (a === b) return a !== 0 || 1 / a === 1 / (b as number)
  const type = bsonTypeName(a)
  if (type !== bsonTypeName(b)) return false
  if (type === 'object') return identicalDocuments(a as Doc, b as Doc)
  if (type === 'array') return identicalArrays(a as unknown[], b as unknown[])
  if (type === 'decimal') return String(a) === String(b)
  return compareValues(a, b) === 0
}

/** The order under a collation document; without one, {@link compareValues}. Field names are never collated. */
export function comparator(collation?: unknown): (a: unknown, b: unknown) => number {
  const order = stringOrder(collation)
  return order === undefined ? compareValues : (a, b) => compareBy(a, b, (x, y) => Math.sign(order(x, y)))
}

/** Compares strings by their UTF-8 bytes. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) {
      // Surrogates encode characters above U+FFFF, which UTF-8 sorts behind U+E000…U+FFFF and UTF-16 before them.
      if (x >= 0xd800 && y >= 0xd800)
        return isSurrogate(x) === isSurrogate(y) ? (x < y ? -1 : 1) : isSurrogate(x) ? 1 : -1
      return x < y ? -1 : 1
    }
  }
  return a.length < b.length ? -1 : 1
}

// internals

function isSurrogate(unit: number): boolean {
  return unit <= 0xdfff
}

function compareBy(a: unknown, b: unknown, strings: StringOrder): number {
  const order = typeOrder(a)
  const other = typeOrder(b)
  if (order !== other) return order < other ? -1 : 1
  switch (order) {
    case ORDER.number:
      return compareNumbers(a, b)
    case ORDER.string:
      return strings(textOf(a), textOf(b))
    case ORDER.object:
      return compareDocuments(a as Doc, b as Doc, strings)
    case ORDER.array:
      return compareArrays(a as unknown[], b as unknown[], strings)
    case ORDER.binary:
      return compareBinary(a, b)
    case ORDER.objectId:
      return compareBytes((a as { id: Uint8Array }).id, (b as { id: Uint8Array }).id)
    case ORDER.bool:
      return Number(a) - Number(b)
    case ORDER.date:
      return compareNumbers((a as Date).getTime(), (b as Date).getTime())
    case ORDER.timestamp:
      return compareTimestamps(a as TimestampLike, b as TimestampLike)
    case ORDER.regex:
      return compareRegexes(a, b)
    case ORDER.code:
    case ORDER.codeWithScope:
      return compareCode(a as CodeLike, b as CodeLike, strings)
    default:
      return 0 // missing, null, MinKey, MaxKey: one value each
  }
}

interface TimestampLike {
  high: number
  low: number
}

interface CodeLike {
  code: unknown
  scope?: Doc | null
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : String((value as { value: unknown }).value)
}

function compareDocuments(a: Doc, b: Doc, strings: StringOrder): number {
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)]
  const length = Math.min(keysA.length, keysB.length)
  for (let i = 0; i < length; i += 1) {
    const [nameA, nameB] = [keysA[i]!, keysB[i]!]
    const [valueA, valueB] = [a[nameA], b[nameB]]
    const types = typeOrder(valueA) - typeOrder(valueB)
    if (types !== 0) return types < 0 ? -1 : 1
    const result = compareStrings(nameA, nameB) || compareBy(valueA, valueB, strings)
    if (result !== 0) return result
  }
  return Math.sign(keysA.length - keysB.length)
}

function compareArrays(a: readonly unknown[], b: readonly unknown[], strings: StringOrder): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const result = compareBy(a[i], b[i], strings)
    if (result !== 0) return result
  }
  return Math.sign(a.length - b.length)
}

function compareBinary(a: unknown, b: unknown): number {
  const [left, right] = [binaryParts(a), binaryParts(b)]
  if (left.bytes.length !== right.bytes.length) return left.bytes.length < right.bytes.length ? -1 : 1
  if (left.subtype !== right.subtype) return left.subtype < right.subtype ? -1 : 1
  return compareBytes(left.bytes, right.bytes)
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i += 1) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return 0
}

function compareTimestamps(a: TimestampLike, b: TimestampLike): number {
  return compareNumbers(a.high >>> 0, b.high >>> 0) || compareNumbers(a.low >>> 0, b.low >>> 0)
}

function compareRegexes(a: unknown, b: unknown): number {
  const [left, right] = [regexParts(a), regexParts(b)]
  return compareStrings(left.pattern, right.pattern) || compareStrings(left.options, right.options)
}

function compareCode(a: CodeLike, b: CodeLike, strings: StringOrder): number {
  return (
    compareStrings(String(a.code), String(b.code)) ||
    compareBy(a.scope ?? MISSING, b.scope ?? MISSING, strings)
  )
}

function identicalDocuments(a: Doc, b: Doc): boolean {
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)]
  if (keysA.length !== keysB.length) return false
  return keysA.every((key, i) => key === keysB[i] && identicalValues(a[key], b[key]))
}

function identicalArrays(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, i) => identicalValues(element, b[i]))
}
