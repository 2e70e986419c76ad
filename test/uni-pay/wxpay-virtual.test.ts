import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WeixinVirtualPayment } from '../../common/uni-pay/wxpay-virtual/client.ts'
import type { WeixinVirtualPaymentOptions } from '../../common/uni-pay/wxpay-virtual/merchant.ts'
import { failure, useFakeClient } from './fake-client.ts'
import { constants, type Row } from './material.ts'
import { bodyOf, hmac, options, type Pushing, push, sessionKey, sha1 } from './wxpay-virtual-platform.ts'

const fake = useFakeClient()
const openid = String(constants('wechat').openid)
const { appId, mchId } = options

function init(more: Partial<WeixinVirtualPaymentOptions> = {}): WeixinVirtualPayment {
  return new WeixinVirtualPayment({ ...options, ...more })
}

function answers(value: Row): void {
  fake.client.answers(() => ({ status: 200, data: JSON.stringify({ errcode: 0, errmsg: 'OK', ...value }) }))
}

function sent(appKey?: string): Row {
  return bodyOf(fake.client.request, appKey)
}

let warnings: string[]
beforeEach(() => {
  warnings = []
  vi.spyOn(console, 'warn').mockImplementation((text: string) => void warnings.push(text))
})
afterEach(() => void vi.restoreAllMocks())

describe('options', () => {
  it.each(['appId', 'mchId', 'offerId', 'appKey', 'sandboxAppKey', 'token', 'encodingAESKey', 'accessToken'])(
    '%s is required',
    async (name) => {
      const error = await failure(() => init({ [name]: '' }))
      expect(error).toMatchObject({ message: `${name} required`, errCode: 'CONFIG_ERROR' })
    },
  )

  it('a key of another length', async () => {
    const error = await failure(() => init({ encodingAESKey: 'x'.repeat(42) }))
    expect(error.message).toContain('encodingAESKey must be the 43 characters')
  })
})

describe('getOrderInfo', () => {
  const goods = {
    mode: 'short_series_goods',
    outTradeNo: 'SBX1',
    buyQuantity: 2,
    productId: 'p',
    goodsPrice: 150,
    sessionKey,
  } as const

  it.each<[string, Row, string]>([
    [
      'goods',
      { ...goods, attach: 'a' },
      '{"offerId":"1450000001","env":0,"currencyType":"CNY","buyQuantity":2,"outTradeNo":"SBX1","productId":"p","goodsPrice":150,"attach":"a"}',
    ],
    [
      'coins',
      { mode: 'short_series_coin', outTradeNo: 'SBX1', buyQuantity: 6, sessionKey },
      '{"offerId":"1450000001","env":0,"currencyType":"CNY","buyQuantity":6,"outTradeNo":"SBX1"}',
    ],
  ])('%s', async (_, params, signData) => {
    expect(await init().getOrderInfo(params as never)).toEqual({
      signData,
      mode: params.mode,
      paySig: hmac(options.appKey, `requestVirtualPayment&${signData}`),
      signature: hmac(sessionKey, signData),
    })
    expect(fake.client.requests).toEqual([])
  })

  it('the sandbox has its own key', async () => {
    const { signData, paySig } = await init({ sandbox: true }).getOrderInfo(goods)
    expect(signData).toContain('"env":1')
    expect(paySig).toBe(hmac(options.sandboxAppKey, `requestVirtualPayment&${signData}`))
  })

  it('a mode that the client SDK does not have is refused', async () => {
    const params = { mode: 'coins', sessionKey, outTradeNo: 'SBX1', buyQuantity: 1 }
    expect((await failure(() => init().getOrderInfo(params as never))).message).toContain(
      'mode must be short_series_coin or short_series_goods, not coins',
    )
  })

  it('what is missing is named in this order', async () => {
    const params: Row = {}
    const wanted: [string, unknown][] = [
      ['mode', 'short_series_goods'],
      ['productId', 'p'],
      ['goodsPrice', 100],
      ['sessionKey', sessionKey],
      ['outTradeNo', 'SBX1'],
      ['buyQuantity', 1],
    ]
    for (const [name, value] of wanted) {
      expect((await failure(() => init().getOrderInfo(params as never))).message).toBe(`${name} required`)
      params[name] = value
    }
    expect(await init().getOrderInfo(params as never)).toHaveProperty('signature')
  })

  it('half a fen', async () => {
    const error = await failure(() => init().getOrderInfo({ ...goods, goodsPrice: 0.5 }))
    expect(error.message).toContain('goodsPrice must be a whole number of fen')
  })
})

describe('orders and refunds', () => {
  it.each<[number, string, string]>([
    [0, 'NOTPAY', '未支付'],
    [1, 'NOTPAY', '未支付'],
    [2, 'SUCCESS', '支付成功'],
    [3, 'SUCCESS', '支付成功'],
    [4, 'SUCCESS', '支付成功'],
    [5, 'REFUND', '订单发生过退款'],
    [6, 'PAYERROR', '支付失败'],
    [7, 'REFUNDRROR', '订单退款失败'],
    [8, 'REFUND', '订单发生过退款'],
    [9, 'REFUND', '订单发生过退款'],
    [10, 'REFUND', '订单发生过退款'],
    [99, 'NOTPAY', '未支付'],
  ])('orderQuery, status %i -> %s', async (status, tradeState, tradeStateDesc) => {
    const order = {
      order_id: 'SBX1',
      wx_order_id: 'W1',
      status,
      order_fee: 300,
      paid_fee: 290,
      left_fee: 200,
      coupon_fee: 10,
      refund_fee: 100,
    }
    answers({ order })
    expect(await init().orderQuery({ openid, outTradeNo: 'SBX1' })).toMatchObject({
      errCode: 0,
      appId,
      mchId,
      outTradeNo: 'SBX1',
      transactionId: 'W1',
      totalFee: 300,
      cashFee: 290,
      leftFee: 200,
      couponFee: 10,
      refundFee: 100,
      tradeState,
      tradeStateDesc,
      originalResult: { order },
    })
    expect(sent()).toEqual({ env: 0, openid, order_id: 'SBX1', signed: false })
  })

  it('orderQuery by the number of WeChat, in the sandbox', async () => {
    answers({ order: {} })
    await init({ sandbox: true }).orderQuery({ openid, transactionId: 'W1' })
    expect(sent(options.sandboxAppKey)).toMatchObject({ env: 1, wx_order_id: 'W1' })
  })

  it('closeOrder does nothing', async () => {
    expect(await init().closeOrder({ outTradeNo: 'SBX1' })).toEqual({})
    expect(fake.client.requests).toEqual([])
  })

  const refund = {
    openid,
    outTradeNo: 'SBX1',
    outRefundNo: 'SBX1-0001',
    refundFee: 100,
    leftFee: 300,
    refundReason: '3',
    reqFrom: '2',
  } as const

  it.each(['OK', 'ok', ''])('refund: accepted is refunded, errmsg "%s" (D8)', async (errmsg) => {
    answers({
      errmsg,
      refund_order_id: 'SBX1-0001',
      refund_wx_order_id: 'WR1',
      pay_order_id: 'SBX1',
      pay_wx_order_id: 'W1',
    })
    expect(await init().refund(refund)).toMatchObject({
      outTradeNo: 'SBX1',
      transactionId: 'W1',
      outRefundNo: 'SBX1-0001',
      refundId: 'WR1',
      refundFee: 100,
      cashRefundFee: 100,
    })
    expect(sent()).toMatchObject({
      openid,
      order_id: 'SBX1',
      refund_order_id: 'SBX1-0001',
      left_fee: 300,
      refund_fee: 100,
      refund_reason: '3',
      req_from: '2',
    })
  })

  it('refund again: done already', async () => {
    answers({ errcode: 268490004, errmsg: 'duplicate' })
    expect(await init().refund(refund)).toMatchObject({
      outTradeNo: 'SBX1',
      outRefundNo: 'SBX1-0001',
      refundFee: 100,
    })
  })

  it('refundQuery asks for the refund as an order', async () => {
    answers({
      order: { order_id: 'SBX1-0001', wx_order_id: 'WR1', order_fee: 300, refund_fee: 100, status: 5 },
    })
    expect(await init().refundQuery({ openid, outRefundNo: 'SBX1-0001' })).toMatchObject({
      outRefundNo: 'SBX1-0001',
      refundId: 'WR1',
      totalFee: 300,
      refundFee: 100,
    })
    expect(sent()).toMatchObject({ order_id: 'SBX1-0001' })
  })
})

describe('coins', () => {
  const coins = {
    openid,
    userIp: '127.0.0.1',
    amount: 5,
    outTradeNo: 'SBX1',
    outRefundNo: 'R1',
    deviceType: 'android',
    sessionKey,
  }

  it.each<[string, string, Row, Row, Row]>([
    [
      'queryUserBalance',
      '/xpay/query_user_balance',
      { openid, user_ip: '127.0.0.1' },
      { balance: 6, present_balance: 1, first_save_flag: true },
      { balance: 6, presentBalance: 1, firstSaveFlag: true },
    ],
    [
      'currencyPay',
      '/xpay/currency_pay',
      { openid, user_ip: '127.0.0.1', amount: 5, order_id: 'SBX1', device_type: 'android', signed: true },
      { order_id: 'SBX1', balance: 1, used_present_amount: 0 },
      { outTradeNo: 'SBX1', balance: 1, usedPresentAmount: 0 },
    ],
    [
      'cancelCurrencyPay',
      '/xpay/cancel_currency_pay',
      {
        openid,
        user_ip: '127.0.0.1',
        pay_order_id: 'SBX1',
        order_id: 'R1',
        amount: 5,
        device_type: 'android',
      },
      { order_id: 'R1' },
      { outRefundNo: 'R1' },
    ],
    [
      'presentCurrency',
      '/xpay/present_currency',
      { openid, order_id: 'SBX1', amount: 5, device_type: 'android' },
      { order_id: 'SBX1', balance: 6, present_balance: 5 },
      { outTradeNo: 'SBX1', balance: 6, presentBalance: 5 },
    ],
    ['notifyProvideGoods', '/xpay/notify_provide_goods', { order_id: 'SBX1' }, {}, { errCode: 0 }],
  ])('%s', async (method, path, request, reply, expected) => {
    answers(reply)
    const client = init() as unknown as Record<string, (params: Row) => Promise<Row>>
    const result = await client[method]?.(coins)
    expect(result).toMatchObject({ ...expected, errCode: 0, errMsg: 'OK', code: 0, msg: 'OK', appId, mchId })
    expect(fake.client.request.url.pathname).toBe(path)
    expect(sent()).toEqual({ env: 0, signed: false, ...request })
    expect(JSON.stringify(sent())).not.toContain(sessionKey)
  })

  it.each<[string, string, string]>([
    ['queryUserBalance', 'openid', '参数 openid 必填'],
    ['queryUserBalance', 'userIp', '参数 userIp 必填'],
    ['currencyPay', 'sessionKey', '接口 currencyPay 的参数 sessionKey 必填'],
    ['currencyPay', 'deviceType', '参数 deviceType 必填'],
    ['cancelCurrencyPay', 'outRefundNo', '参数 outRefundNo 必填'],
    ['presentCurrency', 'userIp', '参数 userIp 必填'],
    ['presentCurrency', 'amount', '参数 amount 必填'],
    ['notifyProvideGoods', 'outTradeNo', '参数 outTradeNo 必填'],
  ])('%s without %s', async (method, absent, message) => {
    const client = init() as unknown as Record<string, (params: Row) => Promise<Row>>
    const error = await failure(() => client[method]?.({ ...coins, [absent]: undefined }))
    expect(error).toMatchObject({ message, errCode: 'PARAM_ERROR' })
    expect(fake.client.requests).toEqual([])
  })
})

describe('answers', () => {
  const query = () => init().orderQuery({ openid, outTradeNo: 'SBX1' })

  it('a refusal: errcode and errmsg', async () => {
    answers({ errcode: 40001, errmsg: 'invalid credential' })
    expect(await failure(query)).toMatchObject({
      errCode: 40001,
      errMsg: 'invalid credential',
      message: 'errCode: 40001 | errMsg: invalid credential',
      provider: 'wxpay-virtual',
      api: '/xpay/query_order',
    })
  })

  it.each<[string, { status: number; data: string }, string, string]>([
    ['HTTP error', { status: 502, data: '' }, 'REQUEST_FAIL', 'wxpay-virtual /xpay/query_order: HTTP 502'],
    [
      'not JSON',
      { status: 200, data: '<html>' },
      'FORMAT_ERROR',
      'wxpay-virtual /xpay/query_order: the answer has no errcode',
    ],
    ['no errcode', { status: 200, data: '{}' }, 'FORMAT_ERROR', 'the answer has no errcode'],
  ])('%s', async (_, reply, errCode, message) => {
    fake.client.answers(() => reply)
    const error = await failure(query)
    expect(error.errCode).toBe(errCode)
    expect(error.message).toContain(message)
  })

  it('no answer: neither the token nor a signature is in what is thrown', async () => {
    fake.client.answers(({ url }) => Promise.reject(new Error(`connect ECONNREFUSED, POST ${url.href} -1`)))
    const error = await failure(query)
    const { inspect } = process.getBuiltinModule('node:util')
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(options.accessToken)
    expect(error.message).toBe('connect ECONNREFUSED, POST https://api.weixin.qq.com/xpay/query_order -1')
  })
})

describe('pushes', () => {
  const goods = {
    ToUserName: 'gh_1',
    MsgType: 'event',
    Event: 'xpay_goods_deliver_notify',
    OpenId: openid,
    OutTradeNo: 'SBX1',
    Env: 0,
    WeChatPayInfo: { MchOrderNo: 'M1', TransactionId: '42', PaidTime: 1767225600 },
    GoodsInfo: { ProductId: 'p', Quantity: 2, OrigPrice: 150, ActualPrice: 140, Attach: 'a' },
  }
  const { GoodsInfo, ...rest } = goods
  const coin = {
    ...rest,
    Event: 'xpay_coin_pay_notify',
    CoinInfo: { Quantity: 6, OrigPrice: 1, ActualPrice: 1 },
  }
  const refund = {
    ToUserName: 'gh_1',
    Event: 'xpay_refund_notify',
    OpenId: openid,
    WxRefundId: 'WR1',
    MchRefundId: 'R1',
    WxOrderId: 'W1',
    MchOrderId: 'SBX1',
    RefundFee: 100,
    RetCode: 0,
  }

  it.each<[string, Pushing]>([
    ['compatible mode', {}],
    ['secure mode', { mode: 'secure' }],
    ['base64', { mode: 'secure', base64: true }],
    ['XML, compatible mode', { format: 'xml' }],
    ['XML, secure mode', { format: 'xml', mode: 'secure' }],
    ['something else said in the open', { outer: { Event: 'xpay_coin_pay_notify', OutTradeNo: 'OTHER' } }],
  ])('payment: %s', async (_, pushing) => {
    const event = push(goods, pushing)
    expect(init().checkNotifyType(event)).toBe('payment')
    expect(await init().verifyRefundNotify(event)).toBe(false)
    expect(await init().verifyPaymentNotify(event)).toMatchObject({
      totalFee: 300,
      cashFee: 280,
      feeType: 'CNY',
      outTradeNo: 'SBX1',
      transactionId: 'M1',
      timeEnd: '20260101080000',
      openid,
      returnCode: 'SUCCESS',
      resultCode: 'SUCCESS',
      tradeState: 'SUCCESS',
      appId,
      mchId,
      env: 0,
      attach: 'a',
      goodsInfo: { productId: 'p' },
      weChatPayInfo: { mchOrderNo: 'M1', transactionId: '42' },
    })
    expect(warnings).toEqual([])
  })

  it('coins, refunds, others', async () => {
    expect(await init().verifyPaymentNotify(push(coin))).toMatchObject({
      totalFee: 6,
      coinInfo: { quantity: 6 },
    })
    expect(init().checkNotifyType(push(refund))).toBe('refund')
    expect(await init().verifyRefundNotify(push(refund))).toMatchObject({
      outTradeNo: 'SBX1',
      transactionId: 'W1',
      outRefundNo: 'R1',
      refundId: 'WR1',
      refundFee: 100,
      refundStatus: 'SUCCESS',
    })
    expect(init().checkNotifyType(push({ Event: 'xpay_complaint_notify' }))).toBe('unknown')
  })

  it.each<[string, Row, Pushing, string]>([
    ['plain text mode', goods, { mode: 'plain' }, 'it is not encrypted'],
    ['another token', goods, { token: 'x' }, 'its msg_signature is wrong'],
    ['another key', goods, { aesKey: 'x'.repeat(43) }, 'it cannot be decrypted'],
    ['another app', goods, { appId: 'wx9' }, 'appId不匹配: it is for wx9'],
    ['money of the sandbox', { ...goods, Env: 1 }, {}, 'its Env is 1, sandbox is false'],
  ])('refused: %s: null, and the reason in the log', async (_, event, pushing, reason) => {
    expect(init().checkNotifyType(push(event, pushing))).toBe('payment')
    expect(await init().verifyPaymentNotify(push(event, pushing))).toBe(null)
    expect(warnings).toEqual([expect.stringContaining(reason)])
  })

  it('changed after signing; the signature of another', async () => {
    const event = push(goods)
    const other = push({ ...goods, OutTradeNo: 'SBX2' })
    expect(await init().verifyPaymentNotify({ ...event, body: other.body })).toBe(null)
    expect(await init().verifyPaymentNotify({ ...event, queryStringParameters: {} })).toBe(null)
  })

  it('secure mode that cannot be read is not taken for something else', async () => {
    const error = await failure(() =>
      init().checkNotifyType(push(goods, { mode: 'secure', aesKey: 'x'.repeat(43) })),
    )
    expect(error.message).toContain('encodingAESKey is probably not that of the message push')
  })

  it('the check of the address', async () => {
    const [timestamp, nonce, echostr] = ['1767225600', '7', 'abc']
    const signature = sha1(options.token, timestamp, nonce)
    const event = { headers: {}, body: '', queryStringParameters: { signature, timestamp, nonce, echostr } }
    expect(init().checkNotifyType(event)).toBe('token')
    expect(await init().verifyTokenNotify(event)).toEqual({ appId, mchId, echostr })
    expect(await init().verifyPaymentNotify(event)).toBe(false)
    const wrong = { ...event, queryStringParameters: { ...event.queryStringParameters, nonce: '8' } }
    expect(await init().verifyTokenNotify(wrong)).toBe(null)
  })
})
