import { fail } from '../errors.ts'
import { encodeKey } from '../values/keys.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, isDocument, MISSING } from '../values/types.ts'

/** One part of an index key: a path, taken apart, and its direction. */
export interface KeyPart {
  readonly path: string
  readonly segments: readonly string[]
  readonly descending: boolean
}

/** The values one document puts into an index: one list of part values per entry. */
export interface Entries {
  readonly rows: unknown[][]
  /** True when an array was taken apart: the index is multikey from now on. */
  readonly multikey: boolean
}

/** The parts of a key pattern. */
export function keyParts(key: Doc): KeyPart[] {
  return Object.entries(key).map(([path, direction]) => ({
    path,
    segments: path.split('.'),
    descending: typeof direction !== 'string' && Number(direction) < 0,
  }))
}

/**
 * The values of a document under each part; one row per array element (spec/embedded-database.md §7).
 * @throws DatabaseError 171 when two parts run through different arrays
 */
export function entriesOf(parts: readonly KeyPart[], doc: Doc): Entries {
  const row = parts.map((part) => walk(doc, part.segments, 0))
  if (!row.some((stop) => stop.array !== undefined))
    return { rows: [row.map((stop) => stop.value)], multikey: false }
  const rows: unknown[][] = []
  expand(parts, row, rows)
  return { rows, multikey: true }
}

/** What {@link scalarAt} gives when there is an array on the way, or at its end. */
export const NO_SCALAR: unique symbol = Symbol('no scalar')

/** The value at a path through documents only: what most documents have, and cheap to find. */
export function scalarAt(doc: Doc, segments: readonly string[]): unknown {
  let value: unknown = doc
  for (let at = 0; at < segments.length; at++) {
    if (Array.isArray(value)) return NO_SCALAR
    if (!isDocument(value)) return MISSING
    value = getOwn(value, segments[at]!)
  }
  return Array.isArray(value) ? NO_SCALAR : value
}

/** The value an empty array puts into an index: not null, so that a unique index tells `[]` from null. */
export const EMPTY_ARRAY: unique symbol = Symbol('empty array')

/** Turns a value into a key string; see values/keys.ts. */
export type KeyEncoder = (value: unknown, descending: boolean) => string

/** The key string of one row. */
export function encodeRow(parts: readonly KeyPart[], row: readonly unknown[], encode: KeyEncoder): string {
  if (parts.length === 1) return encodePart(row[0], parts[0]!.descending, encode)
  let key = ''
  for (let at = 0; at < parts.length; at++) key += encodePart(row[at], parts[at]!.descending, encode)
  return key
}

/** The key string of one part. */
export function encodePart(value: unknown, descending: boolean, encode: KeyEncoder): string {
  if (value === EMPTY_ARRAY) {
    // Just behind null, where no other value encodes: 0 never starts a type byte (§7).
    const bytes = `${encodeKey(null)}\0`
    return descending ? invert(bytes) : bytes
  }
  return encode(value, descending)
}

/** The same bytes upside down: how a descending part is ordered. */
export function invert(bytes: string): string {
  let out = ''
  for (let at = 0; at < bytes.length; at++) out += String.fromCharCode(255 - bytes.charCodeAt(at))
  return out
}

// internals

/** How far a path could be walked: to a value, or to an array, with or without segments left. */
interface Stop {
  value: unknown
  array?: unknown[]
  at: number
}

function walk(start: unknown, segments: readonly string[], from: number): Stop {
  let value = start
  for (let at = from; at < segments.length; at++) {
    if (Array.isArray(value)) return { value: MISSING, array: value, at }
    if (!isDocument(value)) return { value: MISSING, at: segments.length }
    value = getOwn(value, segments[at]!)
    if (value === MISSING) return { value, at: segments.length }
  }
  return Array.isArray(value)
    ? { value: MISSING, array: value, at: segments.length }
    : { value, at: segments.length }
}

/** A canonical array index, as a path may name one. */
function arrayPosition(segment: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(segment) ? Number(segment) : undefined
}

function expand(parts: readonly KeyPart[], stops: readonly Stop[], rows: unknown[][]): void {
  const array = sharedArray(parts, stops)
  if (array === undefined) {
    rows.push(stops.map((stop) => stop.value))
    return
  }
  const chosen = stops.map((stop, index) => elementByIndex(stop, parts[index]!.segments))
  if (!chosen.some((stop) => stop.array === array)) {
    expand(parts, chosen, rows)
    return
  }
  for (const element of array.length === 0 ? [EMPTY_ARRAY] : array) {
    const next = chosen.map((stop, index) => {
      if (stop.array !== array) return stop
      const { segments } = parts[index]!
      // An element that is the leaf itself is indexed whole, also when it is an array again.
      if (stop.at === segments.length) return { value: element, at: segments.length }
      return element === EMPTY_ARRAY
        ? { value: MISSING, at: segments.length }
        : descend(element, segments, stop.at)
    })
    expand(parts, next, rows)
  }
}

/** The one array all parts that have met one stand before. */
function sharedArray(parts: readonly KeyPart[], stops: readonly Stop[]): unknown[] | undefined {
  let array: unknown[] | undefined
  let path: string | undefined
  stops.forEach((stop, index) => {
    if (stop.array === undefined) return
    if (array !== undefined && array !== stop.array) {
      fail(171, `cannot index parallel arrays [${lastName(parts[index]!)}] [${path}]`)
    }
    array = stop.array
    path = lastName(parts[index]!)
  })
  return array
}

/** A path that names one element of its array does not go through the others. */
function elementByIndex(stop: Stop, segments: readonly string[]): Stop {
  const { array, at } = stop
  const position = array && at < segments.length ? arrayPosition(segments[at]!) : undefined
  if (array === undefined || position === undefined || position >= array.length) return stop
  const element = array[position]
  if (at + 1 < segments.length) return walk(element, segments, at + 1)
  // What the path ends at is one value, also when it is an array.
  const empty = Array.isArray(element) && element.length === 0
  return { value: empty ? EMPTY_ARRAY : element, at: segments.length }
}

function descend(element: unknown, segments: readonly string[], at: number): Stop {
  // A nested array is not entered: its elements are not elements of the path (§6).
  return isDocument(element) ? walk(element, segments, at) : { value: MISSING, at: segments.length }
}

function lastName(part: KeyPart): string {
  return part.segments.at(-1)!
}
