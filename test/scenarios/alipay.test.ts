/** Scenarios of Alipay (spec/payment-scenarios.md). */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readPngCode } from '../qr-code.ts'
import { databases, World } from './world.ts'

const alipay = { provider: 'alipay', openid: undefined }
const web = { client: { platform: 'web' } }

describe.each(databases)('Alipay, database: %s', (database) => {
  let world: World
  beforeAll(async () => {
    world = await World.open(database)
  })
  afterAll(() => world.close())
  beforeEach(() => world.reset())
  afterEach(() => world.check())

  it('5: a code to scan, not scanned yet', async () => {
    const order = await world.order(alipay, web)
    expect(order).toMatchObject({
      provider_pay_type: 'native',
      order: { codeUrl: expect.stringMatching(/^https:\/\/qr\.alipay\.com\//) },
    })
    const scanned = await world.order({ ...alipay, qr_code: true }, web)
    expect(readPngCode(String(scanned.qr_code_image)).text).toBe(scanned.order.codeUrl)
    const { out_trade_no } = order
    expect(await world.pay('getOrder', { out_trade_no })).toMatchObject({
      errCode: -1,
      errMsg: '未支付或已退款',
      has_paid: false,
    })
    expect(await world.pay('closeOrder', { out_trade_no })).toMatchObject({ errCode: 53004 })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 0 })
    await world.sandbox('POST', `/orders/${out_trade_no}/scan`)
    expect(await world.pay('closeOrder', { out_trade_no })).toMatchObject({ errCode: 0 })
    expect(await world.row(out_trade_no)).toMatchObject({ status: -1, cancel_date: expect.any(Number) })
    const paid = await world.paidOrder(alipay, web)
    const [notice] = await world.notices(paid)
    expect(notice?.attempts).toMatchObject([{ answer: 'success' }])
    expect(await world.row(paid)).toMatchObject({ status: 1 })
    expect(await world.callbacks(paid)).toBe(1)
  })

  it('6: an app', async () => {
    const order = await world.order(alipay, { client: { platform: 'app' } })
    expect(order).toMatchObject({ provider_pay_type: 'app', order: expect.any(String) })
    expect(await world.requests()).toEqual([])
    const fields = new URLSearchParams(String(order.order))
    expect(fields.get('notify_url')).toBe('http://127.0.0.1:7100/uni-pay-co/payNotify/alipay-app')
    expect(JSON.parse(fields.get('biz_content') ?? '').total_amount).toBe('1.00')
    await world.sandbox('POST', '/pay', { client: order.order })
    expect(await world.row(order.out_trade_no)).toMatchObject({ status: 1, openid: expect.any(String) })
    expect(await world.callbacks(order.out_trade_no)).toBe(1)
  })

  it('7: partial refunds and their notifications', async () => {
    const out_trade_no = await world.paidOrder(alipay, web)
    expect(await world.refund({ out_trade_no, refund_fee: 30 })).toMatchObject({ errCode: 0 })
    const accepted = async (count: number): Promise<boolean> =>
      (await world.notices(out_trade_no)).filter(({ state }) => state === 'accepted').length === count
    await world.until(() => accepted(2))
    expect(await world.row(out_trade_no)).toMatchObject({ status: 2, refund_fee: 30 })
    const rest = { out_trade_no, refund_fee: 70, out_refund_no: 'R2' }
    expect(await world.refund(rest)).toMatchObject({ errCode: 0 })
    await world.until(() => accepted(3))
    expect(await world.row(out_trade_no)).toMatchObject({
      status: 3,
      refund_fee: 100,
      refund_count: 2,
      refund_list: [{ out_refund_no: 'R2' }, { out_refund_no: `${out_trade_no}-1` }],
    })
    expect(await world.callbacks(out_trade_no)).toBe(1)
    expect(await world.pay('getRefund', { out_trade_no })).toMatchObject({
      errCode: 0,
      errMsg: expect.stringMatching(/^合计退款 1\r\n1、 /),
      pay_order: { status: 3 },
    })
    expect(await world.pay('getOrder', { out_trade_no })).toMatchObject({ errCode: -1, has_paid: false })
  })

  it.each(['notify.forged', 'notify.tampered'])('10: %s', async (fault) => {
    const { out_trade_no } = await world.order(alipay, web)
    await world.fault(fault)
    await world.payBy(out_trade_no)
    const [refused] = await world.notices(out_trade_no)
    expect(refused?.attempts).toMatchObject([{ answer: 'fail' }])
    expect(await world.row(out_trade_no)).toMatchObject({ status: 0 })
    expect(await world.callbacks(out_trade_no)).toBe(0)
    // The first step of Alipay's ladder.
    await world.advance('4m')
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1 })
    expect(await world.callbacks(out_trade_no)).toBe(1)
  })

  it('11: a wrong amount', async () => {
    const { out_trade_no } = await world.order(alipay, web)
    await world.fault('notify.wrongAmount', { total: 1 })
    await world.payBy(out_trade_no)
    expect(await world.row(out_trade_no)).toMatchObject({
      status: 0,
      err_msg: expect.stringMatching(/100.*1/),
    })
    expect(await world.callbacks(out_trade_no)).toBe(0)
    const [refused] = await world.notices(out_trade_no)
    expect(refused?.attempts).toMatchObject([{ answer: 'fail' }])
    expect(await world.pay('getOrder', { out_trade_no })).toMatchObject({ has_paid: true, status: 0 })
    await world.advance('4m')
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1 })
    expect(await world.callbacks(out_trade_no)).toBe(1)
  })

  it('17: more than was paid', async () => {
    const out_trade_no = await world.paidOrder(alipay, web)
    expect(await world.refund({ out_trade_no, refund_fee: 60, out_refund_no: 'A' })).toMatchObject({
      errCode: 0,
    })
    expect(await world.refund({ out_trade_no, refund_fee: 60, out_refund_no: 'B' })).toMatchObject({
      errCode: 53002,
      errMsg: expect.stringContaining('退款金额超限'),
    })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 2, refund_fee: 60, refund_count: 1 })
  })
})
