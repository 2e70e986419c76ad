import { fail } from '../errors.ts'
import { isNumber, toDouble, toSafeInteger } from '../values/numbers.ts'
import { parsePath, valueAt } from '../values/paths.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../values/types.ts'
import { documentId } from './document-id.ts'
import type { Leaf } from './node.ts'

/**
 * `$push`, with `$each`, `$position`, `$sort` and `$slice`, applied in that order (spec/database.md §8.1).
 * @throws code 2 for malformed clauses and for fields that are no arrays
 */
export function pushLeaf(operand: unknown, compare: (a: unknown, b: unknown) => number): Leaf {
  const { each, position, slice, order } = parsePush(operand, compare)
  return {
    kind: 'leaf',
    apply(value, place) {
      if (value !== MISSING && !Array.isArray(value)) {
        return fail(
          2,
          `The field '${place.path.join('.')}' must be an array but is of type ${bsonTypeName(value)} in document {${documentId(place.original)}}`,
        )
      }
      const old: readonly unknown[] = value === MISSING ? [] : value
      let result = each.length === 0 ? old : inserted(old, each, position)
      if (order) result = [...result].sort(order)
      if (slice !== undefined && result.length > Math.abs(slice)) result = sliced(result, slice)
      return result === old && value === MISSING ? [] : result
    },
  }
}

// internals

interface Push {
  each: readonly unknown[]
  position?: number
  slice?: number
  order?: (a: unknown, b: unknown) => number
}

const CLAUSES = new Set(['$each', '$position', '$sort', '$slice'])

function parsePush(operand: unknown, compare: (a: unknown, b: unknown) => number): Push {
  if (!isDocument(operand) || !Object.hasOwn(operand, '$each')) return { each: [operand] }
  for (const clause of Object.keys(operand)) {
    if (!CLAUSES.has(clause)) fail(2, `Unrecognized clause in $push: ${clause}`)
  }
  const { $each: each, $position: position, $slice: slice, $sort: sort } = operand
  if (!Array.isArray(each)) {
    return fail(
      2,
      `The argument to $each in $push must be an array but it was of type: ${bsonTypeName(each)}`,
    )
  }
  return {
    each,
    ...(slice === undefined
      ? {}
      : { slice: integer(slice, 'The value for $slice must be an integer value but was given type:') }),
    ...(sort === undefined ? {} : { order: parseSort(sort, compare) }),
    ...(position === undefined
      ? {}
      : { position: integer(position, 'The value for $position must be an integer value, not of type:') }),
  }
}

function integer(value: unknown, text: string): number {
  return toSafeInteger(value) ?? fail(2, `${text} ${bsonTypeName(value)}`)
}

function parseSort(sort: unknown, compare: (a: unknown, b: unknown) => number) {
  if (isNumber(sort)) {
    const direction = sortDirection(sort)
    return (a: unknown, b: unknown) => compare(a, b) * direction
  }
  if (!isDocument(sort)) {
    return fail(
      2,
      'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
    )
  }
  const parts = Object.keys(sort).map((path) => parseSortField(path, sort))
  if (parts.length === 0) fail(2, 'The $sort pattern is empty when it should be a set of fields.')
  return (a: unknown, b: unknown) => {
    for (const { segments, direction } of parts) {
      const result = compare(fieldOf(a, segments), fieldOf(b, segments)) * direction
      if (result !== 0) return result
    }
    return 0
  }
}

function parseSortField(path: string, sort: Doc): { segments: string[]; direction: number } {
  const direction = sortDirection(sort[path])
  if (path === '') fail(2, 'The $sort field cannot be empty')
  const segments = parsePath(path)
  if (segments.includes('')) fail(2, `The $sort field is a dotted field but has an empty part: ${path}`)
  return { segments, direction }
}

function sortDirection(value: unknown): number {
  const direction = isNumber(value) ? toDouble(value) : 0
  return direction === 1 || direction === -1
    ? direction
    : fail(2, 'The $sort element value must be either 1 or -1')
}

/** The sort key of an element: null where it has none, or is no document. */
function fieldOf(element: unknown, segments: readonly string[]): unknown {
  const value = isDocument(element) ? valueAt(element, segments) : null
  return value === MISSING ? null : value
}

function inserted(array: readonly unknown[], each: readonly unknown[], position = Number.POSITIVE_INFINITY) {
  const at = position < 0 ? Math.max(0, array.length + position) : Math.min(position, array.length)
  return [...array.slice(0, at), ...each, ...array.slice(at)]
}

function sliced(array: readonly unknown[], slice: number): unknown[] {
  return slice >= 0 ? array.slice(0, slice) : array.slice(slice)
}
