import { DatabaseError } from '../../../command.ts'
import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { compileDateFormat, type DateWriter, ISO_FORMAT } from '../date-format.ts'
import { parseDateText, toInstant } from '../date-parse.ts'
import { compileDateReader, type DateReader } from '../date-parse-format.ts'
import { literalOf } from '../literals.ts'
import type { Expression, Frame, Operator, Scope } from '../scope.ts'
import { checkDocument, compileMember, isNullish, requiredMember, typeOf } from './arguments.ts'
import { compileZone, dateArgument } from './date-parts.ts'

/** `$dateToString` and `$dateFromString`. */
export const DATE_TEXT: Readonly<Record<string, Operator>> = {
  $dateFromString: dateFromString,
  $dateToString: dateToString,
}

// internals

function dateToString(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [18629, () => '$dateToString only supports an object as its argument'],
    unknown: [18534, (member) => `Unrecognized argument to $dateToString: ${member}`],
    required: { date: [18628, "Missing 'date' parameter to $dateToString"] },
    optional: ['format', 'timezone', 'onNull'],
  })
  const date = requiredMember(doc, 'date', scope)
  const zone = compileZone(compileMember(doc, 'timezone', scope), scope)
  const onNull = compileMember(doc, 'onNull', scope)
  const writer = compileFormat(doc, scope, 18533, '$dateToString', compileDateFormat)
  const defaultWriter = compileDateFormat(ISO_FORMAT)
  return (frame) => {
    const write: DateWriter | null | undefined = writer?.(frame)
    const place = zone(frame)
    if (write === null || place === null) return null
    const value = date(frame)
    if (isNullish(value)) return onNull ? onNull(frame) : null
    return (write ?? defaultWriter)(dateArgument(value), place)
  }
}

/** The `format` member: compiled once when it is a literal; null when it evaluates to null; undefined when absent. */
function compileFormat<T>(
  doc: Record<string, unknown>,
  scope: Scope,
  code: number,
  name: string,
  compile: (format: string) => T,
): ((frame: Frame) => T | null) | undefined {
  if (!Object.hasOwn(doc, 'format')) return undefined
  const literal = literalOf(doc.format)
  if (typeof literal?.value === 'string') {
    const compiled = compile(literal.value)
    return () => compiled
  }
  const format = scope.compile(doc.format)
  return (frame) => {
    const value = format(frame)
    if (isNullish(value)) return null
    if (typeof value === 'string') return compile(value)
    return fail(
      code,
      `${name} requires that 'format' be a string, found: ${typeOf(value)} with value ${describeValue(value)}`,
    )
  }
}

function dateFromString(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [
      40540,
      (given) => `$dateFromString only supports an object as an argument, found: ${typeOf(given)}`,
    ],
    unknown: [40541, (member) => `Unrecognized argument to $dateFromString: ${member}`],
    required: { dateString: [40542, "Missing 'dateString' parameter to $dateFromString"] },
    optional: ['timezone', 'format', 'onNull', 'onError'],
  })
  const text = requiredMember(doc, 'dateString', scope)
  const timezone = compileMember(doc, 'timezone', scope)
  const zone = compileZone(timezone, scope)
  const reader = compileFormat(doc, scope, 40684, '$dateFromString', compileDateReader)
  const onNull = compileMember(doc, 'onNull', scope)
  const onError = compileMember(doc, 'onError', scope)
  return (frame) => {
    const place = zone(frame)
    const read: DateReader | null | undefined = reader?.(frame)
    const value = text(frame)
    if (isNullish(value)) return onNull ? onNull(frame) : null
    try {
      const given = stringArgument(value)
      if (place === null || read === null) return null
      const inZone = timezone ? place : undefined
      return new Date(read ? toInstant(read(given), given, inZone) : parseDateText(given, inZone))
    } catch (error) {
      if (onError && error instanceof DatabaseError && error.code === 241) return onError(frame)
      throw error
    }
  }
}

function stringArgument(value: unknown): string {
  if (typeof value === 'string') return value
  return fail(
    241,
    `$dateFromString requires that 'dateString' be a string, found: ${typeOf(value)} with value ${describeValue(value)}`,
  )
}
