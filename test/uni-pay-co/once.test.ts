/** A callback runs once: with many copies at once, with crashes, and with reconciliation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Row, Shop } from './shop.ts'

let shop: Shop
beforeEach(async () => {
  shop = await Shop.open({ maxInstances: 4 })
})
afterEach(() => shop.close())

/** An order whose notification was made and never arrived, and that notification. */
async function unreported(type: string): Promise<{
  out_trade_no: string
  send: () => Promise<Response>
  sendFresh: () => Promise<Response>
}> {
  const { out_trade_no } = await shop.order({ type })
  await shop.control('POST', '/settings', { autoRetry: false })
  await shop.fault('notify.tampered')
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  const captured = await shop.capture(out_trade_no)
  const post = (message: RequestInit) =>
    shop.space.request('/uni-pay-co/payNotify/wxpay-mp', { method: 'POST', ...message })
  const sendFresh = async () => await post(await shop.capture(out_trade_no))
  return { out_trade_no, send: () => post(captured), sendFresh }
}

/**
 * What a copy is answered in the end. One that cannot wait any longer for the callback of another is told to come again
 * (spec/uni-pay.md §3.5), which happens on a slow machine; a platform does so, and so does this. All else is final.
 */
async function untilTaken(send: () => Promise<Response>, patience = 5): Promise<string> {
  const body = await (await send()).text()
  const again = body === '{"code":"FAIL","message":"处理中，请稍后重试"}' && patience > 0
  return again ? await untilTaken(send, patience - 1) : body
}

const lease = 66_000

describe('many at once', () => {
  it.each(['count', 'slow', 'no', 'boom'])('50 copies on 4 instances, callback %s', async (type) => {
    const { out_trade_no, send } = await unreported(type)
    const bodies = await Promise.all(Array.from({ length: 50 }, () => untilTaken(send)))
    expect(bodies).toEqual(Array(50).fill('{"code":"SUCCESS","message":"成功"}'))
    if (type === 'slow') {
      const pool = shop.space.space.instances().find(({ name }) => name === 'uni-pay-co')
      expect(pool).toMatchObject({ idle: 4, busy: 0 })
    }
    expect(await shop.callbacks(out_trade_no)).toBe(1)
    const row = await shop.row(out_trade_no)
    expect(row).toMatchObject({ status: 1, user_order_success: type === 'count' || type === 'slow' })
    await shop.space.clock.advance({ minutes: 4 })
    expect((await send()).status).toBe(200)
    expect(await shop.callbacks(out_trade_no)).toBe(1)
    expect(await shop.row(out_trade_no)).toEqual(row)
  })

  it('scenario 9: the platform sends five, and one more ten minutes later', async () => {
    const { out_trade_no } = await shop.order()
    await shop.fault('notify.duplicate', { times: 5 })
    await shop.control('POST', `/orders/${out_trade_no}/pay`)
    const [notice] = await shop.notices(out_trade_no)
    expect(notice?.attempts.map(({ status }) => status)).toEqual(Array(5).fill(200))
    const row = await shop.row(out_trade_no)
    await shop.space.clock.advance({ minutes: 10 })
    expect(await shop.redeliver(out_trade_no)).toMatchObject([{ status: 200 }])
    expect(await shop.callbacks(out_trade_no)).toBe(1)
    expect(await shop.row(out_trade_no)).toEqual(row)
  })

  it('orders with the same number', async () => {
    const params = { ...shop.orderParams(), out_trade_no: 'SAMENUMBER0001' }
    const answers = await Promise.all(Array.from({ length: 8 }, () => shop.pay().createOrder!(params)))
    expect(answers.map(({ errCode, errMsg }) => [errCode, errMsg])).toEqual(Array(8).fill([0, 'ok']))
    expect(await shop.rows({ out_trade_no: 'SAMENUMBER0001' })).toHaveLength(1)
  })

  it('refunds with the same number', async () => {
    const { out_trade_no } = await shop.paidOrder()
    const refund = { out_trade_no, out_refund_no: 'SAME', refund_fee: 10 }
    await Promise.all(Array.from({ length: 6 }, () => shop.admin.refund!(refund)))
    const others = Array.from({ length: 5 }, (_, at) => ({ ...refund, out_refund_no: `OTHER${at}` }))
    await Promise.all(others.map((params) => shop.admin.refund!(params)))
    const row = await shop.row(out_trade_no)
    expect(row).toMatchObject({ status: 2, refund_fee: 60, refund_count: 6 })
    expect(row.refund_list).toHaveLength(6)
  })
})

describe('cut off', () => {
  it('a killed process: refused while it might live, then run again by the next notification', async () => {
    const { out_trade_no, send } = await unreported('crash')
    expect(await (await send()).text()).toContain('FunctionServerError')
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 1, callback_claim: { attempts: 1 } })
    expect(await shop.row(out_trade_no)).not.toHaveProperty('user_order_success')
    expect((await send()).status).toBe(500)
    expect(await shop.callbacks(out_trade_no)).toBe(1)
    await shop.space.clock.advance(lease)
    const answers = await Promise.all(Array.from({ length: 10 }, send))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(await shop.callbacks(out_trade_no)).toBe(2)
    const row = await shop.row(out_trade_no)
    expect(row).toMatchObject({ status: 1, user_order_success: true })
    expect(row).not.toHaveProperty('err_msg')
    expect(row).not.toHaveProperty('callback_claim')
  })

  it('the same by reconciliation, which leaves the others alone', async () => {
    const { out_trade_no, send } = await unreported('crash')
    await send()
    const fine = await shop.paidOrder({ type: 'no' })
    await shop.space.clock.advance(lease)
    expect(await shop.reconcile()).toMatchObject({ rerun: 1, failed: 0 })
    expect(await shop.row(out_trade_no)).toMatchObject({ user_order_success: true })
    expect(await shop.callbacks(out_trade_no)).toBe(2)
    expect(await shop.callbacks(fine.out_trade_no)).toBe(1)
    expect(await shop.reconcile()).toMatchObject({ rerun: 0 })
  })

  it('what kills its instance each time is given up, with the reason', async () => {
    const { out_trade_no, sendFresh } = await unreported('killer')
    for (let times = 0; times < 5; times++) {
      expect(await (await sendFresh()).text()).toContain('FunctionServerError')
      await shop.space.clock.advance(lease)
    }
    expect(await shop.callbacks(out_trade_no)).toBe(5)
    await shop.redeliver(out_trade_no)
    expect(await shop.callbacks(out_trade_no)).toBe(5)
    expect(await shop.row(out_trade_no)).toMatchObject({
      user_order_success: false,
      err_msg: '回调连续5次被中断（超时或进程退出），不再执行',
    })
  })

  it('a row of the published uni-pay-co, whose callback threw', async () => {
    const { out_trade_no } = await shop.paidOrder()
    const db = await shop.space.db()
    const { command } = db as unknown as { command: { remove(): unknown } }
    await shop.update(out_trade_no, { user_order_success: command.remove() })
    await shop.space.clock.advance(lease)
    await shop.redeliver(out_trade_no)
    expect(await shop.row(out_trade_no)).toMatchObject({ user_order_success: true })
    expect(await shop.callbacks(out_trade_no)).toBe(2)
  })
})

describe('reconciliation', () => {
  it('asks about payments that were never reported', async () => {
    const paid = await shop.order()
    const unpaid = await shop.order()
    await shop.fault('notify.lost')
    await shop.control('POST', '/settings', { autoRetry: false })
    await shop.control('POST', `/orders/${paid.out_trade_no}/pay`)
    await shop.space.clock.advance({ minutes: 4 })
    expect(await shop.reconcile()).toMatchObject({ asked: 2, paid: 1, failed: 0 })
    expect(await shop.row(paid.out_trade_no)).toMatchObject({
      status: 1,
      user_order_success: true,
      transaction_id: expect.any(String),
    })
    expect(await shop.row(unpaid.out_trade_no)).toMatchObject({ status: 0 })
    expect(await shop.callbacks(paid.out_trade_no)).toBe(1)
    await shop.redeliver(paid.out_trade_no)
    expect(await shop.callbacks(paid.out_trade_no)).toBe(1)
  })

  it('fires by nothing, and is not for clients', async () => {
    expect(shop.space.space.manifest.functions['uni-pay-co']?.config.triggers).toEqual([])
    expect(await shop.pay().reconcile!()).toMatchObject({ thrown: true })
  })
})

describe('reconcile: true', () => {
  it('an order that is asked about is settled', async () => {
    await shop.close()
    shop = await Shop.open({
      config: (text) => text.replace('module.exports = {', 'module.exports = { reconcile: true,'),
    })
    const { out_trade_no } = await shop.order()
    await shop.fault('notify.lost')
    await shop.control('POST', `/orders/${out_trade_no}/pay`)
    const asked: Row = await shop.pay().getOrder!({ out_trade_no })
    expect(asked).toMatchObject({ has_paid: true, status: 1, user_order_success: true })
    expect(await shop.callbacks(out_trade_no)).toBe(1)
  })
})
