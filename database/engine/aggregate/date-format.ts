import { fail } from '../errors.ts'
import { civilOf, dayOfYear, isoWeekOf, MINUTE, weekdayOf, weekOfYear } from './dates.ts'
import type { TimeZone } from './zones.ts'

/** The default of `$dateToString`; up to 7.0 the server writes the `Z` in every zone. */
export const ISO_FORMAT = '%Y-%m-%dT%H:%M:%S.%LZ'

export const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** Writes an instant in a zone. */
export type DateWriter = (instant: number, zone: TimeZone) => string

/**
 * Compiles a `$dateToString` format.
 * @throws DatabaseError 18535 for a lone `%` at the end, 18536 for an unknown letter
 */
export function compileDateFormat(format: string): DateWriter {
  const pieces = splitFormat(format).map((piece) => (piece.startsWith('%') ? specifier(piece) : piece))
  return (instant, zone) => {
    const local = zone.toLocal(instant)
    let text = ''
    for (const piece of pieces) text += typeof piece === 'string' ? piece : piece(local, instant, zone)
    return text
  }
}

/** Offset in the form `+hhmm`. */
export function offsetText(offset: number): string {
  const minutes = Math.abs(Math.trunc(offset / MINUTE))
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${pad(minutes % 60, 2)}`
}

/** Cuts a format into literal texts and two-character specifiers. */
export function splitFormat(format: string): string[] {
  const pieces = format.match(/%[\s\S]|[^%]+|%$/g) ?? []
  if (pieces.at(-1) === '%') return fail(18535, "Unmatched '%' at end of format string")
  return pieces
}

/** @throws DatabaseError 18536, also as the answer of other readers of formats */
export function badSpecifier(piece: string): never {
  return fail(18536, `Invalid format character '${piece}' in format string`)
}

// internals

type PieceWriter = (local: number, instant: number, zone: TimeZone) => string

const SPECIFIERS: Record<string, PieceWriter> = {
  '%%': () => '%',
  '%b': (local) => (MONTH_NAMES[civilOf(local).month - 1] ?? '').slice(0, 3),
  '%B': (local) => MONTH_NAMES[civilOf(local).month - 1] ?? '',
  '%d': (local) => pad(civilOf(local).day, 2),
  '%G': (local) => yearText(isoWeekOf(local).year),
  '%H': (local) => pad(civilOf(local).hour, 2),
  '%j': (local) => pad(dayOfYear(local), 3),
  '%L': (local) => pad(civilOf(local).millisecond, 3),
  '%m': (local) => pad(civilOf(local).month, 2),
  '%M': (local) => pad(civilOf(local).minute, 2),
  '%S': (local) => pad(civilOf(local).second, 2),
  '%u': (local) => String(isoWeekOf(local).weekday),
  '%U': (local) => pad(weekOfYear(local), 2),
  '%V': (local) => pad(isoWeekOf(local).week, 2),
  '%w': (local) => String(weekdayOf(local) + 1),
  '%Y': (local) => yearText(civilOf(local).year),
  '%z': (_local, instant, zone) => offsetText(zone.offsetAt(instant)),
  '%Z': (_local, instant, zone) => String(Math.trunc(zone.offsetAt(instant) / MINUTE)),
}

function specifier(piece: string): PieceWriter {
  return (Object.hasOwn(SPECIFIERS, piece) ? SPECIFIERS[piece] : undefined) ?? badSpecifier(piece)
}

function yearText(year: number): string {
  if (year < 0 || year > 9999) {
    fail(18537, `$dateToString is only defined on year 0-9999, tried to use year ${year}`)
  }
  return pad(year, 4)
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
