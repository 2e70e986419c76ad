/** WeChat Pay V2 and its client certificate, with the sandbox as WeChat (scenarios 4, 10, 11). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Shop } from './shop.ts'

const v2 = (text: string) => text.replaceAll('version: 3', 'version: 2')

let shop: Shop
beforeAll(async () => {
  shop = await Shop.open({ config: v2 })
})
afterAll(() => shop.close())

it('scenario 4: order, payment, refund', async () => {
  const order = await shop.order()
  expect(order).toMatchObject({
    errCode: 0,
    order: { signType: 'MD5', paySign: expect.any(String), timestamp: expect.any(Number) },
  })
  const { out_trade_no } = order
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  const [notice] = await shop.notices(out_trade_no)
  expect(notice?.attempts).toMatchObject([
    {
      status: 200,
      answer:
        '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
    },
  ])
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
  expect(await shop.callbacks(out_trade_no)).toBe(1)
  expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true })
  expect(await shop.admin.refund!({ out_trade_no, refund_fee: 30 })).toMatchObject({
    errCode: 0,
    result: { refundFee: 30 },
  })
  expect(await shop.row(out_trade_no)).toMatchObject({
    status: 2,
    refund_fee: 30,
    refund_count: 1,
    refund_list: [{ refund_fee: 30, out_refund_no: `${out_trade_no}-1` }],
  })
  expect(await shop.pay().getRefund!({ out_trade_no })).toMatchObject({ errCode: 0 })
  await shop.answered(out_trade_no, 2)
  expect(await shop.callbacks(out_trade_no)).toBe(1)
})

it('HMAC-SHA256 instead of MD5, in a mini program and an app', async () => {
  const other = await Shop.open({
    config: (text) => v2(text).replaceAll('version: 2', "version: 2, signType: 'HMAC-SHA256'"),
  })
  try {
    for (const platform of ['mp-weixin', 'app']) {
      const { out_trade_no, order } = await other.order({}, { platform })
      await other.control('POST', `/orders/${out_trade_no}/pay`, { client: order })
      expect(await other.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
    }
  } finally {
    await other.close()
  }
})

it('closed', async () => {
  const { out_trade_no } = await shop.order()
  expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject({ errCode: 0 })
  expect(await shop.row(out_trade_no)).toMatchObject({ status: -1 })
})

describe('refused, and the genuine one counts', () => {
  it.each([
    ['notify.forged', {}, '签名验证失败'],
    ['notify.tampered', {}, '签名验证失败'],
    ['notify.wrongAmount', { total: 1 }, '支付金额不一致：订单100，通知1'],
  ])('%s', async (fault, args, reason) => {
    const { out_trade_no } = await shop.order()
    await shop.fault(fault, args)
    await shop.control('POST', `/orders/${out_trade_no}/pay`)
    const [notice] = await shop.notices(out_trade_no)
    expect(notice?.attempts[0]).toMatchObject({
      answer: `<xml><return_code><![CDATA[FAIL]]></return_code><return_msg><![CDATA[${reason}]]></return_msg></xml>`,
    })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 0 })
    await shop.redeliver(out_trade_no)
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 1 })
    expect(await shop.callbacks(out_trade_no)).toBe(1)
  })
})

it('no certificate, no refund', async () => {
  const bare = await Shop.open({ config: (text) => v2(text).replace(/pfx: [^\n]*\n/g, '\n') })
  try {
    const { out_trade_no } = await bare.paidOrder()
    expect(await bare.admin.refund!({ out_trade_no })).toMatchObject({
      errCode: -1,
      errMsg: '此接口需要微信支付证书（请传入pfx字段）',
    })
    expect(await bare.row(out_trade_no)).toMatchObject({ status: 1, refund_fee: 0 })
  } finally {
    await bare.close()
  }
})
