/** Alipay, with the sandbox as Alipay (scenarios 5, 6, 7, 10, 11, 17). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Row, Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await Shop.open()
})
afterAll(() => shop.close())

const alipay = { provider: 'alipay' }
const web = { platform: 'web' }

describe('scenario 5: a code to scan', () => {
  it('before it is scanned the platform knows no order', async () => {
    const order = await shop.order(alipay, web)
    expect(order).toMatchObject({
      errCode: 0,
      provider_pay_type: 'native',
      order: { codeUrl: expect.stringMatching(/^https:\/\/qr\.alipay\.com\//) },
    })
    const { out_trade_no } = order
    expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({
      errCode: -1,
      errMsg: '未支付或已退款',
      has_paid: false,
    })
    expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject({ errCode: 53004 })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 0 })
    await shop.control('POST', `/orders/${out_trade_no}/scan`)
    expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject({ errCode: 0 })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: -1, cancel_date: expect.any(Number) })
  })

  it('paid', async () => {
    const { out_trade_no } = await shop.paidOrder(alipay, web)
    const [notice] = await shop.notices(out_trade_no)
    expect(notice?.attempts).toMatchObject([{ status: 200, answer: 'success' }])
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
    expect(await shop.callbacks(out_trade_no)).toBe(1)
    expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true, status: 1 })
  })
})

it('a merchant that signs with RSA is answered and notified with RSA', async () => {
  const other = await Shop.open({ config: (text) => text.replaceAll("keyType: 'PKCS8'", "signType: 'RSA'") })
  try {
    for (const client of [web, { platform: 'app' }]) {
      const { out_trade_no, order } = await other.order(alipay, client)
      await (client === web
        ? other.control('POST', `/orders/${out_trade_no}/pay`)
        : other.control('POST', '/pay', { client: order }))
      expect(await other.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
      expect(await other.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true })
    }
  } finally {
    await other.close()
  }
})

it('a notification that the gateway hands over as base64', async () => {
  const { out_trade_no } = await shop.order(alipay, web)
  await shop.fault('notify.base64')
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  expect((await shop.notices(out_trade_no))[0]?.attempts).toMatchObject([{ answer: 'success' }])
  expect(await shop.row(out_trade_no)).toMatchObject({
    status: 1,
    original_data: { isBase64Encoded: true },
  })
})

it('scenario 6: an app', async () => {
  const asked = (await shop.requests()).length
  const order = await shop.order(alipay, { platform: 'app', osName: 'android' })
  expect(order.provider_pay_type).toBe('app')
  expect((await shop.requests()).length).toBe(asked)
  const fields = new URLSearchParams(String(order.order))
  expect(fields.get('notify_url')).toBe('http://pay.test/uni-pay-co/payNotify/alipay-app')
  expect(JSON.parse(fields.get('biz_content') ?? '')).toMatchObject({ total_amount: '1.00' })
  await shop.control('POST', '/pay', { client: order.order })
  const row = await shop.row(order.out_trade_no)
  expect(row).toMatchObject({ status: 1, openid: expect.any(String), stat_data: { platform: 'android' } })
  expect(await shop.callbacks(order.out_trade_no)).toBe(1)
})

it('scenario 7: refunds and what is said of them', async () => {
  const { out_trade_no } = await shop.paidOrder(alipay, web)
  expect(await shop.admin.refund!({ out_trade_no, refund_fee: 30 })).toMatchObject({ errCode: 0 })
  await shop.answered(out_trade_no, 2)
  const first = await shop.row(out_trade_no)
  expect(first).toMatchObject({ status: 2, refund_fee: 30 })
  expect(await shop.admin.refund!({ out_trade_no, refund_fee: 70, out_refund_no: 'R2' })).toMatchObject({
    errCode: 0,
  })
  expect(await shop.row(out_trade_no)).toMatchObject({
    status: 3,
    refund_fee: 100,
    refund_count: 2,
    refund_list: [{ out_refund_no: 'R2', refund_fee: 70 }, { out_refund_no: `${out_trade_no}-1` }],
  })
  await shop.answered(out_trade_no, 3)
  for (const notice of await shop.notices(out_trade_no)) {
    expect(notice.attempts.at(-1)).toMatchObject({ answer: 'success' })
  }
  expect(await shop.callbacks(out_trade_no)).toBe(1)
  expect(await shop.pay().getRefund!({ out_trade_no })).toMatchObject({
    errCode: 0,
    errMsg: expect.stringMatching(/^合计退款 1\r\n1、 /),
    pay_order: { status: 3 },
  })
  expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ errCode: -1, has_paid: false })
})

it('scenario 17: more than there is', async () => {
  const { out_trade_no } = await shop.paidOrder(alipay, web)
  const refund = (change: Row) => shop.admin.refund!({ out_trade_no, ...change })
  expect(await refund({ out_refund_no: 'A', refund_fee: 60 })).toMatchObject({ errCode: 0 })
  expect(await refund({ out_refund_no: 'B', refund_fee: 60 })).toMatchObject({
    errCode: 53002,
    errMsg: expect.stringMatching(/^退款失败：.+/),
  })
  const before = await shop.row(out_trade_no)
  expect(before).toMatchObject({ status: 2, refund_fee: 60 })
  expect(await refund({ out_refund_no: 'A', refund_fee: 60 })).toMatchObject({ errCode: 0 })
  expect(await shop.row(out_trade_no)).toEqual(before)
  expect(await refund({ out_refund_no: 'C', refund_fee: 40 })).toMatchObject({ errCode: 0 })
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 3, refund_fee: 100, refund_count: 2 })
})

describe('notifications', () => {
  it.each([
    ['notify.forged', {}],
    ['notify.tampered', {}],
    ['notify.wrongAppId', {}],
    ['notify.wrongMchId', {}],
    ['notify.wrongAmount', { total: 1 }],
  ])('%s is refused, and the genuine one counts', async (fault, args) => {
    const { out_trade_no } = await shop.order(alipay, web)
    await shop.fault(fault, args)
    await shop.control('POST', `/orders/${out_trade_no}/pay`)
    const [notice] = await shop.notices(out_trade_no)
    expect(notice?.attempts[0]).toMatchObject({ answer: 'fail' })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 0 })
    await shop.redeliver(out_trade_no)
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 1 })
    expect(await shop.callbacks(out_trade_no)).toBe(1)
  })

  it.each(['notify.zeroRefundFee', 'notify.finished'])('%s is a payment', async (fault) => {
    const { out_trade_no } = await shop.order(alipay, web)
    await shop.fault(fault)
    await shop.control('POST', `/orders/${out_trade_no}/pay`)
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
  })
})
