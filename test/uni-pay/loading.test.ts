/**
 * The module as functions get it: by `require` in an instance of a space, with its own packages, and with the space's
 * HTTP client on the way to platforms that check every byte.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createSpace, type TestSpace } from '../../test-kit/index.ts'
import * as alipay from './alipay-platform.ts'
import type { FakeAnswer, FakeRequest } from './fake-client.ts'
import * as huawei from './huawei-platform.ts'
import { constants, key, type Row, signedAt, vector } from './material.ts'
import * as wxpayV2 from './wxpay-v2-platform.ts'
import * as wxpayV3 from './wxpay-v3-platform.ts'
import * as wxpayVirtual from './wxpay-virtual-platform.ts'

let space: TestSpace
let server: Server

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: signedAt })
  server = createServer(async (incoming, outgoing) => {
    const request = await received(incoming)
    const { status, headers, data } = await platforms(request)
    outgoing.writeHead(status, headers).end(data)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const hosts = [
    'api.mch.weixin.qq.com',
    'openapi.alipay.com',
    'api.weixin.qq.com',
    'api.storekit-sandbox.itunes.apple.com',
    'petalpay-developer.cloud.huawei.com.cn',
  ]
  space = await createSpace({
    project: fileURLToPath(new URL('../fixtures/uni-pay', import.meta.url)),
    now: signedAt,
    hostMap: Object.fromEntries(hosts.map((host) => [host, origin])),
  })
})
afterAll(async () => {
  await space.close()
  await new Promise((done) => server.close(done))
  vi.useRealTimers()
})

async function ask(call: Row): Promise<{ result?: unknown; thrown?: Row }> {
  return (await space.importObject('pay').ask?.(call)) as { result?: unknown; thrown?: Row }
}

const applePurchases = {
  sandbox: true,
  bundleId: constants('apple').bundle_id,
  appId: constants('apple').key_id,
  issuerId: constants('apple').issuer_id,
  appCertContent: key('apple_api_key_p8'),
  rootCertContent: key('apple_root_cert'),
}
const rc2 = readFileSync(new URL('../fixtures/uni-pay/certificates/rc2.p12', import.meta.url), 'base64')

const payments = ['getOrderInfo', 'orderQuery', 'refund', 'refundQuery']
const notices = ['checkNotifyType', 'verifyPaymentNotify', 'verifyRefundNotify']
const bills = ['downloadBill', 'downloadFundflow']

describe('inside a space', () => {
  it('exports', async () => {
    expect(await space.importObject('pay').exports?.()).toEqual([
      'HuaweiPaymentBizType',
      'initAlipay',
      'initAppleIapPayment',
      'initHuawei',
      'initWeixin',
      'initWeixinV3',
      'initWeixinVirtualPayment',
    ])
  })

  it.each<[string, Row, string[]]>([
    ['initWeixin', wxpayV2.options, [...payments, ...notices, ...bills, 'closeOrder']],
    ['initWeixinV3', wxpayV3.merchantOptions, [...payments, ...notices, ...bills, 'closeOrder']],
    ['initAlipay', alipay.byCertificates, [...payments, ...notices, 'closeOrder', 'cancelOrder', 'exec']],
    [
      'initAppleIapPayment',
      {},
      ['verifyReceipt', 'getTransaction', 'verifyTransaction', 'verifyServerNotification'],
    ],
    [
      'initWeixinVirtualPayment',
      wxpayVirtual.options,
      [
        ...payments,
        ...notices,
        'closeOrder',
        'verifyTokenNotify',
        'queryUserBalance',
        'currencyPay',
        'cancelCurrencyPay',
        'presentCurrency',
        'notifyProvideGoods',
      ],
    ],
    ['initHuawei', { ...huawei.options }, [...payments, ...notices]],
  ])('%s has these methods and no others', async (init, options, methods) => {
    expect(await ask({ init, options })).toEqual({ result: ['constructor', ...methods].sort() })
  })

  it.each<[string, Row, string, Row, Row]>([
    [
      'initWeixinV3',
      wxpayV3.merchantOptions,
      'getOrderInfo',
      {
        tradeType: 'NATIVE',
        outTradeNo: 'SBX1',
        totalFee: 100,
        body: '测试 "订单" %2F',
        notifyUrl: 'http://n',
      },
      { codeUrl: 'weixin://x' },
    ],
    ['initWeixinV3', wxpayV3.merchantOptions, 'closeOrder', { outTradeNo: 'a*b' }, { resultCode: 'SUCCESS' }],
    [
      'initWeixin',
      { ...wxpayV2.options, pfx: rc2 },
      'refund',
      { outTradeNo: 'SBX1', outRefundNo: 'R1', totalFee: 100, refundFee: 30, refundDesc: '不要了' },
      { refundFee: 30 },
    ],
    [
      'initAlipay',
      alipay.byCertificates,
      'getOrderInfo',
      {
        tradeType: 'NATIVE',
        outTradeNo: 'SBX1',
        totalFee: 100,
        subject: '测试 100% +',
        notifyUrl: 'http://n?a=b',
      },
      { codeUrl: 'https://qr' },
    ],
    [
      'initWeixinVirtualPayment',
      wxpayVirtual.options,
      'orderQuery',
      { openid: 'o', outTradeNo: 'SBX1' },
      { tradeState: 'SUCCESS' },
    ],
    [
      'initAppleIapPayment',
      applePurchases,
      'getTransaction',
      { transactionId: '2000000000000001' },
      { productId: 'sandbox.consumable.1' },
    ],
    ['initHuawei', { ...huawei.options }, 'orderQuery', { outTradeNo: 'SBX1' }, { tradeState: 'SUCCESS' }],
  ])('%s asks its platform', async (init, options, call, params, expected) => {
    expect(await ask({ init, options, call, params: [params] })).toMatchObject({ result: expected })
  })

  it('errors cross as they are, without secrets', async () => {
    const { headers, body } = vector('wx-v3-pay-notify').expected
    const event = { headers: { ...(headers as Row), 'Wechatpay-Serial': 'PUB_KEY_ID_X' }, body }
    const call = { init: 'initWeixinV3', options: wxpayV3.merchantOptions, call: 'verifyPaymentNotify' }
    const { thrown } = await ask({ ...call, params: [event] })
    expect(thrown).toMatchObject({ name: 'UniPayError', errCode: 'SIGN_ERROR', provider: 'wxpay-v3' })
    expect(thrown?.message).toContain('signed with public key PUB_KEY_ID_X')
    expect(thrown?.shown).not.toContain(wxpayV3.merchantOptions.v3Key)
  })

  it('says nothing of its own in the log', () => {
    expect(space.logs('pay').filter(({ channel }) => channel !== 'call')).toEqual([])
  })
})

// internals

async function received(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks = await incoming.toArray()
  const headers = incoming.headers as Record<string, string>
  const path = String(incoming.url)
  return {
    url: new URL(path, `https://${headers['x-forwarded-host']}`),
    path,
    method: String(incoming.method),
    headers,
    body: Buffer.concat(chunks).toString(),
    options: {},
  }
}

/** Each checks what it is asked, and answers 500 with the reason when it is not signed as it should be. */
async function platforms(request: FakeRequest): Promise<FakeAnswer> {
  try {
    return await answerOf(request)
  } catch (error) {
    return { status: 500, data: String(error) }
  }
}

function answerOf(request: FakeRequest): FakeAnswer | Promise<FakeAnswer> {
  const { url, path } = request
  if (path.startsWith('/v3/')) {
    return wxpayV3.platform(() =>
      path.endsWith('/close')
        ? wxpayV3.answer(204, undefined)
        : wxpayV3.answer(200, { code_url: 'weixin://x' }),
    )(request)
  }
  if (path === '/secapi/pay/refund') {
    return wxpayV2.answer({ refund_fee: String(wxpayV2.fieldsOf(request).refund_fee) })
  }
  if (url.host === 'openapi.alipay.com') {
    const { method = '' } = alipay.fieldsOf(request)
    return alipay.answer(method, { qr_code: 'https://qr' })
  }
  if (url.host === 'api.weixin.qq.com') {
    wxpayVirtual.bodyOf(request)
    return { status: 200, data: '{"errcode":0,"errmsg":"OK","order":{"status":4}}' }
  }
  if (path.startsWith('/inApps/')) {
    const signedTransactionInfo = vector('apple-signed-transaction').expected.jws
    return { status: 200, data: JSON.stringify({ signedTransactionInfo }) }
  }
  huawei.bodyOf(request)
  return huawei.answer({ orderStatus: 'TRX_SUCCESS' })
}
