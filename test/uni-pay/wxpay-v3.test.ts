import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { WeixinV3 } from '../../common/uni-pay/wxpay-v3/client.ts'
import type { WeixinV3Options } from '../../common/uni-pay/wxpay-v3/merchant.ts'
import { type FakeAnswer, failure, useFakeClient } from './fake-client.ts'
import { bare, constants, key, privateKey, type Row, vector } from './material.ts'
import { answer, certificateList, merchantOptions, platform, type Signing } from './wxpay-v3-platform.ts'

const fake = useFakeClient()
const { appid, mchid, openid, public_key_id } = constants('wechat')
const publicKeyMode = {
  wxpayPublicKeyContent: bare(key('wechat_pay_public_key_mode_public_spki')),
  wxpayPublicKeyId: String(public_key_id),
}
const withPublicKey: Signing = {
  key: privateKey('wechat_pay_public_key_mode_private_pkcs8'),
  serial: public_key_id,
}

let init: (options?: Partial<WeixinV3Options>) => WeixinV3

// Platform certificates are kept per process, so each test takes a new copy of the module.
beforeEach(async () => {
  vi.resetModules()
  const module = await import('../../common/uni-pay/wxpay-v3/client.ts')
  init = (options = {}) => new module.WeixinV3({ ...merchantOptions, ...options })
})

/** The requests without those for certificates. */
function calls() {
  return fake.client.requests.filter(({ path }) => path !== '/v3/certificates')
}

function downloads(): number {
  return fake.client.requests.length - calls().length
}

const order = { outTradeNo: 'SBX1', totalFee: 100, body: '测试订单', notifyUrl: 'http://127.0.0.1/n' }
const paid = {
  appid,
  mchid,
  out_trade_no: 'SBX1',
  transaction_id: '42',
  trade_type: 'JSAPI',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  bank_type: 'OTHERS',
  success_time: '2026-01-01T08:00:00+08:00',
  payer: { openid },
  amount: { total: 100, payer_total: 90, currency: 'CNY', payer_currency: 'CNY' },
  promotion_detail: [
    { type: 'CASH', amount: 7 },
    { type: 'NOCASH', amount: 10 },
  ],
}

describe('options', () => {
  it.each<[string, Partial<WeixinV3Options>, string]>([
    ['no app', { appId: '' }, 'appId required'],
    ['no merchant', { mchId: '' }, 'mchId required'],
    ['no key', { v3Key: '' }, 'v3Key required'],
    ['a short key', { v3Key: 'x'.repeat(31) }, '微信支付v3Key的长度必须是32位，请检查'],
    ['no private key', { appPrivateKeyContent: '' }, 'missing appPrivateKeyPath or appPrivateKeyContent'],
    ['no certificate', { appCertContent: '' }, 'missing appCertPath or appCertContent'],
    [
      'a private key that is none',
      { appPrivateKeyContent: 'c2VjcmV0' },
      'appPrivateKey does not hold a private key',
    ],
    ['a certificate that is none', { appCertContent: 'c2VjcmV0' }, 'appCert does not hold a certificate'],
    [
      'a missing file',
      { appCertContent: '', appCertPath: '/nowhere/cert.pem' },
      'appCertPath: cannot read /nowhere/cert.pem (ENOENT)',
    ],
    [
      'key and certificate of two merchants',
      { appPrivateKeyContent: key('wechat_platform_private_pkcs8') },
      'appPrivateKey does not belong to the certificate of appCert',
    ],
  ])('%s', async (_, options, message) => {
    const error = await failure(() => init(options))
    expect(error.message).toContain(message)
    expect(error).toMatchObject({ name: 'UniPayError', errCode: 'CONFIG_ERROR', provider: 'wxpay-v3' })
    expect(`${error.stack}`).not.toContain('c2VjcmV0')
  })

  it('are left as they are (D1), and show nothing of themselves', () => {
    const options = Object.freeze({ ...merchantOptions })
    const { inspect } = process.getBuiltinModule('node:util')
    expect(inspect(init(options), { depth: 9, showHidden: true })).not.toContain(options.v3Key)
  })
})

describe('getOrderInfo', () => {
  it('JSAPI: a signed order, signed parameters', async () => {
    fake.client.answers(platform(() => answer(200, { prepay_id: 'wx1' })))
    const result = await init().getOrderInfo({
      ...order,
      tradeType: 'JSAPI',
      openid: String(openid),
      supportFapiao: true,
      settleInfo: { profitSharing: false },
      attach: undefined,
      subject: 'dropped',
    })
    expect(result).toMatchObject({ appId: appid, package: 'prepay_id=wx1', signType: 'RSA' })
    expect(Object.keys(result).sort()).toEqual(
      ['appId', 'nonceStr', 'package', 'paySign', 'signType', 'timeStamp', 'timestamp'].sort(),
    )
    const [request] = calls()
    expect(request).toMatchObject({ method: 'POST', path: '/v3/pay/transactions/jsapi' })
    expect(request?.url.host).toBe('api.mch.weixin.qq.com')
    expect(JSON.parse(request?.body ?? '')).toEqual({
      appid,
      mchid,
      description: '测试订单',
      out_trade_no: 'SBX1',
      notify_url: 'http://127.0.0.1/n',
      amount: { total: 100, currency: 'CNY' },
      payer: { openid },
      scene_info: { payer_client_ip: '127.0.0.1' },
      support_fapiao: true,
      settle_info: { profit_sharing: false },
    })
  })

  it.each<[string, Row, string, Row, Row, Row]>([
    [
      'APP',
      { openid: 'ignored' },
      '/v3/pay/transactions/app',
      { prepay_id: 'wx1' },
      {},
      { appid, partnerid: mchid, prepayid: 'wx1', package: 'Sign=WXPay' },
    ],
    [
      'NATIVE',
      { openid: 'ignored' },
      '/v3/pay/transactions/native',
      { code_url: 'weixin://x' },
      {},
      { codeUrl: 'weixin://x' },
    ],
    [
      'MWEB',
      {
        spbillCreateIp: '10.0.0.1',
        sceneInfo: { h5Info: { type: 'Wap', wapUrl: 'http://w', wapName: 'W' } },
      },
      '/v3/pay/transactions/h5',
      { h5_url: 'http://h5' },
      {
        scene_info: {
          payer_client_ip: '10.0.0.1',
          h5_info: { type: 'Wap', app_url: 'http://w', app_name: 'W' },
        },
      },
      { h5Url: 'http://h5', mwebUrl: 'http://h5' },
    ],
  ])('%s', async (tradeType, extra, path, reply, sent, expected) => {
    fake.client.answers(platform(() => answer(200, reply)))
    const result = await init().getOrderInfo({ ...order, ...extra, tradeType: tradeType as 'APP' })
    expect(result).toMatchObject(expected)
    expect(calls()[0]?.path).toBe(path)
    const body = JSON.parse(calls()[0]?.body ?? '')
    expect(body).toMatchObject(sent)
    expect(body).not.toHaveProperty('payer')
  })

  it.each<[string, Row, string]>([
    ['no tradeType', { tradeType: undefined }, 'tradeType required'],
    ['a tradeType of its own', { tradeType: 'toString' }, 'tradeType must be JSAPI, APP, NATIVE or MWEB'],
    ['no payer', { openid: '' }, 'openid required'],
    ['half a fen', { totalFee: 1.5 }, 'totalFee must be a whole number of fen (1 yuan = 100), not 1.5'],
    ['a negative amount', { totalFee: -1 }, 'totalFee must be a whole number'],
    ['an amount beyond integers', { totalFee: 2 ** 53 }, 'totalFee must be a whole number'],
    ['no amount', { totalFee: undefined }, 'totalFee required'],
  ])('%s: nothing is sent', async (_, wrong, message) => {
    const params = { ...order, tradeType: 'JSAPI', openid: String(openid), ...wrong }
    const error = await failure(() => init().getOrderInfo(params as never))
    expect(error.message).toContain(message)
    expect(error.errCode).toBe('PARAM_ERROR')
    expect(fake.client.requests).toEqual([])
  })
})

describe('orders and refunds', () => {
  it('orderQuery: our names beside the platform ones, settlement without NOCASH (D6)', async () => {
    fake.client.answers(platform(() => answer(200, paid)))
    expect(await init().orderQuery({ outTradeNo: 'SBX*1' })).toMatchObject({
      appId: appid,
      mchId: mchid,
      outTradeNo: 'SBX1',
      transactionId: '42',
      tradeState: 'SUCCESS',
      tradeStateDesc: '支付成功',
      totalFee: 100,
      cashFee: 90,
      settlementTotalFee: 90,
      openid,
      bankType: 'OTHERS',
      successTime: '2026-01-01T08:00:00+08:00',
      timeEnd: '20260101080000',
    })
    expect(calls()[0]?.path).toBe(`/v3/pay/transactions/out-trade-no/SBX*1?mchid=${mchid}`)
  })

  it('orderQuery: by the platform number when both are given; an unpaid order', async () => {
    const { transaction_id: _, success_time: __, ...unpaid } = paid
    fake.client.answers(
      platform(() => answer(200, { ...unpaid, trade_state: 'NOTPAY', payer: {}, amount: { total: 100 } })),
    )
    const result = await init().orderQuery({ outTradeNo: 'SBX1', transactionId: '42' })
    expect(calls()[0]?.path).toBe(`/v3/pay/transactions/id/42?mchid=${mchid}`)
    expect(result).toMatchObject({ tradeState: 'NOTPAY', totalFee: 100 })
    expect(result).not.toHaveProperty('cashFee')
  })

  it('closeOrder: an empty answer is checked too, and says SUCCESS (D7)', async () => {
    fake.client.answers(platform(() => answer(204, undefined)))
    expect(await init().closeOrder({ outTradeNo: 'SBX1' })).toEqual({
      appId: appid,
      mchId: mchid,
      outTradeNo: 'SBX1',
      resultCode: 'SUCCESS',
    })
    expect(calls()[0]).toMatchObject({
      path: '/v3/pay/transactions/out-trade-no/SBX1/close',
      body: `{"mchid":"${mchid}"}`,
    })
    fake.client.answers(platform(() => answer(204, undefined, { signed: 'x' })))
    const error = await failure(() => init().closeOrder({ outTradeNo: 'SBX1' }))
    expect(error.message).toBe('response signature verification failed')
  })

  it('refund, and its query', async () => {
    const refund = {
      refund_id: '503',
      out_refund_no: 'R1',
      out_trade_no: 'SBX1',
      transaction_id: '42',
      status: 'PROCESSING',
      user_received_account: '支付用户零钱',
      amount: { total: 100, refund: 30, payer_total: 100, payer_refund: 29, currency: 'CNY' },
    }
    fake.client.answers(platform(() => answer(200, refund)))
    const expected = {
      outTradeNo: 'SBX1',
      transactionId: '42',
      outRefundNo: 'R1',
      refundId: '503',
      refundFee: 30,
      totalFee: 100,
      cashRefundFee: 29,
      refundStatus: 'PROCESSING',
    }
    const params = {
      outTradeNo: 'SBX1',
      outRefundNo: 'R1',
      totalFee: 100,
      refundFee: 30,
      refundDesc: '不要了',
    }
    expect(await init().refund({ ...params, notifyUrl: 'http://n' })).toMatchObject(expected)
    expect(JSON.parse(calls()[0]?.body ?? '')).toEqual({
      out_trade_no: 'SBX1',
      out_refund_no: 'R1',
      reason: '不要了',
      notify_url: 'http://n',
      amount: { refund: 30, total: 100, currency: 'CNY' },
    })
    expect(await init().refundQuery({ outRefundNo: 'R 1' })).toMatchObject(expected)
    expect(calls()[1]?.path).toBe('/v3/refund/domestic/refunds/R%201')
  })
})

describe('bills', () => {
  const bill = String(vector('wx-v3-bill-hash').input.bill)
  const hash_value = String(vector('wx-v3-bill-hash').expected.hash_value)
  const download_url = 'https://api.mch.weixin.qq.com/v3/billdownload/file?token=a%2Fb'

  it.each<[string, () => Promise<{ content: string }>, string, Buffer]>([
    [
      'a trade bill',
      () => init().downloadBill({ billDate: '2026-01-01' }),
      '/v3/bill/tradebill?bill_date=2026-01-01&bill_type=ALL',
      Buffer.from(bill),
    ],
    [
      'compressed, the date as V2 has it',
      () => init().downloadBill({ billDate: '20260101', billType: 'SUCCESS', tarType: 'GZIP' }),
      '/v3/bill/tradebill?bill_date=2026-01-01&bill_type=SUCCESS&tar_type=GZIP',
      gzipSync(bill),
    ],
    [
      'a fund flow',
      () => init().downloadFundflow({ billDate: '2026-01-01', accountType: 'Fees' }),
      '/v3/bill/fundflowbill?bill_date=2026-01-01&account_type=FEES',
      Buffer.from(bill),
    ],
  ])('%s', async (_, download, path, data) => {
    fake.client.answers(
      platform((request) =>
        request.path.startsWith('/v3/billdownload')
          ? { status: 200, data }
          : answer(200, { hash_type: 'SHA1', hash_value, download_url }),
      ),
    )
    expect(await download()).toEqual({ content: bill })
    expect(calls().map((call) => call.path)).toEqual([path, '/v3/billdownload/file?token=a%2Fb'])
  })

  it.each<[string, FakeAnswer, Row]>([
    [
      'another file than announced',
      { status: 200, data: bill.replace('1.00', '9.00') },
      { errCode: 'SIGN_ERROR' },
    ],
    ['no file', { status: 404, data: '' }, { errCode: 'REQUEST_FAIL', httpStatus: 404 }],
  ])('%s (D9)', async (_, file, expected) => {
    fake.client.answers(
      platform((request) =>
        request.path.startsWith('/v3/billdownload')
          ? file
          : answer(200, { hash_type: 'SHA1', hash_value: hash_value.toUpperCase(), download_url }),
      ),
    )
    expect(await failure(() => init().downloadBill({ billDate: '2026-01-01' }))).toMatchObject(expected)
  })

  it('knows the hash of nothing', async () => {
    const hash = createHash('sha1').update('').digest('hex')
    fake.client.answers(
      platform((request) =>
        request.path.startsWith('/v3/billdownload')
          ? { status: 200, data: '' }
          : answer(200, { hash_type: 'SHA1', hash_value: hash, download_url }),
      ),
    )
    expect(await init().downloadBill({ billDate: '2026-01-01' })).toEqual({ content: '' })
  })
})

describe('answers', () => {
  const query = () => init().orderQuery({ outTradeNo: 'SBX1' })

  it('a refusal: code and message of the platform', async () => {
    fake.client.answers(platform(() => answer(404, { code: 'ORDER_NOT_EXIST', message: '订单不存在' })))
    const error = await failure(query)
    expect(error).toMatchObject({
      name: 'UniPayError',
      message: 'errCode: ORDER_NOT_EXIST | errMsg: 订单不存在',
      errCode: 'ORDER_NOT_EXIST',
      errMsg: '订单不存在',
      provider: 'wxpay-v3',
      api: 'GET /v3/pay/transactions/out-trade-no/SBX1',
      httpStatus: 404,
      rawResponse: '{"code":"ORDER_NOT_EXIST","message":"订单不存在"}',
    })
  })

  it('our own signature refused: that answer is not signed', async () => {
    fake.client.answers(platform(() => answer(200, paid)))
    const error = await failure(() => init({ mchId: '1900000002' }).orderQuery({ outTradeNo: 'SBX1' }))
    expect(error).toMatchObject({ errCode: 'SIGN_ERROR', errMsg: '错误的签名，验签失败', httpStatus: 401 })
  })

  it.each<[string, () => FakeAnswer, string]>([
    [
      'changed after signing',
      () => answer(200, paid, { signed: '{}' }),
      'response signature verification failed',
    ],
    [
      'signed by another key',
      () => answer(200, paid, { key: privateKey('wechat_merchant_private_pkcs8') }),
      'response signature verification failed',
    ],
    [
      'a refusal signed wrongly',
      () => answer(404, { code: 'X' }, { signed: '' }),
      'response signature verification',
    ],
    ['not signed', () => ({ status: 200, data: JSON.stringify(paid) }), 'no header Wechatpay-Timestamp'],
    [
      'signed 301 s ago',
      () => answer(200, paid, { age: 301 }),
      'is 301 s old, allowed are 300 s (notifyTolerance)',
    ],
    ['signed 301 s ahead', () => answer(200, paid, { age: -301 }), 'is -301 s old'],
    [
      'a probe',
      () => answer(200, paid, { signature: 'WECHATPAY/SIGNTEST/abc' }),
      'a probe of WeChat, which must be refused',
    ],
    [
      'a certificate nobody has',
      () => answer(200, paid, { serial: 'ABCDEF0123456789' }),
      'no valid platform certificate has serial ABCDEF0123456789',
    ],
    [
      'a serial that is none',
      () => answer(200, paid, { serial: '../x' }),
      'no valid platform certificate has serial ../x',
    ],
    [
      'a public key we do not have',
      () => answer(200, paid, withPublicKey),
      'set wxpayPublicKeyPath and wxpayPublicKeyId',
    ],
    [
      'not JSON',
      () => answer(200, '<html>'),
      'wxpay-v3 GET /v3/pay/transactions/out-trade-no/SBX1: the answer is not',
    ],
    ['a gateway', () => ({ status: 502, data: '<html>' }), 'HTTP 502'],
  ])('%s', async (_, reply, message) => {
    fake.client.answers(platform(reply))
    const error = await failure(query)
    expect(error.message).toContain(message)
    expect(error).toMatchObject({ name: 'UniPayError', provider: 'wxpay-v3' })
  })

  it('exactly 300 s old is young enough, and 0 asks for no age', async () => {
    fake.client.answers(platform(() => answer(200, paid, { age: 300 })))
    expect(await query()).toMatchObject({ tradeState: 'SUCCESS' })
    fake.client.answers(platform(() => answer(200, paid, { age: 86_400 })))
    expect(await init({ notifyTolerance: 0 }).orderQuery({ outTradeNo: 'SBX1' })).toMatchObject({
      totalFee: 100,
    })
  })

  it('a client that throws at once', async () => {
    vi.stubGlobal('uniCloud', {
      httpclient: {
        request: () => {
          throw new TypeError('Invalid URL')
        },
      },
    })
    expect(await failure(query)).toMatchObject({
      name: 'UniPayError',
      message: 'Invalid URL',
      errCode: 'TypeError',
    })
  })

  it('no answer: the client says why, without the query', async () => {
    const cause = Object.assign(
      new Error('connect ECONNREFUSED, GET https://h/v3/x?mchid=1 -1 (connected: false)'),
      { code: 'ECONNREFUSED' },
    )
    fake.client.answers(() => Promise.reject(cause))
    expect(await failure(query)).toMatchObject({
      errCode: 'ECONNREFUSED',
      message: 'connect ECONNREFUSED, GET https://h/v3/x -1 (connected: false)',
      cause,
    })
  })
})

describe('platform certificates', () => {
  const query = (options: Partial<WeixinV3Options> = {}) => init(options).orderQuery({ outTradeNo: 'SBX1' })

  it('are downloaded once for all instances, also when asked for at once, and again after twelve hours', async () => {
    fake.client.answers(platform(() => answer(200, paid)))
    await Promise.all([query(), query()])
    await query()
    expect(downloads()).toBe(1)
    vi.setSystemTime(Date.now() + 12 * 3600_000)
    await query()
    expect(downloads()).toBe(2)
  })

  it('an unknown serial: one more look at the list, then refused', async () => {
    fake.client.answers(platform(() => answer(200, paid)))
    await query()
    fake.client.answers(platform(() => answer(200, paid, { serial: 'AB'.repeat(20) })))
    await failure(() => query())
    expect(downloads()).toBe(2)
  })

  it.each<[string, () => FakeAnswer, string]>([
    [
      'signed by another key',
      () => certificateList({ key: privateKey('wechat_merchant_private_pkcs8') }),
      'verification failed',
    ],
    [
      'not signed',
      () => ({ status: 200, data: String(vector('wx-v3-certificates').expected.body) }),
      'no header',
    ],
    [
      'under another number',
      () => {
        const body = String(vector('wx-v3-certificates').expected.body)
        return answer(200, body.replace(/"serial_no":"./, '"serial_no":"0'))
      },
      'the list of platform certificates cannot be used: its entry 0',
    ],
    [
      'a merchant that has none',
      () => answer(404, { code: 'RESOURCE_NOT_EXISTS', message: '无可用' }),
      'wxpayPublicKeyPath',
    ],
    ['not JSON', () => answer(200, 'x'), 'it is not JSON'],
  ])('a list that is %s', async (_, list, message) => {
    fake.client.answers(platform(() => answer(200, paid), list))
    const error = await failure(() => query())
    expect(error.message).toContain(message)
    fake.client.answers(platform(() => answer(200, paid)))
    expect(await query()).toMatchObject({ totalFee: 100 })
  })

  it('a wrong v3Key is named as the likely cause', async () => {
    fake.client.answers(platform(() => answer(200, paid)))
    const error = await failure(() => query({ v3Key: 'x'.repeat(32) }))
    expect(error.message).toContain('v3Key is probably not the APIv3 key of this merchant')
  })

  it('an expired one does not count', async () => {
    vi.setSystemTime(Date.parse('2044-02-01T00:00:00Z'))
    fake.client.answers(platform(() => answer(200, paid)))
    expect((await failure(() => query())).message).toContain('no valid platform certificate')
  })
})

describe('public-key mode', () => {
  it.each<[string, Partial<WeixinV3Options>]>([
    ['with its id', publicKeyMode],
    ['without', { wxpayPublicKeyContent: publicKeyMode.wxpayPublicKeyContent }],
  ])('%s: no certificates are asked for', async (_, options) => {
    fake.client.answers(platform(() => answer(200, paid, withPublicKey)))
    expect(await init(options).orderQuery({ outTradeNo: 'SBX1' })).toMatchObject({ totalFee: 100 })
    expect(downloads()).toBe(0)
    expect(calls()[0]?.headers['wechatpay-serial']).toBe(options.wxpayPublicKeyId)
  })

  it('certificates still count while a merchant moves', async () => {
    fake.client.answers(platform(() => answer(200, paid)))
    expect(await init(publicKeyMode).orderQuery({ outTradeNo: 'SBX1' })).toMatchObject({ totalFee: 100 })
    expect(downloads()).toBe(1)
  })

  it.each<[string, Signing]>([
    ['another id', { ...withPublicKey, serial: 'PUB_KEY_ID_1' }],
    ['another key', { key: privateKey('wechat_platform_private_pkcs8'), serial: public_key_id }],
  ])('%s is refused', async (_, signing) => {
    fake.client.answers(platform(() => answer(200, paid, signing)))
    const error = await failure(() => init(publicKeyMode).orderQuery({ outTradeNo: 'SBX1' }))
    expect(error.message).toContain('response signature verification failed')
  })
})
