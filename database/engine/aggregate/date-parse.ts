import { fail } from '../errors.ts'
import { DAY, dayNumber, daysInMonth, HOUR, isoDayNumber, MINUTE } from './dates.ts'
import { parseOffset, type TimeZone, UTC } from './zones.ts'

/** A date read from text: a wall clock time, and the zone the text itself named. */
export interface ParsedDate {
  local: number
  /** Offset from UTC in milliseconds when the text carried one. */
  offset: number | undefined
}

/**
 * Reads a date text without a format: ISO 8601 and its common relaxations (space for `T`, missing seconds, `/`),
 * week and ordinal dates, US dates, and dates with English month names.
 * @param zone zone of texts without one; a text with a zone of its own is then an error
 * @throws DatabaseError 241
 */
export function parseDateText(text: string, zone?: TimeZone): number {
  const reader = new TextReader(text)
  const day = reader.first(DATE_FORMS)
  if (day === undefined) return badText(text, 'an incomplete date/time string has been found')
  const time = readTime(reader)
  const offset = readZone(reader, text)
  if (!reader.done) return badText(text, `unexpected '${reader.rest}' at position ${reader.position}`)
  return toInstant({ local: day * DAY + time, offset }, text, zone)
}

/** Applies the zone rules common to texts with and without a format. @throws DatabaseError 241 */
export function toInstant(parsed: ParsedDate, text: string, zone: TimeZone | undefined): number {
  if (parsed.offset === undefined) return (zone ?? UTC).toInstant(parsed.local)
  if (zone !== undefined) {
    fail(
      241,
      `you cannot pass in a date/time string with time zone information ('${text}') together with a timezone argument`,
    )
  }
  return parsed.local - parsed.offset
}

/** Offset in milliseconds of a zone as date texts name it: `Z`, `UTC`, `+08:00`, `GMT+2`, and the usual abbreviations. */
export function zoneOffset(text: string): number | undefined {
  const upper = text.toUpperCase()
  if (Object.hasOwn(ABBREVIATIONS, upper)) return (ABBREVIATIONS[upper] ?? 0) * HOUR
  return parseOffset(upper.replace(/^(?:UTC|GMT)/, '').replace(/^([+-])(\d)(?!\d)/, '$10$2'))
}

/** @throws DatabaseError 241 */
export function badText(text: string, why: string): never {
  return fail(241, `Error parsing date string '${text}'; ${why}`)
}

/** Month 1 to 12 from an English name or its first three letters in any case. */
export function parseMonth(name: string): number | undefined {
  const lower = name.toLowerCase()
  const index = MONTHS.findIndex(
    (month) => month === lower || month.slice(0, 3) === lower || lower === 'sept',
  )
  return lower === 'sept' ? 9 : index < 0 ? undefined : index + 1
}

// internals

/** Hours from UTC. Abbreviations that name several zones have the meaning they have in the server's library. */
const ABBREVIATIONS: Readonly<Record<string, number>> = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  WET: 0,
  WEST: 1,
  BST: 1,
  CET: 1,
  CEST: 2,
  EET: 2,
  EEST: 3,
  MSK: 3,
  JST: 9,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
}

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
const MONTH_PATTERN = `(${MONTHS.map((name) => (name.length === 3 ? name : `${name.slice(0, 3)}(?:${name.slice(3)})?`)).join('|')}|sept)`

/** Reads a text from left to right with anchored patterns. */
class TextReader {
  readonly #text: string
  position = 0

  constructor(text: string) {
    this.#text = text.trim()
  }

  get rest(): string {
    return this.#text.slice(this.position)
  }

  get done(): boolean {
    return this.position >= this.#text.length
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.rest)
    if (!match) return undefined
    this.position += match[0].length
    return match
  }

  /** The first form that matches and gives a valid date. */
  first(forms: readonly DateForm[]): number | undefined {
    for (const { pattern, day } of forms) {
      const match = pattern.exec(this.rest)
      const result = match ? day(match) : undefined
      if (match && result !== undefined) {
        this.position += match[0].length
        return result
      }
    }
    return undefined
  }
}

/** A way to write a date; `day` gives its day number, or undefined when the parts make no date. */
interface DateForm {
  pattern: RegExp
  day(match: RegExpExecArray): number | undefined
}

const DATE_FORMS: readonly DateForm[] = [
  {
    pattern: /^(\d{4})-?W(\d{2})(?:-?([1-7]))?/i,
    day: (m) => isoDayNumber(number(m[1]), number(m[2]), number(m[3] ?? '1')),
  },
  { pattern: /^([+-]?\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)/, day: (m) => validDay(m[1], m[2], m[3]) },
  { pattern: /^(\d{4})[-.]?(\d{3})(?!\d)/, day: (m) => dayNumber(number(m[1]), 1, number(m[2])) },
  { pattern: /^(\d{4})-(\d{2})(?![-\d])/, day: (m) => validDay(m[1], m[2], '1') },
  { pattern: /^(\d{4})(\d{2})(\d{2})(?!\d)/, day: (m) => validDay(m[1], m[2], m[3]) },
  { pattern: /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?!\d)/, day: (m) => validDay(m[3], m[1], m[2]) },
  { pattern: /^(\d{1,2})[-.](\d{1,2})[-.](\d{4})(?!\d)/, day: (m) => validDay(m[3], m[2], m[1]) },
  {
    pattern: new RegExp(
      `^(?:[a-z]{3,9},?\\s+)?(\\d{1,2})(?:st|nd|rd|th)?[-\\s.]*${MONTH_PATTERN}[-\\s.,]*(\\d{4})(?!\\d)`,
      'i',
    ),
    day: (m) => namedDay(m[3], m[2], m[1]),
  },
  {
    pattern: new RegExp(
      `^(?:[a-z]{3,9},?\\s+)?${MONTH_PATTERN}[-\\s.]*(\\d{1,2})(?:st|nd|rd|th)?[-\\s.,]+(\\d{4})(?!\\d)`,
      'i',
    ),
    day: (m) => namedDay(m[3], m[1], m[2]),
  },
  {
    pattern: new RegExp(`^(\\d{4})[-\\s.]*${MONTH_PATTERN}[-\\s.]*(\\d{1,2})(?!\\d)`, 'i'),
    day: (m) => namedDay(m[1], m[2], m[3]),
  },
]

const TIME_FORMS = [
  /^(?:\s*t|\s+|,\s*)(\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,:](\d+))?)?)?\s*([ap])\.?m\.?/i,
  /^(?:\s*t|\s+|,\s*)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d+))?)?/i,
  /^(?:\s*t|\s+)(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d+))?)?/i,
  /^\s*t(\d{2})(?!\d)/i,
]

/** Milliseconds since midnight; 0 when no time follows. */
function readTime(reader: TextReader): number {
  const word = reader.take(/^\s+(noon|midnight)(?![a-z])/i)
  if (word) return word[1]?.toLowerCase() === 'noon' ? 12 * HOUR : 0
  for (const form of TIME_FORMS) {
    const match = reader.take(form)
    if (!match) continue
    const [, hours = '0', minutes = '0', seconds = '0', fraction = '', half] = match
    const hour =
      half === undefined ? number(hours) : (number(hours) % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
    if (hour > 24 || number(minutes) > 59 || number(seconds) > 60)
      return badText(reader.rest, 'Unexpected time')
    const millisecond = number(fraction.padEnd(3, '0').slice(0, 3))
    return hour * HOUR + number(minutes) * MINUTE + number(seconds) * 1000 + millisecond
  }
  return 0
}

function readZone(reader: TextReader, text: string): number | undefined {
  const match = reader.take(/^\s*((?:utc|gmt)?[+-]\d{1,2}(?::?\d{2})?|[a-z]{1,5}(?![a-z/_]))/i)
  if (match?.[1] !== undefined) {
    return zoneOffset(match[1]) ?? badText(text, 'The timezone could not be found in the database')
  }
  if (/^\s*[a-z]/i.test(reader.rest)) {
    return badText(text, 'passing a time zone identifier as part of the string is not allowed')
  }
  return undefined
}

function namedDay(year?: string, month?: string, day?: string): number | undefined {
  const index = parseMonth(month ?? '')
  return index === undefined ? undefined : validDay(year, String(index), day)
}

function validDay(year?: string, month?: string, day?: string): number | undefined {
  const [y, m, d] = [number(year), number(month), number(day)]
  if (m < 1 || m > 12 || d < 1 || d > daysInMonth(y, m)) return undefined
  return dayNumber(y, m, d)
}

function number(digits: string | undefined): number {
  return Number(digits)
}
