import { fail } from '../../errors.ts'
import { isNumber, numberKind, toDecimal, toDouble, toSafeInteger } from '../../values/numbers.ts'
import { bsonTypeName, isDocument, MISSING } from '../../values/types.ts'
import { ACCUMULATORS } from '../accumulators/accumulators.ts'
import { createFrame, type Expression } from '../scope.ts'
import { WHOLE } from './bounds.ts'
import { CALCULUS } from './calculus.ts'
import type { PartitionView, WindowArguments, WindowCompiler, WindowFunction } from './window-function.ts'

/**
 * Compiles `{$function: argument, window: …}`.
 * @throws DatabaseError 9 for an unknown function
 */
export function compileWindowFunction(given: WindowArguments): WindowFunction {
  const compile = FUNCTIONS.get(given.name)
  if (compile) return compile(given)
  if (ACCUMULATORS.has(given.name)) return overWindow(given)
  return fail(9, `Unrecognized window function, ${given.name}`)
}

// internals

const FUNCTIONS: ReadonlyMap<string, WindowCompiler> = new Map([
  ['$rank', ranking((ranks) => ranks.rank)],
  ['$denseRank', ranking((ranks) => ranks.dense)],
  ['$documentNumber', ranking((ranks) => ranks.place)],
  ['$shift', shift],
  ['$expMovingAvg', movingAverage],
  ['$locf', carryForward],
  ['$linearFill', linearFill],
  ...Object.entries(CALCULUS),
])

/** An accumulator over each window. */
function overWindow({ name, argument, scope, window = WHOLE }: WindowArguments): WindowFunction {
  const plan = ACCUMULATORS.get(name)!(argument, scope, name)
  return (partition) => {
    const values = evaluate(plan.input, partition)
    const ranges = window.ranges(values.length, partition.sortValueAt)
    if (!window.growing) {
      return ranges.map(([first, last]) => {
        const accumulator = plan.create(MISSING)
        for (let i = first; i <= last; i += 1) accumulator.add(values[i])
        return accumulator.result()
      })
    }
    // All windows begin at the beginning: one accumulator serves them all.
    const accumulator = plan.create(MISSING)
    let added = 0
    let result: unknown
    let fresh = false
    return ranges.map(([, last]) => {
      for (; added <= last; added += 1) {
        accumulator.add(values[added])
        fresh = false
      }
      if (!fresh) result = accumulator.result()
      fresh = true
      return result
    })
  }
}

function evaluate(expression: Expression, { docs }: PartitionView): unknown[] {
  const frame = createFrame()
  return docs.map((doc) => {
    frame.root = doc
    return expression(frame)
  })
}

interface Ranks {
  rank: number
  dense: number
  place: number
}

function ranking(pick: (ranks: Ranks) => number): WindowCompiler {
  return ({ name, argument, window, sortBy }) => {
    if (!isDocument(argument) || Object.keys(argument).length > 0) {
      fail(5371603, `${name} must be specified with '{}' as the value`)
    }
    if (window) fail(5371601, `Rank style window functions take no other arguments: ${name}`)
    if (Object.keys(sortBy).length !== 1 && name !== '$documentNumber') {
      fail(5371602, `${name} must be specified with a top level sortBy expression with exactly one element`)
    }
    if (Object.keys(sortBy).length === 0) {
      fail(5371602, `${name} must be specified with a top level sortBy expression with exactly one element`)
    }
    return (partition) => {
      const ranks: Ranks = { rank: 0, dense: 0, place: 0 }
      return partition.docs.map((_, place) => {
        ranks.place = place + 1
        if (place === 0 || !partition.sameRank(place - 1, place)) {
          ranks.rank = place + 1
          ranks.dense += 1
        }
        return pick(ranks)
      })
    }
  }
}

function shift({ argument, scope, window, sortBy }: WindowArguments): WindowFunction {
  if (!isDocument(argument)) return fail(9, `Argument to $shift must be an object`)
  if (window) fail(9, "$shift does not accept a 'window' field")
  if (Object.keys(sortBy).length === 0) fail(9, "'$shift' requires a sortBy")
  for (const member of Object.keys(argument)) {
    if (!['output', 'by', 'default'].includes(member)) fail(9, `Unknown argument in $shift: ${member}`)
  }
  const by = toSafeInteger(argument.by)
  if (by === undefined) return fail(9, "'$shift:by' field must be an integer")
  if (!Object.hasOwn(argument, 'output')) fail(9, '$shift requires an output expression.')
  const output = scope.compile(argument.output)
  const fallback = scope.compile(argument.default ?? null)(createFrame())
  return (partition) => {
    const values = evaluate(output, partition)
    return values.map((_, place) => {
      const target = place + by
      if (target < 0 || target >= values.length) return fallback
      return values[target] === MISSING ? null : values[target]
    })
  }
}

function movingAverage({ argument, scope, window, sortBy }: WindowArguments): WindowFunction {
  if (!isDocument(argument))
    return fail(5433600, '$expMovingAvg must have exactly one argument that is an object')
  if (window) fail(5433601, "$expMovingAvg does not accept a 'window' field")
  if (Object.keys(sortBy).length === 0) fail(5433602, '$expMovingAvg requires an explicit sortBy')
  const { N, alpha } = argument
  if (!Object.hasOwn(argument, 'input') || (N === undefined) === (alpha === undefined)) {
    fail(
      5433603,
      "$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field",
    )
  }
  const weight = alpha === undefined ? 2 / (movingCount(N) + 1) : movingWeight(alpha)
  const input = scope.compile(argument.input)
  return (partition) => {
    let average: number | undefined
    return evaluate(input, partition).map((value) => {
      if (!isNumber(value)) return null
      const number = toDouble(value)
      average = average === undefined ? number : number * weight + average * (1 - weight)
      return average
    })
  }
}

function movingCount(value: unknown): number {
  const count = isNumber(value) ? toSafeInteger(value) : undefined
  if (count === undefined)
    return fail(5433604, `'N' field must be an integer, but found type ${bsonTypeName(value)}`)
  return count > 0 ? count : fail(5433605, `'N' must be greater than zero. Got ${count}`)
}

function movingWeight(value: unknown): number {
  const weight = isNumber(value) ? toDouble(value) : Number.NaN
  return weight > 0 && weight < 1
    ? weight
    : fail(5433606, `'alpha' must be between 0 and 1 (exclusive), found ${String(value)}`)
}

function carryForward({ argument, scope, window }: WindowArguments): WindowFunction {
  if (window) fail(9, "'$locf' does not accept a 'window' field")
  const input = scope.compile(argument)
  return (partition) => {
    let last: unknown = null
    return evaluate(input, partition).map((value) => {
      if (value !== MISSING && value !== null) last = value
      return last
    })
  }
}

/** Fills gaps on the straight line between their neighbours, along the value that is sorted by. */
function linearFill({ argument, scope, window, sortBy }: WindowArguments): WindowFunction {
  if (window) fail(9, "'$linearFill' does not accept a 'window' field")
  if (Object.keys(sortBy).length !== 1) {
    fail(605001, '$linearFill must be specified with a top level sortBy expression with exactly one element')
  }
  const input = scope.compile(argument)
  return (partition) => {
    const values = evaluate(input, partition).map((value) => (value === MISSING ? null : value))
    const known = values.flatMap((value, place) => (value === null ? [] : [place]))
    for (const place of known) {
      if (!isNumber(values[place])) fail(7076300, 'Value to be filled must be numeric or nullish')
    }
    const positions = positionsOf(partition)
    let next = 0
    return values.map((value, place) => {
      while (next < known.length && known[next]! < place) next += 1
      if (value !== null) return value
      const [left, right] = [known[next - 1], known[next]]
      if (left === undefined || right === undefined) return null
      const [start, end] = [positions[left]!, positions[right]!]
      return between(values[left], values[right], (positions[place]! - start) / (end - start))
    })
  }
}

/** The sort values as numbers: all of them numbers or all of them dates, and no two alike. */
function positionsOf(partition: PartitionView): number[] {
  const values = partition.docs.map((_, place) => partition.sortValueAt(place))
  const dates = values.filter((value) => value instanceof Date).length
  if (dates > 0 && dates < values.length) {
    fail(6050106, 'There can be no mix of numbers and dates in the sort field')
  }
  for (let place = 1; place < values.length; place += 1) {
    if (partition.sameRank(place - 1, place))
      fail(6050106, 'There can be no repeated values in the sort field')
  }
  return values.map(positionOf)
}

function between(from: unknown, to: unknown, share: number): unknown {
  const value = toDouble(from) + share * (toDouble(to) - toDouble(from))
  return numberKind(from) === 'decimal' || numberKind(to) === 'decimal' ? toDecimal(value) : value
}

function positionOf(value: unknown): number {
  if (value instanceof Date) return value.getTime()
  return isNumber(value)
    ? toDouble(value)
    : fail(605001, 'The sort field of $linearFill must be numeric or a date')
}
