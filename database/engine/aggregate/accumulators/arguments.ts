import { fail } from '../../errors.ts'
import { isNumber, toDouble } from '../../values/numbers.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { createFrame, type Scope } from '../scope.ts'

/** Members of an accumulator that takes a document of them, checked for strangers and gaps. */
export function namedMembers(name: string, argument: unknown, required: readonly string[]): Doc {
  if (!isDocument(argument)) {
    return fail(5787900, `specification must be an object; found ${name}: ${bsonTypeName(argument)}`)
  }
  for (const member of Object.keys(argument)) {
    if (!required.includes(member)) fail(5787901, `Unknown argument for ${name} operator: ${member}`)
  }
  for (const member of required) {
    if (!Object.hasOwn(argument, member))
      fail(MISSING_MEMBER[member] ?? 5787907, `Missing value for '${member}'`)
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

// internals

const MISSING_MEMBER: Readonly<Record<string, number>> = {
  n: 5787906,
  input: 5787907,
  output: 5788004,
  sortBy: 5788005,
}
