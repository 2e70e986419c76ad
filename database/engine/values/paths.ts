import { getOwn } from './own.ts'
import { type Doc, isDocument, MISSING } from './types.ts'

/**
 * Dotted paths and the way a query walks them (spec/embedded-database.md §6): an object segment takes the member or
 * yields MISSING; at an array every element that is a document continues with the same segment, and when the segment
 * is an index, the element there continues as well.
 */

/** The segments of a dotted path. Empty segments are kept: whether they are allowed is the caller's to say. */
export function parsePath(path: string): string[] {
  return path.includes('.') ? path.split('.') : [path]
}

/** True for a canonical array index: digits without leading zeros. */
export function isIndex(segment: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(segment)
}

/**
 * Called for each value a path leads to.
 * @param value the value, or MISSING
 * @param index index of the outermost array element the walk chose by itself, −1 without one
 * @returns true to stop the walk
 */
export type Visit = (value: unknown, index: number) => boolean

/** Walks one path through a document; returns true when a visit stopped it. */
export type Walk = (doc: Doc, visit: Visit) => boolean

/**
 * Compiles a path.
 * @param leafArrays `elements`: an array at the end is visited element by element, then whole (what most operators
 * want); `whole`: an array at the end is visited as one value (`$size`, `$elemMatch`, `$exists`)
 */
export function compileWalk(path: string, leafArrays: 'elements' | 'whole'): Walk {
  const segments = parsePath(path)
  const spread = leafArrays === 'elements'
  const [only] = segments
  if (segments.length === 1 && only !== undefined) {
    return spread
      ? (doc, visit) => visitSpread(getOwn(doc, only), visit, -1)
      : (doc, visit) => visit(getOwn(doc, only), -1)
  }
  return (doc, visit) => walkDocument(doc, segments, 0, spread, visit, -1)
}

/**
 * The value at a path through documents only; MISSING as soon as anything else is in the way. An index segment
 * reaches into an array.
 */
export function valueAt(doc: Doc, segments: readonly string[]): unknown {
  let value: unknown = doc
  for (const segment of segments) {
    if (isDocument(value)) value = getOwn(value, segment)
    else if (Array.isArray(value) && isIndex(segment)) value = elementAt(value, segment)
    else return MISSING
  }
  return value
}

// internals

function walkDocument(
  doc: Doc,
  segments: readonly string[],
  at: number,
  spread: boolean,
  visit: Visit,
  index: number,
): boolean {
  let value: unknown = doc
  for (let i = at; i < segments.length; i += 1) {
    if (Array.isArray(value)) return walkArray(value, segments, i, spread, visit, index)
    value = isDocument(value) ? getOwn(value, segments[i]!) : MISSING
    if (value === MISSING) return visit(MISSING, index)
  }
  return spread ? visitSpread(value, visit, index) : visit(value, index)
}

function walkArray(
  array: readonly unknown[],
  segments: readonly string[],
  at: number,
  spread: boolean,
  visit: Visit,
  outer: number,
): boolean {
  const segment = segments[at]!
  const place = isIndex(segment) ? Number(segment) : -1
  for (let i = 0; i < array.length; i += 1) {
    const element = array[i]
    if (isDocument(element) && walkDocument(element, segments, at, spread, visit, outer >= 0 ? outer : i)) {
      return true
    }
    // An index that the path itself names is no choice of the walk, so it does not count for the positional `$`.
    if (i === place && walkElement(element, segments, at + 1, spread, visit, outer)) return true
  }
  return false
}

/**
 * Continues behind an index segment. A scalar with more path to go yields nothing, not MISSING. An array at the very
 * end is one value: `{'a.0': 1}` does not find `{a: [[1]]}` (seen on a server of version 3.6).
 */
function walkElement(
  element: unknown,
  segments: readonly string[],
  at: number,
  spread: boolean,
  visit: Visit,
  index: number,
): boolean {
  if (at === segments.length) return visit(element, index)
  if (Array.isArray(element)) return walkArray(element, segments, at, spread, visit, index)
  return isDocument(element) && walkDocument(element, segments, at, spread, visit, index)
}

function visitSpread(value: unknown, visit: Visit, index: number): boolean {
  if (!Array.isArray(value)) return visit(value, index)
  for (let i = 0; i < value.length; i += 1) {
    if (visit(value[i], index >= 0 ? index : i)) return true
  }
  return visit(value, index)
}

function elementAt(array: readonly unknown[], segment: string): unknown {
  const index = Number(segment)
  return index < array.length ? array[index] : MISSING
}
