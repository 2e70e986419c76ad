/** `alipay.trade.pay` by `alipay-sdk`: at once, or once the payer has confirmed. */
import type { AlipaySdk } from 'alipay-sdk'
import { describe, expect, test } from 'vitest'
import { alipayMerchant, form } from './alipay-merchant.ts'
import { startMerchant, startSandbox } from './start-sandbox.ts'

const PAY = 'alipay.trade.pay'
const CODE = '286101234567890123'

async function start() {
  const started = await startSandbox()
  const merchant = await startMerchant()
  merchant.answer = () => ({ body: 'success' })
  const sdk = alipayMerchant(started)
  const call = (method: string, bizContent: object): ReturnType<AlipaySdk['exec']> =>
    sdk.exec(method, { notify_url: merchant.url, bizContent }, { validateSign: true })
  return { started, merchant, sdk, call }
}

const trade = (out_trade_no: string, auth_code = CODE) => ({
  out_trade_no,
  auth_code,
  scene: 'bar_code',
  total_amount: '88.88',
  subject: '一杯茶',
})

test('paid at once, reported, and to be refunded like any trade', async () => {
  const { started, merchant, sdk, call } = await start()
  expect(await call(PAY, trade('BAR1'))).toMatchObject({
    code: '10000',
    msg: 'Success',
    outTradeNo: 'BAR1',
    tradeNo: expect.stringMatching(/^\d{28}$/),
    totalAmount: '88.88',
    receiptAmount: '88.88',
    gmtPayment: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    fundBillList: [{ amount: '88.88', fundChannel: 'ALIPAYACCOUNT' }],
  })
  await started.simulator.settled()
  expect(sdk.checkNotifySignV2(form(merchant))).toBe(true)
  expect(form(merchant)).toMatchObject({ out_trade_no: 'BAR1', trade_status: 'TRADE_SUCCESS' })
  expect(await call(PAY, trade('BAR1'))).toMatchObject({ subCode: 'ACQ.TRADE_HAS_SUCCESS' })
  expect(await call('alipay.trade.refund', { out_trade_no: 'BAR1', refund_amount: '8.88' })).toMatchObject({
    code: '10000',
    refundFee: '8.88',
  })
})

describe('the payer must confirm first', () => {
  async function waiting(number: string) {
    const parts = await start()
    await parts.started.control('POST', '/faults', { fault: 'order.userPaying' })
    expect(await parts.call(PAY, trade(number))).toMatchObject({
      code: '10003',
      msg: ' order success pay inprocess',
      outTradeNo: number,
      totalAmount: '88.88',
      receiptAmount: '0.00',
    })
    const query = () => parts.call('alipay.trade.query', { out_trade_no: number })
    expect(await query()).toMatchObject({ code: '10000', tradeStatus: 'WAIT_BUYER_PAY' })
    expect(parts.merchant.received).toHaveLength(0)
    return { ...parts, query }
  }

  test('and does', async () => {
    const { started, merchant, query } = await waiting('BAR2')
    await started.control('POST', '/orders/BAR2/pay')
    expect(await query()).toMatchObject({ tradeStatus: 'TRADE_SUCCESS', buyerPayAmount: '88.88' })
    expect(merchant.received).toHaveLength(1)
  })

  test('and does not: the merchant takes it back', async () => {
    const { call, started, query } = await waiting('BAR3')
    expect(await call('alipay.trade.cancel', { out_trade_no: 'BAR3' })).toMatchObject({ action: 'close' })
    expect(await query()).toMatchObject({ tradeStatus: 'TRADE_CLOSED' })
    await expect(started.control('POST', '/orders/BAR3/pay')).rejects.toThrow('ORDER_CLOSED')
  })

  test('and had paid when it was taken back: refunded', async () => {
    const { call, started } = await waiting('BAR4')
    await started.control('POST', '/orders/BAR4/pay')
    expect(await call('alipay.trade.cancel', { out_trade_no: 'BAR4' })).toMatchObject({ action: 'refund' })
    expect(await started.control('GET', '/orders/BAR4')).toMatchObject({ status: 'REFUND_FULL' })
  })

  test('and shows another code', async () => {
    const { call } = await waiting('BAR5')
    expect(await call(PAY, trade('BAR5', '300000000000000001'))).toMatchObject({ code: '10000' })
  })
})

test.each([
  ['no code', { auth_code: undefined }, 'ACQ.PAYMENT_AUTH_CODE_INVALID'],
  ['a code of WeChat', { auth_code: '134567890123456789' }, 'ACQ.PAYMENT_AUTH_CODE_INVALID'],
  ['a code that is too short', { auth_code: '28123' }, 'ACQ.PAYMENT_AUTH_CODE_INVALID'],
  ['a code that paid something else', { auth_code: CODE }, 'ACQ.PAYMENT_AUTH_CODE_INVALID'],
  ['a scene that is none', { scene: 'face' }, 'ACQ.INVALID_PARAMETER'],
  ['no amount', { total_amount: '0' }, 'ACQ.INVALID_PARAMETER'],
  ['the amount of another order', { out_trade_no: 'BAR9', total_amount: '1.00' }, 'ACQ.CONTEXT_INCONSISTENT'],
])('refused: %s', async (_name, change, subCode) => {
  const { started, call } = await start()
  await call(PAY, trade('BAR6'))
  await started.control('POST', '/faults', { fault: 'order.userPaying' })
  await call(PAY, trade('BAR9', '300000000000000009'))
  const wanted = { ...trade('BAR7', '300000000000000002'), ...change }
  expect(await call(PAY, wanted)).toMatchObject({ code: '40004', subCode })
})
