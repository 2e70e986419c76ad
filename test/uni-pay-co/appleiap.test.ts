/** Purchases in the App Store, with the sandbox as Apple (scenario 20). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type Row, Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await Shop.open()
})
afterAll(() => shop.close())

const hour = 3600_000
const app = { platform: 'app', osName: 'ios' }

async function appleOrder(change: Row = {}): Promise<Answer & { appleiap_account_token: string }> {
  const apple_virtual = { product_id: 'coin6', goods_price: 600, buy_quantity: 1 }
  const order = await shop.order({ provider: 'appleiap', apple_virtual, total_fee: 600, ...change }, app)
  return order as Answer & { appleiap_account_token: string }
}

async function bought(appAccountToken: string, change: Row = {}): Promise<string> {
  const wish = { productId: 'coin6', quantity: 1, price: 6000, type: 'Consumable', environment: 'Sandbox' }
  const purchase = await shop.control<Row>('POST', '/purchases', { ...wish, appAccountToken, ...change })
  return String(purchase.transaction_id ?? purchase.transactionId)
}

const verify = (params: Row) => shop.pay({ clientInfo: app }).verifyReceiptFromAppleiap!(params)

describe('scenario 20: the App Store Server API', () => {
  it('a purchase pays its order, once', async () => {
    const order = await appleOrder()
    expect(order).toMatchObject({
      errCode: 0,
      provider_pay_type: 'app',
      appleiap_account_token: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    })
    expect(order).not.toHaveProperty('order')
    const { out_trade_no } = order
    const transaction_identifier = await bought(order.appleiap_account_token)
    expect(await verify({ out_trade_no, transaction_identifier })).toMatchObject({
      errCode: 0,
      has_paid: true,
      status: 1,
      user_order_success: true,
      is_subscribe: false,
      transaction_id: transaction_identifier,
    })
    expect(await shop.callbacks(out_trade_no)).toBe(1)
    expect(await verify({ out_trade_no, transaction_identifier })).toEqual({
      errCode: 0,
      errMsg: 'ok',
      repeat: true,
    })
    expect(await shop.callbacks(out_trade_no)).toBe(1)
    expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true })
    expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject({ errCode: 53004 })
  })

  it('found by its token, in upper case', async () => {
    const order = await appleOrder()
    const transaction_identifier = await bought(order.appleiap_account_token)
    const appleiap_account_token = order.appleiap_account_token.toUpperCase()
    expect(await verify({ appleiap_account_token, transaction_identifier })).toMatchObject({ has_paid: true })
  })

  it.each([
    ['of another order', { appAccountToken: '00000000-0000-4000-8000-000000000000' }],
    ['of something else', { productId: 'coin1' }],
    ['shared by the family', { ownership: 'FAMILY_SHARED' }],
  ])('a purchase %s is none', async (_name, change) => {
    const order = await appleOrder()
    const transaction_identifier = await bought(order.appleiap_account_token, change)
    const { out_trade_no } = order
    expect(await verify({ out_trade_no, transaction_identifier })).toMatchObject({ errCode: 54002 })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 0 })
  })

  it('an old one is left alone', async () => {
    const order = await appleOrder()
    const purchaseDate = shop.space.clock.now().getTime() - 73 * hour
    const transaction_identifier = await bought(order.appleiap_account_token, { purchaseDate })
    const { out_trade_no } = order
    expect(await verify({ out_trade_no, transaction_identifier })).toEqual({ errCode: 0, errMsg: 'ok' })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 0 })
  })

  it('a renewal is an order of its own', async () => {
    const order = await appleOrder()
    const { out_trade_no, appleiap_account_token: token } = order
    const type = 'Auto-Renewable Subscription'
    const first = await bought(token, { type })
    expect(await verify({ out_trade_no, transaction_identifier: first })).toMatchObject({
      is_subscribe: true,
      status: 1,
    })
    const second = await bought(token, { type, originalTransactionId: first })
    expect(await verify({ appleiap_account_token: token, transaction_identifier: second })).toMatchObject({
      is_subscribe: true,
      out_trade_no: second,
      status: 1,
    })
    expect(await shop.row(second)).toMatchObject({ total_fee: 600, description: '[自动续期]测试订单' })
    expect(await shop.callbacks(second)).toBe(1)
  })
})

it.each([
  [{}, { errCode: 0, errMsg: 'Invalid out_trade_no' }],
  [{ out_trade_no: 'nobody' }, { errCode: 52001 }],
])('%j', async (params, answer) => {
  expect(await verify({ ...params, transaction_identifier: '1' })).toMatchObject(answer)
})

describe('receipts, as apps of uni-pay 2.x send them', () => {
  let old: Shop
  beforeAll(async () => {
    old = await Shop.open({ config: (text) => text.replace(/issuerId: [^\n]*\n/, '\n') })
  })
  afterAll(() => old.close())

  async function receiptOrder(change: Row = {}) {
    const apple_virtual = { product_id: 'coin6', goods_price: 600, buy_quantity: 1 }
    const order = await old.pay({ clientInfo: app }).createOrder!(
      old.orderParams({ provider: 'appleiap', apple_virtual }),
    )
    const wish = { productId: 'coin6', environment: 'Production', ...change }
    const { transactionId, receipt } = await old.control<Row>('POST', '/purchases', wish)
    return {
      out_trade_no: order.out_trade_no,
      transaction_receipt: receipt,
      transaction_identifier: transactionId,
    }
  }

  const verifyOld = (params: Row) => old.pay({ clientInfo: app }).verifyReceiptFromAppleiap!(params)

  it('pays its order, once, and no other', async () => {
    const params = await receiptOrder()
    expect(await verifyOld(params)).toMatchObject({ has_paid: true, status: 1, user_order_success: true })
    expect(await verifyOld(params)).toEqual({ errCode: 0, errMsg: 'ok' })
    const other = await receiptOrder()
    const stolen = { ...params, out_trade_no: other.out_trade_no }
    expect(await verifyOld(stolen)).toEqual({ errCode: 0, errMsg: 'ok' })
    expect(await old.row(other.out_trade_no)).toMatchObject({ status: 0 })
    expect(await old.callbacks(params.out_trade_no)).toBe(1)
  })

  it('many orders at once with one receipt: one of them is paid', async () => {
    const first = await receiptOrder()
    const others = await Promise.all(Array.from({ length: 4 }, () => receiptOrder()))
    const numbers = [first, ...others].map(({ out_trade_no }) => out_trade_no)
    await Promise.all(numbers.map((out_trade_no) => verifyOld({ ...first, out_trade_no })))
    const rows = await Promise.all(numbers.map((number) => old.row(number)))
    expect(rows.filter(({ status }) => status === 1)).toHaveLength(1)
  })

  it.each([
    ['of something else', { productId: 'coin1' }, {}],
    ['of another transaction', {}, { transaction_identifier: '1' }],
    ['that Apple does not know', {}, { transaction_receipt: 'bm90aGluZw==' }],
  ])('%s: none', async (_name, wish, change) => {
    const params = { ...(await receiptOrder(wish)), ...change }
    expect(await verifyOld(params)).toMatchObject({ errCode: 54002 })
    expect(await old.row(params.out_trade_no)).toMatchObject({ status: 0 })
  })

  it('an old one is left alone', async () => {
    const params = await receiptOrder({ purchaseDate: old.space.clock.now().getTime() - 25 * hour })
    expect(await verifyOld(params)).toEqual({ errCode: 0, errMsg: 'ok' })
    expect(await old.row(params.out_trade_no)).toMatchObject({ status: 0 })
  })
})
