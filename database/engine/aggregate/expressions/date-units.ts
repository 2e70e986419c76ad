import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber, longOf, toSafeInteger } from '../../values/numbers.ts'
import { isInt32 } from '../../values/types.ts'
import {
  addToDate,
  type DateUnit,
  dateDifference,
  isDateUnit,
  parseWeekday,
  truncateDate,
} from '../date-arithmetic.ts'
import type { Expression, Operator, Scope } from '../scope.ts'
import { checkDocument, compileMember, isNullish, requiredMember, typeOf } from './arguments.ts'
import { instantOf } from './conversion.ts'
import { compileZone } from './date-parts.ts'

/** `$dateAdd`, `$dateSubtract`, `$dateDiff`, `$dateTrunc`. */
export const DATE_UNITS: Readonly<Record<string, Operator>> = {
  $dateAdd: (argument, scope, name) => addition(argument, scope, name, 1),
  $dateDiff: dateDiff,
  $dateSubtract: (argument, scope, name) => addition(argument, scope, name, -1),
  $dateTrunc: dateTrunc,
}

// internals

function addition(argument: unknown, scope: Scope, name: string, sign: 1 | -1): Expression {
  const doc = checkDocument(argument, {
    shape: [5166400, () => `${name} expects an object as its argument`],
    unknown: [
      5166401,
      (member) =>
        `Unrecognized argument to ${name}: ${member}. Expected arguments are startDate, unit, amount, and optionally timezone.`,
    ],
    required: {
      startDate: [5166402, missing(name)],
      unit: [5166402, missing(name)],
      amount: [5166402, missing(name)],
    },
    optional: ['timezone'],
  })
  const start = requiredMember(doc, 'startDate', scope)
  const unit = requiredMember(doc, 'unit', scope)
  const amount = requiredMember(doc, 'amount', scope)
  const zone = compileZone(compileMember(doc, 'timezone', scope), scope)
  return (frame) => {
    const [from, unitValue, count] = [start(frame), unit(frame), amount(frame)]
    const place = zone(frame)
    if (isNullish(from) || isNullish(unitValue) || isNullish(count) || place === null) return null
    const instant = instantOf(from)
    if (instant === undefined) {
      return fail(5166403, `${name} requires startDate to be convertible to a date, but got ${typeOf(from)}`)
    }
    const timeUnit = additionUnit(name, unitValue)
    const whole = isNumber(count) ? toSafeInteger(count) : undefined
    if (whole === undefined) {
      return fail(5166405, `${name} expects integer amount of time units, but got ${describeValue(count)}`)
    }
    const result = new Date(addToDate(instant, timeUnit, sign * whole, place))
    return Number.isNaN(result.getTime())
      ? fail(5166406, `${name} overflowed, the result is out of range for a date`)
      : result
  }
}

/** The unit of `$dateDiff` and `$dateTrunc`. @throws DatabaseError 5439013 or 5439014 */
function unitArgument(name: string, value: unknown): DateUnit {
  if (typeof value !== 'string') {
    return fail(5439013, `${name} requires 'unit' to be a string, but got ${typeOf(value)}`)
  }
  return isDateUnit(value)
    ? value
    : fail(5439014, `${name} parameter 'unit' value cannot be recognized as a time unit: ${value}`)
}

/** The unit of `$dateAdd` and `$dateSubtract`. @throws DatabaseError 5166404 or 9 */
function additionUnit(name: string, value: unknown): DateUnit {
  if (typeof value !== 'string') return fail(5166404, `${name} expects string defining the time unit`)
  return isDateUnit(value) ? value : fail(9, `unknown time unit value: ${value}`)
}

function missing(name: string): string {
  return `${name} requires startDate, unit, and amount to be present`
}

function dateDiff(argument: unknown, scope: Scope): Expression {
  const absent = (code: number, member: string) =>
    [code, `Missing '${member}' parameter to $dateDiff`] as const
  const doc = checkDocument(argument, {
    shape: [5166301, () => '$dateDiff only supports an object as its argument'],
    unknown: [5166302, (member) => `Unrecognized argument to $dateDiff: ${member}`],
    required: {
      startDate: absent(5166303, 'startDate'),
      endDate: absent(5166304, 'endDate'),
      unit: absent(5166305, 'unit'),
    },
    optional: ['timezone', 'startOfWeek'],
  })
  const start = requiredMember(doc, 'startDate', scope)
  const end = requiredMember(doc, 'endDate', scope)
  const unit = requiredMember(doc, 'unit', scope)
  const zone = compileZone(compileMember(doc, 'timezone', scope), scope)
  const startOfWeek = compileMember(doc, 'startOfWeek', scope)
  return (frame) => {
    const [from, to, unitValue] = [start(frame), end(frame), unit(frame)]
    const place = zone(frame)
    if (isNullish(from) || isNullish(to) || isNullish(unitValue) || place === null) return null
    const timeUnit = unitArgument('$dateDiff', unitValue)
    const weekday = weekdayArgument('$dateDiff', 5439015, timeUnit, startOfWeek?.(frame))
    if (weekday === null) return null
    const instants = [
      dateValue('$dateDiff', 'startDate', 5166307, from),
      dateValue('$dateDiff', 'endDate', 5166307, to),
    ]
    const difference = dateDifference(instants[0]!, instants[1]!, timeUnit, place, weekday)
    return isInt32(difference) ? difference : longOf(BigInt(difference))
  }
}

function dateValue(name: string, member: string, code: number, value: unknown): number {
  return instantOf(value) ?? fail(code, `${name} requires '${member}' to be a date, but got ${typeOf(value)}`)
}

/** First day of the week, 0 for Sunday; null when the expression for it gives null. It only matters for weeks. */
function weekdayArgument(name: string, code: number, unit: DateUnit, value: unknown): number | null {
  if (unit !== 'week' || value === undefined) return 0
  if (isNullish(value)) return null
  if (typeof value !== 'string') {
    return fail(code, `${name} requires 'startOfWeek' to be a string, but got ${typeOf(value)}`)
  }
  return (
    parseWeekday(value) ??
    fail(5439016, `${name} parameter 'startOfWeek' value cannot be recognized as a day of a week: ${value}`)
  )
}

function dateTrunc(argument: unknown, scope: Scope): Expression {
  const doc = checkDocument(argument, {
    shape: [5439007, () => '$dateTrunc only supports an object as its argument'],
    unknown: [5439008, (member) => `Unrecognized argument to $dateTrunc: ${member}`],
    required: {
      date: [5439009, "Missing 'date' parameter to $dateTrunc"],
      unit: [5439010, "Missing 'unit' parameter to $dateTrunc"],
    },
    optional: ['binSize', 'timezone', 'startOfWeek'],
  })
  const date = requiredMember(doc, 'date', scope)
  const unit = requiredMember(doc, 'unit', scope)
  const binSize = compileMember(doc, 'binSize', scope)
  const zone = compileZone(compileMember(doc, 'timezone', scope), scope)
  const startOfWeek = compileMember(doc, 'startOfWeek', scope)
  return (frame) => {
    const [value, unitValue, size] = [date(frame), unit(frame), binSize ? binSize(frame) : 1]
    const place = zone(frame)
    if (isNullish(value) || isNullish(unitValue) || isNullish(size) || place === null) return null
    const timeUnit = unitArgument('$dateTrunc', unitValue)
    const weekday = weekdayArgument('$dateTrunc', 5439015, timeUnit, startOfWeek?.(frame))
    if (weekday === null) return null
    const instant = dateValue('$dateTrunc', 'date', 5439012, value)
    return new Date(truncateDate(instant, timeUnit, binArgument(size), place, weekday))
  }
}

function binArgument(value: unknown): number {
  const size = isNumber(value) ? toSafeInteger(value) : undefined
  if (size === undefined) {
    return fail(
      5439017,
      `$dateTrunc requires 'binSize' to be a 64-bit integer, but got value '${describeValue(value)}' of type ${typeOf(value)}`,
    )
  }
  return size > 0
    ? size
    : fail(5439018, `$dateTrunc requires 'binSize' to be greater than 0, but got value ${size}`)
}
