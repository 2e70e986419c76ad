/** What is to be made when (spec/uni-pay.md §5.3). */
import { setTimeout as sleep } from 'node:timers/promises'
import { Dimensions } from './dimensions.ts'
import { makePayResult } from './pay-result.ts'
import { type Dimension, hourOf, type Window, windowOf } from './windows.ts'

type Row = UniCloudGuest.Row

export interface Job {
  window: Window
  reset: boolean
}

interface StatConfig {
  /** Nothing is made without it. */
  realtimeStat?: boolean
  /** False: the minute of `time` does not count. */
  cronMin?: boolean
  cron?: { type?: string; time?: string; dimension?: Dimension; timely?: boolean }[]
}

/** Runs what is due. @returns how many jobs were done, and how many failed for good */
export async function runJobs(now: number): Promise<{ done: number; failed: number }> {
  const result = { done: 0, failed: 0 }
  const dimensions = new Dimensions()
  for (const job of dueJobs(statConfig(), now)) {
    if (await runPatiently(job, dimensions)) result.done++
    else result.failed++
  }
  return result
}

/** The hour that has just ended (S3); with `timely` the longer periods it lies in, the longest four times a day. */
export function dueJobs({ realtimeStat, cronMin, cron = [] }: StatConfig, now: number): Job[] {
  if (realtimeStat !== true) return []
  const due = cron.filter(({ type, time }) => type === 'pay-result' && isDue(time ?? '* * * *', now, cronMin))
  return due.flatMap(({ timely }) => [
    { window: windowOf('hour', now, -1), reset: false },
    ...(timely ? timelyJobs(now - 3600_000) : []),
  ])
}

// internals

function timelyJobs(time: number): Job[] {
  const long: Dimension[] = (hourOf(time) + 1) % 6 === 0 ? ['week', 'month', 'quarter', 'year'] : []
  return (['day', ...long] as Dimension[]).map((dimension) => ({
    window: windowOf(dimension, time),
    reset: true,
  }))
}

/** `weekday day hour minute`, each a number or `*`; weekdays are 0 (Sunday) to 6. */
function isDue(time: string, now: number, cronMin: boolean | undefined): boolean {
  const date = new Date(now + 8 * 3600_000)
  const actual = [date.getUTCDay(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes()]
  const wanted = time.trim().split(/\s+/)
  const count = cronMin === false ? 3 : 4
  return actual
    .slice(0, count)
    .every((value, at) => (wanted[at] ?? '*') === '*' || Number(wanted[at]) === value)
}

function statConfig(): StatConfig {
  const createConfig = require('uni-config-center') as (options: Row) => { config(): StatConfig }
  return createConfig({ pluginId: 'uni-stat' }).config() ?? {}
}

/** Three tries; then it stands in `uni-stat-run-errors`, and the others go on. */
async function runPatiently({ window, reset }: Job, dimensions: Dimensions): Promise<boolean> {
  for (let left = 2; ; left--) {
    try {
      await makePayResult([window], reset, dimensions)
      return true
    } catch (error) {
      if (left > 0) {
        await sleep(3000)
        continue
      }
      await noteFailure(window, error as Error)
      return false
    }
  }
}

async function noteFailure({ dimension, start, end }: Window, error: Error): Promise<void> {
  console.error(`uni-stat: payments of a ${dimension} cannot be added up`, error)
  await uniCloud.database().collection('uni-stat-run-errors').add({
    mod: 'pay-result',
    params: { dimension, start, end },
    error: error.message,
    create_time: Date.now(),
  })
}
