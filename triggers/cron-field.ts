/** One field of a cron expression: its range, and its text turned into the values it stands for. */
import { CronError, type CronFieldName, type CronWarning } from './cron-error.ts'

export interface CronField {
  name: CronFieldName
  min: number
  max: number
}

/** In the order they are written (spec/triggers.md §2). Weekday 0 is Sunday; 7 is not. */
export const cronFields: readonly CronField[] = [
  { name: 'second', min: 0, max: 59 },
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12 },
  { name: 'weekday', min: 0, max: 6 },
  { name: 'year', min: 1970, max: 2099 },
]

/** The values a field allows. */
export interface FieldValues {
  /** Ascending, without duplicates, never empty. */
  readonly sorted: readonly number[]
  readonly has: (value: number) => boolean
  /** False when the text is exactly `*`; decides the day rule (spec/triggers.md §3). */
  readonly given: boolean
}

/**
 * Reads `item *("," item)` with `item = base ["/" step]` (spec/triggers.md §2).
 *
 * @param expression the whole expression, for messages
 * @param warn is told of items that do less than they seem to
 * @throws CronError at the first bad item, step before base
 */
export function parseField(
  text: string,
  field: CronField,
  expression: string,
  warn: (warning: CronWarning) => void,
): FieldValues {
  const values = new Set<number>()
  for (const item of text.split(',')) {
    const { from, to, step } = parseItem(item, text, field, expression)
    const span = field.max - field.min
    if (step > span) {
      warn({
        code: 'STEP_TOO_LARGE',
        field: field.name,
        value: item,
        message: `cron expression "${expression}": the step of ${describe(field, item)} is larger than the field, only ${from} matches`,
      })
    }
    for (let value = from; value <= to; value += step) values.add(value)
  }
  return {
    sorted: [...values].sort((a, b) => a - b),
    has: (value) => values.has(value),
    given: text !== '*',
  }
}

// internals

interface Item {
  from: number
  to: number
  step: number
}

function parseItem(item: string, text: string, field: CronField, expression: string): Item {
  const range = `${field.min}-${field.max}`
  if (item === '') {
    throw new CronError('EMPTY_ITEM', expression, `${describe(field, text)} has an empty list item`, {
      field: field.name,
      value: text,
      allowed: `"*", numbers ${range}, ranges and steps, separated by single commas`,
    })
  }
  const [base = '', ...steps] = item.split('/')
  const step = steps.length === 0 ? undefined : parseStep(base, steps, item, field, expression)
  if (base === '*') return { from: field.min, to: field.max, step: step ?? 1 }
  const { from, to } = parseBase(base, item, field, expression)
  // `a/n` runs up to the end of the field, its first value included (spec/triggers.md §2).
  return { from, to: to ?? (step === undefined ? from : field.max), step: step ?? 1 }
}

function parseStep(
  base: string,
  steps: string[],
  item: string,
  field: CronField,
  expression: string,
): number {
  const [step = ''] = steps
  if (base === '' || steps.length > 1 || !isNumber(step) || Number(step) < 1) {
    throw new CronError('BAD_STEP', expression, `${describe(field, item)} has a bad step`, {
      field: field.name,
      value: item,
      allowed: `"*/n", "a/n" or "a-b/n" with n an integer of at least 1`,
    })
  }
  return Number(step)
}

/** A number or a closed range; `to` is absent for a number. */
function parseBase(
  base: string,
  item: string,
  field: CronField,
  expression: string,
): { from: number; to?: number } {
  const range = `${field.min}-${field.max}`
  if (!/^[\d-]+$/.test(base)) {
    throw new CronError('BAD_TOKEN', expression, `${describe(field, item)} is not understood`, {
      field: field.name,
      value: item,
      allowed: `"*", integers ${range} and "," "-" "/" (no names, "?", "L", "W" or "#")`,
    })
  }
  const ends = base.split('-')
  const badRange = (): never => {
    throw new CronError('BAD_RANGE', expression, `${describe(field, item)} is not a range`, {
      field: field.name,
      value: item,
      allowed: `"a-b" with a not above b, both within ${range}`,
    })
  }
  if (ends.length > 2 || !ends.every(isNumber)) badRange()
  const [from = 0, to] = ends.map((end) => inRange(end, item, field, expression))
  if (to === undefined) return { from }
  return from > to ? badRange() : { from, to }
}

function inRange(digits: string, item: string, field: CronField, expression: string): number {
  const value = Number(digits)
  if (value < field.min || value > field.max) {
    throw new CronError('OUT_OF_RANGE', expression, `${describe(field, item)} is out of range`, {
      field: field.name,
      value: item,
      allowed: `${field.min}-${field.max}${field.name === 'weekday' ? ', 0 is Sunday' : ''}`,
    })
  }
  return value
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

function describe(field: CronField, value: string): string {
  return `${field.name} (field ${cronFields.indexOf(field) + 1}) "${value}"`
}
