import { getOwn, setOwn } from '../values/own.ts'
import { type Doc, isDocument, MISSING } from '../values/types.ts'

/** Reading and writing a path through documents only, on copies: what is given stays as it is. */

/** The value at the path, or MISSING as soon as something else than a document is in the way. */
export function getNested(doc: Doc, segments: readonly string[]): unknown {
  let value: unknown = doc
  for (const segment of segments) {
    if (!isDocument(value)) return MISSING
    value = getOwn(value, segment)
  }
  return value
}

/** A copy with the value at the path; whatever is in the way becomes a document. MISSING removes the member. */
export function setNested(doc: Doc, segments: readonly string[], value: unknown): Doc {
  return setFrom(doc, segments, 0, value)
}

// internals

function setFrom(target: unknown, segments: readonly string[], at: number, value: unknown): Doc {
  const copy: Doc = isDocument(target) ? { ...target } : {}
  const segment = segments[at]!
  if (at < segments.length - 1) {
    setOwn(copy, segment, setFrom(getOwn(copy, segment), segments, at + 1, value))
  } else if (value === MISSING) {
    delete copy[segment]
  } else {
    setOwn(copy, segment, value)
  }
  return copy
}
