import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { isTruthy } from '../../values/truth.ts'
import { isDocument, MISSING } from '../../values/types.ts'
import { checkVariableName, type Expression, type Operator, type Scope } from '../scope.ts'
import { compileSortOrder } from '../value-order.ts'
import { checkDocument, compileMember, isNullish, requiredMember, typeOf } from './arguments.ts'
import { int32Of } from './integers.ts'

/** Array operators with an expression evaluated per element, `$zip` and `$sortArray`. */
export const ARRAY_ITERATION: Readonly<Record<string, Operator>> = {
  $filter: filter,
  $map: map,
  $reduce: reduce,
  $sortArray: sortArray,
  $zip: zip,
}

// internals

function filter(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [28646, () => '$filter only supports an object as its argument'],
    unknown: [28647, (member) => `Unrecognized parameter to $filter: ${member}`],
    required: {
      input: [28648, "Missing 'input' parameter to $filter"],
      cond: [28650, "Missing 'cond' parameter to $filter"],
    },
    optional: ['as', 'limit'],
  })
  const input = requiredMember(doc, 'input', scope)
  const limit = compileMember(doc, 'limit', scope)
  const inner = scope.bind(elementName(doc.as))
  const condition = requiredMember(doc, 'cond', inner.scope)
  return (frame) => {
    const array = input(frame)
    if (isNullish(array)) return null
    if (!Array.isArray(array)) return fail(28651, `input to $filter must be an array not ${typeOf(array)}`)
    const most = limit ? filterLimit(limit(frame)) : Number.POSITIVE_INFINITY
    const kept: unknown[] = []
    for (const element of array) {
      if (kept.length >= most) break
      frame.locals[inner.slot] = element
      if (isTruthy(condition(frame))) kept.push(element)
    }
    return kept
  }
}

function elementName(given: unknown): string {
  if (given === undefined) return 'this'
  if (typeof given !== 'string') return fail(9, `'as' must be a string, found ${typeOf(given)}`)
  checkVariableName(given)
  return given
}

function filterLimit(value: unknown): number {
  if (isNullish(value)) return Number.POSITIVE_INFINITY
  const limit = int32Of(value)
  if (limit === undefined) {
    return fail(
      327391,
      `$filter: limit must be represented as a 32-bit integral value: ${describeValue(value)}`,
    )
  }
  return limit > 0 ? limit : fail(327392, `$filter: limit must be greater than 0: ${limit}`)
}

function map(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [16878, () => '$map only supports an object as its argument'],
    unknown: [16879, (member) => `Unrecognized parameter to $map: ${member}`],
    required: {
      input: [16880, "Missing 'input' parameter to $map"],
      in: [16882, "Missing 'in' parameter to $map"],
    },
    optional: ['as'],
  })
  const input = requiredMember(doc, 'input', scope)
  const inner = scope.bind(elementName(doc.as))
  const result = requiredMember(doc, 'in', inner.scope)
  return (frame) => {
    const array = input(frame)
    if (isNullish(array)) return null
    if (!Array.isArray(array)) return fail(16883, `input to $map must be an array not ${typeOf(array)}`)
    return array.map((element) => {
      frame.locals[inner.slot] = element
      const value = result(frame)
      return value === MISSING ? null : value
    })
  }
}

function reduce(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [40075, (given) => `$reduce requires an object as an argument, found: ${typeOf(given)}`],
    unknown: [40076, (member) => `$reduce found an unknown argument: ${member}`],
    required: {
      input: [40077, "$reduce requires 'input' to be specified"],
      initialValue: [40078, "$reduce requires 'initialValue' to be specified"],
      in: [40079, "$reduce requires 'in' to be specified"],
    },
  })
  const input = requiredMember(doc, 'input', scope)
  const initial = requiredMember(doc, 'initialValue', scope)
  const withElement = scope.bind('this')
  const withBoth = withElement.scope.bind('value')
  const result = requiredMember(doc, 'in', withBoth.scope)
  return (frame) => {
    const array = input(frame)
    if (isNullish(array)) return null
    if (!Array.isArray(array)) {
      return fail(40080, `$reduce requires that 'input' be an array, found: ${describeValue(array)}`)
    }
    let value = initial(frame)
    for (const element of array) {
      frame.locals[withElement.slot] = element
      frame.locals[withBoth.slot] = value
      value = result(frame)
    }
    return value
  }
}

function sortArray(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [2942500, (given) => `$sortArray requires an object as an argument, found: ${typeOf(given)}`],
    unknown: [2942501, (member) => `$sortArray found an unknown argument: ${member}`],
    required: {
      input: [2942502, "$sortArray requires 'input' to be specified"],
      sortBy: [2942503, "$sortArray requires 'sortBy' to be specified"],
    },
  })
  const input = requiredMember(doc, 'input', scope)
  const order = compileSortOrder(doc.sortBy, scope)
  return (frame) => {
    const array = input(frame)
    if (isNullish(array)) return null
    if (!Array.isArray(array)) {
      return fail(
        2942504,
        `The input argument to $sortArray must be an array, but was of type: ${typeOf(array)}`,
      )
    }
    return array.toSorted(order)
  }
}

function zip(argument: unknown, scope: Scope): Expression {
  if (!isDocument(argument)) {
    return fail(34460, `$zip only supports an object as an argument, found ${typeOf(argument)}`)
  }
  for (const member of Object.keys(argument)) {
    if (!['inputs', 'defaults', 'useLongestLength'].includes(member)) {
      fail(34464, `$zip found an unknown argument: ${member}`)
    }
  }
  const { inputs = [], defaults = [], useLongestLength = false } = argument
  if (!Array.isArray(inputs))
    return fail(34461, `inputs must be an array of expressions, found ${typeOf(inputs)}`)
  if (!Array.isArray(defaults)) {
    return fail(34462, `defaults must be an array of expressions, found ${typeOf(defaults)}`)
  }
  if (typeof useLongestLength !== 'boolean') {
    return fail(34463, `useLongestLength must be a bool, found ${typeOf(useLongestLength)}`)
  }
  if (inputs.length === 0) fail(34465, '$zip requires at least one input array')
  if (!useLongestLength && defaults.length > 0) {
    fail(34466, 'cannot specify defaults unless useLongestLength is true')
  }
  if (defaults.length > 0 && defaults.length !== inputs.length) {
    fail(34467, 'defaults and inputs must have the same length')
  }
  return zipped(
    inputs.map((input) => scope.compile(input)),
    defaults.map((value) => scope.compile(value)),
    useLongestLength,
  )
}

function zipped(inputs: Expression[], defaults: Expression[], longest: boolean): Expression {
  return (frame) => {
    const arrays: unknown[][] = []
    for (const input of inputs) {
      const array = input(frame)
      if (isNullish(array)) return null
      if (!Array.isArray(array))
        return fail(34468, `$zip found a non-array expression in input: ${describeValue(array)}`)
      arrays.push(array)
    }
    const fill = inputs.map((_, i) => {
      const value = defaults[i]?.(frame)
      return isNullish(value) ? null : value
    })
    const lengths = arrays.map((array) => array.length)
    const length = longest ? Math.max(...lengths) : Math.min(...lengths)
    return Array.from({ length }, (_, row) =>
      arrays.map((array, column) => (row < array.length ? array[row] : fill[column])),
    )
  }
}
