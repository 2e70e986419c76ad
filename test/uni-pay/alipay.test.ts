import { describe, expect, it, vi } from 'vitest'
import { Alipay } from '../../common/uni-pay/alipay/client.ts'
import type { AlipayOptions } from '../../common/uni-pay/alipay/merchant.ts'
import { answer, byCertificates, byPublicKey, checkSigned, fieldsOf } from './alipay-platform.ts'
import { type FakeAnswer, failure, useFakeClient } from './fake-client.ts'
import { bare, constants, key, privateKey, type Row, vector } from './material.ts'

const fake = useFakeClient()
const { app_id, seller_id, buyer_id } = constants('alipay')
const numbers = vector('alipay-cert-sn').expected

function init(more: Partial<AlipayOptions> = {}): Alipay {
  return new Alipay({ ...byCertificates, ...more })
}

function sent(): Row & { content: Row } {
  const fields = fieldsOf(fake.client.request)
  return { ...fields, content: JSON.parse(fields.biz_content ?? 'null') as Row }
}

const order = { outTradeNo: 'SBX1', totalFee: 100, subject: '测试订单', notifyUrl: 'http://127.0.0.1/n' }

describe('options', () => {
  it.each<[string, Partial<AlipayOptions>, string]>([
    ['no app', { appId: '' }, 'appId required'],
    ['no key', { privateKey: '' }, 'privateKey required'],
    [
      'a key that is none',
      { privateKey: 'c2VjcmV0' },
      'privateKey does not hold a private key (base64 of PKCS8',
    ],
    ['two certificates of three', { alipayRootCertContent: '' }, 'alipayRootCertPath required'],
    [
      'a missing file',
      { appCertContent: '', appCertPath: '/nowhere/app.crt' },
      'appCertPath: cannot read /nowhere/app.crt (ENOENT)',
    ],
    [
      'neither mode',
      { appCertContent: '', alipayPublicCertContent: '', alipayRootCertContent: '' },
      'alipayPublicKey required, or appCertPath, alipayPublicCertPath and alipayRootCertPath',
    ],
  ])('%s', async (_, wrong, message) => {
    const error = await failure(() => init(wrong))
    expect(error.message).toContain(message)
    expect(error).toMatchObject({ errCode: 'CONFIG_ERROR', provider: 'alipay' })
  })

  it.each<[string, Partial<AlipayOptions>, string]>([
    ['live', {}, 'https://openapi.alipay.com/gateway.do'],
    ['sandbox', { sandbox: true }, 'https://openapi.alipaydev.com/gateway.do'],
    [
      'a gateway',
      { sandbox: true, gateway: 'http://127.0.0.1:1/gateway.do' },
      'http://127.0.0.1:1/gateway.do',
    ],
  ])('%s', async (_, options, address) => {
    fake.client.answers(() => answer('alipay.trade.close', {}))
    await init(options).closeOrder({ outTradeNo: 'SBX1' })
    const { origin, pathname } = fake.client.request.url
    expect(origin + pathname).toBe(address)
  })

  it.each<[string, Partial<AlipayOptions>]>([
    ['PKCS1', { privateKey: key('alipay_app_private_pkcs1'), keyType: 'PKCS1' }],
    ['PKCS1 that says it is PKCS8', { privateKey: key('alipay_app_private_pkcs1') }],
    ['certificates without lines', { appCertContent: bare(key('alipay_app_cert')) }],
  ])('%s', async (_, options) => {
    fake.client.answers(() => answer('alipay.trade.close', {}))
    await init(options).closeOrder({ outTradeNo: 'SBX1' })
    expect(sent()).toMatchObject({ app_cert_sn: numbers.app_cert_sn })
  })

  it('RSA is SHA-1, both ways', async () => {
    fake.client.answers(() => answer('alipay.trade.close', {}, { digest: 'RSA-SHA1' }))
    await init({ signType: 'RSA' }).closeOrder({ outTradeNo: 'SBX1' })
    expect(sent().sign_type).toBe('RSA')
    fake.client.answers(() => answer('alipay.trade.close', {}))
    const error = await failure(() => init({ signType: 'RSA' }).closeOrder({ outTradeNo: 'SBX1' }))
    expect(error.message).toBe('[AlipaySdk]验签失败')
  })
})

describe('getOrderInfo', () => {
  it('NATIVE: no hidden provider id, the amount as text with two decimals (D5)', async () => {
    fake.client.answers(() =>
      answer('alipay.trade.precreate', { out_trade_no: 'SBX1', qr_code: 'https://qr.alipay.com/x' }),
    )
    const result = await init().getOrderInfo({
      ...order,
      tradeType: 'NATIVE',
      timeoutExpress: '2h',
      body: '测',
    })
    expect(result).toEqual({
      code: '10000',
      msg: 'Success',
      outTradeNo: 'SBX1',
      codeUrl: 'https://qr.alipay.com/x',
    })
    expect(sent()).toMatchObject({
      app_id,
      method: 'alipay.trade.precreate',
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: '2026-01-01 08:00:00',
      version: '1.0',
      notify_url: 'http://127.0.0.1/n',
      app_cert_sn: numbers.app_cert_sn,
      alipay_root_cert_sn: numbers.alipay_root_cert_sn,
      content: {
        out_trade_no: 'SBX1',
        total_amount: '1.00',
        seller_id,
        subject: '测试订单',
        body: '测',
        timeout_express: '2h',
      },
    })
    expect(Object.keys(sent().content)).not.toContain('extend_params')
  })

  it.each([
    [1, '0.01'],
    [10, '0.10'],
    [101, '1.01'],
    [1_000_000_000_001, '10000000000.01'],
  ])('%i fen are %s yuan', async (totalFee, expected) => {
    fake.client.answers(() => answer('alipay.trade.precreate', {}))
    await init().getOrderInfo({ ...order, totalFee, tradeType: 'NATIVE' })
    expect(sent().content.total_amount).toBe(expected)
  })

  it.each<[string, string, Row]>([
    ['a user id', String(buyer_id), { buyer_id }],
    ['an openid', '074a1CcTG1LelxKe4xQC0zgNdId0nxi', { buyer_open_id: '074a1CcTG1LelxKe4xQC0zgNdId0nxi' }],
  ])('JSAPI with %s: the trade number', async (_, openid, expected) => {
    fake.client.answers(() => answer('alipay.trade.create', { out_trade_no: 'SBX1', trade_no: '2026' }))
    expect(await init().getOrderInfo({ ...order, openid })).toBe('2026')
    expect(sent().content).toMatchObject(expected)
  })

  it('APP: a signed text, and no request', async () => {
    const text = String(await init().getOrderInfo({ ...order, tradeType: 'APP' }))
    expect(fake.client.requests).toEqual([])
    const { sign, ...fields } = Object.fromEntries(
      text.split('&').map((pair) => pair.split('=').map(decodeURIComponent) as [string, string]),
    )
    checkSigned(fields, String(sign))
    expect(fields).toMatchObject({
      method: 'alipay.trade.app.pay',
      notify_url: 'http://127.0.0.1/n',
      app_cert_sn: numbers.app_cert_sn,
    })
    expect(JSON.parse(String(fields.biz_content))).toMatchObject({
      total_amount: '1.00',
      product_code: 'QUICK_MSECURITY_PAY',
    })
  })

  it.each([
    [{ clientType: 'app' }, {}],
    [{}, { PLATFORM: 'app-plus' }],
  ])('without a tradeType the client decides: %j, call %j', async (options, call) => {
    vi.stubGlobal('__ctx__', call)
    expect(await init(options).getOrderInfo(order)).toContain('method=alipay.trade.app.pay')
  })

  it('a refusal is an answer', async () => {
    const refused = {
      code: '40004',
      msg: 'Business Failed',
      sub_code: 'ACQ.TRADE_HAS_SUCCESS',
      sub_msg: '交易已被支付',
    }
    for (const tradeType of ['JSAPI', 'NATIVE']) {
      const method = tradeType === 'JSAPI' ? 'alipay.trade.create' : 'alipay.trade.precreate'
      fake.client.answers(() => answer(method, refused))
      expect(await init().getOrderInfo({ ...order, tradeType })).toEqual({
        code: '40004',
        msg: 'Business Failed',
        subCode: 'ACQ.TRADE_HAS_SUCCESS',
        subMsg: '交易已被支付',
      })
    }
  })

  it.each<[string, Row, string]>([
    ['a tradeType that is none', { tradeType: 'MWEB' }, 'tradeType must be JSAPI, APP or NATIVE, not MWEB'],
    ['half a fen', { totalFee: 0.5 }, 'totalFee must be a whole number of fen (1 yuan = 100), not 0.5'],
    ['no number', { outTradeNo: undefined }, 'outTradeNo required'],
  ])('%s', async (_, wrong, message) => {
    expect((await failure(() => init().getOrderInfo({ ...order, ...wrong } as never))).message).toBe(message)
  })
})

describe('orders', () => {
  it('orderQuery', async () => {
    fake.client.answers(() =>
      answer('alipay.trade.query', {
        trade_no: '2026',
        out_trade_no: 'SBX1',
        buyer_user_id: buyer_id,
        trade_status: 'TRADE_SUCCESS',
        total_amount: '1.00',
        receipt_amount: '0.99',
        buyer_pay_amount: '0.29',
        send_pay_date: '2026-01-01 08:00:02',
        fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '0.57' }],
      }),
    )
    expect(await init().orderQuery({ outTradeNo: 'SBX1', transactionId: '2026' })).toEqual({
      code: '10000',
      msg: 'Success',
      appId: app_id,
      mchId: seller_id,
      outTradeNo: 'SBX1',
      transactionId: '2026',
      openid: buyer_id,
      tradeState: 'SUCCESS',
      totalFee: 100,
      receiptAmount: 99,
      settlementTotalFee: 99,
      cashFee: 29,
      timeEnd: '20260101080002',
      fundBillList: [{ fundChannel: 'ALIPAYACCOUNT', amount: 57 }],
    })
    expect(sent().content).toEqual({ trade_no: '2026' })
  })

  it.each([
    ['WAIT_BUYER_PAY', 'USERPAYING'],
    ['TRADE_CLOSED', 'CLOSED'],
    ['TRADE_FINISHED', 'FINISHED'],
  ])('%s -> %s', async (trade_status, tradeState) => {
    fake.client.answers(() => answer('alipay.trade.query', { trade_status }))
    expect(await init().orderQuery({ outTradeNo: 'SBX1' })).toMatchObject({ tradeState })
  })

  it('not scanned yet', async () => {
    fake.client.answers(() =>
      answer('alipay.trade.query', { code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' }),
    )
    const result = await init().orderQuery({ outTradeNo: 'SBX1' })
    expect(result).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_NOT_EXIST' })
    expect(result).not.toHaveProperty('tradeState')
  })

  it('closeOrder, cancelOrder', async () => {
    fake.client.answers(({ url }) =>
      answer(String(url.searchParams.get('method')), {
        trade_no: '2026',
        out_trade_no: 'SBX1',
        retry_flag: 'N',
        action: 'close',
      }),
    )
    expect(await init().closeOrder({ transactionId: '2026' })).toMatchObject({
      code: '10000',
      transactionId: '2026',
    })
    expect(await init().cancelOrder({ outTradeNo: 'SBX1' })).toMatchObject({
      outTradeNo: 'SBX1',
      transactionId: '2026',
      action: 'close',
      retryFlag: 'N',
    })
    expect((await failure(() => init().closeOrder({}))).message).toBe('outTradeNo or transactionId required')
  })

  it('exec: any other method, such as for a login', async () => {
    fake.client.answers(() =>
      answer('alipay.system.oauth.token', JSON.stringify({ user_id: buyer_id, access_token: 'secret' })),
    )
    const result = await init().exec('alipay.system.oauth.token', {
      grantType: 'authorization_code',
      code: 'c',
    })
    expect(result).toMatchObject({ userId: buyer_id })
    expect(sent()).toMatchObject({ grant_type: 'authorization_code', code: 'c' })
  })
})

describe('refunds', () => {
  it('refund: the amount so far', async () => {
    fake.client.answers(() =>
      answer('alipay.trade.refund', {
        trade_no: '2026',
        out_trade_no: 'SBX1',
        refund_fee: '0.58',
        fund_change: 'Y',
      }),
    )
    const result = await init().refund({
      outTradeNo: 'SBX1',
      outRefundNo: 'R1',
      totalFee: 100,
      refundFee: 29,
      refundFeeType: 'CNY',
      refundDesc: '不要了',
      notifyUrl: 'http://n',
      refundRoyaltyParameters: [{ transIn: 'x', amount: 7 }],
    })
    expect(result).toMatchObject({
      outTradeNo: 'SBX1',
      transactionId: '2026',
      outRefundNo: 'R1',
      refundFee: 58,
    })
    expect(sent().content).toEqual({
      out_trade_no: 'SBX1',
      refund_amount: '0.29',
      refund_reason: '不要了',
      out_request_no: 'R1',
      refund_royalty_parameters: [{ trans_in: 'x', amount: '0.07' }],
    })
  })

  it.each<[string, Row]>([
    ['over the amount', { sub_code: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', refund_fee: '0.00' }],
    ['without an amount', { sub_code: 'ACQ.TRADE_NOT_EXIST' }],
  ])('refused: %s', async (_, node) => {
    fake.client.answers(() =>
      answer('alipay.trade.refund', { code: '40004', sub_msg: '退款金额超限', ...node }),
    )
    expect(await init().refund({ outTradeNo: 'SBX1', refundFee: 1 })).toMatchObject({
      code: '40004',
      subCode: node.sub_code,
      subMsg: '退款金额超限',
      refundFee: 0,
    })
  })

  it('refundQuery', async () => {
    fake.client.answers(() =>
      answer('alipay.trade.fastpay.refund.query', {
        trade_no: '2026',
        out_trade_no: 'SBX1',
        out_request_no: 'R1',
        total_amount: '1.00',
        refund_amount: '0.30',
        refund_reason: '不要了',
        refund_royaltys: [{ refund_amount: '0.07' }],
      }),
    )
    expect(await init().refundQuery({ outTradeNo: 'SBX1', outRefundNo: 'R1' })).toMatchObject({
      outTradeNo: 'SBX1',
      transactionId: '2026',
      outRefundNo: 'R1',
      totalFee: 100,
      refundFee: 30,
      refundDesc: '不要了',
      refundRoyaltys: [{ refundAmount: 7 }],
    })
    expect(sent().content).toEqual({ out_trade_no: 'SBX1', out_request_no: 'R1' })
  })

  it('refundQuery of a refund without a number; one that is not known', async () => {
    fake.client.answers(() => answer('alipay.trade.fastpay.refund.query', {}))
    const result = await init().refundQuery({ outTradeNo: 'SBX1' })
    expect(sent().content).toEqual({ out_trade_no: 'SBX1', out_request_no: 'SBX1' })
    expect(result).not.toHaveProperty('refundFee')
  })
})

describe('answers', () => {
  const method = 'alipay.trade.close'
  const forged = '[AlipaySdk]验签失败'
  const failed = '[AlipaySdk]HTTP 请求错误'

  it('escapes are signed as sent, wherever the signature stands', async () => {
    const node = '{"code":"10000","msg":"a\\/b \\"}, \\u6d4b"}'
    const { data } = answer(method, node)
    fake.client.answers(() => ({ status: 200, data }))
    expect(await init().closeOrder({ outTradeNo: 'SBX1' })).toMatchObject({ msg: 'a/b "}, 测' })
    const { sign } = JSON.parse(String(data)) as Row
    const other = ` {\n "sign" : ${JSON.stringify(sign)} , "x" : [ 1, { "sign" : "no" } ] , "alipay_trade_close_response" : ${node} }\n`
    fake.client.answers(() => ({ status: 200, data: other }))
    expect(await init().closeOrder({ outTradeNo: 'SBX1' })).toMatchObject({ code: '10000' })
  })

  it('public-key mode', async () => {
    fake.client.answers(() => answer(method, {}, { certificate: null }))
    const result = await new Alipay(byPublicKey).closeOrder({ outTradeNo: 'SBX1' })
    expect(result.code).toBe('10000')
    expect(sent()).not.toHaveProperty('app_cert_sn')
  })

  it.each<[string, () => FakeAnswer, string, Row]>([
    ['changed after signing', () => answer(method, {}, { signed: '{}' }), forged, { errCode: 'SIGN_ERROR' }],
    [
      'another key',
      () => answer(method, {}, { key: privateKey('alipay_app_private_pkcs8') }),
      forged,
      { errCode: 'SIGN_ERROR' },
    ],
    [
      'another certificate',
      () => answer(method, {}, { certificate: 'abc' }),
      forged,
      { errMsg: expect.stringContaining('signed with certificate abc, alipayPublicCert is') },
    ],
    [
      'success without a signature',
      () => ({ status: 200, data: '{"alipay_trade_close_response":{"code":"10000"}}' }),
      forged,
      {},
    ],
    [
      'a refusal with a wrong signature',
      () => answer(method, { code: '40004' }, { signed: 'x' }),
      forged,
      {},
    ],
    [
      'two nodes, the signed one first',
      () => {
        const text = String(answer(method, {}).data)
        return {
          status: 200,
          data: text.replace(/}$/, ',"alipay_trade_close_response":{"code":"10000","x":1}}'),
        }
      },
      failed,
      { errCode: 'FORMAT_ERROR' },
    ],
    ['another method', () => answer('alipay.trade.query', {}), failed, { errCode: 'FORMAT_ERROR' }],
    [
      'HTTP error',
      () => ({ status: 502, data: '<html>' }),
      failed,
      { errCode: 'REQUEST_FAIL', httpStatus: 502 },
    ],
    [
      'not JSON',
      () => ({ status: 200, data: '<html>' }),
      failed,
      { errMsg: `${failed}: alipay ${method}: the answer cannot be read` },
    ],
    ['a node that is no object', () => answer(method, '"x"'), failed, { errCode: 'FORMAT_ERROR' }],
    [
      'the gateway refuses',
      () => ({
        status: 200,
        data: '{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.code-invalid","sub_msg":"无效"}}',
      }),
      failed,
      { errCode: 'isv.code-invalid', errMsg: `${failed}: alipay ${method}: 无效` },
    ],
    [
      'no answer',
      () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      },
      failed,
      { errCode: 'ECONNREFUSED', errMsg: `${failed}: connect ECONNREFUSED` },
    ],
  ])('%s', async (_, reply, message, expected) => {
    fake.client.answers(reply)
    const error = await failure(() => init().closeOrder({ outTradeNo: 'SBX1' }))
    expect(error).toMatchObject({
      name: 'UniPayError',
      provider: 'alipay',
      api: method,
      message,
      ...expected,
    })
  })

  it('a refusal without a signature is a refusal', async () => {
    const data = '{"alipay_trade_close_response":{"code":"40002","sub_code":"isv.invalid-signature"}}'
    fake.client.answers(() => ({ status: 200, data }))
    expect(await init().closeOrder({ outTradeNo: 'SBX1' })).toMatchObject({
      subCode: 'isv.invalid-signature',
    })
  })

  it('an amount that is none is not guessed', async () => {
    fake.client.answers(() => answer('alipay.trade.query', { total_amount: '0.305' }))
    const error = await failure(() => init().orderQuery({ outTradeNo: 'SBX1' }))
    expect(error.message).toBe('totalAmount is not an amount in yuan: 0.305')
  })

  it('tokens in a raw answer are blanked out', async () => {
    fake.client.answers(() =>
      answer('alipay.system.oauth.token', '{"access_token":"secret"}', { signed: 'x' }),
    )
    const error = await failure(() => init().exec('alipay.system.oauth.token', {}))
    expect(error.rawResponse).toContain('"access_token":"***"')
  })
})
