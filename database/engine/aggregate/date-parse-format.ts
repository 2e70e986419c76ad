import { badSpecifier, splitFormat } from './date-format.ts'
import { badText, type ParsedDate, parseMonth } from './date-parse.ts'
import { DAY, dayNumber, daysInMonth, HOUR, isoDayNumber, MINUTE } from './dates.ts'
import { parseOffset } from './zones.ts'

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
      step.take(found, match[0])
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

interface Step {
  source: string
  pattern: RegExp
  take(found: Found, text: string): void
}

function stepOf(piece: string): Step {
  if (!piece.startsWith('%')) return literal(piece)
  if (piece === '%%') return { ...literal('%'), source: '%%' }
  const specifier = Object.hasOwn(SPECIFIERS, piece) ? SPECIFIERS[piece] : undefined
  if (!specifier) return badSpecifier(piece)
  return { source: piece, ...specifier }
}

function literal(text: string): Step {
  const escaped = text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  return { source: text, pattern: new RegExp(`^${escaped}`), take: () => {} }
}

const SPECIFIERS: Record<string, Omit<Step, 'source'>> = {
  '%b': monthName(),
  '%B': monthName(),
  '%d': digits('day', /^\d{1,2}/),
  '%G': digits('isoYear', /^\d{4}/),
  '%H': digits('hour', /^\d{1,2}/),
  '%j': digits('dayOfYear', /^\d{1,3}/),
  '%L': {
    pattern: /^\d{1,3}/,
    take: (found, text) => void (found.millisecond = Number(text.padEnd(3, '0'))),
  },
  '%m': digits('month', /^\d{1,2}/),
  '%M': digits('minute', /^\d{1,2}/),
  '%S': digits('second', /^\d{1,2}/),
  '%u': digits('weekday', /^[1-7]/),
  '%V': digits('isoWeek', /^\d{1,2}/),
  '%Y': digits('year', /^\d{4}/),
  '%z': {
    pattern: /^(?:[+-]\d{2}(?::?\d{2})?|[zZ]|UTC|GMT)/,
    take: (found, text) => void (found.offset = parseOffset(text) ?? 0),
  },
  '%Z': { pattern: /^[+-]?\d{1,4}/, take: (found, text) => void (found.offset = Number(text) * MINUTE) },
}

function digits(part: NumberPart, pattern: RegExp): Omit<Step, 'source'> {
  return { pattern, take: (found, text) => void (found[part] = Number(text)) }
}

function monthName(): Omit<Step, 'source'> {
  return {
    pattern: /^[A-Za-z]+/,
    take: (found, text) => {
      found.month = parseMonth(text) ?? badText(text, `'${text}' is no month`)
    },
  }
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
