import { fail } from '../errors.ts'
import { describeElement } from '../values/describe.ts'
import { bigIntOfLong, longOf, numberKind, toInteger } from '../values/numbers.ts'
import { bsonTypeName, isDocument, MISSING } from '../values/types.ts'
import { documentId } from './document-id.ts'
import type { Leaf } from './node.ts'

/**
 * `$bit`: `and`, `or` and `xor` with integers, in the order given; a missing field counts as 0.
 * @throws code 2 for operands and fields that are no integers
 */
export function bitLeaf(operand: unknown): Leaf {
  const steps = parseSteps(operand)
  return {
    kind: 'leaf',
    apply(value, place) {
      if (value !== MISSING && !isIntegral(value)) {
        return fail(
          2,
          `Cannot apply $bit to a value of non-integral type.${documentId(place.original)} has the field ${place.path.at(-1)} of non-integer type ${bsonTypeName(value)}`,
        )
      }
      const start = value === MISSING ? 0 : value
      const result = steps.reduce((current, step) => step(current), start)
      return value !== MISSING && isSame(value, result) ? value : result
    },
  }
}

// internals

type Step = (value: unknown) => unknown

const OPERATIONS: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
}

function parseSteps(operand: unknown): Step[] {
  if (!isDocument(operand)) {
    return fail(
      2,
      `The $bit modifier is not compatible with a ${bsonTypeName(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    )
  }
  const names = Object.keys(operand)
  if (names.length === 0) {
    fail(2, 'You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}')
  }
  return names.map((name) => parseStep(name, operand[name]))
}

function parseStep(name: string, operand: unknown): Step {
  const operation = Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined
  if (operation === undefined) {
    return fail(
      2,
      `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: ${describeElement(name, operand)}`,
    )
  }
  if (!isIntegral(operand)) {
    fail(
      2,
      `The $bit modifier field must be an Integer(32/64 bit); a '${bsonTypeName(operand)}' is not supported here: ${describeElement(name, operand)}`,
    )
  }
  const right = toInteger(operand) ?? 0n
  const wide = numberKind(operand) === 'long'
  return (value) => {
    const result = operation(toInteger(value) ?? 0n, right)
    return wide || numberKind(value) === 'long' ? longOf(result) : Number(result)
  }
}

function isIntegral(value: unknown): boolean {
  const kind = numberKind(value)
  return kind === 'int' || kind === 'long'
}

function isSame(a: unknown, b: unknown): boolean {
  if (numberKind(a) !== numberKind(b)) return false
  return typeof a === 'number' || typeof b === 'number'
    ? toInteger(a) === toInteger(b)
    : bigIntOfLong(a) === bigIntOfLong(b)
}
