/**
 * Calendar arithmetic on milliseconds (proleptic Gregorian, as MongoDB's date operators use it).
 *
 * A "local" time here is a count of milliseconds that reads as wall clock when taken as UTC: zone offsets are
 * added before and removed after (zones.ts), so this file knows no zones.
 */

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** The parts of a wall clock time. Month and day count from 1. */
export interface Civil {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  millisecond: number
}

/** Position in the ISO 8601 week calendar; weekday 1 is Monday. */
export interface IsoWeek {
  year: number
  week: number
  weekday: number
}

/** Splits a local time into its parts. */
export function civilOf(local: number): Civil {
  const date = new Date(local)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  }
}

/** Joins parts into a local time. Every part may lie outside its usual range and then carries. */
export function localOf(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
  millisecond = 0,
): number {
  return dayNumber(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND + millisecond
}

/** Days since 1970-01-01 of a date; month and day may lie outside their range. */
export function dayNumber(year: number, month: number, day: number): number {
  const months = year * 12 + (month - 1)
  const wholeYear = Math.floor(months / 12)
  const monthIndex = months - wholeYear * 12
  return daysBeforeYear(wholeYear) + daysBeforeMonth(wholeYear, monthIndex) + (day - 1) - DAYS_TO_1970
}

/** Days since 1970-01-01 on which a local time falls. */
export function dayOf(local: number): number {
  return Math.floor(local / DAY)
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (MONTH_LENGTHS[month - 1] ?? 0)
}

/** 1 (1 January) to 366. */
export function dayOfYear(local: number): number {
  return dayOf(local) - dayNumber(new Date(local).getUTCFullYear(), 1, 1) + 1
}

/** 0 (Sunday) to 6 (Saturday). */
export function weekdayOf(local: number): number {
  return positiveModulo(dayOf(local) + EPOCH_WEEKDAY, 7)
}

/** Week of the year, 0 to 53; a week begins on Sunday and the days before the first Sunday are week 0. */
export function weekOfYear(local: number): number {
  return Math.floor((dayOfYear(local) + 6 - weekdayOf(local)) / 7)
}

/** ISO 8601 week: Monday first, the week belongs to the year of its Thursday. */
export function isoWeekOf(local: number): IsoWeek {
  const weekday = weekdayOf(local) || 7
  const thursday = (dayOf(local) + 4 - weekday) * DAY
  const year = new Date(thursday).getUTCFullYear()
  return { year, week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1, weekday }
}

/** Days since 1970-01-01 of an ISO week date; week and weekday may lie outside their range. */
export function isoDayNumber(year: number, week: number, weekday: number): number {
  const fourth = dayNumber(year, 1, 4)
  const weekdayOfFourth = positiveModulo(fourth + EPOCH_WEEKDAY, 7) || 7
  return fourth - (weekdayOfFourth - 1) + (week - 1) * 7 + (weekday - 1)
}

/** Remainder with the divisor's sign. */
export function positiveModulo(value: number, divisor: number): number {
  const rest = value % divisor
  return rest < 0 ? rest + divisor : rest
}

// internals

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const MONTH_STARTS = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
/** 1 January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 4
const DAYS_TO_1970 = daysBeforeYear(1970)

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

function daysBeforeYear(year: number): number {
  const past = year - 1
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
}

function daysBeforeMonth(year: number, monthIndex: number): number {
  return (MONTH_STARTS[monthIndex] ?? 0) + (monthIndex > 1 && isLeap(year) ? 1 : 0)
}
