import { expect, onTestFinished, test } from 'vitest'
import { createSpace, type TestSpace, type TestSpaceOptions } from '../../test-kit/index.ts'
import { paymentProject } from '../uni-pay-co/project.ts'

const caller = {
  clientInfo: { platform: 'web', appId: '__UNI__TEST', clientIP: '127.0.0.1', userAgent: 'test' },
}

test('a function orders, the test pays', async () => {
  const space = await openShop()
  const { out_trade_no } = await order(space)
  expect(await space.sandbox.pay(out_trade_no)).toMatchObject({
    status: 'PAID',
    total_fee: 100,
    notifications: [{ state: 'accepted' }],
  })
  expect(await row(space, out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
})

test('the clock of the test moves the platforms along: retries come at their own time', async () => {
  const space = await openShop()
  const { out_trade_no } = await order(space)
  await space.sandbox.fault('notify.lost', { times: 3, match: { out_trade_no } })
  await space.sandbox.pay(out_trade_no)
  expect(await row(space, out_trade_no)).toMatchObject({ status: 0 })
  await space.clock.advance({ hours: 1 })
  const [notice] = await space.sandbox.notifications(out_trade_no)
  // 15 s, 15 s and 30 s apart (payment-platforms.md §3.6).
  expect(notice?.attempts.map(({ verdict }) => verdict)).toHaveLength(4)
  const times = notice?.attempts.map(({ time }) => Date.parse(String(time))) ?? []
  expect(times.map((time) => (time - (times[0] ?? 0)) / 1000)).toEqual([0, 15, 30, 60])
  expect(await row(space, out_trade_no)).toMatchObject({ status: 1 })
})

test('without the option it says how to get one', async () => {
  const space = await openShop({ sandbox: false })
  expect(() => space.sandbox).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('sandbox: true') }),
  )
})

test('keys that nobody made are named', async () => {
  const project = await paymentProject()
  onTestFinished(project.remove)
  await expect(createSpace({ project: project.folder, sandbox: true })).rejects.toMatchObject({
    hint: expect.stringContaining('sandbox keys'),
  })
})

// internals

async function openShop(options: TestSpaceOptions = {}): Promise<TestSpace> {
  const project = await paymentProject((text) => text.replace('http://pay.test', 'http://127.0.0.1:7100'))
  const space = await createSpace({
    project: project.folder,
    sandbox: true,
    sandboxKeys: 'published',
    ...options,
  })
  onTestFinished(async () => {
    await space.close()
    await project.remove()
  })
  return space
}

async function order(space: TestSpace): Promise<{ out_trade_no: string }> {
  const pay = space.as(caller).importObject('uni-pay-co')
  return (await pay.createOrder?.({
    provider: 'wxpay',
    total_fee: 100,
    type: 'count',
    description: 'milk',
    order_no: '20260000000000000001',
    qr_code: true,
  })) as { out_trade_no: string }
}

async function row(space: TestSpace, out_trade_no: string): Promise<unknown> {
  const db = await space.db()
  const { data } = (await db.collection('uni-pay-orders').where({ out_trade_no }).get()) as {
    data: unknown[]
  }
  return data[0]
}
