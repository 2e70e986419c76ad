import { fail } from './errors.ts'
import { comparator } from './values/compare.ts'
import { describeMember } from './values/describe.ts'
import { isNumber, toDouble } from './values/numbers.ts'
import { getOwn } from './values/own.ts'
import { isIndex } from './values/paths.ts'
import { type Doc, isDocument, MISSING } from './values/types.ts'

/**
 * Sorting documents (spec/embedded-database.md §6): missing counts as null, an array by its smallest element going up
 * and its largest going down, an empty array below null. Several keys through one array are compared element by
 * element, as the server's index keys are.
 */

/** Computed keys such as `{$meta: 'textScore'}`. */
export type MetaReader = (name: string, doc: Doc) => unknown

/** The sort key of a document: one value per part of the specification. */
export type SortKey = readonly unknown[]

export interface Sorter {
  keyOf(doc: Doc): SortKey
  compareKeys(a: SortKey, b: SortKey): number
  compare(a: Doc, b: Doc): number
  /** A sorted copy; equal documents keep their order. Keys are extracted once a document. */
  sort(docs: Iterable<Doc>): Doc[]
}

/**
 * A comparison of two documents. For many documents {@link compileSorter} is faster.
 * @throws code 15974, 15975, 16410, 40352 … for a malformed specification; code 2 while comparing documents whose
 * keys are parallel arrays
 */
export function compileSort(spec: Doc, collation?: unknown): (a: Doc, b: Doc) => number {
  return compileSorter(spec, collation).compare
}

/** The same with access to the keys. */
export function compileSorter(spec: Doc, collation?: unknown, meta?: MetaReader): Sorter {
  const parts = Object.keys(spec).map((path) => parsePart(path, spec[path]))
  const order = comparator(collation)
  const compareKeys = keyOrder(parts, order)
  const keyOf = compileKey(parts, compareKeys, meta)
  return {
    keyOf,
    compareKeys,
    compare: (a, b) => compareKeys(keyOf(a), keyOf(b)),
    sort: (docs) => {
      const decorated = Array.from(docs, (doc) => ({ doc, key: keyOf(doc) }))
      return decorated.sort((a, b) => compareKeys(a.key, b.key)).map(({ doc }) => doc)
    },
  }
}

// internals

interface Part {
  readonly segments: readonly string[]
  readonly direction: 1 | -1
  readonly meta?: string
}

function parsePart(path: string, direction: unknown): Part {
  const segments = checkedPath(path)
  if (isDocument(direction)) return parseMeta(segments, path, direction)
  if (!isNumber(direction))
    return fail(15974, `Illegal key in $sort specification: ${describeMember(path, direction)}`)
  const way = toDouble(direction)
  if (way !== 1 && way !== -1) {
    return fail(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)')
  }
  return { segments, direction: way }
}

function checkedPath(path: string): string[] {
  if (path === '') fail(40352, 'FieldPath cannot be constructed with empty string')
  if (path.endsWith('.')) fail(40353, "FieldPath must not end with a '.'.")
  const segments = path.split('.')
  for (const segment of segments) {
    if (segment === '') fail(15998, 'FieldPath field names may not be empty strings.')
    if (segment.startsWith('$')) {
      fail(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField. Found: '${segment}'`,
      )
    }
  }
  return segments
}

function parseMeta(segments: string[], path: string, value: Doc): Part {
  const names = Object.keys(value)
  const { $meta: meta } = value
  if (names.length !== 1 || meta === undefined) {
    return fail(15974, `Illegal key in $sort specification: ${describeMember(path, value)}`)
  }
  if (meta !== 'textScore' && meta !== 'randVal')
    fail(31138, `Illegal $meta sort: ${describeMember('$meta', meta)}`)
  return { segments, direction: -1, meta: meta as string }
}

function keyOrder(parts: readonly Part[], order: (a: unknown, b: unknown) => number) {
  const [first] = parts
  if (parts.length === 1 && first) {
    const { direction } = first
    return (a: SortKey, b: SortKey) => order(a[0], b[0]) * direction
  }
  return (a: SortKey, b: SortKey) => {
    for (let i = 0; i < parts.length; i += 1) {
      const result = order(a[i], b[i])
      if (result !== 0) return result * parts[i]!.direction
    }
    return 0
  }
}

function compileKey(
  parts: readonly Part[],
  compareKeys: (a: SortKey, b: SortKey) => number,
  meta: MetaReader | undefined,
): (doc: Doc) => SortKey {
  return (doc) => {
    const places = parts.map((part) => {
      if (part.meta !== undefined) return settled(meta?.(part.meta, doc) ?? null)
      return advance(doc, part.segments, 0)
    })
    // Without an array on any path, which is nearly always, there is one key and nothing to choose.
    if (places.every((place) => place.array === undefined)) return places.map((place) => place.value)
    return smallest(expand(places), compareKeys)
  }
}

/** Where the walk along one part's path has got to: at its end with a value, or before an array. */
interface Place {
  readonly value: unknown
  readonly array?: readonly unknown[]
  readonly segments?: readonly string[]
  /** The next segment behind the array. */
  readonly at?: number
}

function settled(value: unknown): Place {
  return { value }
}

/** Walks through documents until the end of the path or the first array. */
function advance(start: unknown, segments: readonly string[], from: number): Place {
  let value = start
  for (let at = from; ; at += 1) {
    if (Array.isArray(value)) return { value: null, array: value, segments, at }
    if (at === segments.length) return settled(value === MISSING ? null : value)
    if (!isDocument(value)) return settled(null)
    value = getOwn(value, segments[at]!)
  }
}

/** All keys of a document with arrays. */
function expand(places: readonly Place[]): SortKey[] {
  const array = places.find((place) => place.array !== undefined)?.array
  if (array === undefined) return [places.map((place) => place.value)]
  if (places.some((place) => place.array !== undefined && place.array !== array)) {
    return fail(2, 'cannot sort with keys that are parallel arrays')
  }
  if (array.length === 0)
    return expand(places.map((place) => (place.array ? settled(emptyValue(place)) : place)))
  const chosen = places.map(elementByIndex)
  if (!chosen.some((place) => place.array === array)) return expand(chosen)
  return array.flatMap((element) =>
    expand(chosen.map((place) => (place.array === array ? enter(place, element) : place))),
  )
}

/** A path that names one element of its array does not go through the others. */
function elementByIndex(place: Place): Place {
  const { array, segments = [], at = 0 } = place
  const segment = segments[at]
  if (array === undefined || segment === undefined || !isIndex(segment)) return place
  const index = Number(segment)
  if (index >= array.length) return place
  const element = array[index]
  if (at + 1 < segments.length) return advance(element, segments, at + 1)
  // What the path ends at is one value, also when it is an array.
  return settled(Array.isArray(element) && element.length === 0 ? MISSING : element)
}

/** An empty array at the end of a path stands below null, in the middle it is as good as missing. */
function emptyValue({ segments = [], at = 0 }: Place): unknown {
  return at === segments.length ? MISSING : null
}

function enter({ segments = [], at = 0 }: Place, element: unknown): Place {
  // An array inside the last array is a value like any other.
  if (at === segments.length) return settled(element)
  return isDocument(element) ? advance(element, segments, at) : settled(null)
}

function smallest(keys: readonly SortKey[], compareKeys: (a: SortKey, b: SortKey) => number): SortKey {
  return keys.reduce((best, key) => (compareKeys(key, best) < 0 ? key : best))
}
