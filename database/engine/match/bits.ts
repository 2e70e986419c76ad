import { fail } from '../errors.ts'
import { describeMember } from '../values/describe.ts'
import {
  bigIntOfLong,
  isNumber,
  numberKind,
  toDouble,
  toInteger,
  toLong,
  toSafeInteger,
} from '../values/numbers.ts'
import { binaryParts, ORDER, typeOrder } from '../values/types.ts'
import type { Predicate } from './node.ts'

/** `$bitsAllSet $bitsAllClear $bitsAnySet $bitsAnyClear`: numbers as int64 in two's complement, binaries by byte. */

export type BitTest = '$bitsAllSet' | '$bitsAllClear' | '$bitsAnySet' | '$bitsAnyClear'

/**
 * Compiles one bit test.
 * @param operand a mask (number or binary) or an array of bit positions
 * @param path the field, for the error texts
 */
export function bitPredicate(test: BitTest, operand: unknown, path: string): Predicate {
  const positions = bitPositions(test, operand, path)
  const wanted = test.endsWith('Set')
  const all = test.startsWith('$bitsAll')
  return (value) => {
    const bit = bitReader(value)
    if (bit === undefined) return false
    return all
      ? positions.every((position) => bit(position) === wanted)
      : positions.some((position) => bit(position) === wanted)
  }
}

// internals

function bitPositions(test: BitTest, operand: unknown, path: string): number[] {
  if (Array.isArray(operand)) return operand.map((element, index) => bitPosition(element, index))
  if (isNumber(operand)) {
    const mask = toInteger(operand)
    const shown = describeMember(test, operand)
    if (mask === undefined || toLong(operand) === undefined) {
      const text = Number.isNaN(toDouble(operand))
        ? 'Expected an integer, but found NaN in'
        : 'Cannot represent as a 64-bit integer'
      return fail(9, `${text}: ${shown}`)
    }
    if (numberKind(operand) === 'double' && !Number.isInteger(toDouble(operand))) {
      fail(9, `Expected an integer: ${shown}`)
    }
    if (mask < 0n) fail(9, `Expected a non-negative number in: ${shown}`)
    return positionsOf(64, (position) => ((mask >> BigInt(position)) & 1n) === 1n)
  }
  if (typeOrder(operand) === ORDER.binary) {
    const { bytes } = binaryParts(operand)
    return positionsOf(bytes.length * 8, (position) => bitOfBytes(bytes, position))
  }
  return fail(
    2,
    `${path} takes an Array, a number, or a BinData but received: ${describeMember(test, operand)}`,
  )
}

function bitPosition(element: unknown, index: number): number {
  const shown = describeMember(String(index), element)
  const position = toSafeInteger(element)
  if (position === undefined) return fail(2, `bit positions must be an integer but got: ${shown}`)
  if (position < 0) fail(2, `bit positions must be >= 0 but got: ${shown}`)
  if (position > 2147483647) {
    fail(2, `bit positions cannot be represented as a 32-bit signed integer: ${shown}`)
  }
  return position
}

function positionsOf(count: number, isSet: (position: number) => boolean): number[] {
  return Array.from({ length: count }, (_, position) => position).filter(isSet)
}

function bitReader(value: unknown): ((position: number) => boolean) | undefined {
  if (typeof value === 'number') {
    if (value === (value | 0)) return (position) => ((value >> Math.min(position, 31)) & 1) === 1
    if (!Number.isInteger(value)) return undefined
  }
  if (isNumber(value)) {
    const kind = numberKind(value)
    const long = toLong(value)
    if (long === undefined || (kind === 'decimal' && toSafeInteger(value) === undefined)) return undefined
    const integer = bigIntOfLong(long)
    return (position) => ((integer >> BigInt(Math.min(position, 63))) & 1n) === 1n
  }
  if (typeOrder(value) !== ORDER.binary) return undefined
  const { bytes } = binaryParts(value)
  return (position) => bitOfBytes(bytes, position)
}

function bitOfBytes(bytes: Uint8Array, position: number): boolean {
  return (((bytes[position >> 3] ?? 0) >> (position & 7)) & 1) === 1
}
