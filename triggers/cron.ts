/**
 * Cron expressions as uniCloud reads them: seven fields on tencent, six on aliyun and alipay, always in UTC+8
 * (spec/triggers.md §2, §3). Own code, because a library would have to be fenced in on every side: cron-parser and
 * croner take names, `?`, `L`, `W` and weekday 7, know no year field, and one of them refuses `a/n`.
 */
import { CronError, type CronWarning } from './cron-error.ts'
import { cronFields, type FieldValues, parseField } from './cron-field.ts'

export type { CronErrorCode, CronFieldName, CronWarning, CronWarningCode } from './cron-error.ts'
export { CronError } from './cron-error.ts'

/** Whose rules apply; `dcloud`, the self-hosted edition, takes six or seven fields by tencent's rules. */
export type CronProvider = 'tencent' | 'aliyun' | 'alipay' | 'dcloud'

/**
 * Parses and checks an expression as written in package.json.
 *
 * @throws CronError the first problem, in the order of spec/triggers.md §3: field count, aliyun's second, each field
 *   from left to right, day against weekday, never fires
 */
export function parseCron(expression: string, provider: CronProvider): Cron {
  const texts = expression.split(/\s+/).filter((text) => text !== '')
  checkFieldCount(texts.length, expression, provider)
  if (provider === 'aliyun') checkAliyunSecond(texts[0] ?? '', expression)

  const warnings: CronWarning[] = []
  const yearCounts = provider === 'tencent' || provider === 'dcloud'
  const yearText = texts[6]
  if (!yearCounts && yearText !== undefined && yearText !== '*') {
    warnings.push({
      code: 'YEAR_IGNORED',
      field: 'year',
      value: yearText,
      message: `cron expression "${expression}": ${provider} has no year field, "${yearText}" is ignored; write "*"`,
    })
  }
  const fields = cronFields.map((field, index) => {
    const text = field.name === 'year' && !yearCounts ? '*' : (texts[index] ?? '*')
    return parseField(text, field, expression, (warning) => warnings.push(warning))
  })
  const [second, minute, hour, day, month, weekday, year] = fields as SevenFields
  if (provider === 'aliyun' && day.given && weekday.given) {
    throw new CronError(
      'DOM_DOW_CONFLICT',
      expression,
      'day (field 4) and weekday (field 6) are both given',
      {
        field: 'weekday',
        value: texts[5] ?? '',
        allowed: 'on aliyun one of the two must be "*"',
      },
    )
  }
  const cron = new Cron(expression, warnings, { second, minute, hour, day, month, weekday, year })
  // Without a year field the leap-year cycle decides, and that is complete from 2000 on (spec/triggers.md §3).
  if (!cron.nextAfter(new Date(yearCounts ? '1969-12-31T15:59:59Z' : '1999-12-31T15:59:59Z'))) {
    throw new CronError('NEVER_FIRES', expression, 'no date matches it', {
      field: 'day',
      value: texts[3] ?? '',
      allowed: 'a day that exists in one of the given months and years',
    })
  }
  return cron
}

/** A parsed expression. */
export class Cron {
  readonly expression: string
  readonly warnings: readonly CronWarning[]
  readonly #fields: CronFieldValues

  /** Made by `parseCron`. */
  constructor(expression: string, warnings: readonly CronWarning[], fields: CronFieldValues) {
    this.expression = expression
    this.warnings = warnings
    this.#fields = fields
  }

  /**
   * The first instant strictly after the reference at which the expression matches: always a whole second, never
   * past 2099-12-31T23:59:59+08:00. Undefined when there is none.
   *
   * @throws RangeError for an invalid date
   */
  nextAfter(reference: Date): Date | undefined {
    const ms = reference.getTime()
    if (Number.isNaN(ms)) throw new RangeError('nextAfter: the reference is not a valid date')
    const wall = Math.max(Math.floor(ms / 1000) + 1 + zoneSeconds, 0)
    const today = Math.floor(wall / daySeconds)
    const day = this.#dayFrom(today)
    if (day === undefined) return undefined
    const time = this.#timeFrom(day === today ? wall % daySeconds : 0)
    if (time !== undefined) return instant(day, time)
    const later = this.#dayFrom(day + 1)
    return later === undefined ? undefined : instant(later, this.#timeFrom(0) ?? 0)
  }

  /** Up to `count` instants after the reference, ascending. */
  upcoming(reference: Date, count: number): Date[] {
    const found: Date[] = []
    for (let next = this.nextAfter(reference); next && found.length < count; next = this.nextAfter(next)) {
      found.push(next)
    }
    return found
  }

  /** Days are counted from 1970-01-01 in UTC+8; years and months that do not match are jumped over. */
  #dayFrom(start: number): number | undefined {
    const { year, month } = this.#fields
    for (let day = start; day <= lastDay; ) {
      const date = new Date(day * daySeconds * 1000)
      if (!year.has(date.getUTCFullYear())) day = dayNumber(date.getUTCFullYear() + 1, 0)
      else if (!month.has(date.getUTCMonth() + 1))
        day = dayNumber(date.getUTCFullYear(), date.getUTCMonth() + 1)
      else if (this.#dayMatches(date)) return day
      else day += 1
    }
    return undefined
  }

  /** The day rule: both given means either, one given decides alone (spec/triggers.md §3). */
  #dayMatches(date: Date): boolean {
    const { day, weekday } = this.#fields
    const dayHit = day.has(date.getUTCDate())
    const weekdayHit = weekday.has(date.getUTCDay())
    return day.given && weekday.given ? dayHit || weekdayHit : dayHit && weekdayHit
  }

  /** First matching second of the day at or after `start`. */
  #timeFrom(start: number): number | undefined {
    const { hour, minute, second } = this.#fields
    const startHour = Math.floor(start / 3600)
    const startMinute = Math.floor(start / 60)
    for (const h of hour.sorted) {
      if (h < startHour) continue
      for (const m of minute.sorted) {
        if (h * 60 + m < startMinute) continue
        for (const s of second.sorted) {
          if (h * 3600 + m * 60 + s >= start) return h * 3600 + m * 60 + s
        }
      }
    }
    return undefined
  }
}

// internals

type CronFieldValues = Record<
  'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday' | 'year',
  FieldValues
>
type SevenFields = [FieldValues, FieldValues, FieldValues, FieldValues, FieldValues, FieldValues, FieldValues]

const daySeconds = 86_400
const zoneSeconds = 8 * 3600
const lastDay = dayNumber(2099, 11, 31)

function dayNumber(year: number, monthIndex: number, day = 1): number {
  return Date.UTC(year, monthIndex, day) / (daySeconds * 1000)
}

function instant(day: number, secondOfDay: number): Date {
  return new Date((day * daySeconds + secondOfDay - zoneSeconds) * 1000)
}

function checkFieldCount(count: number, expression: string, provider: CronProvider): void {
  if (count === 7 || (count === 6 && provider !== 'tencent')) return
  const allowed =
    provider === 'tencent'
      ? 'on tencent 7 fields: second minute hour day month weekday year'
      : `on ${provider} 6 fields, second minute hour day month weekday, or 7 with the year last`
  throw new CronError('FIELD_COUNT', expression, `it has ${count} field${count === 1 ? '' : 's'}`, {
    allowed,
  })
}

/** The shortest period on aliyun is a minute, which it enforces by this rule (spec/triggers.md §2). */
function checkAliyunSecond(text: string, expression: string): void {
  if (/^\d+$/.test(text)) return
  throw new CronError('ALIYUN_SECOND', expression, `second (field 1) "${text}" is not a plain integer`, {
    field: 'second',
    value: text,
    allowed: 'on aliyun one integer 0-59, without "*" "," "-" "/"',
  })
}
