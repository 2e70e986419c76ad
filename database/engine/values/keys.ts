import { type StringOrder, stringOrder } from './collation.ts'
import { addParts, compareParts, type DecimalParts, negateParts, partsOfDouble } from './decimal.ts'
import { exactParts, numberKind, toDouble } from './numbers.ts'
import { binaryParts, type Doc, ORDER, regexParts, typeOrder } from './types.ts'

/**
 * Order-preserving keys (spec/embedded-database.md §7): byte strings held as Latin-1 JavaScript strings. They compare
 * with `<` as the values do, are equal exactly when the values are equal, and no key is the beginning of another, so
 * that concatenation gives compound keys. MISSING has the key of null, as in an index.
 */

/**
 * The key of one value.
 * @param descending inverts every byte, so that the order runs backwards
 */
export function encodeKey(value: unknown, descending = false): string {
  const key = encode(value)
  return descending ? invert(key) : key
}

/** The first byte of every key of a type order ({@link ORDER}); a range over one type lies between it and the next. */
export function keyPrefix(order: number): string {
  return String.fromCharCode((order === ORDER.missing ? ORDER.null : order) + 2)
}

/**
 * Keys for grouping: equal strings for values that are equal under the collation. Without a collation this is
 * {@link encodeKey}; with one the keys have no order.
 */
export function groupKeyEncoder(collation?: unknown): (value: unknown) => string {
  const order = stringOrder(collation)
  if (order === undefined) return encode
  const representative = representatives(order)
  return (value) => encode(value, representative)
}

// internals

type StringMapping = (text: string) => string

function encode(value: unknown, mapping?: StringMapping): string {
  if (typeof value === 'number') return NUMBER + encodeDouble(value)
  if (typeof value === 'string') return STRING + encodeText(mapping === undefined ? value : mapping(value))
  const order = typeOrder(value)
  return keyPrefix(order) + encodePayload(value, order, mapping)
}

const NUMBER = String.fromCharCode(ORDER.number + 2)
const STRING = String.fromCharCode(ORDER.string + 2)
const END = '\x00'
const ELEMENT = '\x01'

function encodePayload(value: unknown, order: number, mapping?: StringMapping): string {
  switch (order) {
    case ORDER.number:
      return encodeNumber(value)
    case ORDER.string: {
      const text = String((value as { value: unknown }).value ?? value)
      return encodeText(mapping === undefined ? text : mapping(text))
    }
    case ORDER.object:
      return encodeDocument(value as Doc, mapping)
    case ORDER.array: {
      let key = ''
      for (const element of value as unknown[]) key += ELEMENT + encode(element, mapping)
      return key + END
    }
    case ORDER.binary: {
      const { bytes, subtype } = binaryParts(value)
      return encodeUint32(bytes.length) + String.fromCharCode(subtype) + latin1(bytes)
    }
    case ORDER.objectId:
      return latin1((value as { id: Uint8Array }).id)
    case ORDER.bool:
      return value ? '\x01' : '\x00'
    case ORDER.date:
      return encodeInt64((value as Date).getTime())
    case ORDER.timestamp:
      return encodeUint32((value as { high: number }).high) + encodeUint32((value as { low: number }).low)
    case ORDER.regex: {
      const { pattern, options } = regexParts(value)
      return encodeText(pattern) + encodeText(options)
    }
    case ORDER.code:
    case ORDER.codeWithScope: {
      const { code, scope } = value as { code: unknown; scope?: Doc | null }
      return encodeText(String(code)) + (scope ? encodeDocument(scope, mapping) : '')
    }
    default:
      return '' // null and missing, MinKey, MaxKey
  }
}

function encodeDocument(doc: Doc, mapping?: StringMapping): string {
  let key = ''
  for (const name of Object.keys(doc)) {
    const value = doc[name]
    const order = typeOrder(value)
    key += keyPrefix(order) + encodeText(name) + encodeMember(value, order, mapping)
  }
  return key + END
}

function encodeMember(value: unknown, order: number, mapping?: StringMapping): string {
  if (typeof value === 'number') return encodeDouble(value)
  if (typeof value === 'string') return encodeText(mapping === undefined ? value : mapping(value))
  return encodePayload(value, order, mapping)
}

function encodeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is exactly what needs no escape
  if (/^[\x01-\x7f]*$/.test(text)) return `${text}\x00\x00`
  return `${Buffer.from(text, 'utf8').toString('latin1').replaceAll('\x00', '\x00\xff')}\x00\x00`
}

/** Which side of its nearest double a number lies; `−far` and `+far` are decimals beyond the range of doubles. */
const SIDE = { belowAll: '\x00', below: '\x01', equal: '\x02', above: '\x03', aboveAll: '\x04' } as const

function encodeDouble(value: number): string {
  return doubleBytes(value) + SIDE.equal
}

function encodeNumber(value: unknown): string {
  const double = toDouble(value)
  const kind = numberKind(value)
  if (kind === 'double' || kind === 'int' || (kind === 'long' && Number.isSafeInteger(double))) {
    return encodeDouble(double)
  }
  const exact = exactParts(value)
  if (exact.kind !== 'finite') return encodeDouble(double)
  if (!Number.isFinite(double)) {
    const edge = doubleBytes(exact.negative ? -Number.MAX_VALUE : Number.MAX_VALUE)
    return (
      edge + (exact.negative ? SIDE.belowAll + invert(encodeSize(exact)) : SIDE.aboveAll + encodeSize(exact))
    )
  }
  const nearest = partsOfDouble(double)
  const side = compareParts(exact, nearest)
  if (side === 0) return encodeDouble(double)
  const distance = encodeSize(addParts(exact, negateParts(nearest)))
  return doubleBytes(double) + (side < 0 ? SIDE.below + invert(distance) : SIDE.above + distance)
}

/** The size of a finite non-zero decimal: place of its leading digit, then its digits without trailing zeros. */
function encodeSize(parts: DecimalParts): string {
  const digits = parts.digits.toString()
  const place = digits.length + parts.exponent + 0x8000
  return `${String.fromCharCode(place >> 8, place & 0xff)}${digits.replace(/0+$/, '')}\x00`
}

function doubleBytes(value: number): string {
  if (Number.isNaN(value)) return '\x00\x00\x00\x00\x00\x00\x00\x00'
  SCRATCH.setFloat64(0, value === 0 ? 0 : value)
  const high = SCRATCH.getUint32(0)
  const low = SCRATCH.getUint32(4)
  // Positive numbers get the sign bit set, negative ones are inverted whole: then bytes order as numbers do.
  return high >= 0x80000000
    ? fourBytes(~high) + fourBytes(~low)
    : fourBytes(high ^ 0x80000000) + fourBytes(low)
}

function encodeInt64(value: number): string {
  const high = Math.floor(value / 4294967296)
  return fourBytes(high ^ 0x80000000) + fourBytes(value - high * 4294967296)
}

function encodeUint32(value: number): string {
  return fourBytes(value)
}

function fourBytes(value: number): string {
  return String.fromCharCode((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

/** Written and read within one call; never holds anything between two. */
const SCRATCH = new DataView(new ArrayBuffer(8))

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function invert(key: string): string {
  let inverted = ''
  for (let i = 0; i < key.length; i += 1) inverted += String.fromCharCode(255 - key.charCodeAt(i))
  return inverted
}

/** Maps each string to the first one seen that the collation holds for equal: `Intl` gives no sort keys. */
function representatives(order: StringOrder): StringMapping {
  const known = new Map<string, string>()
  const sorted: string[] = []
  return (text) => {
    const seen = known.get(text)
    if (seen !== undefined) return seen
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (order(sorted[middle]!, text) < 0) low = middle + 1
      else high = middle
    }
    const found = sorted[low]
    const representative = found !== undefined && order(found, text) === 0 ? found : text
    if (representative === text) sorted.splice(low, 0, text)
    known.set(text, representative)
    return representative
  }
}
