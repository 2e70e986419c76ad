/** Scenarios of WeChat Pay V3 (spec/payment-scenarios.md); those that wait are in waiting.test.ts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readPngCode } from '../qr-code.ts'
import { databases, openid, World } from './world.ts'

const wechatAgent = 'Mozilla/5.0 (iPhone) MicroMessenger/8.0'

describe.each(databases)('WeChat Pay V3, database: %s', (database) => {
  let world: World
  beforeAll(async () => {
    world = await World.open(database)
  })
  afterAll(() => world.close())
  beforeEach(() => world.reset())
  afterEach(() => world.check())

  it('1: mini program, whole road', async () => {
    const order = await world.order()
    expect(order).toMatchObject({
      errCode: 0,
      provider_pay_type: 'mp',
      out_trade_no: expect.stringMatching(/^\d{25}$/),
      order: {
        signType: 'RSA',
        paySign: expect.any(String),
        package: expect.stringMatching(/^prepay_id=/),
        timestamp: expect.any(Number),
      },
    })
    const { out_trade_no } = order
    const before = await world.row(out_trade_no)
    expect(before).toMatchObject({ status: 0, refund_fee: 0, refund_count: 0 })
    expect(before.provider_appid).toBeTruthy()
    const paid = await world.payBy(out_trade_no, { client: order.order })
    expect(paid).toMatchObject({ status: 'PAID', notifications: [{ attempts: [{ status: 200 }] }] })
    const row = await world.row(out_trade_no)
    expect(row).toMatchObject({
      status: 1,
      transaction_id: paid.transaction_id,
      openid,
      original_data: { path: '/payNotify/wxpay-mp' },
      user_order_success: true,
    })
    expect(row.pay_date).toBe(row.notify_date)
    expect(await world.callbacks(out_trade_no)).toBe(1)
    const found = {
      has_paid: true,
      status: 1,
      user_order_success: true,
      out_trade_no,
      transaction_id: paid.transaction_id,
    }
    expect(await world.pay('getOrder', { out_trade_no })).toMatchObject(found)
    expect(await world.pay('getOrder', { transaction_id: paid.transaction_id })).toMatchObject(found)
  })

  it('2: a code to scan', async () => {
    const order = await world.order({ qr_code: true }, { client: { platform: 'web' } })
    expect(order).toMatchObject({
      provider_pay_type: 'native',
      order: { codeUrl: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=/) },
      qr_code_image: expect.stringMatching(/^data:image\/png;base64,/),
    })
    expect(readPngCode(String(order.qr_code_image))).toEqual({
      width: 200,
      height: 200,
      text: order.order.codeUrl,
    })
    expect((await world.row(order.out_trade_no)).openid ?? '').toBe('')
    await world.payBy(order.out_trade_no)
    expect(await world.row(order.out_trade_no)).toMatchObject({ status: 1, openid: expect.any(String) })
    expect(await world.callbacks(order.out_trade_no)).toBe(1)
  })

  it('3: a page in a browser, and one inside WeChat', async () => {
    const order = await world.order({}, { client: { platform: 'web', userAgent: 'Mozilla/5.0' } })
    expect(order).toMatchObject({ errCode: 0, provider_pay_type: 'mweb' })
    expect(order.order.h5Url).toBe(order.order.mwebUrl)
    const [call] = await world.requests()
    expect(JSON.parse(String(call?.body)).scene_info).toMatchObject({
      payer_client_ip: '127.0.0.1',
      h5_info: { type: 'Wap', app_url: expect.any(String), app_name: expect.any(String) },
    })
    const page = await (await fetch(String(order.order.h5Url))).text()
    expect(page).toContain('1.00')
    expect(page).toContain('测试订单')
    const inside = await world.order({}, { client: { platform: 'web', userAgent: wechatAgent } })
    expect(inside).toMatchObject({ errCode: 0, provider_pay_type: 'jsapi' })
  })

  it('9: five copies at once, and one more ten minutes later', async () => {
    const { out_trade_no } = await world.order()
    await world.fault('notify.duplicate', { times: 5 })
    await world.payBy(out_trade_no)
    const [notice] = await world.notices(out_trade_no)
    expect(notice?.attempts.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const row = await world.row(out_trade_no)
    expect(row).toMatchObject({ status: 1 })
    expect(await world.callbacks(out_trade_no)).toBe(1)
    await world.advance('10m')
    await world.sandbox('POST', `/notifications/${notice?.id}/deliver`, {})
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1, pay_date: row.pay_date })
    expect(await world.callbacks(out_trade_no)).toBe(1)
  })

  it.each(['notify.forged', 'notify.tampered', 'notify.probe'])('10: %s', async (fault) => {
    const { out_trade_no } = await world.order()
    await world.fault(fault)
    await world.payBy(out_trade_no)
    const [refused] = await world.notices(out_trade_no)
    expect(refused?.attempts).toMatchObject([{ status: 401, answer: expect.stringContaining('FAIL') }])
    expect(await world.row(out_trade_no)).toMatchObject({ status: 0 })
    expect(await world.callbacks(out_trade_no)).toBe(0)
    await world.advance('15s')
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1 })
    expect(await world.callbacks(out_trade_no)).toBe(1)
  })

  it('11: a wrong amount', async () => {
    const { out_trade_no } = await world.order()
    await world.fault('notify.wrongAmount', { total: 1 })
    await world.payBy(out_trade_no)
    const row = await world.row(out_trade_no)
    expect(row).toMatchObject({ status: 0, err_msg: expect.stringMatching(/100.*1/) })
    expect(await world.callbacks(out_trade_no)).toBe(0)
    expect(await world.pay('getOrder', { out_trade_no })).toMatchObject({ has_paid: true })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 0 })
    await world.advance('15s')
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1 })
    expect(await world.callbacks(out_trade_no)).toBe(1)
  })

  it('12: lost, then asked, then late', async () => {
    const { out_trade_no } = await world.order()
    await world.fault('notify.lost')
    await world.payBy(out_trade_no)
    const asked = await world.pay('getOrder', { out_trade_no })
    expect(asked).toMatchObject({ has_paid: true, status: 0 })
    expect(asked).not.toHaveProperty('user_order_success')
    expect(await world.callbacks(out_trade_no)).toBe(0)
    const { pay_date: unknown, status } = await world.row(out_trade_no)
    expect([unknown, status]).toEqual([undefined, 0])
    const late = Date.now()
    await world.advance('15s')
    const row = await world.row(out_trade_no)
    expect(row).toMatchObject({ status: 1 })
    expect(row.pay_date).toBeGreaterThanOrEqual(late)
    expect(await world.callbacks(out_trade_no)).toBe(1)
  })

  it.each([
    ['no', 1, undefined],
    ['boom', 1, expect.stringContaining('no stock')],
    ['nofile', 0, expect.any(String)],
  ])('14: a callback that ends as %s', async (type, times, err_msg) => {
    const out_trade_no = await world.paidOrder({ type })
    const row = await world.row(out_trade_no)
    expect(row).toMatchObject({ status: 1, user_order_success: false })
    expect(row.err_msg).toEqual(err_msg)
    const [notice] = await world.notices(out_trade_no)
    expect(notice).toMatchObject({ state: 'accepted', attempts: [{ status: 200 }] })
    await world.advance('1h')
    expect(await world.callbacks(out_trade_no)).toBe(times)
    if (type === 'boom') expect(world.logText()).toMatch(/no stock[\s\S]*boom\.js:\d+/)
  })

  it('15: closed', async () => {
    const params = world.orderParams()
    const { out_trade_no } = await world.pay('createOrder', params)
    const closed = { errCode: 0, errMsg: '订单关闭成功' }
    expect(await world.pay('closeOrder', { out_trade_no })).toMatchObject(closed)
    expect(await world.row(out_trade_no)).toMatchObject({ status: -1, cancel_date: expect.any(Number) })
    await expect(world.payBy(out_trade_no)).rejects.toThrow('ORDER_CLOSED')
    expect(await world.pay('closeOrder', { out_trade_no })).toMatchObject(closed)
    expect(await world.pay('createOrder', { ...params, out_trade_no })).toMatchObject({ errCode: 53001 })
    const paid = await world.paidOrder()
    expect(await world.pay('closeOrder', { out_trade_no: paid })).toMatchObject({
      errCode: 53004,
      errMsg: expect.stringContaining('已支付'),
    })
    expect(await world.row(paid)).toMatchObject({ status: 1 })
    expect(await world.pay('closeOrder', { out_trade_no: 'nobody' })).toMatchObject({ errCode: 52001 })
    expect(await world.pay('closeOrder', {})).toMatchObject({ errCode: 51001 })
  })

  it('16: closed, and paid late', async () => {
    const { out_trade_no } = await world.order()
    await world.fault('order.latePay')
    expect(await world.pay('closeOrder', { out_trade_no })).toMatchObject({ errCode: 0 })
    await world.until(async () => (await world.row(out_trade_no)).transaction_id !== undefined)
    expect(await world.row(out_trade_no)).toMatchObject({
      status: -1,
      pay_date: expect.any(Number),
      err_msg: '订单关闭后收到付款',
    })
    expect(await world.callbacks(out_trade_no)).toBe(0)
    expect(await world.refund({ out_trade_no })).toMatchObject({ errCode: 0 })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 3 })
  })

  it('17: more than was paid, and the same number again', async () => {
    const out_trade_no = await world.paidOrder()
    const refund = (out_refund_no: string, refund_fee: number) =>
      world.refund({ out_trade_no, out_refund_no, refund_fee })
    expect(await refund('RA', 60)).toMatchObject({ errCode: 0 })
    expect(await refund('RB', 60)).toMatchObject({
      errCode: -1,
      errMsg: expect.stringContaining('refund_fee大于可退金额'),
    })
    const row = await world.row(out_trade_no)
    expect(row).toMatchObject({ status: 2, refund_fee: 60, refund_count: 1 })
    expect(await refund('RA', 60)).toMatchObject({ errCode: 0 })
    expect(await world.row(out_trade_no)).toEqual(row)
    expect(await refund('RC', 40)).toMatchObject({ errCode: 0 })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 3, refund_fee: 100 })
    // Found by its refund; that the number was used for another amount is the platform's word.
    expect(await world.refund({ out_refund_no: 'RC', refund_fee: 1 })).toMatchObject({ errCode: -1 })
    expect(await world.refund({ out_refund_no: 'nobody', refund_fee: 1 })).toMatchObject({ errCode: 52001 })
    const unpaid = await world.order()
    expect(await world.refund({ out_trade_no: unpaid.out_trade_no })).toMatchObject({ errCode: -1 })
  })
})
