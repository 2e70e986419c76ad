/** Rows of a period that has passed: for orders that were there before the statistics, or that were mended since. */
import { Dimensions } from './dimensions.ts'
import { makePayResult } from './pay-result.ts'
import { allDimensions, type Dimension, isDimension, type Window, type Windows, windowOf } from './windows.ts'

export interface BackfillParams {
  /** Any instant of the first and of the last window, ms or ISO 8601. `to` defaults to now. */
  from?: number | string
  to?: number | string
  /** Default: all. */
  dimensions?: Dimension[]
  /** ms, after which it stops and says where to go on; default 40,000. A call has 60 s. */
  budget?: number
}

export type Backfilled =
  | {
      errCode: 0
      windows: number
      rows: number
      /** Call again with it as `from`; absent when all is done. */
      next?: number
    }
  | { errCode: 'uni-stat-invalid-period'; errMsg: string }

/**
 * Every window that the period touches is made anew, whole days after one another, so that it can go on later. Rows
 * that are right already come out the same.
 */
export async function backfill(params: BackfillParams, now: number): Promise<Backfilled> {
  const from = timeOf(params.from)
  const to = timeOf(params.to ?? now)
  const { dimensions = allDimensions, budget = 40_000 } = params
  if (from === undefined || to === undefined || from > to)
    return invalid('from and to are ms or ISO 8601 times, from not after to')
  if (!Array.isArray(dimensions) || !dimensions.every(isDimension))
    return invalid(`dimensions are ${allDimensions.join(', ')}`)
  const result = { errCode: 0 as const, windows: 0, rows: 0 }
  const ids = new Dimensions()
  const stopAt = performance.now() + budget
  for (let day = windowOf('day', from); day.start <= to; day = windowOf('day', day.start, 1)) {
    for (const windows of windowsThatEndIn(day, dimensions, from, to, now)) {
      const made = await makePayResult(windows, true, ids)
      result.windows += windows.length
      result.rows += made.code === 0 ? made.rows : 0
    }
    if (performance.now() > stopAt && day.end < to) return { ...result, next: day.end + 1 }
  }
  return result
}

// internals

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : value
  return typeof time === 'number' && Number.isFinite(time) ? time : undefined
}

function invalid(errMsg: string): Backfilled {
  return { errCode: 'uni-stat-invalid-period', errMsg }
}

/** A window that goes on after the period is made on its last day, so each is made once. */
function windowsThatEndIn(
  day: Window,
  dimensions: readonly Dimension[],
  from: number,
  to: number,
  now: number,
): Windows[] {
  const isLast = day.end >= to
  return dimensions.flatMap((dimension): Windows[] => {
    if (dimension === 'hour') return hoursOf(Math.max(day.start, from), Math.min(day.end, to), now)
    const window = windowOf(dimension, day.start)
    return window.end <= day.end || isLast ? [[window]] : []
  })
}

/** Once it has rows, an hour is left alone by the job that would make it when it has ended: only those that have. */
function hoursOf(from: number, to: number, now: number): Windows[] {
  const hours: Window[] = []
  for (
    let hour = windowOf('hour', from);
    hour.start <= to && hour.end < now;
    hour = windowOf('hour', hour.start, 1)
  )
    hours.push(hour)
  const [first, ...others] = hours
  return first ? [[first, ...others]] : []
}
