import { fail } from '../../errors.ts'
import { isNumber, toDouble } from '../../values/numbers.ts'
import { bsonTypeName, isDocument } from '../../values/types.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../dates.ts'
import { createFrame, type Expression, type Scope } from '../scope.ts'
import { WHOLE } from './bounds.ts'
import type { PartitionView, WindowArguments, WindowCompiler, WindowFunction } from './window-function.ts'

/** Window functions that look at pairs of numbers: slopes, areas, covariances. */
export const CALCULUS: Readonly<Record<string, WindowCompiler>> = {
  $covariancePop: covariance(0),
  $covarianceSamp: covariance(1),
  $derivative: (given) => overPoints(given, slope),
  $integral: (given) => overPoints(given, area),
}

// internals

/** A point of a curve: x is what the partition is sorted by. */
interface Point {
  x: number
  y: number
}

/** Units of a fixed length; months have none. */
const UNITS: Readonly<Record<string, number>> = {
  week: 7 * DAY,
  day: DAY,
  hour: HOUR,
  minute: MINUTE,
  second: SECOND,
  millisecond: 1,
}

function overPoints(
  { name, argument, scope, window, sortBy }: WindowArguments,
  run: (points: readonly Point[]) => number | null,
): WindowFunction {
  if (!isDocument(argument) || !Object.hasOwn(argument, 'input')) {
    return fail(9, `${name} requires an 'input' expression`)
  }
  if (Object.keys(sortBy).length !== 1) fail(9, `${name} requires a sortBy with exactly one element`)
  if (name === '$derivative' && !window) fail(9, '$derivative requires explicit window bounds')
  const { unit } = argument
  const length = unit === undefined ? undefined : unitLength(name, unit)
  const input = scope.compile(argument.input)
  return (partition) => {
    const points = pointsOf(name, partition, input, length)
    return (window ?? WHOLE)
      .ranges(points.length, partition.sortValueAt)
      .map(([first, last]) => run(points.slice(first, last + 1)))
  }
}

function unitLength(name: string, unit: unknown): number {
  const length = typeof unit === 'string' && Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined
  return length ?? fail(5490704, `unit must be 'week' or smaller, found ${String(unit)} in ${name}`)
}

function pointsOf(
  name: string,
  partition: PartitionView,
  input: Expression,
  unit: number | undefined,
): Point[] {
  const frame = createFrame()
  return partition.docs.map((doc, place) => {
    frame.root = doc
    const y = input(frame)
    if (!isNumber(y)) fail(5429405, `${name} input must be a number, but it was ${bsonTypeName(y)}`)
    return { x: xOf(name, partition.sortValueAt(place), unit), y: toDouble(y) }
  })
}

function xOf(name: string, value: unknown, unit: number | undefined): number {
  if (value instanceof Date) {
    if (unit === undefined) return fail(5624901, `${name} where the sortBy is a Date requires an 'unit'`)
    return value.getTime() / unit
  }
  if (unit !== undefined) {
    fail(
      5624900,
      `${name} with 'unit' expects the sortBy field to be a Date, but it was ${bsonTypeName(value)}`,
    )
  }
  if (!isNumber(value))
    fail(5624902, `${name} sortBy must be a number or a Date, but it was ${bsonTypeName(value)}`)
  return toDouble(value)
}

function slope(points: readonly Point[]): number | null {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || points.length < 2 || first.x === last.x) return null
  return (last.y - first.y) / (last.x - first.x)
}

/** By trapezoids. */
function area(points: readonly Point[]): number | null {
  if (points.length === 0) return null
  let sum = 0
  for (let i = 1; i < points.length; i += 1) {
    const [left, right] = [points[i - 1]!, points[i]!]
    sum += ((left.y + right.y) / 2) * (right.x - left.x)
  }
  return sum
}

/** @param missing 0 for the population, 1 for a sample */
function covariance(missing: 0 | 1): WindowCompiler {
  return ({ argument, scope, window = WHOLE }) => {
    const [first, second] = pairOf(argument, scope)
    return (partition) => {
      const frame = createFrame()
      const points = partition.docs.map((doc) => {
        frame.root = doc
        return { x: first(frame), y: second(frame) }
      })
      return window.ranges(points.length, partition.sortValueAt).map(([from, to]) => {
        const numbers = points
          .slice(from, to + 1)
          .flatMap(({ x, y }) => (isNumber(x) && isNumber(y) ? [{ x: toDouble(x), y: toDouble(y) }] : []))
        return covarianceOf(numbers, missing)
      })
    }
  }
}

/** Anything but a list of two expressions gives no pair of numbers, hence null. */
function pairOf(argument: unknown, scope: Scope): [Expression, Expression] {
  const [x, y] = Array.isArray(argument) && argument.length === 2 ? (argument as unknown[]) : [null, null]
  return [scope.compile(x), scope.compile(y)]
}

function covarianceOf(points: readonly Point[], missing: 0 | 1): number | null {
  const count = points.length
  if (count - missing <= 0) return null
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / count
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / (count - missing)
}
