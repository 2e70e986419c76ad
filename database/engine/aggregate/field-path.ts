import { fail } from '../errors.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, isDocument, MISSING } from '../values/types.ts'

/**
 * Splits a dotted field path and checks it as the server checks paths in pipelines.
 * @throws DatabaseError 40352, 40353, 15998, 16410 or 16411
 */
export function parseFieldPath(text: string): string[] {
  if (text === '') fail(40352, 'FieldPath cannot be constructed with empty string')
  if (text.endsWith('.')) fail(40353, "FieldPath must not end with a '.'.")
  const segments = text.split('.')
  for (const segment of segments) checkFieldName(segment)
  if (segments.length > MOST_SEGMENTS) fail(15, 'FieldPath is too long')
  return segments
}

/** @throws DatabaseError 15998, 16410 or 16411 */
export function checkFieldName(name: string): void {
  if (name === '') fail(15998, 'FieldPath field names may not be empty strings.')
  if (name.startsWith('$')) {
    fail(
      16410,
      `FieldPath field names may not start with '$'. Consider using $getField or $setField. Found: '${name}'`,
    )
  }
  if (name.includes('\0')) fail(16411, 'FieldPath field names may not contain null characters.')
}

/**
 * Reads a path as expressions do: through documents, and over the documents in an array, giving an array of what they
 * have. Never an index into an array.
 */
export function readPath(value: unknown, segments: readonly string[], from = 0): unknown {
  let current = value
  for (let i = from; i < segments.length; i += 1) {
    if (Array.isArray(current)) return readElements(current, segments, i)
    if (!isDocument(current)) return MISSING
    current = getOwn(current, segments[i]!)
  }
  return current
}

/** Compiles {@link readPath} for one path. */
export function compileReader(segments: readonly string[]): (value: unknown) => unknown {
  const [first, second] = segments
  if (first === undefined) return (value) => value
  if (segments.length === 1) {
    return (value) => (isPlain(value) ? getOwn(value, first) : readPath(value, segments))
  }
  if (segments.length === 2 && second !== undefined) {
    return (value) => {
      if (!isPlain(value)) return readPath(value, segments)
      const inner = getOwn(value, first)
      return isPlain(inner) ? getOwn(inner, second) : readPath(inner, segments, 1)
    }
  }
  return (value) => readPath(value, segments)
}

// internals

const MOST_SEGMENTS = 200

/** The quick test for the usual kind of document; the rest goes the long way. */
function isPlain(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && (value as object).constructor === Object
}

function readElements(array: readonly unknown[], segments: readonly string[], from: number): unknown[] {
  const found: unknown[] = []
  for (const element of array) {
    if (!isDocument(element)) continue
    const value = readPath(element, segments, from)
    if (value !== MISSING) found.push(value)
  }
  return found
}
