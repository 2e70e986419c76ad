import { fail } from '../errors.ts'
import { geoPredicate } from '../geo/match.ts'
import { isNearOperator, parseNear } from '../geo/near.ts'
import { describeMember, describeValue } from '../values/describe.ts'
import { isNumber, numberKind, toDouble } from '../values/numbers.ts'
import { isTruthy } from '../values/truth.ts'
import { type Doc, isBson, isDocument, MISSING, regexParts } from '../values/types.ts'
import { bitPredicate } from './bits.ts'
import { comparison } from './comparison.ts'
import type { MatchContext } from './context.ts'
import { compileElemMatch } from './elem-match.ts'
import { membership } from './membership.ts'
import { moduloPredicate } from './modulo.ts'
import { type FieldNode, negation, onElements, onWhole, type Predicate, RANK } from './node.ts'
import { translateRegex } from './regex.ts'
import { typePredicate } from './types.ts'

/**
 * What a filter says about one field: an equality, a regular expression, or a document of operators.
 * @param nested true inside `$elemMatch`, where conditions on the whole document are refused
 */
export function compileField(
  path: string,
  condition: unknown,
  context: MatchContext,
  nested: boolean,
): FieldNode {
  if (isOperatorDocument(condition)) return compileOperators(path, condition, context, nested)
  if (isRegex(condition)) return onElements(RANK.regex, regexPredicate(condition))
  return equality(condition, context)
}

/** True for `{$gt: 1}`; false for a plain document and for a DBRef, which are values. */
export function isOperatorDocument(value: unknown): value is Doc {
  if (!isDocument(value)) return false
  const [first] = Object.keys(value)
  return first?.startsWith('$') === true && !(Object.hasOwn(value, '$ref') && Object.hasOwn(value, '$id'))
}

/** True for regular expressions of either class. */
export function isRegex(value: unknown): boolean {
  return value instanceof RegExp || isBson(value, 'BSONRegExp')
}

/** Compiles all operators of one document; all must hold, each on values of its own choice. */
export function compileOperators(
  path: string,
  operators: Doc,
  context: MatchContext,
  nested: boolean,
): FieldNode {
  const names = Object.keys(operators)
  const [first] = names
  if (first !== undefined && isNearOperator(first) && typeof operators[first] === 'object') {
    return compileNear(path, operators, context, nested)
  }
  const children = names
    .map((name) => compileOperator(path, name, operators, context, nested))
    .filter((child) => child !== undefined)
  const [only] = children
  return children.length === 1 && only !== undefined ? only : { kind: 'and', children }
}

// internals

function compileOperator(
  path: string,
  name: string,
  operators: Doc,
  context: MatchContext,
  nested: boolean,
): FieldNode | undefined {
  const operand = operators[name]
  switch (name) {
    case '$eq':
      return equality(operand, context)
    case '$ne':
      if (isRegex(operand)) fail(2, "Can't have regex as arg to $ne.")
      return negation(equality(operand, context))
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte': {
      if (isRegex(operand)) fail(2, `Can't have RegEx as arg to predicate over field '${path}'.`)
      const operator = name.slice(1) as 'gt' | 'gte' | 'lt' | 'lte'
      return onElements(RANK[operator], comparison(operator, operand, context.order, context.collated))
    }
    case '$in':
      return oneOf(name, operand, context)
    case '$nin':
      return negation(oneOf(name, operand, context))
    case '$not':
      return compileNot(path, operand, context, nested)
    case '$exists': {
      const exists = onWhole(RANK.exists, (value) => value !== MISSING)
      return isTruthy(operand) ? exists : negation(exists)
    }
    case '$type':
      return onElements(RANK.type, typePredicate(operand, path))
    case '$size':
      return onWhole(RANK.size, sizePredicate(operand))
    case '$mod':
      return onElements(RANK.mod, moduloPredicate(operand))
    case '$all':
      return compileAll(path, operand, context)
    case '$elemMatch':
      return compileElemMatch(path, operand, context, compileOperators)
    case '$regex':
      return compileRegexDocument(operators)
    case '$options':
      return Object.hasOwn(operators, '$regex') ? undefined : fail(2, '$options needs a $regex')
    case '$bitsAllSet':
    case '$bitsAllClear':
    case '$bitsAnySet':
    case '$bitsAnyClear':
      return onElements(RANK.bits, bitPredicate(name, operand, path))
    case '$geoWithin':
    case '$within':
    case '$geoIntersects':
      checkAlone(name, operators)
      return onElements(RANK.geo, geoPredicate(name, operand))
    case '$near':
    case '$nearSphere':
    case '$geoNear':
      return fail(2, `near must be first in: ${describeValue(operators)}`)
    case '$comment':
      return undefined
    case '$where':
      return fail(2, '$where cannot be applied to a field')
    default:
      return fail(2, `unknown operator: ${name}`)
  }
}

function equality(operand: unknown, { order, collated }: MatchContext): FieldNode {
  return onElements(RANK.eq, comparison('eq', operand, order, collated))
}

function oneOf(name: string, operand: unknown, { order, collated }: MatchContext): FieldNode {
  if (!Array.isArray(operand)) return fail(2, `${name} needs an array`)
  if (operand.some(isOperatorDocument)) fail(2, `cannot nest $ under ${name}`)
  const contains = membership(
    operand.filter((element) => !isRegex(element)),
    order,
    collated,
  )
  const patterns = operand.filter(isRegex).map(regexPredicate)
  if (patterns.length === 0) return onElements(RANK.in, contains)
  return onElements(RANK.in, (value) => contains(value) || patterns.some((matches) => matches(value)))
}

function compileNot(path: string, operand: unknown, context: MatchContext, nested: boolean): FieldNode {
  if (isRegex(operand)) return negation(onElements(RANK.regex, regexPredicate(operand)))
  if (!isDocument(operand)) return fail(2, '$not needs a regex or a document')
  if (Object.keys(operand).length === 0) fail(2, '$not cannot be empty')
  return negation(compileOperators(path, operand, context, nested))
}

function compileAll(path: string, operand: unknown, context: MatchContext): FieldNode {
  if (!Array.isArray(operand)) return fail(2, '$all needs an array')
  if (operand.length === 0) return { kind: 'constant', value: false }
  if (isElemMatch(operand[0])) {
    return {
      kind: 'and',
      children: operand.map((element) =>
        isElemMatch(element)
          ? compileElemMatch(path, element.$elemMatch, context, compileOperators)
          : fail(2, '$all/$elemMatch has to be consistent'),
      ),
    }
  }
  const children = operand.map((element) => {
    if (isRegex(element)) return onElements(RANK.regex, regexPredicate(element))
    if (isOperatorDocument(element)) return fail(2, 'no $ expressions in $all')
    return equality(element, context)
  })
  return { kind: 'and', children }
}

function isElemMatch(value: unknown): value is { $elemMatch: unknown } {
  return isDocument(value) && Object.keys(value)[0] === '$elemMatch'
}

function sizePredicate(operand: unknown): Predicate {
  const shown = describeMember('$size', operand)
  if (!isNumber(operand)) return fail(2, `Failed to parse $size. Expected a number in: ${shown}`)
  const size = toDouble(operand)
  if (Number.isNaN(size)) fail(2, `Failed to parse $size. Expected an integer, but found NaN in: ${shown}`)
  if (Math.abs(size) >= 2 ** 63)
    fail(2, `Failed to parse $size. Cannot represent as a 64-bit integer: ${shown}`)
  if (!Number.isInteger(size)) {
    const text =
      numberKind(operand) === 'decimal' ? 'Cannot represent as a 64-bit integer' : 'Expected an integer'
    fail(2, `Failed to parse $size. ${text}: ${shown}`)
  }
  if (size < 0) fail(2, `Failed to parse $size. Expected a non-negative number in: ${shown}`)
  return (value) => Array.isArray(value) && value.length === size
}

function compileRegexDocument(operators: Doc): FieldNode {
  const { $regex: pattern, $options: options } = operators
  if (options !== undefined && typeof options !== 'string') fail(2, '$options has to be a string')
  if (typeof pattern === 'string') {
    return onElements(RANK.regex, patternPredicate(pattern, (options ?? '') as string))
  }
  if (!isRegex(pattern)) return fail(2, '$regex has to be a string')
  const own = regexParts(pattern)
  if (own.options !== '' && options !== undefined && options !== '') {
    const optionsFirst = Object.keys(operators).indexOf('$options') < Object.keys(operators).indexOf('$regex')
    fail(optionsFirst ? 51074 : 51075, 'options set in both $regex and $options')
  }
  return onElements(RANK.regex, patternPredicate(own.pattern, own.options || ((options ?? '') as string)))
}

function regexPredicate(value: unknown): Predicate {
  const { pattern, options } = regexParts(value)
  return patternPredicate(pattern, options)
}

/** Strings that the pattern is found in, and stored regular expressions that are the same. */
function patternPredicate(pattern: string, options: string): Predicate {
  const regex = translateRegex(pattern, options)
  const letters = [...options].sort().join('')
  return (value) => {
    if (typeof value === 'string') return regex.test(value)
    if (typeof value !== 'object' || value === null || !isRegex(value)) return false
    const stored = regexParts(value)
    return stored.pattern === pattern && stored.options === letters
  }
}

/** Geo conditions take their field for themselves. */
function checkAlone(name: string, operators: Doc): void {
  const extra = Object.keys(operators).find((other) => other !== name)
  if (extra !== undefined) fail(2, `can't parse extra field: ${describeMember(extra, operators[extra])}`)
}

function compileNear(path: string, operators: Doc, context: MatchContext, nested: boolean): FieldNode {
  if (nested) fail(2, '$geoNear, $near, and $nearSphere are not allowed in this context')
  const near = parseNear(path, operators)
  if (context.near !== undefined) fail(2, 'Too many geoNear expressions')
  context.near = near
  // The matcher adds the distance test itself, once, for the whole document.
  return { kind: 'constant', value: true }
}
