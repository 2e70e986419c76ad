import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Huawei } from '../../common/uni-pay/huawei/client.ts'
import type { HuaweiOptions } from '../../common/uni-pay/huawei/merchant.ts'
import { sm2PublicKey } from '../../common/uni-pay/huawei/sm2.ts'
import { type FakeAnswer, failure, useFakeClient } from './fake-client.ts'
import { answer, bodyOf, content, isMerchantSign, options, signed } from './huawei-platform.ts'
import { key, type Row } from './material.ts'

const fake = useFakeClient()
const { appId, mchId } = options

function init(more: Partial<HuaweiOptions> = {}): Huawei {
  return new Huawei({ ...options, ...more })
}

const { platformPublicKey: _, ...withoutKey } = options
const otherKey = '1'.repeat(64)

describe('options', () => {
  it.each(['appId', 'mchId', 'mchAuthId', 'clientType', 'mchPrivateKey'])('%s is required', async (name) => {
    expect(await failure(() => init({ [name]: '' }))).toMatchObject({
      message: `${name} required`,
      errCode: 'CONFIG_ERROR',
    })
  })

  it.each<[string, Partial<HuaweiOptions>, string]>([
    [
      'another client',
      { clientType: 'app' as 'app-harmony' },
      'clientType must be app-harmony or mp-harmony, not app',
    ],
    ['a key that is none', { mchPrivateKey: 'c2VjcmV0' }, 'mchPrivateKey does not hold a private key'],
    [
      'a platform key that is none',
      { platformPublicKey: 'c2VjcmV0' },
      'platformPublicKey does not hold an SM2',
    ],
  ])('%s', async (_, wrong, message) => {
    expect((await failure(() => init(wrong))).message).toContain(message)
  })

  it('the platform key in its forms', () => {
    const hex = key('huawei_platform_sm2_public_hex')
    const head = '3059301306072a8648ce3d020106082a811ccf5501822d034200'
    const spki = Buffer.from(head + hex, 'hex').toString('base64')
    for (const form of [
      hex,
      hex.slice(2),
      hex.toUpperCase(),
      spki,
      `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----`,
    ])
      expect(sm2PublicKey(form)).toBe(hex)
    expect(createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }).type).toBe(
      'public',
    )
  })
})

describe('getOrderInfo', () => {
  const order = { outTradeNo: 'SBX1', totalFee: 100, subject: '测试订单', notifyUrl: 'http://127.0.0.1/n' }

  it.each([
    ['mp-harmony', '/api/v2/aggr/preorder/create/fa'],
    ['app-harmony', '/api/v2/aggr/preorder/create/app'],
  ] as const)('%s', async (clientType, path) => {
    fake.client.answers(() => answer({ prepayId: '126' }))
    const goodsDetail = [
      { goodsName: 'A', quantity: 1 },
      { goodsName: 'B', quantity: 2 },
    ]
    const params = { ...order, bizType: '100002', tradeType: 'JSAPI', openid: 'o', goodsDetail, payload: '' }
    const text = await init({ clientType }).getOrderInfo(params)
    expect(fake.client.request.path).toBe(path)
    expect(fake.client.request.url.host).toBe('petalpay-developer.cloud.huawei.com.cn')
    expect(bodyOf(fake.client.request)).toEqual({
      appId,
      mercNo: mchId,
      mercOrderNo: 'SBX1',
      tradeSummary: '测试订单',
      totalAmount: 100,
      currency: 'CNY',
      callbackUrl: 'http://127.0.0.1/n',
      bizType: '100002',
      goodsDetail,
      payload: '',
    })
    const { sign, ...rest } = JSON.parse(text) as Row
    expect(rest).toMatchObject({
      app_id: appId,
      merc_no: mchId,
      prepay_id: '126',
      auth_id: options.mchAuthId,
    })
    expect(isMerchantSign(content(rest), sign)).toBe(true)
  })

  it('each request has its own trace id', async () => {
    fake.client.answers(() => answer({ prepayId: '126' }))
    for (let n = 0; n < 3; n++) await init().getOrderInfo(order)
    const ids = fake.client.requests.map(({ headers }) => JSON.parse(String(headers.paymercauth)).traceId)
    expect(new Set(ids).size).toBe(3)
  })

  it.each<[string, Row, string]>([
    ['no number', { outTradeNo: '' }, 'outTradeNo required'],
    ['no summary', { subject: '' }, 'subject required'],
    ['no address', { notifyUrl: '' }, 'notifyUrl required'],
    ['half a fen', { totalFee: 0.5 }, 'totalFee must be a whole number of fen'],
  ])('%s', async (_, wrong, message) => {
    const error = await failure(() => init().getOrderInfo({ ...order, ...wrong }))
    expect(error.message).toContain(message)
    expect(fake.client.requests).toEqual([])
  })
})

describe('orders and refunds', () => {
  const order = {
    appId,
    mercNo: mchId,
    mercOrderNo: 'SBX1',
    sysTransOrderNo: 'T1',
    orderStatus: 'TRX_SUCCESS',
    totalAmount: 100,
    payerAmount: 90,
    currency: 'CNY',
    finishTime: '2026-01-01T08:00:02.000+0800',
  }

  it.each<[string, Row, string, Row]>([
    [
      'by our number',
      { outTradeNo: 'SBX1' },
      '/api/v2/aggr/transactions/merc-orders/SBX1',
      { tradeState: 'SUCCESS', tradeStateDesc: '支付成功' },
    ],
    ['by theirs', { outTradeNo: 'SBX1', transactionId: 'T1' }, '/api/v2/aggr/transactions/orders/T1', {}],
  ])('orderQuery %s', async (_, params, path, expected) => {
    fake.client.answers(() => answer(order))
    expect(await init().orderQuery(params)).toMatchObject({
      appId,
      mchId,
      outTradeNo: 'SBX1',
      transactionId: 'T1',
      totalFee: 100,
      cashFee: 90,
      feeType: 'CNY',
      timeEnd: '20260101080002',
      ...expected,
    })
    expect(fake.client.request).toMatchObject({ method: 'GET', path })
    bodyOf(fake.client.request)
  })

  it.each([
    ['TRX_FAILED', 'FAIL'],
    ['TRX_APPLY', 'PROCESSING'],
    ['TRX_PROC', 'PROCESSING'],
  ])('%s -> %s', async (orderStatus, tradeState) => {
    fake.client.answers(() => answer({ ...order, orderStatus }))
    expect(await init().orderQuery({ outTradeNo: 'SBX1' })).toMatchObject({ tradeState })
  })

  it('refund', async () => {
    const reply = {
      mercOrderNo: 'SBX1',
      sysTransOrderNo: 'T1',
      mercRefundOrderNo: 'R1',
      sysRefundOrderNo: 'RT1',
      refundAmount: 30,
      payerRefundAmount: 29,
    }
    fake.client.answers(() => answer(reply))
    const refund = {
      outTradeNo: 'SBX1',
      outRefundNo: 'R1',
      totalFee: 100,
      refundFee: 30,
      refundDesc: '不要了',
      notifyUrl: 'http://n',
    }
    expect(await init().refund(refund)).toMatchObject({
      outTradeNo: 'SBX1',
      transactionId: 'T1',
      outRefundNo: 'R1',
      refundId: 'RT1',
      refundFee: 30,
      cashRefundFee: 29,
    })
    expect(fake.client.request.path).toBe('/api/v1/aggr/transactions/refunds')
    expect(bodyOf(fake.client.request)).toEqual({
      mercOrderNo: 'SBX1',
      mercRefundOrderNo: 'R1',
      refundAmount: 30,
      reason: '不要了',
      callbackUrl: 'http://n',
    })
    expect((await failure(() => init().refund({ ...refund, notifyUrl: '' }))).message).toBe(
      'notifyUrl required',
    )
  })

  it.each<[string, Row, string]>([
    ['by our number', { outRefundNo: 'R1' }, '/api/v1/aggr/transactions/refunds/merc-orders/R1'],
    ['by theirs', { outRefundNo: 'R1', refundId: 'RT1' }, '/api/v1/aggr/transactions/refunds/orders/RT1'],
  ])('refundQuery %s', async (_, params, path) => {
    fake.client.answers(() =>
      answer({ sysRefundOrderNo: 'RT1', refundOrderStatus: 'REFUND_CHL_PROC', refundAmount: 30 }),
    )
    expect(await init().refundQuery(params)).toMatchObject({
      refundId: 'RT1',
      refundStatus: 'PROCESSING',
      refundFee: 30,
    })
    expect(fake.client.request.path).toBe(path)
  })

  it('there is no way to close', () => {
    expect((init() as unknown as Row).closeOrder).toBeUndefined()
  })
})

describe('answers', () => {
  const query = (more: Partial<HuaweiOptions> = {}) => init(more).orderQuery({ outTradeNo: 'SBX1' })

  it('a refusal: the finer code', async () => {
    const refused = {
      resultCode: '400000',
      resultDesc: 'business',
      subCode: 'ORDER_CONCURRENT_ERROR',
      subDesc: '太快',
    }
    fake.client.answers(() => answer(refused))
    expect(await failure(query)).toMatchObject({
      errCode: 'ORDER_CONCURRENT_ERROR',
      errMsg: '太快',
      message: 'errCode: ORDER_CONCURRENT_ERROR | errMsg: 太快',
      provider: 'huawei',
      api: 'GET /api/v2/aggr/transactions/merc-orders/SBX1',
    })
  })

  it('a refusal without a signature, such as of ours', async () => {
    fake.client.answers(() => ({
      status: 200,
      data: '{"resultCode":"200002","resultDesc":"INVALID_SIGNATURE"}',
    }))
    expect(await failure(query)).toMatchObject({ errCode: '200002', errMsg: 'INVALID_SIGNATURE' })
  })

  const good = { resultCode: '000000', resultDesc: 'Success.', orderStatus: 'TRX_SUCCESS' }
  it.each<[string, FakeAnswer, Row]>([
    ['another key', { status: 200, data: JSON.stringify(signed(good, otherKey)) }, { errCode: 'SIGN_ERROR' }],
    ['changed', { status: 200, data: JSON.stringify({ ...signed(good), x: 1 }) }, { errCode: 'SIGN_ERROR' }],
    ['no signature', { status: 200, data: JSON.stringify(good) }, { errCode: 'SIGN_ERROR' }],
    [
      'a signature that is none',
      { status: 200, data: JSON.stringify({ ...good, sign: 'abc' }) },
      { errCode: 'SIGN_ERROR' },
    ],
    [
      'a refusal, signed wrongly',
      { status: 200, data: JSON.stringify(signed({ resultCode: '400000' }, otherKey)) },
      { errCode: 'SIGN_ERROR' },
    ],
    [
      'not JSON',
      { status: 200, data: '<html>' },
      { errCode: 'FORMAT_ERROR', errMsg: expect.stringContaining('huawei GET /api') },
    ],
    ['HTTP error', { status: 502, data: '' }, { errCode: 'REQUEST_FAIL', httpStatus: 502 }],
  ])('%s', async (_, reply, expected) => {
    fake.client.answers(() => reply)
    expect(await failure(query)).toMatchObject(expected)
  })

  it('without the platform key answers are believed', async () => {
    fake.client.answers(() => ({ status: 200, data: JSON.stringify(good) }))
    expect(await new Huawei(withoutKey).orderQuery({ outTradeNo: 'SBX1' })).toMatchObject({
      tradeState: 'SUCCESS',
    })
  })
})

describe('notifications', () => {
  const payment = {
    callbackId: 'c1',
    signType: 'SM2',
    mercNo: mchId,
    appId,
    sysTransOrderNo: 'T1',
    mercOrderNo: 'SBX1',
    orderStatus: 'TRX_SUCCESS',
    payload: '',
    currency: 'CNY',
    totalAmount: 100,
    payerAmount: 90,
    finishTime: '2026-01-01T08:00:02.000+0800',
  }
  const refund = {
    mercNo: mchId,
    appId,
    mercOrderNo: 'SBX1',
    sysTransOrderNo: 'T1',
    mercRefundNo: 'R1',
    sysRefundNo: 'RT1',
    refundAmount: 30,
    payerRefundAmount: 29,
    refundOrderStatus: 'REFUND_SUCCESS',
  }
  const event = (value: Row) => ({ headers: {}, body: JSON.stringify(value) })

  it('payment', async () => {
    const notice = event(signed(payment))
    expect(init().checkNotifyType(notice)).toBe('payment')
    expect(await init().verifyRefundNotify(notice)).toBe(false)
    const result = await init().verifyPaymentNotify(notice)
    expect(result).toMatchObject({
      totalFee: 100,
      cashFee: 90,
      feeType: 'CNY',
      outTradeNo: 'SBX1',
      transactionId: 'T1',
      timeEnd: '20260101080002',
      returnCode: 'SUCCESS',
      resultCode: 'SUCCESS',
      tradeState: 'SUCCESS',
      appId,
      mchId,
      callbackId: 'c1',
    })
    expect(result).not.toHaveProperty('sign')
    expect(fake.client.requests).toEqual([])
  })

  it('payment that failed; base64', async () => {
    const body = Buffer.from(JSON.stringify(signed({ ...payment, orderStatus: 'TRX_FAILED' }))).toString(
      'base64',
    )
    const result = await init().verifyPaymentNotify({ headers: {}, body, isBase64Encoded: true })
    expect(result).toMatchObject({ tradeState: 'FAIL', resultCode: 'FAIL' })
  })

  it.each([
    ['REFUND_SUCCESS', 'SUCCESS'],
    ['REFUND_FAILED', 'FAIL'],
    ['REFUND_CHL_PROC', 'PROCESSING'],
  ])('refund, %s -> %s', async (refundOrderStatus, refundStatus) => {
    const notice = event(signed({ ...refund, refundOrderStatus }))
    expect(init().checkNotifyType(notice)).toBe('refund')
    expect(await init().verifyPaymentNotify(notice)).toBe(false)
    expect(await init().verifyRefundNotify(notice)).toMatchObject({
      outTradeNo: 'SBX1',
      transactionId: 'T1',
      outRefundNo: 'R1',
      refundId: 'RT1',
      refundFee: 30,
      refundStatus,
    })
  })

  it.each<[string, Row, string]>([
    ['another key', signed(payment, otherKey), '通知验签未通过'],
    ['changed', { ...signed(payment), totalAmount: 1 }, '通知验签未通过'],
    ['no signature', payment, '通知验签未通过'],
    ['another app', signed({ ...payment, appId: '5' }), 'appId不匹配'],
    ['another merchant', signed({ ...payment, mercNo: '1' }), 'mchId不匹配'],
    ['a list', [] as unknown as Row, '通知格式不正确'],
  ])('refused: %s', async (_, notice, message) => {
    const error = await failure(() => init().verifyPaymentNotify(event(notice)))
    expect(error.message).toContain(message)
  })

  it('without the platform key the platform is asked', async () => {
    const client = new Huawei(withoutKey)
    fake.client.answers(() => answer(payment))
    expect(await client.verifyPaymentNotify(event(payment))).toMatchObject({
      resultCode: 'SUCCESS',
      totalFee: 100,
    })
    expect(fake.client.request.path).toBe('/api/v2/aggr/transactions/merc-orders/SBX1')
    for (const change of [{ totalAmount: 1 }, { orderStatus: 'TRX_PROC' }, { sysTransOrderNo: 'T2' }]) {
      fake.client.answers(() => answer({ ...payment, ...change }))
      expect((await failure(() => client.verifyPaymentNotify(event(payment)))).message).toBe('通知验签未通过')
    }
    fake.client.answers(() => answer({ ...refund, sysRefundOrderNo: 'RT1', mercRefundOrderNo: 'R1' }))
    expect(await client.verifyRefundNotify(event(refund))).toMatchObject({ refundFee: 30 })
    fake.client.answers(() =>
      answer({ ...refund, sysRefundOrderNo: 'RT1', mercRefundOrderNo: 'R1', refundAmount: 1 }),
    )
    expect((await failure(() => client.verifyRefundNotify(event(refund)))).message).toBe('通知验签未通过')
  })
})
