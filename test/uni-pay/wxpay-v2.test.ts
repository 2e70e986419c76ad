import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { Weixin } from '../../common/uni-pay/wxpay-v2/client.ts'
import type { WeixinOptions } from '../../common/uni-pay/wxpay-v2/merchant.ts'
import { type FakeAnswer, failure, useFakeClient } from './fake-client.ts'
import { constants, key, type Row } from './material.ts'
import { answer, fieldsOf, ok, options, refundBody, signed, xml } from './wxpay-v2-platform.ts'

const fake = useFakeClient()
const { openid, appid, mchid } = constants('wechat')

function init(more: Partial<WeixinOptions> = {}): Weixin {
  return new Weixin({ ...options, ...more })
}

function sent(index = 0): Record<string, string> {
  const request = fake.client.requests[index]
  if (!request) throw new Error('nothing was sent')
  return fieldsOf(request)
}

const order = { outTradeNo: 'SBX1', totalFee: 100, body: '测试订单', notifyUrl: 'http://127.0.0.1/n' }

describe('options', () => {
  it.each<[string, Partial<WeixinOptions>, string]>([
    ['no app', { appId: '' }, 'appId required'],
    ['no merchant', { mchId: '' }, 'mchId required'],
    ['no key', { key: '' }, 'key required'],
  ])('%s', async (_, wrong, message) => {
    expect(await failure(() => init(wrong))).toMatchObject({ message, errCode: 'CONFIG_ERROR' })
  })

  it('sandbox has no effect and is remarked (D2); nothing is written into the options (D1)', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    fake.client.answers(() => answer({ out_trade_no: 'SBX1' }))
    await new Weixin(Object.freeze({ ...options, sandbox: true })).orderQuery({ outTradeNo: 'SBX1' })
    expect(fake.client.request.url.href).toBe('https://api.mch.weixin.qq.com/pay/orderquery')
    expect(warn).toHaveBeenCalledOnce()
    warn.mockRestore()
  })
})

describe('getOrderInfo', () => {
  it('JSAPI', async () => {
    fake.client.answers(() => answer({ trade_type: 'JSAPI', prepay_id: 'wx1' }))
    const params = { ...order, tradeType: 'JSAPI', openid: String(openid), subject: 'dropped', attach: '' }
    const result = await init().getOrderInfo(params)
    expect(sent()).toEqual({
      appid,
      mch_id: mchid,
      nonce_str: expect.stringMatching(/^[0-9a-f]{32}$/),
      out_trade_no: 'SBX1',
      total_fee: '100',
      spbill_create_ip: '127.0.0.1',
      body: '测试订单',
      notify_url: 'http://127.0.0.1/n',
      attach: '',
      trade_type: 'JSAPI',
      openid,
    })
    const { appId, nonceStr, timeStamp, signType, paySign, timestamp } = result as Record<string, string>
    const covered = {
      appId: appId!,
      nonceStr: nonceStr!,
      package: 'prepay_id=wx1',
      signType: 'MD5',
      timeStamp: timeStamp!,
    }
    expect(signType).toBe('MD5')
    expect(paySign).toBe(signed(covered).sign)
    expect(timestamp).toBe(timeStamp)
    expect(appId).toBe(appid)
  })

  it('APP, HMAC-SHA256', async () => {
    fake.client.answers(() => answer({ prepay_id: 'wx1' }, 'HMAC-SHA256'))
    const result = await init({ signType: 'HMAC-SHA256' }).getOrderInfo({ ...order, tradeType: 'APP' })
    expect(sent()).toMatchObject({ sign_type: 'HMAC-SHA256', trade_type: 'APP' })
    const { sign, ...covered } = result as Record<string, string>
    expect(covered).toMatchObject({ appid, package: 'Sign=WXPay', partnerid: mchid, prepayid: 'wx1' })
    expect(sign).toBe(signed(covered, 'HMAC-SHA256').sign)
  })

  it.each<[string, string | undefined, string | undefined, string]>([
    ['tradeType before clientType (D3)', 'JSAPI', 'app', 'JSAPI'],
    ['clientType app', undefined, 'app', 'APP'],
    ['clientType app-plus', undefined, 'app-plus', 'APP'],
    ['clientType app-harmony', undefined, 'app-harmony', 'APP'],
    ['clientType mp-weixin', undefined, 'mp-weixin', 'JSAPI'],
    ['neither', undefined, undefined, 'JSAPI'],
  ])('%s', async (_, tradeType, clientType, expected) => {
    fake.client.answers(() => answer({ prepay_id: 'wx1' }))
    const client = init(clientType === undefined ? {} : { clientType })
    const result = await client.getOrderInfo({ ...order, openid: 'o', ...(tradeType ? { tradeType } : {}) })
    expect(sent().trade_type).toBe(expected)
    expect(Object.hasOwn(result, 'prepayid')).toBe(expected === 'APP')
  })

  it.each([
    ['app', 'APP'],
    ['mp-weixin', 'JSAPI'],
  ])('without any of them the client of the call counts: %s', async (PLATFORM, expected) => {
    vi.stubGlobal('__ctx__', { PLATFORM })
    fake.client.answers(() => answer({ prepay_id: 'wx1' }))
    await init().getOrderInfo({ ...order, openid: 'o' })
    expect(sent().trade_type).toBe(expected)
  })

  it('NATIVE and MWEB: the whole answer; scene as JSON, no payer', async () => {
    fake.client.answers(() => answer({ prepay_id: 'wx1', code_url: 'weixin://x', mweb_url: 'https://h' }))
    const result = await init().getOrderInfo({
      ...order,
      tradeType: 'MWEB',
      openid: 'dropped',
      sceneInfo: { h5Info: { type: 'Wap', wapUrl: 'http://w', wapName: 'W' } },
    })
    expect(result).toMatchObject({
      codeUrl: 'weixin://x',
      mwebUrl: 'https://h',
      prepayId: 'wx1',
      appId: appid,
    })
    expect(result).not.toHaveProperty('sign')
    expect(sent()).not.toHaveProperty('openid')
    expect(sent().scene_info).toBe('{"h5_info":{"type":"Wap","wap_url":"http://w","wap_name":"W"}}')
  })

  it('a service provider', async () => {
    fake.client.answers(() => answer({ prepay_id: 'wx1' }))
    const client = init({ subAppId: 'wxsub', subMchId: '1800' })
    expect(await client.getOrderInfo({ ...order, openid: 'o' })).toMatchObject({ appId: 'wxsub' })
    expect(sent()).toMatchObject({ sub_appid: 'wxsub', sub_mch_id: '1800', sub_openid: 'o', appid })
    expect(sent()).not.toHaveProperty('openid')
  })

  it('a value with the end of a CDATA section in it', async () => {
    fake.client.answers(() => answer({ prepay_id: 'wx1' }))
    await init().getOrderInfo({ ...order, body: 'a]]>b', openid: 'o' })
    expect(fake.client.request.body).toContain('<body><![CDATA[a]]]]><![CDATA[>b]]></body>')
  })

  it.each<[string, Row, FakeAnswer, string]>([
    ['no prepay id', {}, answer({}), '获取prepayId失败'],
    [
      'half a fen',
      { totalFee: 0.5 },
      answer({}),
      'totalFee must be a whole number of fen (1 yuan = 100), not 0.5',
    ],
    ['no number', { outTradeNo: '' }, answer({}), 'outTradeNo required'],
  ])('%s', async (_, wrong, reply, message) => {
    fake.client.answers(() => reply)
    const error = await failure(() => init().getOrderInfo({ ...order, openid: 'o', ...wrong } as never))
    expect(error.message).toBe(message)
  })
})

describe('answers', () => {
  const query = () => init().orderQuery({ outTradeNo: 'SBX1' })
  it.each<[string, FakeAnswer, Row]>([
    [
      'HTTP error',
      { status: 500, data: '' },
      { message: 'request fail', errCode: 'REQUEST_FAIL', httpStatus: 500 },
    ],
    [
      'return FAIL',
      ok(xml({ return_code: 'FAIL', return_msg: '签名错误' })),
      { message: '签名错误', errMsg: '签名错误', provider: 'wxpay-v2', api: '/pay/orderquery' },
    ],
    [
      'result FAIL',
      answer({ result_code: 'FAIL', err_code: 'ORDERNOTEXIST', err_code_des: '此交易订单号不存在' }),
      {
        message: 'ORDERNOTEXIST 此交易订单号不存在',
        errCode: 'ORDERNOTEXIST',
        errMsg: '此交易订单号不存在',
      },
    ],
    [
      'another key',
      answer({}, 'MD5', 'x'.repeat(32)),
      { message: '返回结果签名错误', errCode: 'SIGN_ERROR' },
    ],
    ['another type', answer({}, 'HMAC-SHA256'), { message: '返回结果签名错误' }],
    [
      'no signature',
      ok(xml({ return_code: 'SUCCESS', result_code: 'SUCCESS' })),
      { message: '返回结果签名错误' },
    ],
    [
      'result FAIL without a signature',
      ok(xml({ return_code: 'SUCCESS', result_code: 'FAIL', err_code: 'ORDERPAID' })),
      { message: '返回结果签名错误' },
    ],
    [
      'no XML',
      ok('oops'),
      { message: 'wxpay-v2 /pay/orderquery: the answer cannot be read: it is not well-formed' },
    ],
    ['cut off', ok('<xml><a>1</a>'), { errCode: 'FORMAT_ERROR' }],
    ['nested', ok('<xml><a><b>1</b></a></xml>'), { errCode: 'FORMAT_ERROR' }],
    ['twice the same', ok('<xml><a>1</a><a>2</a></xml>'), { errCode: 'FORMAT_ERROR' }],
    [
      'entities',
      ok('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>'),
      { errMsg: expect.stringContaining('a document type is not allowed') },
    ],
  ])('%s', async (_, reply, expected) => {
    fake.client.answers(() => reply)
    const error = await failure(query)
    expect(error).toMatchObject({ name: 'UniPayError', provider: 'wxpay-v2', ...expected })
    expect(JSON.stringify(error) + error.stack).not.toContain(options.key)
  })

  it('text, character references and CDATA are alike; zero is signed', async () => {
    const fields = signed({ return_code: 'SUCCESS', result_code: 'SUCCESS', attach: 'a<&测', coupon_fee: 0 })
    const { attach: _, ...rest } = fields
    const body = xml(rest).replace('</xml>', '<attach>a&lt;&amp;&#27979;</attach></xml>')
    fake.client.answers(() => ok(`<?xml version="1.0"?>\n${body}\n`))
    expect(await query()).toMatchObject({ attach: 'a<&测', couponFee: 0 })
  })

  it('bytes, as the real client gives them', async () => {
    const { data } = answer({ attach: '测试' })
    fake.client.answers(() => ({ status: 200, data: Buffer.from(String(data)) }))
    expect(await query()).toMatchObject({ attach: '测试' })
  })
})

describe('orders and refunds', () => {
  it('orderQuery: numbers and coupons', async () => {
    fake.client.answers(() =>
      answer({
        out_trade_no: 'SBX1',
        transaction_id: '42',
        trade_state: 'SUCCESS',
        trade_state_desc: '支付成功',
        total_fee: 100,
        cash_fee: 90,
        coupon_count: 2,
        coupon_id_0: 'A',
        coupon_type_0: 'CASH',
        coupon_fee_0: 4,
        coupon_id_1: 'B',
        coupon_type_1: 'NO_CASH',
        coupon_fee_1: 6,
      }),
    )
    const result = await init().orderQuery({ outTradeNo: 'SBX1', transactionId: '42' })
    expect(sent()).not.toHaveProperty('out_trade_no')
    expect(sent().transaction_id).toBe('42')
    expect(result).toMatchObject({
      appId: appid,
      mchId: mchid,
      outTradeNo: 'SBX1',
      transactionId: '42',
      tradeState: 'SUCCESS',
      tradeStateDesc: '支付成功',
      totalFee: 100,
      cashFee: 90,
      settlementTotalFee: 100,
      couponCount: 2,
      couponList: [
        { couponId: 'A', couponType: 'CASH', couponFee: 4 },
        { couponId: 'B', couponType: 'NO_CASH', couponFee: 6 },
      ],
    })
  })

  it('closeOrder', async () => {
    fake.client.answers(() => answer({ result_msg: 'OK' }))
    expect(await init().closeOrder({ outTradeNo: 'SBX1' })).toMatchObject({
      appId: appid,
      mchId: mchid,
      returnCode: 'SUCCESS',
      resultCode: 'SUCCESS',
      errMsg: 'payment.closeOrder ok',
    })
  })

  const refund = { outTradeNo: 'SBX1', outRefundNo: 'R1', totalFee: 100, refundFee: 30, refundDesc: '不要了' }
  const refunded = {
    out_trade_no: 'SBX1',
    out_refund_no: 'R1',
    refund_id: '503',
    refund_fee: 30,
    cash_refund_fee: 29,
  }

  it('refund: the certificate goes along, its passphrase is the merchant', async () => {
    fake.client.answers(() => answer(refunded))
    expect(await init().refund(refund)).toMatchObject({ refundId: '503', refundFee: 30, cashRefundFee: 29 })
    expect(fake.client.request.options).toMatchObject({ pfx: options.pfx, passphrase: mchid })
    expect(sent()).toMatchObject({ total_fee: '100', refund_fee: '30', refund_desc: '不要了' })
  })

  it.each<[string, string | Buffer]>([
    ['base64', key('wechat_merchant_p12_base64')],
    ['bytes as characters', options.pfx.toString('latin1')],
  ])('pfx as text: %s', async (_, pfx) => {
    fake.client.answers(() => answer(refunded))
    await init({ pfx }).refund(refund)
    expect(fake.client.request.options.pfx).toEqual(options.pfx)
  })

  it('a certificate encrypted as WeChat does it, which OpenSSL 3 refuses', async () => {
    const pfx = readFileSync(new URL('../fixtures/uni-pay/certificates/rc2.p12', import.meta.url))
    fake.client.answers(() => answer(refunded))
    await init({ pfx }).refund(refund)
    const { key: pem, cert } = fake.client.request.options
    const { createPrivateKey, X509Certificate } = process.getBuiltinModule('node:crypto')
    expect(new X509Certificate(String(cert)).checkPrivateKey(createPrivateKey(String(pem)))).toBe(true)
  })

  it.each<[string, Partial<WeixinOptions>, string]>([
    ['none', { pfx: '' }, '此接口需要微信支付证书（请传入pfx字段）'],
    ['of another merchant', { mchId: '1900000009' }, 'mac verify failure'],
    ['something else', { pfx: Buffer.from('hello') }, 'pfx cannot be opened'],
  ])('certificate: %s; nothing is sent', async (_, wrong, message) => {
    const error = await failure(() => init(wrong).refund(refund))
    expect(error.message).toContain(message)
    expect(fake.client.requests).toEqual([])
  })

  it('refundQuery: a list, each with its coupons; more than ten', async () => {
    const many = Array.from({ length: 12 }, (_, n) => ({
      [`out_refund_no_${n}`]: `R${n}`,
      [`refund_fee_${n}`]: n,
      [`refund_recv_accout_${n}`]: '支付用户零钱',
      [`coupon_refund_count_${n}`]: n === 11 ? 1 : 0,
    }))
    fake.client.answers(() =>
      answer(
        Object.assign(
          { total_fee: 100, refund_fee: 66, coupon_refund_id_11_0: 'C', coupon_refund_fee_11_0: 7 },
          ...many,
        ),
      ),
    )
    const result = await init().refundQuery({ outRefundNo: 'R1', outTradeNo: 'SBX1', offset: 15 })
    expect(sent()).toMatchObject({ out_refund_no: 'R1', offset: '15' })
    expect(sent()).not.toHaveProperty('out_trade_no')
    expect(result).toMatchObject({ totalFee: 100, refundFee: 66 })
    const list = result.refundList as Row[]
    expect(list).toHaveLength(12)
    expect(list[1]).toEqual({
      outRefundNo: 'R1',
      refundFee: 1,
      refundRecvAccout: '支付用户零钱',
      couponRefundCount: 0,
      couponList: [],
    })
    expect(list[11]).toMatchObject({ couponList: [{ couponRefundId: 'C', couponRefundFee: 7 }] })
  })

  it('numbers missing', async () => {
    expect((await failure(() => init().orderQuery({}))).message).toBe('transactionId or outTradeNo required')
    expect((await failure(() => init().refundQuery({}))).errCode).toBe('PARAM_ERROR')
  })
})

describe('bills', () => {
  it.each([
    ['text', (text: string) => Buffer.from(text)],
    ['compressed', (text: string) => gzipSync(text)],
  ])('%s', async (_, packed) => {
    fake.client.answers(() => ({ status: 200, data: packed('交易时间,…') }))
    expect(await init().downloadBill({ billDate: '2026-01-01' })).toEqual({ content: '交易时间,…' })
    expect(sent()).toMatchObject({ bill_date: '20260101', bill_type: 'ALL' })
  })

  it('a fund flow is always signed with HMAC and with the certificate', async () => {
    fake.client.answers(() => ok('记账时间'))
    expect(await init().downloadFundflow({ billDate: '20260101' })).toEqual({ content: '记账时间' })
    expect(sent()).toMatchObject({ account_type: 'Basic', sign_type: 'HMAC-SHA256' })
    expect(fake.client.request.options.passphrase).toBe(mchid)
  })

  it('none', async () => {
    fake.client.answers(() =>
      ok(xml({ return_code: 'FAIL', return_msg: 'No Bill Exist', error_code: '20002' })),
    )
    const error = await failure(() => init().downloadBill({ billDate: '2026-01-01' }))
    expect(error).toMatchObject({ message: 'No Bill Exist', errCode: '20002' })
  })
})

describe('notifications', () => {
  const fields = {
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid: String(appid),
    mch_id: String(mchid),
    openid: String(openid),
    total_fee: 100,
    cash_fee: 90,
    fee_type: 'CNY',
    out_trade_no: 'SBX1',
    transaction_id: '42',
    time_end: '20260101080000',
  }
  const refund = {
    out_refund_no: 'R1',
    refund_id: '503',
    total_fee: 100,
    refund_fee: 30,
    refund_status: 'SUCCESS',
  }

  it.each([
    ['as text', (body: string) => ({ body })],
    ['base64', (body: string) => ({ body: Buffer.from(body).toString('base64'), isBase64Encoded: true })],
  ])('payment, %s', async (_, event) => {
    const body = event(xml(signed(fields)))
    expect(await init().checkNotifyType(body)).toBe('payment')
    expect(await init().verifyRefundNotify(body)).toBe(false)
    expect(await init().verifyPaymentNotify(body)).toEqual({
      returnCode: 'SUCCESS',
      resultCode: 'SUCCESS',
      appId: appid,
      mchId: mchid,
      openid,
      totalFee: 100,
      cashFee: 90,
      feeType: 'CNY',
      outTradeNo: 'SBX1',
      transactionId: '42',
      timeEnd: '20260101080000',
      couponList: [],
    })
  })

  it('refund', async () => {
    const event = { body: refundBody(refund) }
    expect(await init().checkNotifyType(event)).toBe('refund')
    expect(await init().verifyPaymentNotify(event)).toBe(false)
    expect(await init().verifyRefundNotify(event)).toMatchObject({
      outRefundNo: 'R1',
      refundId: '503',
      totalFee: 100,
      refundFee: 30,
      refundStatus: 'SUCCESS',
      appId: appid,
      mchId: mchid,
    })
  })

  it.each<[string, string, string]>([
    ['changed', xml({ ...signed(fields), total_fee: 1 }), '通知验签未通过'],
    ['another key', xml(signed(fields, 'MD5', 'x'.repeat(32))), '通知验签未通过'],
    ['no signature', xml(fields), '通知验签未通过'],
    ['an empty signature', xml({ ...fields, sign: '' }), '通知验签未通过'],
    ['a refund posing as a payment', xml({ ...fields, req_info: 'x' }), '通知验签未通过'],
    ['another app, signed well', xml(signed({ ...fields, appid: 'wx9' })), 'appId不匹配'],
    ['another merchant, signed well', xml(signed({ ...fields, mch_id: '19' })), 'mchId不匹配'],
    ['a failure', xml({ return_code: 'FAIL', return_msg: '不行' }), 'FAIL 不行'],
    ['not XML', 'total_fee=1', '通知格式不正确'],
    ['empty', '', '通知格式不正确'],
  ])('payment refused: %s', async (_, body, message) => {
    expect((await failure(() => init().verifyPaymentNotify({ body }))).message).toContain(message)
  })

  it.each<[string, string, string]>([
    ['another key', refundBody(refund, {}, 'x'.repeat(32)), 'req_info cannot be decrypted'],
    ['another app', refundBody(refund, { appid: 'wx9' }), 'appId不匹配'],
    ['another merchant', refundBody(refund, { mch_id: '19' }), 'mchId不匹配'],
    [
      'not encrypted',
      xml({ ...fields, total_fee: '', req_info: 'AAAA' }).replace(/<total_fee.*?total_fee>/, ''),
      'req_info',
    ],
  ])('refund refused: %s', async (_, body, message) => {
    expect((await failure(() => init().verifyRefundNotify({ body }))).message).toContain(message)
  })

  it('of another merchant under the same provider', async () => {
    const client = init({ subAppId: 'wxsub', subMchId: '1800' })
    const body = xml(signed({ ...fields, sub_mch_id: '1801' }))
    expect((await failure(() => client.verifyPaymentNotify({ body }))).message).toBe('mchId不匹配')
  })
})
