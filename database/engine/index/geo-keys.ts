import { fail } from '../errors.ts'
import { isMalformed, parseGeometry } from '../geo/geojson.ts'
import { describeValue } from '../values/describe.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, isDocument, MISSING } from '../values/types.ts'

/**
 * Refuses a document whose place cannot be read, as a server does when it makes the entries of a `2dsphere` index: it
 * would be stored and never found. Absent, null and empty places are no places.
 * @throws DatabaseError 16755
 */
export function requireGeometry(doc: Doc, segments: readonly string[]): void {
  const found: unknown[] = []
  collect(doc, segments, 0, found)
  if (found.length === 1 && isEmpty(found[0])) return
  for (const value of found) {
    const wrong = faultOf(value, segments.at(-1)!)
    if (wrong) fail(16755, `Can't extract geo keys: ${describeValue(doc)}  ${wrong}`)
  }
}

// internals

/** Values a path leads to; arrays on the way are taken apart, one at its end is not: it may be a legacy point. */
function collect(value: unknown, segments: readonly string[], at: number, found: unknown[]): void {
  if (at === segments.length) {
    if (value !== MISSING) found.push(value)
  } else if (Array.isArray(value)) {
    const element = /^\d+$/.test(segments[at]!) ? value[Number(segments[at])] : undefined
    if (element !== undefined) collect(element, segments, at + 1, found)
    else for (const item of value) if (isDocument(item)) collect(item, segments, at, found)
  } else if (isDocument(value)) collect(getOwn(value, segments[at]!), segments, at + 1, found)
}

function isEmpty(value: unknown): boolean {
  if (value === null) return true
  return Array.isArray(value) ? value.length === 0 : isDocument(value) && Object.keys(value).length === 0
}

function faultOf(value: unknown, name: string): string | undefined {
  if (!Array.isArray(value) && !isDocument(value))
    return `geo element must be an array or object: ${name}: ${describeValue(value)}`
  const geometry = parseGeometry(value)
  if (isMalformed(geometry)) return geometry.reason
  if (geometry.shape) return undefined
  return `longitude/latitude is out of bounds, lng: ${geometry.flat?.x} lat: ${geometry.flat?.y}`
}
