import { fail } from '../../errors.ts'
import { isNumber, toDouble, toSafeInteger } from '../../values/numbers.ts'
import { bsonTypeName, isDocument } from '../../values/types.ts'
import { addToDate, type DateUnit, isDateUnit } from '../date-arithmetic.ts'
import { UTC } from '../zones.ts'

/** A window: for each place in a partition the first and last place it covers; empty when the first is beyond the last. */
export interface WindowBounds {
  /** True when every window is the whole partition. */
  readonly whole: boolean
  /** True when every window begins at the partition's beginning. */
  readonly growing: boolean
  /** The windows of a partition, given the value each document is sorted by. */
  ranges(size: number, sortValueAt: (place: number) => unknown): Array<readonly [first: number, last: number]>
}

/** The window without a specification: the whole partition. */
export const WHOLE: WindowBounds = {
  whole: true,
  growing: true,
  ranges: (size) => Array.from({ length: size }, () => [0, size - 1] as const),
}

/**
 * Reads `window: {documents: […]}` or `{range: […], unit}`.
 * @param sortKeys number of keys of `sortBy`
 * @throws DatabaseError 9, 5339900 to 5339902
 */
export function parseBounds(window: unknown, sortKeys: number): WindowBounds {
  if (window === undefined) return WHOLE
  if (!isDocument(window)) return fail(9, "'window' field must be an object")
  const { documents, range, unit } = window
  for (const member of Object.keys(window)) {
    if (!['documents', 'range', 'unit'].includes(member)) {
      fail(9, `'window' field can only contain 'documents', 'range' and 'unit', found: ${member}`)
    }
  }
  if (documents !== undefined && range !== undefined) {
    fail(9, "Window bounds can specify either 'documents' or 'unit', not both.")
  }
  if (documents !== undefined) {
    if (unit !== undefined) fail(9, "Window bounds can only specify 'unit' with range-based bounds.")
    return documentBounds(documents, sortKeys)
  }
  if (range === undefined) {
    return Object.keys(window).length === 0
      ? WHOLE
      : fail(9, "Window bounds can only specify 'unit' with range-based bounds.")
  }
  if (sortKeys !== 1) fail(5339902, 'Range-based bounds require sortBy a single field')
  return rangeBounds(range, unit)
}

// internals

type Bound = 'unbounded' | 'current' | number

function readBounds(name: string, bounds: unknown): [Bound, Bound] {
  if (!Array.isArray(bounds) || bounds.length !== 2) {
    return fail(9, `Window bounds must be a 2-element array: ${name}: ${bsonTypeName(bounds)}`)
  }
  return [readBound(bounds[0]), readBound(bounds[1])]
}

function readBound(bound: unknown): Bound {
  if (bound === 'unbounded' || bound === 'current') return bound
  return isNumber(bound)
    ? toDouble(bound)
    : fail(9, "Window bounds must be either 'unbounded', 'current' or a number")
}

function documentBounds(documents: unknown, sortKeys: number): WindowBounds {
  const [low, high] = readBounds('documents', documents)
  for (const bound of [low, high]) {
    if (typeof bound === 'number' && toSafeInteger(bound) === undefined) {
      fail(9, `Numeric document-based bounds must be an integer, found ${bound}`)
    }
  }
  const unbounded = low === 'unbounded' && high === 'unbounded'
  if (!unbounded && sortKeys === 0) fail(5339901, 'Document-based bounds require a sortBy')
  const offset = (bound: Bound) => (typeof bound === 'number' ? bound : 0)
  if (typeof low === 'number' || low === 'current') checkOrder(offset(low), high)
  return {
    whole: unbounded,
    growing: low === 'unbounded',
    ranges: (size) =>
      Array.from({ length: size }, (_, place) => {
        const first = low === 'unbounded' ? 0 : Math.max(0, place + offset(low))
        const last = high === 'unbounded' ? size - 1 : Math.min(size - 1, place + offset(high))
        return [first, last] as const
      }),
  }
}

function checkOrder(low: number, high: Bound): void {
  if (high === 'unbounded') return
  const upper = high === 'current' ? 0 : high
  if (low > upper) fail(5339900, `Lower bound must not exceed upper bound: [${low}, ${upper}]`)
}

function rangeBounds(range: unknown, unit: unknown): WindowBounds {
  const [low, high] = readBounds('range', range)
  if (unit !== undefined && (typeof unit !== 'string' || !isDateUnit(unit))) {
    return fail(9, `unknown time unit value: ${String(unit)}`)
  }
  if (low !== 'unbounded') checkOrder(low === 'current' ? 0 : low, high)
  const shift = shifter(unit)
  return {
    whole: low === 'unbounded' && high === 'unbounded',
    growing: low === 'unbounded',
    ranges(size, sortValueAt) {
      const values = Array.from({ length: size }, (_, place) =>
        positionOf(sortValueAt(place), unit !== undefined),
      )
      return values.map((value) => {
        const from =
          low === 'unbounded' ? Number.NEGATIVE_INFINITY : shift(value, low === 'current' ? 0 : low)
        const to =
          high === 'unbounded' ? Number.POSITIVE_INFINITY : shift(value, high === 'current' ? 0 : high)
        return [firstAtLeast(values, from), firstAtLeast(values, to, true) - 1] as const
      })
    },
  }
}

function shifter(unit: DateUnit | undefined): (value: number, amount: number) => number {
  if (unit === undefined) return (value, amount) => value + amount
  return (value, amount) => addToDate(value, unit, amount, UTC)
}

/** The sort value as a number on one line: a number, or with a unit a date. */
function positionOf(value: unknown, dates: boolean): number {
  if (dates) {
    return value instanceof Date
      ? value.getTime()
      : fail(
          5429513,
          `Invalid range: Expected the sortBy field to be a Date, but it was ${bsonTypeName(value)}`,
        )
  }
  return isNumber(value)
    ? toDouble(value)
    : fail(
        5429414,
        `Invalid range: Expected the sortBy field to be a number, but it was ${bsonTypeName(value)}`,
      )
}

/** Binary search in ascending values: the first place not below the value, or above it. */
function firstAtLeast(values: readonly number[], wanted: number, above = false): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const value = values[middle]!
    if (value < wanted || (above && value === wanted)) low = middle + 1
    else high = middle
  }
  return low
}
