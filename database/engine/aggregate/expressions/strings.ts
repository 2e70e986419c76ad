import { fail } from '../../errors.ts'
import { compareStrings } from '../../values/compare.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber, toDouble, toSafeInteger } from '../../values/numbers.ts'
import type { Expression, Operator, Scope } from '../scope.ts'
import { textOf } from '../value-text.ts'
import {
  binary,
  checkDocument,
  compileMember,
  isNullish,
  nullFirst,
  requiredMember,
  typeOf,
  unary,
  variadic,
} from './arguments.ts'
import { searchBounds } from './arrays.ts'
import { int32Of } from './integers.ts'

/** String operators except regular expressions. Lengths and places count bytes of UTF-8 or code points, never UTF-16. */
export const STRINGS: Readonly<Record<string, Operator>> = {
  $concat: concat(),
  $indexOfBytes: nullFirst(2, 4, (values) => indexOf('$indexOfBytes', 40091, bytesOf, values)),
  $indexOfCP: nullFirst(2, 4, (values) => indexOf('$indexOfCP', 40093, pointsOf, values)),
  $ltrim: trim(true, false),
  $replaceAll: replace((input, find, by) => input.replaceAll(find, () => by)),
  $replaceOne: replace((input, find, by) => input.replace(find, () => by)),
  $rtrim: trim(false, true),
  $split: binary(split),
  $strLenBytes: unary((text) => Buffer.byteLength(stringFor('$strLenBytes', 34473, text)), 'see'),
  $strLenCP: unary((text) => pointsOf(stringFor('$strLenCP', 34471, text)).length, 'see'),
  $strcasecmp: binary((a, b) => compareStrings(upper(textOf(a)), upper(textOf(b))), 'see'),
  $substr: variadic(3, 3, substringOfBytes, 'see'),
  $substrBytes: variadic(3, 3, substringOfBytes, 'see'),
  $substrCP: variadic(3, 3, substringOfPoints, 'see'),
  $toLower: unary((text) => textOf(text).replace(/[A-Z]+/g, (part) => part.toLowerCase()), 'see'),
  $toUpper: unary((text) => upper(textOf(text)), 'see'),
  $trim: trim(true, true),
}

// internals

/** The server changes ASCII letters only. */
function upper(text: string): string {
  return text.replace(/[a-z]+/g, (part) => part.toUpperCase())
}

function concat(): Operator {
  return (argument, scope) => {
    const list = Array.isArray(argument) ? argument : [argument]
    const parts = list.map((item) => scope.compile(item))
    return (frame) => {
      let text = ''
      for (const part of parts) {
        const value = part(frame)
        if (isNullish(value)) return null
        if (typeof value !== 'string')
          return fail(16702, `$concat only supports strings, not ${typeOf(value)}`)
        text += value
      }
      return text
    }
  }
}

function split(text: unknown, separator: unknown): unknown {
  if (typeof text !== 'string') {
    return fail(
      40085,
      `$split requires an expression that evaluates to a string as a first argument, found: ${typeOf(text)}`,
    )
  }
  if (typeof separator !== 'string') {
    return fail(
      40086,
      `$split requires an expression that evaluates to a string as a second argument, found: ${typeOf(separator)}`,
    )
  }
  return separator === '' ? fail(40087, '$split requires a non-empty separator') : text.split(separator)
}

function stringFor(name: string, code: number, value: unknown): string {
  return typeof value === 'string'
    ? value
    : fail(code, `${name} requires a string argument, found: ${typeOf(value)}`)
}

function bytesOf(text: string): string[] {
  return [...Buffer.from(text, 'utf8').toString('latin1')]
}

function pointsOf(text: string): string[] {
  return [...text]
}

/** Searches in a text cut into units (bytes or code points). */
function indexOf(name: string, code: number, cut: (text: string) => string[], values: unknown[]): unknown {
  const [text, part, start, end] = values
  if (typeof text !== 'string') {
    return fail(code, `${name} requires a string as the first argument, found: ${typeOf(text)}`)
  }
  if (typeof part !== 'string') {
    return fail(code + 1, `${name} requires a string as the second argument, found: ${typeOf(part)}`)
  }
  const units = cut(text)
  const wanted = cut(part)
  const [from, to] = searchBounds(name, units.length, start, end)
  for (let i = from; i + wanted.length <= to; i += 1) {
    if (wanted.every((unit, k) => units[i + k] === unit)) return i
  }
  return -1
}

/** A negative start gives the empty text (spec/database.md §17.12), a negative length everything from there. */
function substringOfBytes(values: unknown[]): unknown {
  const [text, start, length] = values
  const bytes = Buffer.from(textOf(text), 'utf8')
  const from = wholeIndex('$substrBytes', 'starting index', 16034, start)
  const count = wholeIndex('$substrBytes', 'length', 16035, length)
  if (from < 0) return ''
  const to = count < 0 ? bytes.length : Math.min(from + count, bytes.length)
  if (from >= bytes.length) return ''
  if (isContinuation(bytes[from])) {
    fail(28656, '$substrBytes:  Invalid range, starting index is a UTF-8 continuation byte.')
  }
  if (isContinuation(bytes[to])) {
    fail(28657, '$substrBytes:  Invalid range, ending index is in the middle of a UTF-8 character.')
  }
  return bytes.toString('utf8', from, to)
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

function wholeIndex(name: string, what: string, code: number, value: unknown): number {
  if (!isNumber(value)) {
    return fail(code, `${name}:  ${what} must be a numeric type (is BSON type ${typeOf(value)})`)
  }
  return Math.trunc(toDouble(value))
}

function substringOfPoints(values: unknown[]): unknown {
  const [text, start, length] = values
  const from = pointIndex('starting index', 34450, start)
  const count = pointIndex('length', 34452, length)
  if (from < 0) return ''
  const points = pointsOf(textOf(text))
  return points.slice(from, count < 0 ? points.length : from + count).join('')
}

function pointIndex(what: string, code: number, value: unknown): number {
  if (!isNumber(value)) {
    return fail(code, `$substrCP: ${what} must be a numeric type (is BSON type ${typeOf(value)})`)
  }
  return (
    int32Of(value) ??
    (toSafeInteger(value) === undefined
      ? fail(
          code + 1,
          `$substrCP: ${what} cannot be represented as a 32-bit integral value: ${describeValue(value)}`,
        )
      : Math.trunc(toDouble(value)))
  )
}

/** Spaces that `$trim` removes without `chars`: NUL and Unicode white space as the server lists it. */
const WHITE_SPACE = new Set(
  [0x00, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005]
    .concat([0x2006, 0x2007, 0x2008, 0x2009, 0x200a])
    .map((point) => String.fromCodePoint(point)),
)

function trim(left: boolean, right: boolean): Operator {
  return (argument, scope, name) => {
    const doc = checkDocument(argument, {
      shape: [50696, (given) => `${name} only supports an object as an argument, found ${typeOf(given)}`],
      unknown: [50694, (member) => `${name} found an unknown argument: ${member}`],
      required: { input: [50695, `${name} requires an 'input' field`] },
      optional: ['chars'],
    })
    const input = requiredMember(doc, 'input', scope)
    const chars = compileMember(doc, 'chars', scope)
    return (frame) => {
      const text = input(frame)
      if (isNullish(text)) return null
      if (typeof text !== 'string') {
        return fail(
          50699,
          `${name} requires its input to be a string, got ${describeValue(text)} (of type ${typeOf(text)}) instead.`,
        )
      }
      if (!chars) return trimmed(text, WHITE_SPACE, left, right)
      const given = chars(frame)
      if (isNullish(given)) return null
      if (typeof given !== 'string') {
        return fail(
          50700,
          ` ${name} requires 'chars' to be a string, got ${describeValue(given)} (of type ${typeOf(given)}) instead.`,
        )
      }
      return trimmed(text, new Set(given), left, right)
    }
  }
}

function trimmed(text: string, chars: ReadonlySet<string>, left: boolean, right: boolean): string {
  const points = pointsOf(text)
  let [start, end] = [0, points.length]
  while (left && start < end && chars.has(points[start]!)) start += 1
  while (right && end > start && chars.has(points[end - 1]!)) end -= 1
  return points.slice(start, end).join('')
}

function replace(run: (input: string, find: string, by: string) => string): Operator {
  return (argument, scope, name) => compileReplace(argument, scope, name, run)
}

function compileReplace(
  argument: unknown,
  scope: Scope,
  name: string,
  run: (input: string, find: string, by: string) => string,
): Expression {
  const doc = checkDocument(argument, {
    shape: [51751, (given) => `${name} requires an object as an argument, found: ${typeOf(given)}`],
    unknown: [51750, (member) => `${name} found an unknown argument: ${member}`],
    required: {
      input: [51749, `${name} requires 'input' to be specified`],
      find: [51748, `${name} requires 'find' to be specified`],
      replacement: [51747, `${name} requires 'replacement' to be specified`],
    },
  })
  const members = ['input', 'find', 'replacement'].map((member) => requiredMember(doc, member, scope))
  return (frame) => {
    const values = members.map((member) => member(frame))
    values.forEach((value, i) => {
      if (typeof value === 'string' || isNullish(value)) return
      const member = ['input', 'find', 'replacement'][i]
      fail(51746 - i, `${name} requires that '${member}' be a string, found: ${describeValue(value)}`)
    })
    const [input, find, by] = values
    return isNullish(input) || isNullish(find) || isNullish(by)
      ? null
      : run(input as string, find as string, by as string)
  }
}
