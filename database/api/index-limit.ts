/**
 * uniCloud rejects writing a value of more than 1024 bytes under an index (spec/database.md §14). MongoDB gave this
 * limit up with 4.2, so it is kept here; the indexes are asked for only when such a value turns up.
 */
import { DatabaseApiError } from './errors.ts'
import { isDocument } from './snapshot.ts'

/** Bytes of a value under an index, at most. */
const limit = 1024

/** An indexed path and a value that is too long for it. */
export interface LongValue {
  path: string
  bytes: number
}

/** Values too long for any index, with their paths; positions in arrays do not count. */
export function longValues(value: unknown, path = ''): LongValue[] {
  if (typeof value === 'string') {
    // A UTF-16 unit takes three bytes at most: short texts need not be measured.
    const bytes = value.length * 3 > limit ? Buffer.byteLength(value) : 0
    return bytes > limit ? [{ path: withoutPositions(path), bytes }] : []
  }
  if (ArrayBuffer.isView(value)) {
    return value.byteLength > limit ? [{ path: withoutPositions(path), bytes: value.byteLength }] : []
  }
  if (Array.isArray(value)) return value.flatMap((item) => longValues(item, path))
  if (!isDocument(value)) return []
  return Object.entries(value).flatMap(([name, member]) =>
    longValues(member, path === '' ? name : `${path}.${name}`),
  )
}

/** The long values an update writes. @param update operators by name */
export function longValuesOfUpdate(update: Readonly<Record<string, unknown>>): LongValue[] {
  return writingOperators.flatMap((operator) => longValues(update[operator]))
}

/** @throws DatabaseApiError when one of the values stands under an index */
export function refuseLongValues(
  values: readonly LongValue[],
  indexes: ReadonlyArray<{ name: string; key: object }>,
): void {
  for (const { path, bytes } of values) {
    const index = indexes.find(({ key }) => Object.keys(key).some((name) => withoutPositions(name) === path))
    if (index) throw keyTooLong(index.name, path, bytes)
  }
}

// internals

const writingOperators = ['$set', '$setOnInsert', '$min', '$max', '$push', '$addToSet']

function keyTooLong(index: string, path: string, bytes: number): DatabaseApiError {
  return new DatabaseApiError(
    'DATABASE_REQUEST_FAILED',
    `key too large to index, failing ${index}: ${path} has ${bytes} bytes, at most ${limit} can be indexed`,
    { mongoCode: 17280 },
  )
}

/** Without array positions, positional operators and `$each`. */
function withoutPositions(path: string): string {
  return path
    .split('.')
    .filter((name) => !/^(\d+|\$.*)$/.test(name))
    .join('.')
}
