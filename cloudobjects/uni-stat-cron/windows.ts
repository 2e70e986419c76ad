/** Spans of time that statistics are made for, all in China's time (spec/uni-pay.md §5). */

export const allDimensions = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const

export type Dimension = (typeof allDimensions)[number]

export function isDimension(name: unknown): name is Dimension {
  return (allDimensions as readonly unknown[]).includes(name)
}

export interface Window {
  dimension: Dimension
  /** ms, both inclusive. */
  start: number
  end: number
  statDate: StatDate
}

/** Following one another, equally long. */
export type Windows = readonly [Window, ...Window[]]

/** Of the start; months and quarters have no day in `date_str`, years no month. */
export interface StatDate {
  date_str: string
  year: number
  month: number
  day: number
  hour: number
}

/**
 * The window that an instant lies in.
 *
 * @param time ms
 * @param offset windows to go on from there; −1: the one before
 */
export function windowOf(dimension: Dimension, time: number, offset = 0): Window {
  const [year, month, day, hour] = partsOf(time)
  const start = startOf(dimension, { year, month, day, hour }, offset)
  const end = startOf(dimension, { year, month, day, hour }, offset + 1) - 1
  return { dimension, start, end, statDate: statDateOf(dimension, start) }
}

/**
 * The time that windows take up together, to add them up in one go.
 *
 * @returns ms, and the expression of a pipeline that gives the place of a time among them
 */
export function spanOf(windows: Windows): {
  start: number
  end: number
  indexOf(field: string): UniCloudGuest.Row
} {
  const { start, end } = windows[0]
  const step = end + 1 - start
  return {
    start,
    end: start + windows.length * step - 1,
    indexOf: (field) => ({ $floor: { $divide: [{ $subtract: [field, start] }, step] } }),
  }
}

/** 0 to 23. @param time ms */
export function hourOf(time: number): number {
  return partsOf(time)[3]
}

// internals

const offsetOfChina = 8 * 3600_000

interface Parts {
  year: number
  /** 0 to 11 */
  month: number
  day: number
  hour: number
}

function partsOf(time: number): [year: number, month: number, day: number, hour: number] {
  const date = new Date(time + offsetOfChina)
  return [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours()]
}

function startOf(dimension: Dimension, { year, month, day, hour }: Parts, offset: number): number {
  const at = (y: number, m: number, d = 1, h = 0): number => Date.UTC(y, m, d, h) - offsetOfChina
  switch (dimension) {
    case 'hour':
      return at(year, month, day, hour + offset)
    case 'day':
      return at(year, month, day + offset)
    case 'week': {
      // Weeks begin on Monday.
      const weekday = (new Date(Date.UTC(year, month, day)).getUTCDay() + 6) % 7
      return at(year, month, day - weekday + 7 * offset)
    }
    case 'month':
      return at(year, month + offset)
    case 'quarter':
      return at(year, month - (month % 3) + 3 * offset)
    case 'year':
      return at(year + offset, 0)
  }
}

function statDateOf(dimension: Dimension, start: number): StatDate {
  const [year, month, day, hour] = partsOf(start)
  const two = (value: number): string => String(value).padStart(2, '0')
  const months = dimension === 'month' || dimension === 'quarter'
  const rest = dimension === 'year' ? '' : months ? `-${two(month + 1)}` : `-${two(month + 1)}-${two(day)}`
  return { date_str: `${year}${rest}`, year, month: month + 1, day, hour }
}
