/** Huawei Pay, with the sandbox as Huawei. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await Shop.open()
})
afterAll(() => shop.close())

it.each([
  ['app', { platform: 'app', osName: 'harmonyos' }],
  ['mp', { platform: 'mp-harmony' }],
])('%s: order, payment, refund', async (payType, client) => {
  const order = await shop.order({ provider: 'huawei', other: { biz_type: '100002' } }, client)
  expect(order).toMatchObject({ errCode: 0, provider_pay_type: payType, order: expect.any(String) })
  const { out_trade_no } = order
  await shop.control('POST', `/orders/${out_trade_no}/pay`)
  const [notice] = await shop.notices(out_trade_no)
  expect(notice?.attempts[0]).toMatchObject({ status: 200, answer: expect.stringContaining('"000000"') })
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
  expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true })
  expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject({ errCode: 53004 })
  expect(await shop.admin.refund!({ out_trade_no, refund_fee: 30 })).toMatchObject({ errCode: 0 })
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 2, refund_fee: 30 })
  expect(await shop.callbacks(out_trade_no)).toBe(1)
})

it('forged', async () => {
  const order = await shop.order(
    { provider: 'huawei', other: { biz_type: '100002' } },
    { platform: 'mp-harmony' },
  )
  await shop.fault('notify.forged')
  await shop.control('POST', `/orders/${order.out_trade_no}/pay`)
  const [notice] = await shop.notices(order.out_trade_no)
  expect(notice?.attempts[0]).toMatchObject({ answer: expect.stringContaining('"200002"') })
  expect(await shop.row(order.out_trade_no)).toMatchObject({ status: 0 })
})
