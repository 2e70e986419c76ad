/** WeChat Pay V3 from the order to the refund, with the sandbox as WeChat (spec/payment-scenarios.md). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openid, type Row, Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await Shop.open()
})
afterAll(() => shop.close())

describe('scenario 1: a mini program', () => {
  it('order, payment, notification, callback, query', async () => {
    const order = await shop.order()
    expect(order).toMatchObject({
      errCode: 0,
      errMsg: 'ok',
      provider: 'wxpay',
      provider_pay_type: 'mp',
      out_trade_no: expect.stringMatching(/^\d{25}$/),
      order: {
        appId: expect.any(String),
        nonceStr: expect.any(String),
        package: expect.stringMatching(/^prepay_id=/),
        timeStamp: expect.any(String),
        signType: 'RSA',
        paySign: expect.any(String),
        timestamp: expect.any(Number),
      },
    })
    const { out_trade_no } = order
    expect(await shop.row(out_trade_no)).toMatchObject({
      status: 0,
      total_fee: 100,
      refund_fee: 0,
      refund_count: 0,
      provider_appid: order.order.appId,
      appid: '__UNI__TEST',
      device_id: 'd1',
      stat_data: { platform: 'mp-weixin', ua: 'test' },
    })
    const paid = await shop.control('POST', `/orders/${out_trade_no}/pay`, { client: order.order })
    const [notice] = await shop.notices(out_trade_no)
    expect(notice).toMatchObject({
      state: 'accepted',
      attempts: [{ status: 200, answer: '{"code":"SUCCESS","message":"成功"}' }],
    })
    const row = await shop.row(out_trade_no)
    expect(row).toMatchObject({
      status: 1,
      transaction_id: paid.transaction_id,
      openid,
      user_order_success: true,
      original_data: { path: '/payNotify/wxpay-mp' },
    })
    expect(row.pay_date).toBe(row.notify_date)
    expect(row.pay_date).toBeGreaterThanOrEqual(row.create_date as number)
    expect(row).not.toHaveProperty('callback_claim')
    expect(row.stat_data).not.toHaveProperty('channel')
    expect(await shop.rows({ out_trade_no }, 'test-callbacks')).toMatchObject([
      { status: 1, total_fee: 100, state: 'SUCCESS' },
    ])
    const asked = {
      errCode: 0,
      has_paid: true,
      status: 1,
      user_order_success: true,
      out_trade_no,
      transaction_id: paid.transaction_id,
    }
    expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject(asked)
    expect(await shop.pay().getOrder!({ transaction_id: paid.transaction_id })).toMatchObject(asked)
  })

  it('a callback in TypeScript, and the helper that callbacks get', async () => {
    const typed = await shop.paidOrder({ type: 'typed' })
    expect(await shop.row(typed.out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
    const crypt = await shop.paidOrder({ type: 'crypt' })
    expect(await shop.row(crypt.out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
    const shipped = await shop.paidOrder({ type: 'test' })
    expect(await shop.row(shipped.out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
  })

  it('the user of the token is who ordered', async () => {
    await shop.space.seed({ 'uni-id-users': [{ _id: 'u7', nickname: 'Li' }] })
    const buyer = shop.pay({ uniIdToken: shop.token({ uid: 'u7' }) })
    const { out_trade_no } = await buyer.createOrder!(shop.orderParams())
    expect(await shop.row(out_trade_no)).toMatchObject({ user_id: 'u7', nickname: 'Li' })
    const stranger = shop.pay({ uniIdToken: 'not.a.token' })
    const anonymous = await stranger.createOrder!(shop.orderParams())
    expect(anonymous.errCode).toBe(0)
    expect(await shop.row(anonymous.out_trade_no)).not.toHaveProperty('user_id')
  })
})

it('scenario 2: a code to scan', async () => {
  const order = await shop.order({ qr_code: true }, { platform: 'web' })
  expect(order).toMatchObject({
    provider_pay_type: 'native',
    qr_code: true,
    order: { codeUrl: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=/) },
    qr_code_image: expect.stringMatching(/^data:image\/png;base64,/),
  })
  const image = Buffer.from(String(order.qr_code_image).split(',')[1] ?? '', 'base64')
  expect([image.readUInt32BE(16), image.readUInt32BE(20)]).toEqual([200, 200])
  expect(await shop.row(order.out_trade_no)).not.toHaveProperty('openid')
  await shop.control('POST', `/orders/${order.out_trade_no}/pay`)
  expect(await shop.row(order.out_trade_no)).toMatchObject({ status: 1, openid: expect.any(String) })
  expect(await shop.callbacks(order.out_trade_no)).toBe(1)
})

it('scenario 3: a page outside WeChat and one inside', async () => {
  const order = await shop.order({}, { platform: 'web' })
  expect(order).toMatchObject({ provider_pay_type: 'mweb', order: { h5Url: order.order.mwebUrl } })
  const call = (await shop.requests()).find(({ out_trade_no }) => out_trade_no === order.out_trade_no)
  const { scene_info } = JSON.parse(String(call?.body)) as { scene_info: Row }
  expect(scene_info).toEqual({
    payer_client_ip: '127.0.0.1',
    h5_info: { type: 'Wap', app_url: 'http://127.0.0.1', app_name: 'Sandbox' },
  })
  const inside = await shop.order({}, { platform: 'web', userAgent: 'Mozilla MicroMessenger/8' })
  expect(inside.provider_pay_type).toBe('jsapi')
})

describe('scenario 10: forged', () => {
  it.each(['notify.forged', 'notify.tampered', 'notify.probe', 'notify.wrongAppId', 'notify.wrongMchId'])(
    '%s is refused, and the genuine one counts',
    async (fault) => {
      const order = await shop.order()
      await shop.fault(fault)
      await shop.control('POST', `/orders/${order.out_trade_no}/pay`)
      const [notice] = await shop.notices(order.out_trade_no)
      expect(notice?.attempts[0]).toMatchObject({
        status: 401,
        answer: expect.stringContaining('"code":"FAIL"'),
      })
      expect(await shop.row(order.out_trade_no)).toMatchObject({ status: 0 })
      expect(await shop.callbacks(order.out_trade_no)).toBe(0)
      await shop.redeliver(order.out_trade_no)
      expect(await shop.row(order.out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
      expect(await shop.callbacks(order.out_trade_no)).toBe(1)
    },
  )

  it.each([
    ['/uni-pay-co/payNotify/wxpay-nothing', 500],
    ['/uni-pay-co/payNotify/constructor-mp', 500],
    ['/uni-pay-co/payNotify/..%2f..%2fwxpay-mp', 400],
    ['/uni-pay-co/payNotify', 400],
    ['/uni-pay-co/payNotify/appleiap-app', 400],
  ])('%s is nobody', async (target, status) => {
    const answer = await shop.space.request(target, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(status)
  })
})

it.each(['notify.base64', 'notify.rotated'])('%s is genuine all the same', async (fault) => {
  const { out_trade_no } = await shop.order()
  await shop.fault(fault)
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
})

it('scenario 11: a wrong amount', async () => {
  const { out_trade_no } = await shop.order()
  await shop.fault('notify.wrongAmount', { total: 1 })
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 0, err_msg: '支付金额不一致：订单100，通知1' })
  expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true, status: 0 })
  await shop.redeliver(out_trade_no)
  const row = await shop.row(out_trade_no)
  expect(row).toMatchObject({ status: 1, user_order_success: true })
  expect(row).not.toHaveProperty('err_msg')
  expect(await shop.callbacks(out_trade_no)).toBe(1)
})

it('scenario 12: lost, asked for, late', async () => {
  const { out_trade_no } = await shop.order()
  await shop.fault('notify.lost')
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  const asked = await shop.pay().getOrder!({ out_trade_no })
  expect(asked).toMatchObject({ has_paid: true, status: 0 })
  expect(asked).not.toHaveProperty('user_order_success')
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 0 })
  await shop.control('POST', '/clock', { advance: '15s' })
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 1 })
  expect(await shop.callbacks(out_trade_no)).toBe(1)
})

it('scenario 13: waits for the notification', async () => {
  const { out_trade_no } = await shop.order()
  await shop.fault('notify.lost')
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  const asked = shop.pay().getOrder!({ out_trade_no, await_notify: true })
  setTimeout(() => void shop.redeliver(out_trade_no), 700)
  expect(await asked).toMatchObject({ has_paid: true, status: 1, user_order_success: true })
})

describe('scenario 14: how callbacks end', () => {
  it.each([
    ['no', 1, undefined],
    ['boom', 1, '回调notify/boom出错：no stock'],
    ['nofile', 0, '没有回调文件：notify/nofile'],
  ])('%s', async (type, times, err_msg) => {
    const { out_trade_no } = await shop.paidOrder({ type })
    const row = await shop.row(out_trade_no)
    expect(row).toMatchObject({ status: 1, user_order_success: false })
    expect(row.err_msg).toBe(err_msg)
    expect(await shop.callbacks(out_trade_no)).toBe(times)
    const [notice] = await shop.notices(out_trade_no)
    expect(notice).toMatchObject({ state: 'accepted', attempts: [{ status: 200 }] })
    await shop.redeliver(out_trade_no)
    expect(await shop.callbacks(out_trade_no)).toBe(times)
  })

  it('an exception leaves its place in the log', async () => {
    await shop.paidOrder({ type: 'boom' })
    expect(
      shop.space
        .logs('uni-pay-co')
        .map(({ text }) => text)
        .join('\n'),
    ).toMatch(/no stock[\s\S]*boom\.js:\d+/)
  })

  it('one that platforms do not wait for is not run twice', async () => {
    const { out_trade_no } = await shop.order({ type: 'slow' })
    await shop.control('POST', '/settings', { notifyTimeoutMs: 500 })
    await shop.control('POST', `/orders/${out_trade_no}/pay`)
    await shop.control('POST', '/settings', { notifyTimeoutMs: null })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 1 })
    const [again] = await shop.redeliver(out_trade_no)
    expect(again).toMatchObject({ status: 200 })
    expect(await shop.row(out_trade_no)).toMatchObject({ user_order_success: true })
    expect(await shop.callbacks(out_trade_no)).toBe(1)
  })
})

describe('scenario 15: closed', () => {
  it('cannot be paid, nor ordered again', async () => {
    const params = shop.orderParams()
    const { out_trade_no } = await shop.pay().createOrder!(params)
    const closed = { errCode: 0, errMsg: '订单关闭成功' }
    expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject(closed)
    const row = await shop.row(out_trade_no)
    expect(row).toMatchObject({ status: -1, cancel_date: expect.any(Number) })
    expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject(closed)
    expect(await shop.pay().createOrder!({ ...params, out_trade_no })).toMatchObject({
      errCode: 53001,
      errMsg: expect.stringContaining('支付单号已存在：'),
    })
    expect(await shop.row(out_trade_no)).toEqual(row)
  })

  it('a paid one is not closed', async () => {
    const { out_trade_no } = await shop.paidOrder()
    expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject({
      errCode: 53004,
      errMsg: expect.stringContaining('已支付'),
    })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 1 })
  })

  it('scenario 16: the money arrives after all', async () => {
    const { out_trade_no } = await shop.order()
    await shop.fault('order.latePay')
    expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject({ errCode: 0 })
    await shop.until(async () => (await shop.row(out_trade_no)).transaction_id !== undefined)
    expect(await shop.row(out_trade_no)).toMatchObject({
      status: -1,
      pay_date: expect.any(Number),
      err_msg: '订单关闭后收到付款',
    })
    expect(await shop.callbacks(out_trade_no)).toBe(0)
    expect(await shop.admin.refund!({ out_trade_no })).toMatchObject({ errCode: 0 })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 3, refund_fee: 100 })
    await shop.redeliver(out_trade_no)
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 3, err_msg: '订单关闭后收到付款' })
    expect(await shop.callbacks(out_trade_no)).toBe(0)
  })
})

it('refunded before its payment was reported: no callback, and why', async () => {
  const { out_trade_no } = await shop.order()
  await shop.fault('notify.lost')
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  expect(await shop.admin.refund!({ out_trade_no, refund_fee: 10 })).toMatchObject({ errCode: 0 })
  const notices = await shop.notices(out_trade_no)
  const payment = notices.find(({ kind }) => kind === 'payment')
  await shop.control('POST', `/notifications/${payment?.id}/deliver`)
  expect(await shop.row(out_trade_no)).toMatchObject({
    status: 2,
    user_order_success: false,
    err_msg: '退款后才收到付款通知，不执行回调',
  })
  expect(await shop.callbacks(out_trade_no)).toBe(0)
})

it('scenario 17: more than there is, and the same again', async () => {
  const { out_trade_no } = await shop.paidOrder()
  const refund = (change: Row) => shop.admin.refund!({ out_trade_no, ...change })
  expect(await refund({ out_refund_no: 'RA', refund_fee: 60 })).toMatchObject({
    errCode: 0,
    result: { refundFee: 60 },
  })
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 2, refund_fee: 60, refund_count: 1 })
  expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true, status: 2 })
  expect(await refund({ out_refund_no: 'RB', refund_fee: 60 })).toMatchObject({ errCode: -1 })
  const before = await shop.row(out_trade_no)
  expect(await refund({ out_refund_no: 'RA', refund_fee: 60 })).toMatchObject({ errCode: 0 })
  expect(await shop.row(out_trade_no)).toEqual(before)
  expect(await refund({ out_refund_no: 'RC', refund_fee: 40 })).toMatchObject({ errCode: 0 })
  expect(await shop.row(out_trade_no)).toMatchObject({
    status: 3,
    refund_fee: 100,
    refund_count: 2,
    refund_list: [
      { out_refund_no: 'RC', refund_fee: 40 },
      { out_refund_no: 'RA', refund_fee: 60 },
    ],
  })
  expect(await shop.pay().getRefund!({ out_trade_no })).toMatchObject({
    errCode: 0,
    errMsg: expect.stringMatching(/^合计退款 1\r\n1、 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \r\n退款 0\.4 \r\n2、 /),
    pay_order: { status: 3 },
  })
  expect(await shop.admin.refund!({ out_refund_no: 'RC', refund_fee: 1 })).not.toMatchObject({
    errCode: 51001,
  })
  const unpaid = await shop.order()
  expect(await shop.admin.refund!({ out_trade_no: unpaid.out_trade_no })).toMatchObject({ errCode: -1 })
  expect(await shop.pay().getOrder!({ out_trade_no: unpaid.out_trade_no })).toMatchObject({
    errCode: -1,
    has_paid: false,
  })
})
