import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Alipay } from '../../common/uni-pay/alipay/client.ts'
import { byCertificates, byPublicKey, notice, type Signing } from './alipay-platform.ts'
import { failure } from './fake-client.ts'
import { constants, privateKey, type Row } from './material.ts'

const { app_id, seller_id, buyer_id } = constants('alipay')
const alipay = new Alipay(byCertificates)

let warnings: string[]
beforeEach(() => {
  warnings = []
  vi.spyOn(console, 'warn').mockImplementation((text: string) => void warnings.push(text))
})
afterEach(() => void vi.restoreAllMocks())

const payment = {
  notify_id: 'n1',
  trade_no: '2026',
  out_trade_no: 'SBX1',
  buyer_id: String(buyer_id),
  trade_status: 'TRADE_SUCCESS',
  total_amount: '1.00',
  receipt_amount: '1.00',
  buyer_pay_amount: '0.29',
  gmt_payment: '2026-01-01 08:00:02',
  subject: '100% +测试 & more',
  fund_bill_list: '[{"amount":"0.57","fundChannel":"ALIPAYACCOUNT"}]',
}
const refund = {
  ...payment,
  refund_fee: '0.30',
  gmt_refund: '2026-01-01 08:05:00.123',
  out_biz_no: 'R1',
}

describe('payment', () => {
  it('names and amounts (D11)', async () => {
    const event = notice(payment)
    expect(alipay.checkNotifyType(event)).toBe('payment')
    expect(await alipay.verifyRefundNotify(event)).toBe(false)
    expect(await alipay.verifyPaymentNotify(event)).toMatchObject({
      totalFee: 100,
      cashFee: 29,
      feeType: 'CNY',
      outTradeNo: 'SBX1',
      transactionId: '2026',
      timeEnd: '20260101080002',
      openid: buyer_id,
      returnCode: 'SUCCESS',
      resultCode: 'SUCCESS',
      tradeState: 'SUCCESS',
      appId: app_id,
      mchId: seller_id,
      notifyId: 'n1',
      subject: '100% +测试 & more',
      fundBillList: [{ amount: 57, fundChannel: 'ALIPAYACCOUNT' }],
    })
    expect(warnings).toEqual([])
  })

  it.each<[string, Row, Row]>([
    ['with refund_fee=0.00 (D10)', { refund_fee: '0.00' }, { resultCode: 'SUCCESS' }],
    ['finished', { trade_status: 'TRADE_FINISHED' }, { resultCode: 'FINISHED', tradeState: 'FINISHED' }],
    ['closed', { trade_status: 'TRADE_CLOSED' }, { resultCode: 'CLOSED' }],
    ['openid mode', { buyer_open_id: 'oid' }, { openid: 'oid' }],
    ['an empty parameter', { body: '' }, { body: '' }],
  ])('%s', async (_, more, expected) => {
    const event = notice({ ...payment, ...(more as Record<string, string>) })
    expect(await alipay.verifyPaymentNotify(event)).toMatchObject(expected)
  })

  it('base64 bodies; public-key mode; without a seller in the options none is checked', async () => {
    const { body, headers } = notice({ ...payment, seller_id: '2088000000000009' })
    const event = { headers, body: Buffer.from(body).toString('base64'), isBase64Encoded: true }
    expect(await new Alipay(byPublicKey).verifyPaymentNotify(event)).toMatchObject({ outTradeNo: 'SBX1' })
  })
})

describe('refund', () => {
  it('names and amounts', async () => {
    const event = notice(refund)
    expect(alipay.checkNotifyType(event)).toBe('refund')
    expect(await alipay.verifyPaymentNotify(event)).toBe(false)
    expect(await alipay.verifyRefundNotify(event)).toMatchObject({
      totalFee: 100,
      refundFee: 30,
      outTradeNo: 'SBX1',
      transactionId: '2026',
      outRefundNo: 'R1',
      refundStatus: 'SUCCESS',
      successTime: '2026-01-01 08:05:00',
      openid: buyer_id,
    })
  })

  it('told by its time alone', () => {
    expect(alipay.checkNotifyType(notice({ ...payment, gmt_refund: '2026-01-01 08:05:00' }))).toBe('refund')
  })
})

describe('refused', () => {
  it.each<[string, Row, Signing & { after?: Record<string, string> }, string]>([
    ['another key', {}, { key: privateKey('alipay_app_private_pkcs8') }, 'its signature is not that'],
    ['changed after signing', {}, { after: { total_amount: '9.00' } }, 'its signature is not that'],
    ['something added', {}, { after: { passback_params: 'x' } }, 'its signature is not that'],
    ['no signature', {}, { after: { sign: '' } }, 'its signature is not that'],
    ['SHA-1, though it says RSA2', {}, { digest: 'RSA-SHA1' }, 'its signature is not that'],
    ['the weaker kind', {}, { digest: 'RSA-SHA1', after: { sign_type: 'RSA' } }, 'its sign_type is "RSA"'],
    ['another app', { app_id: '2021000000000009' }, {}, 'appId不匹配'],
    ['another seller', { seller_id: '2088000000000009' }, {}, 'mchId不匹配'],
  ])('%s: false, and the reason in the log', async (_, more, signing, reason) => {
    const event = notice({ ...payment, ...(more as Record<string, string>) }, signing)
    expect(await alipay.verifyPaymentNotify(event)).toBe(false)
    expect(warnings).toEqual([expect.stringContaining(reason)])
    expect(warnings[0]).toContain('of order "SBX1" is refused')
  })

  it('a refund, too', async () => {
    expect(await alipay.verifyRefundNotify(notice(refund, { after: { refund_fee: '0.01' } }))).toBe(false)
  })

  it.each<[string, Row, string]>([
    ['no form', { headers: { 'content-type': 'application/json' } }, '通知格式不正确'],
    ['no headers', { headers: undefined }, '通知格式不正确'],
    ['a parameter twice', { body: `${notice(payment).body}&total_amount=9.00` }, 'a parameter is repeated'],
    ['a parsed body', { body: { sign: 'x' } }, "the event's body must be the text that was posted"],
  ])('%s', async (_, wrong, message) => {
    const event = { ...notice(payment), ...wrong }
    expect((await failure(() => alipay.checkNotifyType(event as never))).message).toContain(message)
    expect((await failure(() => alipay.verifyPaymentNotify(event as never))).message).toContain(message)
  })
})
