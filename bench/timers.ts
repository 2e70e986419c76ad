/** A thousand timers due in the same second: how late the last one fires. */
import { SystemClock } from '../clock/clock.ts'
import { Scheduler } from '../triggers/scheduler.ts'
import { median } from './measure.ts'
import type { Report } from './report.ts'

const count = 1000

export async function benchTimers(report: Report, rounds: number): Promise<void> {
  const last: number[] = []
  for (let round = 0; round < rounds; round++) last.push(await latestFire())
  report.section(`${count.toLocaleString('en')} timers due in the same second, median of ${rounds} rounds`)
  report.table(['measure', 'ms', 'target'], [['tick to last fire', median(last).toFixed(1), '250']])
}

// internals

async function latestFire(): Promise<number> {
  let fired = 0
  let late = 0
  const { promise, resolve } = withResolvers()
  using scheduler = new Scheduler({
    clock: new SystemClock(),
    provider: 'tencent',
    fire: async (_trigger, scheduledAt) => {
      late = Math.max(late, Date.now() - scheduledAt.getTime())
      if (++fired === count) resolve()
      return {}
    },
    log: () => {},
  })
  scheduler.set(
    Array.from({ length: count }, (_, n) => ({
      functionName: `f${n}`,
      name: 'tick',
      config: '* * * * * * *',
    })),
  )
  // The scheduler's own timer does not keep the process alive.
  const alive = setInterval(() => {}, 1000)
  await promise
  clearInterval(alive)
  return late
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
