import { afterEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../clock/clock.ts'
import { clientCall, failureOf, openSpace, resultOf, type TestSpace } from './open-space.ts'

let space: TestSpace
afterEach(() => space[Symbol.asyncDispose]())

type Counted = { id: string; count: number }
type Slept = { id: string; most: number }

const call = async <T>(name: string, event: unknown = {}) =>
  resultOf(await space.invoke(clientCall(name, event))) as T
const many = <T>(count: number, name: string, event: unknown = {}) =>
  Promise.all(Array.from({ length: count }, () => call<T>(name, event)))
const status = (name: string) => space.instances().find((pool) => pool.name === name)

describe('an instance', () => {
  test('keeps the state of its modules from call to call', async () => {
    space = await openSpace()
    const first = await call<Counted>('counter')
    const second = await call<Counted>('counter')
    expect(second).toEqual({ id: first.id, count: first.count + 1 })
    expect(status('counter')).toMatchObject({ idle: 1, busy: 0, starting: 0 })
  })

  test('takes one call at a time unless "concurrency" says more', async () => {
    space = await openSpace()
    const apart = await many<Slept>(3, 'sleeper', { ms: 1000 })
    expect(new Set(apart.map(({ id }) => id)).size).toBe(3)
    expect(apart.every(({ most }) => most === 1)).toBe(true)
    const together = await many<{ id: string; requests: number; clients: string[] }>(8, 'together', {
      ms: 60,
    })
    expect(new Set(together.map(({ id }) => id)).size).toBe(1)
    expect(together[0]).toMatchObject({ requests: 8 })
    expect(new Set(together[0]?.clients).size).toBe(8)
  })

  test('runs very short calls one at a time, too, however many come', async () => {
    space = await openSpace()
    await call('sometimes-slow')
    const numbers = await Promise.all(
      Array.from({ length: 500 }, (_, n) => call<number>('sometimes-slow', { n, ms: n === 50 ? 100 : 0 })),
    )
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, n) => n))
    // A slow one, even in a loop, keeps none of those behind it.
    const slow = call<number>('sometimes-slow', { n: -1, spin: 1000 })
    const behind = Promise.all(Array.from({ length: 20 }, (_, n) => call<number>('sometimes-slow', { n })))
    const first = await Promise.race([slow, behind])
    expect(first).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(await slow).toBe(-1)
  })

  test('is dropped when it was idle long enough, by the clock of the space', async () => {
    const clock = new ManualClock('2026-01-01')
    space = await openSpace({}, { clock })
    const { id } = await call<Counted>('counter')
    await clock.advance(10 * 60_000)
    expect((await call<Counted>('counter')).id).toBe(id)
    await clock.advance(14 * 60_000)
    expect(status('counter')).toMatchObject({ idle: 1 })
    await clock.advance(2 * 60_000)
    expect(status('counter')).toMatchObject({ idle: 0 })
    expect((await call<Counted>('counter')).count).toBe(1)
  })
})

describe('more calls than instances', () => {
  test('1,000 slow calls share the instances there may be; all are answered', async () => {
    space = await openSpace({ maxInstances: 5 })
    const slept = await many<Slept>(1000, 'sleeper', { ms: 3 })
    expect(slept).toHaveLength(1000)
    expect(new Set(slept.map(({ id }) => id)).size).toBeLessThanOrEqual(5)
    expect(slept.every(({ most }) => most === 1)).toBe(true)
    expect(status('sleeper')?.idle).toBeLessThanOrEqual(5)
  })

  test.each([
    ['in the queue', 20],
    // A function whose calls take no time is handed some ahead.
    ['in the instance', undefined],
  ])(
    'beyond the bound of those that wait %s they are refused at once, the others are not',
    async (_where, ms) => {
      space = await openSpace({ maxInstances: 1, maxQueue: 5 })
      for (let round = 0; round < 3; round++) await call('sometimes-slow', { ms })
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () => space.invoke(clientCall('sometimes-slow', { ms: 300 }))),
      )
      const refused = outcomes.filter((outcome) => !outcome.ok)
      expect(refused).toHaveLength(4)
      expect(failureOf(refused[0] as never)).toEqual([
        'FunctionResourceExhausted',
        'No instance available for [sometimes-slow]',
      ])
    },
  )

  test('never start more instances than calls that wait', async () => {
    space = await openSpace()
    await many<Slept>(4, 'sleeper', { ms: 300 })
    expect(status('sleeper')).toMatchObject({ idle: 4, starting: 0 })
  })
})

describe('limits', () => {
  test.each(['spin', 'hang'])('a call that would %s is stopped, whatever it does', async (how) => {
    space = await openSpace()
    const outcome = await space.invoke(clientCall('spinner', { [how]: true }))
    expect(failureOf(outcome)).toEqual(['FUNCTION_TIMEOUT', 'Function [spinner] timed out after 1 seconds'])
    expect(outcome).toMatchObject({ failure: { reason: 'timeout' } })
    expect(await call('spinner')).toBe('done')
  })

  test('calls that share the instance of a stuck one are not harmed by it', async () => {
    space = await openSpace()
    const stuck = space.invoke(clientCall('spinner-together', { hang: true }))
    await new Promise((resolve) => setTimeout(resolve, 1500))
    const other = call('spinner-together', { ms: 1800 })
    expect(failureOf(await stuck)[0]).toBe('FUNCTION_TIMEOUT')
    expect(await other).toBe('done')
    expect(await call('spinner-together')).toBe('done')
  })

  test('an instance that is stopped for a stuck call takes no further ones', async () => {
    space = await openSpace()
    for (let round = 0; round < 3; round++) {
      const outcome = await space.invoke(clientCall('spinner-together', { hang: true }))
      const others = await Promise.all([call('spinner-together'), call('spinner-together')])
      expect(failureOf(outcome)[0]).toBe('FUNCTION_TIMEOUT')
      expect(others).toEqual(['done', 'done'])
    }
  })

  test('in a loop without end every call of the instance ends by its own limit', async () => {
    space = await openSpace()
    await call('spinner-together')
    const outcomes = await Promise.all([
      space.invoke(clientCall('spinner-together', { ms: 5000 })),
      space.invoke(clientCall('spinner-together', { spin: true })),
    ])
    for (const outcome of outcomes) expect(failureOf(outcome)[0]).toBe('FUNCTION_TIMEOUT')
    expect(await call('spinner-together')).toBe('done')
  })

  test('the patience of a caller ends the wait, not the call', async () => {
    space = await openSpace()
    await call('sleeper', { ms: 1 })
    const outcome = await space.invoke(clientCall('sleeper', { ms: 1000 }, { timeoutMs: 120 }))
    expect(failureOf(outcome)).toEqual([
      'FUNCTION_TIMEOUT',
      'Function [sleeper] timed out after 0.12 seconds',
    ])
    expect(status('sleeper')).toMatchObject({ busy: 1 })
    const { id } = await call<Slept>('sleeper', { ms: 1 })
    expect(id).toEqual(expect.any(String))
  })

  test('timeouts can be switched off', async () => {
    space = await openSpace({ timeouts: false })
    const hanging = space.invoke(clientCall('spinner', { hang: true }))
    const winner = await Promise.race([
      hanging,
      new Promise((resolve) => setTimeout(() => resolve('waits'), 1500)),
    ])
    expect(winner).toBe('waits')
    await space.close({ graceMs: 0 })
    expect(failureOf(await hanging)[0]).toBe('FunctionServerError')
  })

  test.each(['objects', 'lists', 'list', 'map', 'buffers'])(
    'memory, eaten by %s: the instance ends, its caller hears of it, nobody else does',
    async (eat) => {
      space = await openSpace()
      const others = many<Slept>(2, 'sleeper', { ms: 300 })
      const outcome = await space.invoke(clientCall('hungry', { eat }))
      expect(failureOf(outcome)).toEqual(['FunctionServerError', 'Function [hungry] exited unexpectedly'])
      expect(outcome).toMatchObject({ failure: { reason: 'crash' } })
      expect(space.logs.list().some(({ text }) => text.includes('[hungry] ran out of memory'))).toBe(true)
      expect(await call('hungry')).toBe('fed')
      expect(await others).toHaveLength(2)
    },
  )

  test('memory: what is only garbage does not count', async () => {
    space = await openSpace()
    expect(await call('hungry', { garbage: true })).toBe('fed')
  })
})

describe('the environment of functions', () => {
  test('is the time zone of the provider and little else', async () => {
    space = await openSpace({ env: { MINE: '1' } })
    const { offset, tz, env } = await call<{ offset: number; tz: string; env: string[] }>('zone')
    expect({ offset, tz }).toEqual({ offset: 0, tz: 'UTC' })
    expect(env).toContain('MINE')
    expect(env).not.toContain('VITEST')
  })

  test('can have another time zone', async () => {
    space = await openSpace({ timeZone: 'Asia/Shanghai' })
    expect(await call('zone')).toMatchObject({ offset: -480, tz: 'Asia/Shanghai' })
  })

  test('follows the clock of the space', async () => {
    const clock = new ManualClock('2030-06-01T00:00:00Z')
    space = await openSpace({}, { clock })
    expect(await call('zone')).toMatchObject({ date: '2030-06-01T00:00:00.000Z' })
    await clock.advance(86_400_000)
    expect(await call('zone')).toMatchObject({ date: '2030-06-02T00:00:00.000Z' })
    expect(() => space.setClock({ offsetMs: 0 })).toThrow('a clock it was given')
  })

  test('whose clock can be moved while instances live', async () => {
    space = await openSpace()
    expect(Math.abs((await call<{ now: number }>('zone')).now - Date.now())).toBeLessThan(1000)
    space.setClock({ offsetMs: 0, frozenAt: Date.parse('2001-01-01T00:00:00Z') })
    expect(await call('zone')).toMatchObject({ date: '2001-01-01T00:00:00.000Z' })
    space.setClock({ offsetMs: 0 })
    expect(Math.abs((await call<{ now: number }>('zone')).now - Date.now())).toBeLessThan(1000)
  })
})

describe('closing', () => {
  test('lets running calls end, and refuses new ones', async () => {
    space = await openSpace()
    await call('sleeper', { ms: 1 })
    const running = space.invoke(clientCall('sleeper', { ms: 200 }))
    const closed = space.close({ graceMs: 5000 })
    expect(failureOf(await space.invoke(clientCall('sleeper')))[0]).toBe('FunctionServerError')
    await closed
    expect(resultOf(await running)).toMatchObject({ most: 1 })
  })

  test('ends them when their grace is over', async () => {
    space = await openSpace()
    const running = space.invoke(clientCall('sleeper', { ms: 30_000 }))
    await new Promise((resolve) => setTimeout(resolve, 200))
    await space.close({ graceMs: 50 })
    expect(failureOf(await running)[0]).toBe('FunctionServerError')
  })
})
