import {
  civilOf,
  DAY,
  dayNumber,
  dayOf,
  daysInMonth,
  HOUR,
  localOf,
  MINUTE,
  positiveModulo,
  SECOND,
  weekdayOf,
} from './dates.ts'
import type { TimeZone } from './zones.ts'

/** The units of `$dateAdd`, `$dateDiff` and `$dateTrunc`. */
export type DateUnit =
  | 'year'
  | 'quarter'
  | 'month'
  | 'week'
  | 'day'
  | 'hour'
  | 'minute'
  | 'second'
  | 'millisecond'

export function isDateUnit(text: string): text is DateUnit {
  return Object.hasOwn(MONTHS, text) || Object.hasOwn(DAYS, text) || Object.hasOwn(MILLISECONDS, text)
}

/** 0 (Sunday) to 6 from an English day name or its first three letters in any case, or undefined. */
export function parseWeekday(text: string): number | undefined {
  const lower = text.toLowerCase()
  const index = WEEKDAYS.findIndex((name) => name === lower || name.slice(0, 3) === lower)
  return index < 0 ? undefined : index
}

/** Units of a day and more keep the wall clock and clamp to the month's end; smaller ones are exact durations. */
export function addToDate(instant: number, unit: DateUnit, amount: number, zone: TimeZone): number {
  const milliseconds = MILLISECONDS[unit]
  if (milliseconds !== undefined) return instant + amount * milliseconds
  const local = zone.toLocal(instant)
  const days = DAYS[unit]
  if (days !== undefined) return zone.toInstant(local + amount * days * DAY)
  return zone.toInstant(addMonths(local, amount * (MONTHS[unit] ?? 1)))
}

/** The number of unit borders between two instants, negative when the end comes first. */
export function dateDifference(
  start: number,
  end: number,
  unit: DateUnit,
  zone: TimeZone,
  startOfWeek: number,
): number {
  if (unit === 'millisecond') return end - start
  if (unit === 'second' || unit === 'minute') {
    const size = MILLISECONDS[unit] ?? 1
    return Math.floor(end / size) - Math.floor(start / size)
  }
  const localStart = zone.toLocal(start)
  const localEnd = zone.toLocal(end)
  switch (unit) {
    case 'hour':
      return hourDifference(localStart, localEnd, zone.offsetAt(start) - zone.offsetAt(end))
    case 'day':
      return dayOf(localEnd) - dayOf(localStart)
    case 'week':
      return weekNumber(dayOf(localEnd), startOfWeek) - weekNumber(dayOf(localStart), startOfWeek)
    default: {
      const size = MONTHS[unit] ?? 1
      return Math.floor(monthNumber(localEnd) / size) - Math.floor(monthNumber(localStart) / size)
    }
  }
}

/**
 * The start of the period of `binSize` units that holds the instant. Periods count from 2000-01-01 in the zone, for
 * weeks from the first such day of the week on or after it.
 */
export function truncateDate(
  instant: number,
  unit: DateUnit,
  binSize: number,
  zone: TimeZone,
  startOfWeek: number,
): number {
  const milliseconds = MILLISECONDS[unit]
  if (milliseconds !== undefined) {
    return instant - positiveModulo(instant - zone.toInstant(REFERENCE), milliseconds * binSize)
  }
  const local = zone.toLocal(instant)
  const days = DAYS[unit]
  if (days !== undefined) {
    const reference = REFERENCE_DAY + (unit === 'week' ? daysToWeekday(startOfWeek) : 0)
    return zone.toInstant((dayOf(local) - positiveModulo(dayOf(local) - reference, days * binSize)) * DAY)
  }
  const month = monthNumber(local)
  const start = month - positiveModulo(month - REFERENCE_MONTH, (MONTHS[unit] ?? 1) * binSize)
  return zone.toInstant(localOf(0, start + 1, 1))
}

// internals

const MONTHS: Partial<Record<DateUnit, number>> = { year: 12, quarter: 3, month: 1 }
const DAYS: Partial<Record<DateUnit, number>> = { week: 7, day: 1 }
const MILLISECONDS: Partial<Record<DateUnit, number>> = {
  hour: HOUR,
  minute: MINUTE,
  second: SECOND,
  millisecond: 1,
}
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const REFERENCE_DAY = dayNumber(2000, 1, 1)
const REFERENCE = REFERENCE_DAY * DAY
const REFERENCE_MONTH = 2000 * 12

function addMonths(local: number, months: number): number {
  const { year, month, day, hour, minute, second, millisecond } = civilOf(local)
  const target = year * 12 + month - 1 + months
  const targetYear = Math.floor(target / 12)
  const targetMonth = target - targetYear * 12 + 1
  const targetDay = Math.min(day, daysInMonth(targetYear, targetMonth))
  return localOf(targetYear, targetMonth, targetDay, hour, minute, second, millisecond)
}

/** Months since year 0. */
function monthNumber(local: number): number {
  const { year, month } = civilOf(local)
  return year * 12 + month - 1
}

function weekNumber(day: number, startOfWeek: number): number {
  return Math.floor((day - FIRST_SUNDAY - startOfWeek) / 7)
}

/** 4 January 1970. */
const FIRST_SUNDAY = 3

/** Hours on the wall clock, plus the hours by which the zone's offset shrank in between. */
function hourDifference(localStart: number, localEnd: number, offsetShrunk: number): number {
  return Math.floor(localEnd / HOUR) - Math.floor(localStart / HOUR) + Math.trunc(offsetShrunk / HOUR)
}

function daysToWeekday(weekday: number): number {
  return positiveModulo(weekday - weekdayOf(REFERENCE), 7)
}
