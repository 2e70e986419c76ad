import { describe, expect, it } from 'vitest'
import { WeixinV3 } from '../../common/uni-pay/wxpay-v3/client.ts'
import { failure, useFakeClient } from './fake-client.ts'
import { constants, privateKey, type Row, vector } from './material.ts'
import { answer, merchantOptions, notice, platform, type Signing } from './wxpay-v3-platform.ts'

const fake = useFakeClient()
const { appid, mchid, openid } = constants('wechat')
const published = 'response signature verification failed'

function client(options: Partial<typeof merchantOptions> & Row = {}): WeixinV3 {
  fake.client.answers(platform(() => answer(500, { code: 'X', message: 'not asked' })))
  return new WeixinV3({ ...merchantOptions, ...options })
}

const payment = {
  mchid,
  appid,
  out_trade_no: 'SBX1',
  transaction_id: '42',
  trade_state: 'SUCCESS',
  success_time: '2026-01-01T08:00:00+08:00',
  payer: { openid },
  amount: { total: 100, payer_total: 90, currency: 'CNY' },
}
const refund = {
  mchid,
  out_trade_no: 'SBX1',
  transaction_id: '42',
  out_refund_no: 'R1',
  refund_id: '503',
  refund_status: 'SUCCESS',
  user_received_account: '支付用户零钱',
  amount: { total: 100, refund: 30, payer_total: 99, payer_refund: 29 },
}

function recorded(id: string) {
  const { headers, body } = vector(id).expected as { headers: Record<string, string>; body: string }
  return { headers, body, isBase64Encoded: false }
}

describe('payment', () => {
  it('documented names and the platform ones (D11)', async () => {
    expect(await client().verifyPaymentNotify(notice(payment))).toMatchObject({
      totalFee: 100,
      cashFee: 90,
      feeType: 'CNY',
      outTradeNo: 'SBX1',
      transactionId: '42',
      timeEnd: '20260101080000',
      successTime: '2026-01-01T08:00:00+08:00',
      openid,
      returnCode: 'SUCCESS',
      resultCode: 'SUCCESS',
      tradeState: 'SUCCESS',
      appId: appid,
      mchId: mchid,
      appid,
      mchid,
    })
  })

  it('another state is no success', async () => {
    const result = await client().verifyPaymentNotify(notice({ ...payment, trade_state: 'CLOSED' }))
    expect(result).toMatchObject({ returnCode: 'FAIL', resultCode: 'FAIL', tradeState: 'CLOSED' })
  })

  it('base64 bodies, and header names in lower case', async () => {
    const { headers, body } = notice(payment)
    const event = {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    }
    expect(await client().checkNotifyType(event)).toBe('payment')
    expect(await client().verifyPaymentNotify(event)).toMatchObject({ outTradeNo: 'SBX1' })
  })

  it('formatting of the body is signed as it is', async () => {
    const { headers, body } = recorded('wx-v3-pay-notify')
    expect(await client().verifyPaymentNotify({ headers, body })).toMatchObject({ resultCode: 'SUCCESS' })
    const spaced = JSON.stringify(JSON.parse(body), null, 1)
    expect((await failure(() => client().verifyPaymentNotify({ headers, body: spaced }))).message).toBe(
      published,
    )
  })

  it('knows the other kinds', async () => {
    const [other, back] = [notice({ mchid }, { type: 'payscore' }), notice(refund, { type: 'refund' })]
    expect(await client().checkNotifyType(other)).toBe('unknown')
    expect(await client().checkNotifyType(back)).toBe('refund')
    expect(await client().verifyPaymentNotify(other)).toBe(false)
    expect(await client().verifyPaymentNotify(back)).toBe(false)
    expect(await client().verifyRefundNotify(notice(payment))).toBe(false)
  })
})

describe('refund', () => {
  it('names', async () => {
    expect(await client().verifyRefundNotify(notice(refund, { type: 'refund' }))).toMatchObject({
      totalFee: 100,
      refundFee: 30,
      settlementTotalFee: 99,
      settlementRefundFee: 29,
      outTradeNo: 'SBX1',
      transactionId: '42',
      refundId: '503',
      outRefundNo: 'R1',
      refundStatus: 'SUCCESS',
      refundRecvAccout: '支付用户零钱',
      mchId: mchid,
    })
  })

  it.each([
    ['ABNORMAL', 'CHANGE'],
    ['CLOSED', 'REFUNDCLOSE'],
  ])('%s -> %s', async (refund_status, refundStatus) => {
    const event = notice({ ...refund, refund_status }, { type: 'refund' })
    expect(await client().verifyRefundNotify(event)).toMatchObject({ refundStatus })
  })
})

describe('refused', () => {
  it.each<[string, Signing, string]>([
    ['signed by another key', { key: privateKey('wechat_merchant_private_pkcs8') }, published],
    ['changed after signing', { signed: '{}' }, published],
    ['another nonce', { signature: 'AAAA' }, published],
    ['a probe', { signature: 'WECHATPAY/SIGNTEST/x' }, 'a probe of WeChat'],
    ['an old one', { age: 301 }, 'is 301 s old'],
    ['one from the future', { age: -301 }, 'is -301 s old'],
    [
      'an unknown certificate',
      { serial: 'AB'.repeat(20) },
      `no valid platform certificate has serial ${'AB'.repeat(20)}`,
    ],
    [
      'a public key that is not configured',
      { serial: 'PUB_KEY_ID_1' },
      'signed with public key PUB_KEY_ID_1',
    ],
  ])('%s', async (_, signing, message) => {
    for (const verify of ['checkNotifyType', 'verifyPaymentNotify', 'verifyRefundNotify'] as const) {
      const error = await failure(() => client()[verify](notice(payment, signing)))
      expect(error.message).toContain(message)
      expect(error.errCode).toBe('SIGN_ERROR')
    }
  })

  it('a recorded one, replayed later', async () => {
    const event = recorded('wx-v3-pay-notify')
    const timestamp = String(Number(event.headers['Wechatpay-Timestamp']) - 400)
    const renewed = { ...event, headers: { ...event.headers, 'Wechatpay-Timestamp': timestamp } }
    expect((await failure(() => client().verifyPaymentNotify(renewed))).message).toContain('is 400 s old')
    const fresh = client({ notifyTolerance: 0 })
    expect((await failure(() => fresh.verifyPaymentNotify(renewed))).message).toBe(published)
  })

  it.each<[string, Row, string]>([
    ['another app', { appid: 'wx9' }, 'appId不匹配'],
    ['no app', { appid: undefined }, 'appId不匹配'],
    ['another merchant', { mchid: '19' }, 'mchId不匹配'],
    ['no merchant', { mchid: undefined }, 'mchId不匹配'],
  ])('signed well, but for %s', async (_, wrong, message) => {
    const error = await failure(() => client().verifyPaymentNotify(notice({ ...payment, ...wrong })))
    expect(error).toMatchObject({ message, errCode: 'SIGN_ERROR' })
  })

  it('a refund of another merchant', async () => {
    const event = notice({ ...refund, mchid: '19' }, { type: 'refund' })
    expect((await failure(() => client().verifyRefundNotify(event))).message).toBe('mchId不匹配')
  })

  it.each<[string, Row, string]>([
    ['no headers', { headers: {} }, 'no header Wechatpay-Timestamp'],
    ['a parsed body', { body: { id: 1 } }, "the event's body must be the text that was posted, not object"],
  ])('%s', async (_, wrong, message) => {
    const error = await failure(() => client().verifyPaymentNotify({ ...notice(payment), ...wrong }))
    expect(error.message).toContain(message)
  })

  it('a wrong v3Key: named, and not shown', async () => {
    await client().verifyPaymentNotify(notice(payment))
    const v3Key = 'wrong'.padEnd(32, '-')
    const error = await failure(() => client({ v3Key }).verifyPaymentNotify(notice(payment)))
    expect(error.message).toContain('v3Key is probably not the APIv3 key')
    expect(JSON.stringify(error) + error.stack).not.toContain(v3Key)
  })
})
