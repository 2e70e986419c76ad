import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber } from '../../values/numbers.ts'
import { getOwn, setOwn } from '../../values/own.ts'
import { type Doc, isDocument, MISSING } from '../../values/types.ts'
import type { Expression, Operator, Scope } from '../scope.ts'
import { binary, compileArguments, nary, nullFirst, typeOf, unary, variadic } from './arguments.ts'
import { int32Of } from './integers.ts'

/** Array operators that take plain values; those with an expression per element are in array-iteration.ts. */
export const ARRAYS: Readonly<Record<string, Operator>> = {
  $arrayElemAt: binary(elementAt),
  $arrayToObject: unary(arrayToObject),
  $concatArrays: nary((arrays) => arrays.flat(1), checkArray),
  $first: unary((array) => elementAt(ofType('$first', array), 0)),
  $in: contains,
  $indexOfArray: indexOfArray,
  $isArray: unary((value) => Array.isArray(value), 'see'),
  $last: unary((array) => elementAt(ofType('$last', array), -1)),
  $objectToArray: unary(objectToArray),
  $range: variadic(2, 3, range, 'see'),
  $reverseArray: unary((array) =>
    Array.isArray(array)
      ? array.toReversed()
      : fail(34435, `The argument to $reverseArray must be an array, but was of type: ${typeOf(array)}`),
  ),
  $size: unary(
    (array) =>
      Array.isArray(array)
        ? array.length
        : fail(17124, `The argument to $size must be an array, but was of type: ${typeOf(array)}`),
    'see',
  ),
  $slice: variadic(2, 3, slice),
}

/** Start and end, as `$indexOfArray`, `$indexOfBytes` and `$indexOfCP` take them; the end stops at the length. */
export function searchBounds(name: string, length: number, start: unknown, end: unknown): [number, number] {
  const from = start === undefined ? 0 : searchIndex(name, 'starting', start)
  const to = end === undefined ? length : Math.min(searchIndex(name, 'ending', end), length)
  return [from, to]
}

// internals

function ofType(name: string, array: unknown): unknown {
  return Array.isArray(array)
    ? array
    : fail(28689, `${name}'s argument must be an array, but is ${typeOf(array)}`)
}

function elementAt(array: unknown, index: unknown): unknown {
  if (!Array.isArray(array)) {
    return fail(28689, `$arrayElemAt's first argument must be an array, but is ${typeOf(array)}`)
  }
  if (!isNumber(index)) {
    return fail(28690, `$arrayElemAt's second argument must be a numeric value, but is ${typeOf(index)}`)
  }
  const place = int32Of(index)
  if (place === undefined) {
    return fail(
      28691,
      `$arrayElemAt's second argument must be representable as a 32-bit integer: ${describeValue(index)}`,
    )
  }
  const element: unknown = array.at(place)
  return element === undefined ? MISSING : element
}

function checkArray(value: unknown): void {
  if (!Array.isArray(value)) fail(28664, `$concatArrays only supports arrays, not ${typeOf(value)}`)
}

function contains(argument: unknown, scope: Scope, name: string): Expression {
  const [needle, haystack] = compileArguments(argument, scope, name, 2, 2)
  const { compare } = scope
  return (frame) => {
    const array = haystack!(frame)
    if (!Array.isArray(array)) {
      return fail(40081, `$in requires an array as a second argument, found: ${typeOf(array)}`)
    }
    const value = needle!(frame)
    for (const element of array) if (element === value || compare(element, value) === 0) return true
    return false
  }
}

function indexOfArray(argument: unknown, scope: Scope, name: string): Expression {
  const { compare } = scope
  return nullFirst(2, 4, ([array, needle, start, end]) => {
    if (!Array.isArray(array)) {
      return fail(40090, `$indexOfArray requires an array as a first argument, found: ${typeOf(array)}`)
    }
    const [from, to] = searchBounds('$indexOfArray', array.length, start, end)
    for (let i = from; i < to; i += 1) if (compare(array[i], needle) === 0) return i
    return -1
  })(argument, scope, name)
}

function searchIndex(name: string, which: string, value: unknown): number {
  const index = int32Of(value)
  if (index === undefined) {
    return fail(
      40096,
      `${name} requires an integral ${which} index, found a value of type: ${typeOf(value)}, with value: ${describeValue(value)}`,
    )
  }
  return index < 0 ? fail(40097, `${name} requires a nonnegative ${which} index, found: ${index}`) : index
}

function range(values: unknown[]): unknown {
  const [start, end, step] = values
  const from = rangeBound('starting', start, 34443)
  const to = rangeBound('ending', end, 34445)
  const by = values.length < 3 ? 1 : rangeBound('step', step, 34447)
  if (by === 0) return fail(34449, '$range requires a non-zero step value')
  const bytes = Math.max(0, Math.ceil((to - from) / by)) * BYTES_PER_VALUE
  if (bytes > MOST_BYTES) {
    fail(
      146,
      `$range would use too much memory (${bytes} bytes) and cannot spill to disk. Memory limit: ${MOST_BYTES} bytes`,
    )
  }
  const numbers: number[] = []
  if (by > 0) for (let i = from; i < to; i += by) numbers.push(i)
  else for (let i = from; i > to; i += by) numbers.push(i)
  return numbers
}

/** The server's limit, and the size of a value in its memory. */
const MOST_BYTES = 104_857_600
const BYTES_PER_VALUE = 16

function rangeBound(which: string, value: unknown, code: number): number {
  const article = which === 'ending' ? 'an' : 'a'
  if (!isNumber(value)) {
    const what = which === 'step' ? 'step value' : `${which} value`
    return fail(code, `$range requires ${article} numeric ${what}, found value of type: ${typeOf(value)}`)
  }
  return (
    int32Of(value) ??
    fail(
      code + 1,
      `$range requires ${article} ${which} value that can be represented as a 32-bit integer, found value: ${describeValue(value)}`,
    )
  )
}

function slice(values: unknown[]): unknown {
  const [array, second, third] = values
  if (!Array.isArray(array)) {
    return fail(28724, `First argument to $slice must be an array, but is of type: ${typeOf(array)}`)
  }
  const first = sliceArgument('Second', second, 28725)
  if (values.length < 3) return first >= 0 ? array.slice(0, first) : array.slice(first)
  const count = sliceArgument('Third', third, 28727)
  if (count <= 0) return fail(28729, `Third argument to $slice must be positive: ${count}`)
  const start = first >= 0 ? first : Math.max(array.length + first, 0)
  return array.slice(start, start + count)
}

function sliceArgument(which: string, value: unknown, code: number): number {
  if (!isNumber(value)) {
    return fail(code, `${which} argument to $slice must be a numeric value, but is of type: ${typeOf(value)}`)
  }
  return (
    int32Of(value) ??
    fail(
      code + 1,
      `${which} argument to $slice can't be represented as a 32-bit integer: ${describeValue(value)}`,
    )
  )
}

function objectToArray(doc: unknown): unknown {
  if (!isDocument(doc)) return fail(40390, `$objectToArray requires a document input, found: ${typeOf(doc)}`)
  return Object.keys(doc).map((k) => ({ k, v: doc[k] }))
}

function arrayToObject(array: unknown): unknown {
  if (!Array.isArray(array)) {
    return fail(40386, `$arrayToObject requires an array input, found: ${typeOf(array)}`)
  }
  const result: Doc = {}
  const asPairs = Array.isArray(array[0])
  for (const element of array) {
    const [key, value] = asPairs ? pairOf(element) : memberOf(element)
    if (key.includes('\0')) fail(4940400, `Key field cannot contain an embedded null byte`)
    setOwn(result, key, value)
  }
  return result
}

function pairOf(element: unknown): [string, unknown] {
  if (!Array.isArray(element)) {
    return fail(
      40396,
      `$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. Array was detected, now found: ${typeOf(element)}`,
    )
  }
  if (element.length !== 2) {
    fail(40397, `$arrayToObject requires an array of size 2 arrays,found array of size: ${element.length}`)
  }
  const [key, value] = element as [unknown, unknown]
  if (typeof key === 'string') return [key, value]
  return fail(
    40395,
    `$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: ${typeOf(key)}`,
  )
}

function memberOf(element: unknown): [string, unknown] {
  if (!isDocument(element)) {
    return Array.isArray(element)
      ? fail(
          40391,
          `$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. Object was detected, now found: array`,
        )
      : fail(40398, `Unrecognised input type format for $arrayToObject: ${typeOf(element)}`)
  }
  const count = Object.keys(element).length
  if (count !== 2) {
    fail(
      40392,
      `$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:${count}`,
    )
  }
  const [key, value] = [getOwn(element, 'k'), getOwn(element, 'v')]
  if (key === MISSING || value === MISSING) {
    fail(
      40393,
      `$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys from: ${describeValue(element)}`,
    )
  }
  if (typeof key === 'string') return [key, value]
  return fail(
    40394,
    `$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string. Found type: ${typeOf(key)}`,
  )
}
