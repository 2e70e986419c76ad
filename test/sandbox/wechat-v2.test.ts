/** WeChat Pay V2 driven by `tenpay` and `wechatpay-axios-plugin`, over HTTP and TLS. */
import { createRequire } from 'node:module'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { JsonObject } from '../../sandbox/core/json.ts'
import { loadTlsKeys } from '../../sandbox/keys/tls-keys.ts'
import { listenSandbox } from '../../sandbox/server.ts'
import { signV2 } from '../../sandbox/wechat/signature-v2.ts'
import { parseXml, writeXml } from '../../sandbox/wechat-v2/xml.ts'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import { type Started, startMerchant, startSandbox } from './start-sandbox.ts'

const { wechat } = vectors.constants
const ACK = writeXml({ return_code: 'SUCCESS', return_msg: 'OK' })

type Params = Record<string, string>
type Call = (params: object) => Promise<Params>
interface Tenpay {
  urls: Record<string, string>
  unifiedOrder: Call
  orderQuery: Call
  closeOrder: Call
  refund: Call
  refundQuery: Call
  reverse: Call
  micropay: Call
  getPayParams: Call
  getAppParams: Call
  downloadBill(params: object, format: true): Promise<Record<string, string[]> & { list_data: string[][] }>
  downloadFundflow(params: object, format: true): Promise<{ list_data: string[][] }>
  /** Checks a notification as its middleware does. */
  _parse(xml: string, type: string): Promise<Params & { req_info: Params }>
}

const require = createRequire(import.meta.url)

function tenpay(origin: string, change: object = {}): Tenpay {
  const Sdk = require('tenpay') as new (options: object) => Tenpay
  const sdk = new Sdk({
    appid: wechat.appid,
    mchid: wechat.mchid,
    partnerKey: wechat.v2_key,
    pfx: Buffer.from(vectors.keys.wechat_merchant_p12_base64, 'base64'),
    ...change,
  })
  for (const [name, url] of Object.entries(sdk.urls)) {
    sdk.urls[name] = url.replace('https://api.mch.weixin.qq.com', origin)
  }
  return sdk
}

async function start() {
  const started = await startSandbox()
  const merchant = await startMerchant()
  merchant.answer = () => ({ body: ACK })
  const order = (outTradeNo: string, change: object = {}) => ({
    out_trade_no: outTradeNo,
    body: '测试 ]]> & <订单>',
    total_fee: 100,
    notify_url: merchant.url,
    openid: wechat.openid,
    trade_type: 'JSAPI',
    ...change,
  })
  return { started, merchant, order, sdk: tenpay(started.origin) }
}

async function paidOrder(outTradeNo: string) {
  const parts = await start()
  await parts.sdk.unifiedOrder(parts.order(outTradeNo))
  await parts.started.control('POST', `/orders/${outTradeNo}/pay`)
  return parts
}

/** A request signed by hand. */
async function post(started: Started, path: string, params: Params, key = wechat.v2_key): Promise<Params> {
  const full: Params = { appid: wechat.appid, mch_id: wechat.mchid, nonce_str: 'N', ...params }
  const body = writeXml({ ...full, sign: signV2(full, key) })
  const response = await fetch(`${started.origin}${path}`, { method: 'POST', body })
  return parseXml(await response.text()) ?? {}
}

describe('orders', () => {
  test('mini program: placed, checked by the cashier, paid, reported, asked for', async () => {
    const { started, merchant, order, sdk } = await start()
    const client = await sdk.getPayParams(order('SBXV200001'))
    expect(await sdk.orderQuery({ out_trade_no: 'SBXV200001' })).toMatchObject({
      trade_state: 'NOTPAY',
      total_fee: '100',
    })
    const paid = await started.control('POST', '/pay', { client })
    const said = await sdk._parse(merchant.received[0]?.body ?? '', 'middleware_pay')
    expect(said).toMatchObject({
      result_code: 'SUCCESS',
      out_trade_no: 'SBXV200001',
      transaction_id: paid.transaction_id,
      total_fee: '100',
      cash_fee: '100',
      trade_type: 'JSAPI',
      openid: wechat.openid,
      is_subscribe: 'N',
      time_end: expect.stringMatching(/^\d{14}$/),
    })
    expect(await started.control('GET', '/orders/SBXV200001')).toMatchObject({
      description: '测试 ]]> & <订单>',
      notifications: [{ state: 'accepted' }],
    })
    const { transaction_id = '' } = said
    expect(await sdk.orderQuery({ transaction_id })).toMatchObject({
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
    })
  })

  test('scan code, app and H5', async () => {
    const { started, order, sdk } = await start()
    expect(await sdk.unifiedOrder(order('SBXV200002', { trade_type: 'NATIVE' }))).toMatchObject({
      code_url: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=/),
    })
    const client = await sdk.getAppParams(order('SBXV200003', { trade_type: 'APP' }))
    expect(await started.control('POST', '/pay', { client })).toMatchObject({ status: 'PAID' })
    const h5 = await sdk.unifiedOrder(order('SBXV200004', { trade_type: 'MWEB', scene_info: '{}' }))
    expect(h5.mweb_url).toContain(`${started.origin}/_unicloud/sandbox/pay/`)
  })

  test('HMAC-SHA256 throughout', async () => {
    const { started, merchant, order, sdk } = await start()
    const client = await sdk.getPayParams(order('SBXV200005', { sign_type: 'HMAC-SHA256' }))
    await started.control('POST', '/pay', { client })
    expect(await sdk._parse(merchant.received[0]?.body ?? '', 'middleware_pay')).toMatchObject({
      result_code: 'SUCCESS',
    })
  })

  test('a code that the payer shows: paid at once, reported to nobody, taken back', async () => {
    const { started, merchant, sdk } = await start()
    const wanted = { out_trade_no: 'SBXV200006', body: 'x', total_fee: 100, auth_code: '120061098828009406' }
    expect(await sdk.micropay(wanted)).toMatchObject({ trade_type: 'MICROPAY' })
    expect(merchant.received).toHaveLength(0)
    expect(await sdk.reverse({ out_trade_no: 'SBXV200006' })).toMatchObject({ recall: 'N' })
    expect(await started.control('GET', '/orders/SBXV200006')).toMatchObject({ status: 'REFUND_FULL' })
    await expect(sdk.micropay({ ...wanted, out_trade_no: 'SBXV200007', auth_code: '1' })).rejects.toThrow(
      'AUTH_CODE_INVALID',
    )
  })

  test('by the payer\u2019s code, when he must confirm first', async () => {
    const { started, sdk } = await start()
    await started.control('POST', '/faults', { fault: 'order.userPaying' })
    const wanted = { out_trade_no: 'SBXV200016', body: 'x', total_fee: 100, auth_code: '120061098828009406' }
    await expect(sdk.micropay(wanted)).rejects.toThrow('USERPAYING')
    expect(await sdk.orderQuery({ out_trade_no: 'SBXV200016' })).toMatchObject({ trade_state: 'USERPAYING' })
    await started.control('POST', '/orders/SBXV200016/pay')
    expect(await sdk.orderQuery({ out_trade_no: 'SBXV200016' })).toMatchObject({ trade_state: 'SUCCESS' })
  })

  test('closing, and what cannot be closed', async () => {
    const { started, order, sdk } = await start()
    await sdk.unifiedOrder(order('SBXV200008'))
    expect(await sdk.closeOrder({ out_trade_no: 'SBXV200008' })).toMatchObject({ result_code: 'SUCCESS' })
    await expect(sdk.closeOrder({ out_trade_no: 'SBXV200008' })).rejects.toThrow('ORDERCLOSED')
    await expect(sdk.unifiedOrder(order('SBXV200008'))).rejects.toThrow('ORDERCLOSED')
    expect(await sdk.orderQuery({ out_trade_no: 'SBXV200008' })).toMatchObject({ trade_state: 'CLOSED' })
    await sdk.unifiedOrder(order('SBXV200009'))
    await started.control('POST', '/orders/SBXV200009/pay')
    await expect(sdk.closeOrder({ out_trade_no: 'SBXV200009' })).rejects.toThrow('ORDERPAID')
    await expect(sdk.closeOrder({ out_trade_no: 'SBXNOBODY1' })).rejects.toThrow('ORDERNOTEXIST')
  })

  test.each([
    ['another amount', { total_fee: 1 }, 'INVALID_REQUEST'],
    ['no payer', { openid: undefined }, 'LACK_PARAMS'],
    ['a trade type that is none', { trade_type: 'X' }, 'PARAM_ERROR'],
    ['half a fen', { total_fee: '1.5' }, 'PARAM_ERROR'],
    ['a time that is over', { time_expire: '20200101000000' }, 'PARAM_ERROR'],
  ])('refused: %s', async (_name, change, code) => {
    const { order, sdk } = await start()
    await sdk.unifiedOrder(order('SBXV200010'))
    await expect(sdk.unifiedOrder(order('SBXV200010', change))).rejects.toThrow(code)
  })
})

describe('who asks', () => {
  test('a foreign app', async () => {
    const { started } = await start()
    const answer = await post(started, '/pay/orderquery', { appid: 'wx9', out_trade_no: 'SBXV200011' })
    expect(answer).toMatchObject({ result_code: 'FAIL', err_code: 'APPID_MCHID_NOT_MATCH' })
  })

  test('a wrong signature: the call log shows the text, without the key', async () => {
    const { started } = await start()
    const answer = await post(started, '/pay/orderquery', { out_trade_no: 'SBXV200011' }, 'another key')
    expect(answer).toEqual({ return_code: 'FAIL', return_msg: '签名错误' })
    const [request] = await started.control<JsonObject[]>('GET', '/requests')
    expect(request).toMatchObject({
      verification: {
        ok: false,
        expected: `appid=${wechat.appid}&mch_id=${wechat.mchid}&nonce_str=N&out_trade_no=SBXV200011&key=***`,
      },
    })
  })

  test.each([
    ['no XML', 'hello', 'XML格式错误'],
    ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><xml><mch_id>&a;</mch_id></xml>', 'XML格式错误'],
    ['no signature', '<xml><mch_id>1</mch_id><nonce_str>1</nonce_str></xml>', '缺少参数sign'],
    [
      'a foreign merchant',
      '<xml><mch_id>1</mch_id><nonce_str>1</nonce_str><sign>1</sign></xml>',
      '商户号mch_id不存在',
    ],
  ])('%s', async (_name, body, message) => {
    const { started } = await start()
    const response = await fetch(`${started.origin}/pay/orderquery`, { method: 'POST', body })
    expect(parseXml(await response.text())).toEqual({ return_code: 'FAIL', return_msg: message })
  })

  test('over TLS, giving money back asks for the merchant\u2019s certificate', async () => {
    const { started, sdk } = await paidOrder('SBXV200012')
    const keys = await loadTlsKeys(started.directory, started.clock.now())
    const server = await listenSandbox(started.sandbox, {
      host: '127.0.0.1',
      port: 0,
      tls: { port: 0, keys },
    })
    onTestFinished(() => server.close())
    const wanted = { out_trade_no: 'SBXV200012', out_refund_no: 'R1', total_fee: 100, refund_fee: 30 }
    const over = (target: Tenpay): Tenpay => {
      target.urls.refund = `${server.tlsUrl}/secapi/pay/refund`
      return target
    }
    // The SDK has no way to name an authority.
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    onTestFinished(() => void delete process.env.NODE_TLS_REJECT_UNAUTHORIZED)
    await expect(over(tenpay(started.origin, { pfx: undefined })).refund(wanted)).rejects.toThrow(
      'CERT_ERROR',
    )
    expect(await over(sdk).refund(wanted)).toMatchObject({ refund_fee: '30' })
  })
})

describe('refunds', () => {
  test('partial ones, reported under seal, asked for by each of the numbers', async () => {
    const { started, merchant, sdk } = await paidOrder('SBXV200020')
    const first = await sdk.refund({
      out_trade_no: 'SBXV200020',
      out_refund_no: 'R1',
      total_fee: 100,
      refund_fee: 30,
      notify_url: merchant.url,
    })
    expect(first).toMatchObject({
      refund_fee: '30',
      cash_refund_fee: '30',
      refund_id: expect.stringMatching(/^503/),
    })
    await started.simulator.settled()
    const { req_info } = await sdk._parse(merchant.received[1]?.body ?? '', 'middleware_refund')
    expect(req_info).toMatchObject({ out_refund_no: 'R1', refund_fee: '30', refund_status: 'SUCCESS' })

    await expect(
      sdk.refund({ out_trade_no: 'SBXV200020', out_refund_no: 'R2', total_fee: 100, refund_fee: 71 }),
    ).rejects.toThrow('INVALID_REQUEST')
    await expect(
      sdk.refund({ out_trade_no: 'SBXV200020', out_refund_no: 'R2', total_fee: 99, refund_fee: 1 }),
    ).rejects.toThrow('REFUND_FEE_MISMATCH')
    await sdk.refund({ out_trade_no: 'SBXV200020', out_refund_no: 'R2', total_fee: 100, refund_fee: 70 })
    expect(await sdk.refundQuery({ out_trade_no: 'SBXV200020' })).toMatchObject({
      refund_count: '2',
      out_refund_no_0: 'R1',
      out_refund_no_1: 'R2',
      refund_status_0: 'SUCCESS',
      refund_recv_accout_0: '支付用户零钱',
    })
    for (const which of [{ refund_id: first.refund_id }, { out_refund_no: 'R1', out_trade_no: 'ignored' }]) {
      expect(await sdk.refundQuery(which)).toMatchObject({
        refund_count: '1',
        refund_fee: '30',
        out_refund_no_0: 'R1',
      })
    }
    await expect(sdk.refundQuery({ out_refund_no: 'R9' })).rejects.toThrow('REFUNDNOTEXIST')
  })

  test('not of an unpaid order', async () => {
    const { order, sdk } = await start()
    await sdk.unifiedOrder(order('SBXV200021'))
    await expect(
      sdk.refund({ out_trade_no: 'SBXV200021', out_refund_no: 'R1', total_fee: 100, refund_fee: 1 }),
    ).rejects.toThrow('TRADE_STATE_ERROR')
  })
})

describe('notifications gone wrong', () => {
  test.each([
    ['notify.wrongAmount', undefined, { total_fee: '101' }],
    ['notify.wrongAppId', 'appid不匹配', {}],
    ['notify.wrongMchId', 'mch_id不匹配', {}],
    ['notify.forged', 'sign签名错误', {}],
    ['notify.wrongKey', 'sign签名错误', {}],
    ['notify.tampered', 'sign签名错误', {}],
  ] as const)('%s', async (fault, refusal, said) => {
    const { started, merchant, order, sdk } = await start()
    await started.control('POST', '/faults', { fault, match: { provider: 'wxpay' } })
    await sdk.unifiedOrder(order('SBXV200030'))
    await started.control('POST', '/orders/SBXV200030/pay')
    const parsed = sdk._parse(merchant.received[0]?.body ?? '', 'middleware_pay')
    if (refusal) await expect(parsed).rejects.toThrow(refusal)
    else expect(await parsed).toMatchObject(said)
  })

  test('an acknowledgement is the word SUCCESS in XML', async () => {
    const { started, merchant, order, sdk } = await start()
    merchant.answer = () => ({ body: writeXml({ return_code: 'FAIL' }) })
    await sdk.unifiedOrder(order('SBXV200031'))
    const paid = await started.control('POST', '/orders/SBXV200031/pay')
    expect(paid.notifications).toMatchObject([{ attempts: [{ verdict: 'refused' }] }])
  })

  test('an answer with a wrong signature', async () => {
    const { started, order, sdk } = await start()
    await started.control('POST', '/faults', { fault: 'api.badSignature' })
    await expect(sdk.unifiedOrder(order('SBXV200032'))).rejects.toThrow('sign签名错误')
  })

  test('a platform error', async () => {
    const { started, order, sdk } = await start()
    await started.control('POST', '/faults', { fault: 'api.error', args: { code: 'BIZERR_NEED_RETRY' } })
    await expect(sdk.unifiedOrder(order('SBXV200033'))).rejects.toThrow('BIZERR_NEED_RETRY')
  })
})

test('bills have the older columns; none is an XML of its own', async () => {
  const { started, sdk } = await paidOrder('SBXV200040')
  const day = new Date(started.clock.now() + 8 * 3600_000).toISOString().slice(0, 10).replaceAll('-', '')
  await expect(sdk.downloadBill({ bill_date: day }, true)).rejects.toThrow('No Bill Exist')
  await started.control('POST', '/clock', { advance: '34h' })
  const bill = await sdk.downloadBill({ bill_date: day }, true)
  expect(bill.list_title).toHaveLength(24)
  expect(bill.list_data).toHaveLength(1)
  expect(bill.total_data).toEqual(['1', '1.00', '0.00', '0.00', '0.01000'])
  const flow = await sdk.downloadFundflow(
    { bill_date: day, account_type: 'Basic', sign_type: 'HMAC-SHA256' },
    true,
  )
  expect(flow.list_data).toHaveLength(2)
})

test('wechatpay-axios-plugin agrees, on V2 with HMAC and on V3 with the public key', async () => {
  const { started, order } = await start()
  const { Wechatpay } = require('wechatpay-axios-plugin')
  const privateKey = Buffer.from(vectors.keys.wechat_merchant_private_pkcs8, 'base64')
  const client = new Wechatpay({
    baseURL: started.origin,
    mchid: wechat.mchid,
    serial: wechat.merchant_serial,
    privateKey: `-----BEGIN PRIVATE KEY-----\n${privateKey.toString('base64')}\n-----END PRIVATE KEY-----`,
    certs: { [wechat.public_key_id]: vectors.keys.wechat_pay_public_key_mode_public_spki },
    secret: wechat.v2_key,
    headers: { 'Wechatpay-Serial': wechat.public_key_id },
  })
  const v2 = await client.v2.pay.unifiedorder.post({
    appid: wechat.appid,
    mch_id: wechat.mchid,
    nonce_str: 'N',
    sign_type: 'HMAC-SHA256',
    spbill_create_ip: '127.0.0.1',
    // This SDK does not split `]]>`.
    ...order('SBXV200050', { body: '测试 & <订单>' }),
  })
  expect(v2.data).toMatchObject({ result_code: 'SUCCESS', prepay_id: expect.anything() })
  const v3 = await client.v3.pay.transactions.native.post({
    appid: wechat.appid,
    mchid: wechat.mchid,
    description: 'x',
    out_trade_no: 'SBXV200051',
    notify_url: 'http://127.0.0.1:9/notify',
    amount: { total: 1 },
  })
  expect(v3.data).toMatchObject({ code_url: expect.anything() })
})
