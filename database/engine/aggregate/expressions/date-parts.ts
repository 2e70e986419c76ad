import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber, toDouble, toSafeInteger } from '../../values/numbers.ts'
import { type Doc, isDocument } from '../../values/types.ts'
import {
  civilOf,
  DAY,
  dayNumber,
  dayOfYear,
  HOUR,
  isoDayNumber,
  isoWeekOf,
  MINUTE,
  SECOND,
  weekdayOf,
  weekOfYear,
} from '../dates.ts'
import type { Expression, Frame, Operator, Scope } from '../scope.ts'
import { type TimeZone, UTC } from '../zones.ts'
import { checkDocument, compileMember, isNullish, requiredMember, typeOf } from './arguments.ts'
import { instantOf } from './conversion.ts'

/** Single parts of a date (`$year` …), `$dateToParts` and `$dateFromParts`. */
export const DATE_PARTS: Readonly<Record<string, Operator>> = {
  $dayOfMonth: part((local) => civilOf(local).day),
  $dayOfWeek: part((local) => weekdayOf(local) + 1),
  $dayOfYear: part(dayOfYear),
  $hour: part((local) => civilOf(local).hour),
  $isoDayOfWeek: part((local) => isoWeekOf(local).weekday),
  $isoWeek: part((local) => isoWeekOf(local).week),
  $isoWeekYear: part((local) => isoWeekOf(local).year),
  $millisecond: part((local) => civilOf(local).millisecond),
  $minute: part((local) => civilOf(local).minute),
  $month: part((local) => civilOf(local).month),
  $second: part((local) => civilOf(local).second),
  $week: part(weekOfYear),
  $year: part((local) => civilOf(local).year),
  $dateFromParts: dateFromParts,
  $dateToParts: dateToParts,
}

/** The instant of a value that must be a date. @throws DatabaseError 16006 */
export function dateArgument(value: unknown): number {
  return instantOf(value) ?? fail(16006, `can't convert from BSON type ${typeOf(value)} to Date`)
}

/** The zone an operator works in: null when the expression gives null, UTC when there is no expression. */
export function compileZone(
  timezone: Expression | undefined,
  scope: Scope,
): (frame: Frame) => TimeZone | null {
  if (!timezone) return () => UTC
  return (frame) => {
    const value = timezone(frame)
    if (isNullish(value)) return null
    if (typeof value !== 'string') {
      return fail(40517, `timezone must evaluate to a string, found ${typeOf(value)}`)
    }
    return scope.zones.get(value)
  }
}

// internals

function part(run: (local: number) => unknown): Operator {
  return (argument, scope, name) => {
    const { date, timezone } = partArguments(argument, scope, name)
    const zone = compileZone(timezone, scope)
    return (frame) => {
      const value = date(frame)
      const place = zone(frame)
      return isNullish(value) || place === null ? null : run(place.toLocal(dateArgument(value)))
    }
  }
}

function partArguments(
  argument: unknown,
  scope: Scope,
  name: string,
): { date: Expression; timezone?: Expression } {
  if (Array.isArray(argument)) {
    if (argument.length !== 1) {
      fail(40536, `${name} accepts exactly one argument if given an array, but was given ${argument.length}`)
    }
    return { date: scope.compile(argument[0]) }
  }
  const [first = ''] = isDocument(argument) ? Object.keys(argument) : ['$']
  if (!isDocument(argument) || first.startsWith('$')) return { date: scope.compile(argument) }
  const doc = checkDocument(argument, {
    shape: [40539, () => ''],
    unknown: [40535, (member) => `unrecognized option to ${name}: "${member}"`],
    required: { date: [40539, `missing 'date' argument to ${name}, provided: ${describeValue(argument)}`] },
    optional: ['timezone'],
  })
  const timezone = compileMember(doc, 'timezone', scope)
  const date = requiredMember(doc, 'date', scope)
  return timezone ? { date, timezone } : { date }
}

function dateToParts(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [40524, () => '$dateToParts only supports an object as its argument'],
    unknown: [40520, (member) => `Unrecognized argument to $dateToParts: ${member}`],
    required: { date: [40522, "Missing 'date' parameter to $dateToParts"] },
    optional: ['timezone', 'iso8601'],
  })
  const date = requiredMember(doc, 'date', scope)
  const zone = compileZone(compileMember(doc, 'timezone', scope), scope)
  const iso = compileMember(doc, 'iso8601', scope)
  return (frame) => {
    const value = date(frame)
    const place = zone(frame)
    const weeks = iso ? iso(frame) : false
    if (isNullish(value) || place === null || isNullish(weeks)) return null
    if (typeof weeks !== 'boolean') {
      return fail(40521, `iso8601 must evaluate to a bool, found ${typeOf(weeks)}`)
    }
    return partsOf(place.toLocal(dateArgument(value)), weeks)
  }
}

function partsOf(local: number, weeks: boolean): Doc {
  const { year, month, day, hour, minute, second, millisecond } = civilOf(local)
  if (!weeks) return { year, month, day, hour, minute, second, millisecond }
  const iso = isoWeekOf(local)
  return {
    isoWeekYear: iso.year,
    isoWeek: iso.week,
    isoDayOfWeek: iso.weekday,
    hour,
    minute,
    second,
    millisecond,
  }
}

const CIVIL = ['year', 'month', 'day']
const ISO = ['isoWeekYear', 'isoWeek', 'isoDayOfWeek']
const CLOCK = ['hour', 'minute', 'second', 'millisecond']
const SIZES = [HOUR, MINUTE, SECOND, 1]

function dateFromParts(argument: unknown, scope: Scope): Expression {
  if (!isDocument(argument)) return fail(40519, '$dateFromParts only supports an object as its argument')
  for (const member of Object.keys(argument)) {
    if (![...CIVIL, ...ISO, ...CLOCK, 'timezone'].includes(member)) {
      fail(40518, `Unrecognized argument to $dateFromParts: ${member}`)
    }
  }
  const has = (member: string) => Object.hasOwn(argument, member)
  if (!has('year') && !has('isoWeekYear')) {
    fail(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present")
  }
  if (has('year') && ISO.some(has)) {
    fail(40489, '$dateFromParts does not allow mixing natural dates with ISO dates')
  }
  if (has('isoWeekYear') && (has('month') || has('day'))) {
    fail(40525, '$dateFromParts does not allow mixing ISO dates with natural dates')
  }
  return compileFromParts(argument, has('year') ? CIVIL : ISO, scope)
}

function compileFromParts(doc: Doc, names: readonly string[], scope: Scope): Expression {
  const members = [...names, ...CLOCK].map((name) => ({ name, value: compileMember(doc, name, scope) }))
  const zone = compileZone(compileMember(doc, 'timezone', scope), scope)
  return (frame) => {
    const parts: number[] = []
    for (const [i, { name, value }] of members.entries()) {
      const part = value ? partNumber(name, value(frame)) : i < names.length ? 1 : 0
      if (part === null) return null
      parts.push(part)
    }
    const place = zone(frame)
    if (place === null) return null
    const [a = 0, b = 1, c = 1, ...clock] = parts
    checkYear(names[0] ?? '', a)
    const day = names === CIVIL ? dayNumber(a, b, c) : isoDayNumber(a, b, c)
    const time = clock.reduce((sum, count, i) => sum + count * (SIZES[i] ?? 1), 0)
    return new Date(place.toInstant(day * DAY + time))
  }
}

function checkYear(name: string, year: number): void {
  if (year < 1 || year > 9999) {
    fail(
      name === 'year' ? 40523 : 31095,
      `'${name}' must evaluate to an integer in the range 1 to 9999, found ${year}`,
    )
  }
}

function partNumber(name: string, value: unknown): number | null {
  if (isNullish(value)) return null
  const whole = isNumber(value) ? toSafeInteger(value) : undefined
  if (whole === undefined) {
    return fail(
      40515,
      `'${name}' must evaluate to an integer, found ${typeOf(value)} with value ${describeValue(value)}`,
    )
  }
  if (Math.abs(toDouble(value)) > 32767 && name !== 'second' && name !== 'millisecond') {
    return fail(
      31034,
      `'${name}' must evaluate to a value in the range [-32768, 32767]; value ${whole} is not in range`,
    )
  }
  return whole
}
