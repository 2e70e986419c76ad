/** The clock of a test: moved by hand, and every timer trigger on the way has finished before it moves on. */
import type { ManualClock } from '../clock/clock.ts'
import type { PaymentSandbox } from '../runtime/payment-sandbox.ts'
import type { SpaceTimers } from '../runtime/timers.ts'

export interface Duration {
  days?: number
  hours?: number
  minutes?: number
  seconds?: number
  ms?: number
}

export interface TestClock {
  now(): Date
  /** Moves forward; timers that fall due on the way fire at their own instants, one instant after the other. */
  advance(by: Duration | number): Promise<void>
  /** Moves to an instant; backwards, nothing fires. */
  set(to: Date | string | number): Promise<void>
}

export function createTestClock(
  clock: ManualClock,
  timers: SpaceTimers,
  sandbox?: PaymentSandbox,
): TestClock {
  const nextTimer = (): number =>
    Math.min(...timers.list(1).map(({ next }) => next[0]?.getTime() ?? Number.POSITIVE_INFINITY))
  const agenda = async () => (await (await sandbox?.present)?.open())?.agenda
  const settled = async (): Promise<void> => {
    await timers.settled()
    await (await agenda())?.idle()
  }
  const set = async (to: number): Promise<void> => {
    for (;;) {
      const next = Math.min(
        nextTimer(),
        clock.now() + ((await agenda())?.waitMs() ?? Number.POSITIVE_INFINITY),
      )
      if (!(next <= to) || !(next > clock.now())) break
      await clock.set(next)
      await settled()
    }
    await clock.set(to)
    await settled()
  }
  return {
    now: () => new Date(clock.now()),
    advance: (by) => set(clock.now() + milliseconds(by)),
    set: (to) => set(new Date(to).getTime()),
  }
}

// internals

function milliseconds(by: Duration | number): number {
  if (typeof by === 'number') return by
  const { days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0 } = by
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms
}
