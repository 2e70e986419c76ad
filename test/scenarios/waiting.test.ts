/**
 * Scenarios in which somebody waits in real time (spec/payment-scenarios.md, 13 and 14): getOrder up to 20 s, a platform
 * 5 s. They run at once, on both databases, so that all of it takes as long as the longest.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { databases, World } from './world.ts'

const worlds: World[] = []
beforeAll(async () => {
  for (const database of databases) worlds.push(await World.open(database))
})
afterAll(async () => {
  for (const world of worlds) await world.check()
  for (const world of worlds) await world.close()
})

const each = databases.map((database, at) => [database, at] as const)
const worldAt = (at: number): World => worlds[at] as World

it.concurrent.each(each)('13: notify.delay, database: %s', async (_database, at) => {
  const world = worldAt(at)
  const { out_trade_no } = await world.order()
  await world.faultOf(out_trade_no, 'notify.delay', { ms: 3000 })
  const [answer, ms] = await timed(async () => {
    await world.payBy(out_trade_no, { async: true })
    return await world.pay('getOrder', { out_trade_no, await_notify: true })
  })
  expect(answer).toMatchObject({ has_paid: true, status: 1, user_order_success: true })
  expect(ms).toBeGreaterThanOrEqual(2990)
  expect(ms).toBeLessThan(12_000)
})

it.concurrent.each(each)('13: notify.lost, database: %s', async (_database, at) => {
  const world = worldAt(at)
  // Its retry, 15 s later, must not come in time.
  const { out_trade_no } = await world.order()
  await world.faultOf(out_trade_no, 'notify.lost', {}, 10)
  await world.payBy(out_trade_no, { async: true })
  const [answer, ms] = await timed(() => world.pay('getOrder', { out_trade_no, await_notify: true }))
  expect(answer).toMatchObject({ has_paid: true, status: 0 })
  expect(answer).not.toHaveProperty('user_order_success')
  // It sleeps 40 times half a second, and reads in between: a busy machine makes that longer, never shorter.
  expect(ms).toBeGreaterThanOrEqual(20_000)
  expect(ms).toBeLessThan(40_000)
  expect(await world.callbacks(out_trade_no)).toBe(0)
})

it.concurrent.each(each)('13: await_notify: false, database: %s', async (_database, at) => {
  const world = worldAt(at)
  const { out_trade_no } = await world.order()
  await world.faultOf(out_trade_no, 'notify.lost', {}, 10)
  await world.payBy(out_trade_no, { async: true })
  for (const await_notify of [false, undefined]) {
    const [answer, ms] = await timed(() => world.pay('getOrder', { out_trade_no, await_notify }))
    expect(answer).toMatchObject({ has_paid: true, status: 0 })
    expect(ms).toBeLessThan(10_000)
  }
})

it.concurrent.each(each)('14: a callback of 6 s, database: %s', async (_database, at) => {
  const world = worldAt(at)
  const { out_trade_no } = await world.order({ type: 'slow', custom: { ms: 6000 } })
  await world.payBy(out_trade_no)
  const [first] = await world.notices(out_trade_no)
  expect(first).toMatchObject({ state: 'waiting', attempts: [{ verdict: 'timeout', status: null }] })
  expect(await world.row(out_trade_no)).toMatchObject({ status: 1 })
  // The platform tries again by itself, 15 s after its first attempt.
  await world.until(async () => (await world.notices(out_trade_no))[0]?.state === 'accepted', 40_000)
  const [notice] = await world.notices(out_trade_no)
  expect(notice).toMatchObject({ state: 'accepted', attempts: [{ verdict: 'timeout' }, { status: 200 }] })
  expect(await world.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
  expect(await world.callbacks(out_trade_no)).toBe(1)
})

// internals

async function timed<T>(work: () => Promise<T>): Promise<[result: T, ms: number]> {
  const started = performance.now()
  return [await work(), performance.now() - started]
}
