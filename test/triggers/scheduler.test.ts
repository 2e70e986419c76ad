import { describe, expect, it } from 'vitest'
import { AdjustableClock } from '../../clock/adjustable-clock.ts'
import { type Clock, ManualClock } from '../../clock/clock.ts'
import { type FireResult, Scheduler, type SchedulerOptions } from '../../triggers/scheduler.ts'
import type { Trigger } from '../../triggers/trigger.ts'
import { JumpClock } from './jump-clock.ts'

describe('firing', () => {
  it('fires each tick once, at its instant, with the instant it stands for', async () => {
    const { clock, scheduler, fired } = start(new ManualClock('2025-03-10T01:59:58.700Z'))
    scheduler.set([timer('a', '*/2 * * * * * *'), timer('b', '0 0 10 * * * *')])
    await clock.advance(4000)
    expect(fired).toEqual(['a 02:00:00', 'b 02:00:00', 'a 02:00:02'])
  })

  it('sleeps through days without losing the one tick', async () => {
    const { clock, scheduler, fired } = start(new ManualClock('2025-03-10T00:00:00Z'))
    scheduler.set([timer('monthly', '0 0 2 15 * * *')])
    await clock.set('2025-03-15T00:00:00Z')
    expect(fired).toEqual(['monthly 18:00:00'])
  })

  it('starts a fire although the previous run is still going', async () => {
    const { clock, scheduler, fired } = start(new ManualClock('2025-03-10T00:00:00Z'), {
      result: () => new Promise(() => {}),
    })
    scheduler.set([timer('slow', '* * * * * * *')])
    await clock.advance(3000)
    expect(fired).toHaveLength(3)
  })

  it('fires nothing when timers are off, or after it was disposed', async () => {
    const off = start(new ManualClock('2025-03-10T00:00:00Z'), { enabled: false })
    off.scheduler.set([timer('a', '* * * * * * *')])
    await off.clock.advance(5000)
    expect(off.fired).toEqual([])

    const on = start(new ManualClock('2025-03-10T00:00:00Z'))
    on.scheduler.set([timer('a', '* * * * * * *')])
    await on.clock.advance(1000)
    on.scheduler[Symbol.dispose]()
    on.scheduler.set([timer('a', '* * * * * * *')])
    await on.clock.advance(5000)
    expect(on.fired).toHaveLength(1)
  })

  it('fires a thousand timers of one second within 250 ms', async () => {
    const { clock, scheduler, fired } = start(new ManualClock('2025-03-10T01:59:59Z'))
    scheduler.set(
      Array.from({ length: 1000 }, (_, n) => timer(`f${n}`, n % 2 ? '0 0 * * * * *' : '0 0 10 * * * *')),
    )
    const before = performance.now()
    await clock.advance(1000)
    expect(performance.now() - before).toBeLessThan(250)
    expect(new Set(fired).size).toBe(1000)
    expect(fired).toHaveLength(1000)
  })
})

describe('reloads', () => {
  it('neither doubles nor loses a tick when the list is set again and again', async () => {
    const { clock, scheduler, fired } = start(new ManualClock('2025-03-10T00:00:00Z'))
    const list = [timer('a', '* * * * * * *'), timer('b', '0 * * * * * *')]
    scheduler.set(list)
    for (let step = 0; step < 400; step++) {
      await clock.advance(step % 3 === 0 ? 250 : 125)
      scheduler.set([...list].reverse())
      scheduler.set(list)
    }
    const seconds = Math.floor((clock.now() - Date.parse('2025-03-10T00:00:00Z')) / 1000)
    expect(fired.filter((line) => line.startsWith('a'))).toHaveLength(seconds)
    expect(new Set(fired).size).toBe(fired.length)
    expect(fired.filter((line) => line.startsWith('b'))).toHaveLength(Math.floor(seconds / 60))
  })

  it('fires what was due by the old list when the new one comes a little after the instant', async () => {
    const { clock, scheduler, fired } = start(new JumpClock('2025-03-10T00:00:59.900Z'))
    scheduler.set([timer('a', '0 * * * * * *')])
    clock.jump(300) // the process was busy: the tick is due, its timer has not run yet
    scheduler.set([timer('a', '0 */2 * * * * *')])
    expect(fired).toEqual(['a 00:01:00'])
    await clock.elapse(60_000)
    expect(fired).toEqual(['a 00:01:00', 'a 00:02:00'])
  })

  it('applies changes at once and forgets removed triggers', async () => {
    const { clock, scheduler, fired } = start(new ManualClock('2025-03-10T00:00:00Z'))
    scheduler.set([timer('a', '* * * * * * *'), timer('b', '* * * * * * *')])
    await clock.advance(1000)
    scheduler.set([timer('a', '10 * * * * * *')])
    await clock.advance(20_000)
    expect(fired).toEqual(['a 00:00:01', 'b 00:00:01', 'a 00:00:10'])
  })

  it('disables a bad expression with one line, and leaves the others alone', async () => {
    const { clock, scheduler, fired, lines } = start(new ManualClock('2025-03-10T00:00:00Z'))
    const list = [timer('bad', '* * *'), timer('good', '1 * * * * * *'), timer('odd', '0 */90 * * * * *')]
    scheduler.set(list)
    scheduler.set([...list])
    await clock.advance(2000)
    expect(fired).toEqual(['good 00:00:01'])
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^error \[bad\] timer "t" is disabled: FIELD_COUNT: cron expression "\* \* \*"/)
    expect(lines[1]).toMatch(/^warn \[odd\] .*step/)
  })

  it('warns of a trigger whose dates are all past, and of a second one of the same function', () => {
    const { scheduler, lines } = start(new ManualClock('2025-03-10T00:00:00Z'))
    scheduler.set([timer('past', '0 0 0 1 1 * 2024'), timer('past', '0 0 0 1 1 * *')])
    expect(lines[0]).toContain('will not fire any more')
    expect(lines[1]).toContain('[past] has more than one timer trigger')
    expect(scheduler.next()).toHaveLength(1)
  })
})

describe('clock changes', () => {
  it('a clock set forward, or a sleep: what was missed is reported, not made up for', async () => {
    const { clock, scheduler, fired, lines } = start(new JumpClock('2025-03-10T00:00:30Z'))
    scheduler.set([timer('m', '0 * * * * * *'), timer('h', '0 0 * * * * *')])
    clock.jumpTo('2025-03-10T05:00:30Z')
    await clock.elapse(61_000)
    expect(fired).toEqual(['m 05:01:00'])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('timers missed since 2025-03-10T00:01:00.000Z')
    expect(lines[0]).toContain('m, h')
  })

  it.each([
    [1000, ['a 00:00:10', 'a 00:00:11']],
    [1001, ['a 00:00:11']],
  ])('a tick %i ms late', async (late, expected) => {
    const { clock, scheduler, fired } = start(new JumpClock('2025-03-10T00:00:09.500Z'))
    scheduler.set([timer('a', '10,11 * * * * * *')])
    clock.jump(late)
    await clock.elapse(500)
    expect(fired).toEqual(expected)
  })

  it('notices within a minute that the clock was set forward to just before a tick', async () => {
    const { clock, scheduler, fired } = start(new JumpClock('2025-03-10T00:00:00Z'))
    scheduler.set([timer('nightly', '0 0 18 * * * *')])
    await clock.elapse(10_000)
    clock.jumpTo('2025-03-10T09:58:30Z')
    await clock.elapse(120_000)
    expect(fired).toEqual(['nightly 10:00:00'])
  })

  it('a clock set back fires the hours it has not fired, and no tick twice', async () => {
    const { clock, scheduler, fired } = start(new JumpClock('2025-03-10T00:59:30Z'))
    scheduler.set([timer('m', '0 * * * * * *')])
    await clock.elapse(120_000)
    expect(fired).toEqual(['m 01:00:00', 'm 01:01:00'])
    clock.jumpTo('2025-03-10T00:58:10Z')
    await clock.elapse(300_000)
    expect(fired.slice(2)).toEqual(['m 00:59:00', 'm 01:02:00', 'm 01:03:00'])
    expect(new Set(fired).size).toBe(fired.length)
  })

  it('a clock that ran a year ahead does not silence anything once it is right again', async () => {
    const { clock, scheduler, fired } = start(new JumpClock('2026-03-10T00:00:30Z'))
    scheduler.set([timer('m', '0 * * * * * *')])
    await clock.elapse(60_000)
    clock.jumpTo('2025-03-10T00:00:30Z')
    await clock.elapse(121_000)
    expect(fired).toEqual(['m 00:01:00', 'm 00:01:00', 'm 00:02:00'])
  })

  it('follows a clock that is moved by hand at once, forward and back', async () => {
    const at = (time: string) => ({ offsetMs: 0, frozenAt: Date.parse(`2025-03-10T${time}Z`) })
    const { clock, scheduler, fired, lines } = start(new AdjustableClock(at('10:00:30')))
    scheduler.set([timer('m', '0 * * * * * *')])
    for (const time of ['10:01:00', '09:30:30', '09:31:00', '10:01:00', '10:02:00.500', '10:03:30']) {
      clock.set(at(time))
    }
    expect(fired).toEqual(['m 10:01:00', 'm 09:31:00', 'm 10:02:00'])
    expect(lines).toHaveLength(2) // 09:32 and the rest up to 10:00, and 10:03
  })

  it('wanders back and forth at random without a tick fired twice', async () => {
    const { clock, scheduler, instants } = start(new JumpClock('2025-03-10T00:00:00Z'))
    scheduler.set([timer('s', '*/5 * * * * * *')])
    for (let step = 1; step < 500; step++) {
      await clock.elapse((step * 7919) % 20_000)
      clock.jump(((step * 104_729) % 60_000) - 30_000)
    }
    expect(instants.length).toBeGreaterThan(200)
    expect(new Set(instants).size).toBe(instants.length)
  })
})

describe('time-outs', () => {
  it.each([
    ['aliyun', 4],
    ['tencent', 1],
    ['alipay', 1],
  ] as const)('%s runs it %i times, always for the same instant', async (provider, runs) => {
    const { clock, scheduler, fired, lines } = start(new ManualClock('2025-03-10T00:00:00Z'), {
      provider,
      result: async () => ({ timedOut: true }),
    })
    scheduler.set([timer('a', '30 * * * * * *')])
    await clock.advance(31_000)
    expect(fired).toEqual(Array(runs).fill('a 00:00:30'))
    expect(lines).toHaveLength(runs - 1)
  })

  it('retries stop at the first run in time, and are not made for errors', async () => {
    let runs = 0
    const { clock, scheduler, fired, attempts, lines } = start(new ManualClock('2025-03-10T00:00:00Z'), {
      provider: 'aliyun',
      result: async (trigger) => {
        if (trigger.functionName === 'broken') throw new Error('no space left')
        return { timedOut: ++runs < 2 }
      },
    })
    scheduler.set([timer('a', '30 * * * * *'), timer('broken', '31 * * * * *')])
    await clock.advance(32_000)
    expect(fired).toEqual(['a 00:00:30', 'a 00:00:30', 'broken 00:00:31'])
    expect(attempts).toEqual([1, 2, 1])
    expect(lines.at(-1)).toBe('error [broken] timer "t" could not be fired: no space left')
  })

  it('a trigger taken out of the list is not retried', async () => {
    const { clock, scheduler, fired } = start(new ManualClock('2025-03-10T00:00:00Z'), {
      provider: 'aliyun',
      result: async () => {
        scheduler.set([])
        return { timedOut: true }
      },
    })
    scheduler.set([timer('a', '30 * * * * *')])
    await clock.advance(31_000)
    expect(fired).toHaveLength(1)
  })
})

describe('by hand', () => {
  it('fires once, for now or for a given instant, whatever the timer itself does', async () => {
    const { scheduler, fired } = start(new ManualClock('2025-03-10T00:00:00.400Z'), {
      provider: 'aliyun',
      enabled: false,
      result: async () => ({ timedOut: true }),
    })
    scheduler.set([timer('a', 'nonsense')])
    await expect(scheduler.fireNow('a')).resolves.toEqual({ timedOut: true })
    await scheduler.fireNow('a', { at: new Date('2024-02-29T12:00:00Z') })
    expect(fired).toEqual(['a 00:00:00', 'a 12:00:00'])
  })

  it('names the functions that have a timer', async () => {
    const { scheduler } = start(new ManualClock('2025-03-10T00:00:00Z'))
    scheduler.set([timer('a', '0 0 0 * * * *'), timer('b', '0 0 0 * * * *')])
    await expect(scheduler.fireNow('c')).rejects.toThrow('[c] has no timer trigger; functions with one: a, b')
  })

  it('lists the next fire times, with what is wrong', () => {
    const { scheduler } = start(new ManualClock('2025-03-10T00:00:00Z'))
    scheduler.set([timer('a', '0 0 12 1 * * *'), timer('b', '0 0 0 7 13 * *')])
    const [a, b] = scheduler.next(2)
    expect(a?.next).toEqual([new Date('2025-04-01T04:00:00Z'), new Date('2025-05-01T04:00:00Z')])
    expect(b).toMatchObject({ next: [], error: { code: 'OUT_OF_RANGE' } })
  })
})

// internals

function timer(functionName: string, config: string): Trigger {
  return { functionName, name: 't', config }
}

/** A scheduler on the clock, with everything it fires (`name hh:mm:ss` in UTC) and logs written down. */
function start<C extends Clock>(
  clock: C,
  options: Partial<Pick<SchedulerOptions<FireResult>, 'provider' | 'enabled'>> & {
    result?: (trigger: Trigger) => Promise<FireResult>
  } = {},
) {
  const fired: string[] = []
  const instants: number[] = []
  const attempts: number[] = []
  const lines: string[] = []
  const { result = async () => ({}), ...rest } = options
  const scheduler = new Scheduler({
    clock,
    provider: 'tencent',
    fire: (trigger, scheduledAt, attempt) => {
      fired.push(`${trigger.functionName} ${scheduledAt.toISOString().slice(11, 19)}`)
      instants.push(scheduledAt.getTime())
      attempts.push(attempt)
      return result(trigger)
    },
    log: (level, text, functionName) => lines.push(`${level} [${functionName}] ${text}`),
    ...rest,
  })
  return { clock, scheduler, fired, instants, attempts, lines }
}
