import { regexPrefix } from '../match/index.ts'
import { encodeKey, keyPrefix } from '../values/keys.ts'
import { bsonClass, type Doc, isBson, isDocument, ORDER, regexParts, typeOrder } from '../values/types.ts'

/**
 * What a filter says about one path, as far as an index can use it (spec/embedded-database.md §9). Bounds are a
 * superset: every candidate is checked by the full matcher, so they only need to be wide enough.
 */

/** Keys from `low` to `high`, both taken as beginnings and both included. */
export interface Interval {
  readonly low: string
  readonly high: string
}

/** One usable condition on a path. */
export interface Condition {
  readonly path: string
  /** Sorted, without overlap. */
  readonly intervals: readonly Interval[]
  /** Every interval is one exact value. */
  readonly points: boolean
  /** A missing field may satisfy it: sparse and multikey indexes cannot answer. */
  readonly matchesMissing: boolean
}

/** The conditions a filter imposes for sure: those at its top level and under `$and`. */
export function conditionsOf(filter: Doc): Condition[] {
  const conditions: Condition[] = []
  collect(filter, '', conditions)
  return conditions
}

/** The branches of the filter's `$or`s that are alternatives for the whole filter; one list per `$or`. */
export function alternativesOf(filter: Doc): Doc[][] {
  const lists: Doc[][] = []
  for (const [name, value] of Object.entries(filter)) {
    if (!Array.isArray(value)) continue
    if (name === '$or' && value.length > 0 && value.every(isDocument)) lists.push(value as Doc[])
    if (name === '$and') for (const part of value) if (isDocument(part)) lists.push(...alternativesOf(part))
  }
  return lists
}

/** True for `{$gt: 1}` and its like, false for a document to be compared as a whole. */
export function isOperatorDocument(value: unknown): value is Doc {
  if (!isDocument(value)) return false
  const first = Object.keys(value)[0]
  return first?.startsWith('$') === true && first !== '$ref' && first !== '$id' && first !== '$db'
}

// internals

const NUMERIC_SEGMENT = /(?:^|\.)\d+(?:\.|$)/

function collect(filter: Doc, prefix: string, into: Condition[]): void {
  for (const name of Object.keys(filter)) {
    const value = filter[name]
    if (name === '$and' && Array.isArray(value)) {
      for (const part of value) if (isDocument(part)) collect(part, prefix, into)
    } else if (!name.startsWith('$')) {
      collectPath(prefix + name, value, into)
    }
  }
}

function collectPath(path: string, value: unknown, into: Condition[]): void {
  // A numeric segment may be a field name or a position (§6); an index knows only one reading.
  if (NUMERIC_SEGMENT.test(path)) return
  if (!isOperatorDocument(value)) {
    push(into, path, equality(value))
    return
  }
  for (const [operator, operand] of Object.entries(value)) {
    if (operator === '$elemMatch' && isDocument(operand) && !isOperatorDocument(operand)) {
      collect(operand, `${path}.`, into)
    } else if (operator === '$regex') {
      push(into, path, regexRange(operand, value.$options))
    } else {
      push(into, path, operatorBounds(operator, operand))
    }
  }
}

type Bounds = Omit<Condition, 'path'> | undefined

function push(into: Condition[], path: string, bounds: Bounds): void {
  if (bounds) into.push({ path, ...bounds })
}

function operatorBounds(operator: string, operand: unknown): Bounds {
  switch (operator) {
    case '$eq':
      return operand instanceof RegExp || isBson(operand, 'BSONRegExp') ? point(operand) : equality(operand)
    case '$in':
      return Array.isArray(operand) ? membership(operand) : undefined
    case '$all':
      return Array.isArray(operand) && operand.length > 0 && !isOperatorDocument(operand[0])
        ? equality(operand[0])
        : undefined
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return range(operator, operand)
    default:
      return undefined
  }
}

function equality(value: unknown): Bounds {
  if (value === undefined || Array.isArray(value)) return undefined
  if (value instanceof RegExp || isBson(value, 'BSONRegExp')) return regexRange(value, undefined)
  return point(value)
}

function point(value: unknown): Bounds {
  const key = encodeKey(value)
  return { intervals: [{ low: key, high: key }], points: true, matchesMissing: value === null }
}

function membership(values: readonly unknown[]): Bounds {
  const keys = new Set<string>()
  for (const value of values) {
    if (value === undefined || Array.isArray(value) || value instanceof RegExp || isBson(value, 'BSONRegExp'))
      return undefined
    keys.add(encodeKey(value))
  }
  const intervals = [...keys].sort().map((key) => ({ low: key, high: key }))
  return { intervals, points: true, matchesMissing: values.includes(null) }
}

/** Ranges stay within the type of their bound, as comparisons do; MinKey and MaxKey bound every type. */
function range(operator: string, value: unknown): Bounds {
  const order = typeOrder(value)
  if (value === null) return operator === '$gte' || operator === '$lte' ? point(null) : undefined
  if (value === undefined || Array.isArray(value) || order === ORDER.minKey || order === ORDER.maxKey)
    return undefined
  if (order === ORDER.regex) return undefined
  const key = encodeKey(value)
  const bracket = keyPrefix(order)
  const interval = operator.startsWith('$gt') ? { low: key, high: bracket } : { low: bracket, high: key }
  return { intervals: [interval], points: false, matchesMissing: false }
}

/** A pattern that begins with `^` and plain characters: strings with that beginning, or the pattern itself as a value. */
function regexRange(pattern: unknown, options: unknown): Bounds {
  const isRegex =
    pattern instanceof RegExp ||
    (typeof pattern === 'object' && pattern !== null && bsonClass(pattern) === 'BSONRegExp')
  const parts = isRegex ? regexParts(pattern) : { pattern: String(pattern), options: '' }
  const flags = typeof options === 'string' ? options : parts.options
  if (!isRegex && typeof pattern !== 'string') return undefined
  const prefix = regexPrefix(parts.pattern, flags)
  if (prefix === undefined) return undefined
  const low = encodeKey(prefix).slice(0, -2)
  const regexes = keyPrefix(ORDER.regex)
  return {
    intervals: [
      { low, high: low },
      { low: regexes, high: regexes },
    ],
    points: false,
    matchesMissing: false,
  }
}
