import { fail } from '../../errors.ts'
import { isNumber, toDouble } from '../../values/numbers.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { createFrame, type Scope } from '../scope.ts'

/** Error codes for the members of one kind of accumulator. */
export interface MemberCodes {
  shape: number
  unknown: number
  /** By member; others than these cannot be absent. */
  absent: Readonly<Record<string, number>>
}

/** `$firstN`, `$maxN` and their relatives. */
export const COUNTED: MemberCodes = {
  shape: 5787900,
  unknown: 5787901,
  absent: { n: 5787906, input: 5787907 },
}

/** `$top`, `$bottomN` and their relatives. */
export const RANKED: MemberCodes = {
  shape: 5788001,
  unknown: 5788002,
  absent: { n: 5788003, output: 5788004, sortBy: 5788005 },
}

/** `$percentile` and `$median`. */
export const QUANTILE: MemberCodes = {
  shape: 7436201,
  unknown: 40415,
  absent: { input: 40414, p: 40414, method: 40414 },
}

/** Members of an accumulator that takes a document of them, checked for strangers and gaps. */
export function namedMembers(
  name: string,
  argument: unknown,
  required: readonly string[],
  codes: MemberCodes,
): Doc {
  if (!isDocument(argument)) {
    return fail(codes.shape, `specification must be an object; found ${name}: ${bsonTypeName(argument)}`)
  }
  for (const member of Object.keys(argument)) {
    if (!required.includes(member)) fail(codes.unknown, `Unknown argument for ${name} operator: ${member}`)
  }
  for (const member of required) {
    if (!Object.hasOwn(argument, member)) fail(codes.absent[member] ?? 9, `Missing value for '${member}'`)
  }
  return argument
}

/** The fractions of `$percentile`: a constant array of numbers from 0 to 1. @throws DatabaseError 7750301 to 7750303 */
export function fractionsOf(argument: unknown, scope: Scope): number[] {
  const value = scope.compile(argument)(createFrame(MISSING))
  if (!Array.isArray(value) || value.length === 0) {
    return fail(
      7750301,
      `The $percentile 'p' field must be a non-empty array of constant numbers, but found type: ${bsonTypeName(value)}`,
    )
  }
  return value.map((fraction) => {
    const number = isNumber(fraction) ? toDouble(fraction) : Number.NaN
    return number >= 0 && number <= 1
      ? number
      : fail(7750303, `The $percentile 'p' field must be an array of numbers from [0.0, 1.0]`)
  })
}

/** @throws DatabaseError 7750300 */
export function checkMethod(name: string, method: unknown): void {
  if (method !== 'approximate') {
    fail(2, `Currently only 'approximate' can be used as ${name} 'method'.`)
  }
}
