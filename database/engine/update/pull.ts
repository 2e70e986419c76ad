import { fail } from '../errors.ts'
import { compileElement, compileFilter, isOperatorDocument, isRegex, type MatchEnv } from '../match/index.ts'
import { describeMember } from '../values/describe.ts'
import { isNumber, toSafeInteger } from '../values/numbers.ts'
import { bsonTypeName, isDocument, MISSING } from '../values/types.ts'
import type { Leaf, Place } from './node.ts'

/** `$pop $pull $pullAll`: operators that take elements out of an array. */

/** @throws code 9 for anything but 1 and −1; code 14 for fields that are no arrays */
export function popLeaf(path: string, operand: unknown): Leaf {
  if (!isNumber(operand)) return fail(9, `Expected a number in: ${describeMember(path, operand)}`)
  const side = toSafeInteger(operand)
  if (side === undefined) return fail(9, `Expected an integer: ${describeMember(path, operand)}`)
  if (side !== 1 && side !== -1) return fail(9, `$pop expects 1 or -1, found: ${side}`)
  return {
    kind: 'leaf',
    strict: true,
    apply(value, place) {
      if (value === MISSING) return MISSING
      if (!Array.isArray(value)) {
        return fail(
          14,
          `Path '${place.path.join('.')}' contains an element of non-array type '${bsonTypeName(value)}'`,
        )
      }
      if (value.length === 0) return value
      return side === 1 ? value.slice(0, -1) : value.slice(1)
    },
  }
}

/**
 * `$pull`: a document is a query on elements that are documents, an operator document a question to each element, a
 * regular expression asks strings; anything else must be equal.
 * @throws code 2 for malformed conditions and for fields that are no arrays
 */
export function pullLeaf(
  operand: unknown,
  { compare, match }: { compare: (a: unknown, b: unknown) => number; match: MatchEnv },
): Leaf {
  return cullLeaf(pullCondition(operand, compare, match))
}

/** @throws code 2 for an operand that is no array, and for fields that are none */
export function pullAllLeaf(operand: unknown, compare: (a: unknown, b: unknown) => number): Leaf {
  if (!Array.isArray(operand)) {
    return fail(2, `$pullAll requires an array argument but was given a ${bsonTypeName(operand)}`)
  }
  return cullLeaf((element) => operand.some((value) => compare(element, value) === 0))
}

// internals

function pullCondition(
  operand: unknown,
  compare: (a: unknown, b: unknown) => number,
  match: MatchEnv,
): (element: unknown) => boolean {
  if (isDocument(operand) && !startsWithFieldOperator(operand)) {
    const { matches } = compileFilter(operand, match)
    return (element) => isDocument(element) && matches(element)
  }
  if (isOperatorDocument(operand) || isRegex(operand)) return compileElement(operand, match)
  return (element) => compare(element, operand) === 0
}

/** `{$or: […]}` is a query on the element as a document, `{$gt: 1}` a question to the element itself. */
function startsWithFieldOperator(operand: Record<string, unknown>): boolean {
  const [first] = Object.keys(operand)
  return first?.startsWith('$') === true && !DOCUMENT_LEVEL.has(first)
}

const DOCUMENT_LEVEL = new Set([
  '$and',
  '$or',
  '$nor',
  '$expr',
  '$jsonSchema',
  '$comment',
  '$ref',
  '$id',
  '$db',
])

function cullLeaf(matches: (element: unknown) => boolean): Leaf {
  return {
    kind: 'leaf',
    strict: true,
    apply(value: unknown, _place: Place) {
      if (value === MISSING) return MISSING
      if (!Array.isArray(value)) return fail(2, 'Cannot apply $pull to a non-array value')
      const kept = value.filter((element) => !matches(element))
      return kept.length === value.length ? value : kept
    },
  }
}
