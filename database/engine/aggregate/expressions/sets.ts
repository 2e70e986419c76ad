import { fail } from '../../errors.ts'
import { groupKeyEncoder } from '../../values/keys.ts'
import { isTruthy } from '../../values/truth.ts'
import type { Expression, Operator, Scope } from '../scope.ts'
import { compileArguments, isNullish, typeOf, unary } from './arguments.ts'

/** Set operators. Arrays are sets of their distinct elements; a set result comes in the order of values. */
export const SETS: Readonly<Record<string, Operator>> = {
  $allElementsTrue: unary((array) => elements('$allElementsTrue', 17040, array).every(isTruthy), 'see'),
  $anyElementTrue: unary((array) => elements('$anyElementTrue', 17041, array).some(isTruthy), 'see'),
  $setDifference: setOperator(2, 2, difference),
  $setEquals: setOperator(2, Number.POSITIVE_INFINITY, equals),
  $setIntersection: setOperator(0, Number.POSITIVE_INFINITY, intersection),
  $setIsSubset: setOperator(2, 2, isSubset),
  $setUnion: setOperator(0, Number.POSITIVE_INFINITY, union),
}

// internals

type Key = (value: unknown) => string
type Compare = (a: unknown, b: unknown) => number

function elements(name: string, code: number, array: unknown): unknown[] {
  return Array.isArray(array)
    ? array
    : fail(code, `${name}'s argument must be an array, but is ${typeOf(array)}`)
}

function setOperator(
  least: number,
  most: number,
  run: (arrays: unknown[], key: Key, compare: Compare) => unknown,
): Operator {
  return (argument: unknown, scope: Scope, name: string): Expression => {
    if (name === '$setEquals' && (!Array.isArray(argument) || argument.length < 2)) {
      const count = Array.isArray(argument) ? argument.length : 1
      fail(17045, `$setEquals needs at least two arguments had: ${count}`)
    }
    const expressions = compileArguments(argument, scope, name, least, most)
    const key = groupKeyEncoder(scope.options.collation)
    return (frame) =>
      run(
        expressions.map((expression) => expression(frame)),
        key,
        scope.compare,
      )
  }
}

function difference(arrays: unknown[], key: Key): unknown {
  const [from, without] = arrays
  if (isNullish(from) || isNullish(without)) return null
  const kept = new Map<string, unknown>()
  const removed = keysOf(bothArrays('$setDifference', 'Second', 17049, without), key)
  for (const element of bothArrays('$setDifference', 'First', 17048, from)) {
    const id = key(element)
    if (!removed.has(id) && !kept.has(id)) kept.set(id, element)
  }
  return [...kept.values()]
}

function isSubset(arrays: unknown[], key: Key): unknown {
  const part = bothArrays('$setIsSubset', 'First', 17046, arrays[0])
  const whole = keysOf(bothArrays('$setIsSubset', 'Second', 17042, arrays[1]), key)
  return part.every((element) => whole.has(key(element)))
}

function bothArrays(name: string, which: string, code: number, array: unknown): unknown[] {
  return Array.isArray(array)
    ? array
    : fail(code, `both operands of ${name} must be arrays. ${which} argument is of type: ${typeOf(array)}`)
}

function equals(arrays: unknown[], key: Key): unknown {
  const [first, ...others] = arrays.map((array) => keysOf(allArrays('$setEquals', 17044, array), key))
  return others.every((other) => other.size === first!.size && [...other].every((id) => first!.has(id)))
}

function intersection(arrays: unknown[], key: Key, compare: Compare): unknown {
  const lists: unknown[][] = []
  for (const array of arrays) {
    if (isNullish(array)) return null
    lists.push(allArrays('$setIntersection', 17047, array))
  }
  const [first = [], ...others] = lists
  const sets = others.map((array) => keysOf(array, key))
  const kept = new Map<string, unknown>()
  for (const element of first) {
    const id = key(element)
    if (sets.every((set) => set.has(id))) kept.set(id, kept.get(id) ?? element)
  }
  return [...kept.values()].sort(compare)
}

function union(arrays: unknown[], key: Key, compare: Compare): unknown {
  const kept = new Map<string, unknown>()
  for (const array of arrays) {
    if (isNullish(array)) return null
    for (const element of allArrays('$setUnion', 17043, array)) {
      const id = key(element)
      if (!kept.has(id)) kept.set(id, element)
    }
  }
  return [...kept.values()].sort(compare)
}

function allArrays(name: string, code: number, array: unknown): unknown[] {
  return Array.isArray(array)
    ? array
    : fail(code, `All operands of ${name} must be arrays. One argument is of type: ${typeOf(array)}`)
}

function keysOf(array: readonly unknown[], key: Key): Set<string> {
  return new Set(array.map((element) => key(element)))
}
