import { badSpecifier, splitFormat } from './date-format.ts'
import { badText, type ParsedDate, parseMonth, zoneOffset } from './date-parse.ts'
import { DAY, dayNumber, daysInMonth, HOUR, isoDayNumber, MINUTE } from './dates.ts'

/** Reads a date text by the format it was compiled from. @throws DatabaseError 241 */
export type DateReader = (text: string) => ParsedDate

/**
 * Compiles a `$dateFromString` format.
 * @throws DatabaseError 18535 for a lone `%` at the end, 18536 for an unknown letter
 */
export function compileDateReader(format: string): DateReader {
  const steps = splitFormat(format).map(stepOf)
  return (text) => {
    const found: Found = {}
    let position = 0
    for (const step of steps) {
      const match = step.pattern.exec(text.slice(position))
      if (!match) badText(text, `${position}: text does not match '${step.source}' of the format`)
      if (step.part) found[step.part] = step.value(match[0])
      position += match[0].length
    }
    if (position < text.length) badText(text, `${position}: Trailing data '${text.slice(position)}'`)
    return { local: localOfFound(found, text), offset: found.offset }
  }
}

// internals

type NumberPart =
  | 'year'
  | 'month'
  | 'day'
  | 'dayOfYear'
  | 'isoYear'
  | 'isoWeek'
  | 'weekday'
  | 'hour'
  | 'minute'
  | 'second'
  | 'millisecond'
  | 'offset'

type Found = Partial<Record<NumberPart, number>>

/** One piece of a format: what it matches, and the part of the date that the matched text gives. */
interface Step {
  source: string
  pattern: RegExp
  part?: NumberPart
  value(text: string): number
}

function stepOf(piece: string): Step {
  if (!piece.startsWith('%')) return literal(piece)
  if (piece === '%%') return literal('%', piece)
  const specifier = Object.hasOwn(SPECIFIERS, piece) ? SPECIFIERS[piece] : undefined
  if (!specifier) return badSpecifier(piece)
  const { pattern, part, value = Number } = specifier
  return { source: piece, pattern, part, value }
}

function literal(text: string, source = text): Step {
  const escaped = text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  return { source, pattern: new RegExp(`^${escaped}`), value: Number }
}

interface Specifier {
  pattern: RegExp
  part: NumberPart
  value?: (text: string) => number
}

const MONTH_NAME: Specifier = {
  pattern: /^[A-Za-z]+/,
  part: 'month',
  value: (text) => parseMonth(text) ?? badText(text, `'${text}' is no month`),
}

const SPECIFIERS: Record<string, Specifier> = {
  '%b': MONTH_NAME,
  '%B': MONTH_NAME,
  '%d': { pattern: /^\d{1,2}/, part: 'day' },
  '%G': { pattern: /^\d{1,4}/, part: 'isoYear' },
  '%H': { pattern: /^\d{1,2}/, part: 'hour' },
  '%j': { pattern: /^\d{1,3}/, part: 'dayOfYear' },
  '%L': { pattern: /^\d{1,3}/, part: 'millisecond', value: (text) => Number(text.padEnd(3, '0')) },
  '%m': { pattern: /^\d{1,2}/, part: 'month' },
  '%M': { pattern: /^\d{1,2}/, part: 'minute' },
  '%S': { pattern: /^\d{1,2}/, part: 'second' },
  '%u': { pattern: /^[1-7]/, part: 'weekday' },
  '%V': { pattern: /^\d{1,2}/, part: 'isoWeek' },
  '%Y': { pattern: /^\d{1,4}/, part: 'year' },
  '%z': {
    pattern: /^(?:(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?|[A-Za-z]{1,5})/,
    part: 'offset',
    value: (text) => zoneOffset(text) ?? badText(text, 'The timezone could not be found in the database'),
  },
  '%Z': { pattern: /^[+-]?\d{1,4}/, part: 'offset', value: (text) => Number(text) * MINUTE },
}

function localOfFound(found: Found, text: string): number {
  const { hour = 0, minute = 0, second = 0, millisecond = 0 } = found
  if (hour > 24 || minute > 59 || second > 60) badText(text, 'The parsed time was invalid')
  return dayOfFound(found, text) * DAY + hour * HOUR + minute * MINUTE + second * 1000 + millisecond
}

function dayOfFound(found: Found, text: string): number {
  const { year, month, day, dayOfYear, isoYear, isoWeek, weekday } = found
  if (isoYear !== undefined || isoWeek !== undefined) {
    if (isoYear === undefined) return incomplete(text)
    if (month !== undefined || day !== undefined || year !== undefined) {
      return badText(text, 'Mixing of ISO dates with natural dates is not allowed')
    }
    return isoDayNumber(isoYear, isoWeek ?? 1, weekday ?? 1)
  }
  if (year === undefined) return incomplete(text)
  if (dayOfYear !== undefined && month === undefined && day === undefined)
    return dayNumber(year, 1, dayOfYear)
  if (month === undefined || day === undefined) return incomplete(text)
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
    return badText(text, 'The parsed date was invalid')
  }
  return dayNumber(year, month, day)
}

function incomplete(text: string): never {
  return badText(text, 'an incomplete date/time string has been found, with elements missing')
}
