/** Huawei Pay, by requests signed as its documents say; answers and callbacks are verified with SM2. */
import { constants, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import sm from 'sm-crypto'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../sandbox/core/json.ts'
import { contentOf, verifySm2 } from '../../sandbox/huawei/signature.ts'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import { startMerchant, startSandbox } from './start-sandbox.ts'

const { huawei } = vectors.constants
const { keys } = vectors
const ACK = '{"resultCode":"000000","resultDesc":"Success."}'
const NUMBER = 'SBXHW00001'
const key = createPrivateKey({
  key: Buffer.from(keys.huawei_merchant_private_pkcs8, 'base64'),
  format: 'der',
  type: 'pkcs8',
})

function pss(text: string): string {
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return sign('sha256', Buffer.from(text), options).toString('base64')
}

function genuine(signed: JsonObject): boolean {
  return verifySm2(contentOf(signed), String(signed.sign), keys.huawei_platform_sm2_public_hex)
}

async function start() {
  const started = await startSandbox()
  const merchant = await startMerchant()
  merchant.answer = () => ({ body: ACK })
  let traces = 0
  const ask = async (method: string, target: string, body?: JsonObject, change: JsonObject = {}) => {
    traces += 1
    const auth: JsonObject = {
      callerId: huawei.merc_no,
      traceId: `trace${traces}`,
      time: started.clock.now(),
      authId: huawei.auth_id,
      bodySign: pss(body ? contentOf(body) : target),
      ...change,
    }
    auth.headerSign = pss(contentOf(auth))
    const response = await fetch(`${started.origin}${target}`, {
      method,
      headers: { paymercauth: JSON.stringify(auth) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const answer = (await response.json()) as JsonObject
    expect(genuine(answer)).toBe(true)
    return answer
  }
  const create = (change: JsonObject = {}, auth: JsonObject = {}) =>
    ask(
      'POST',
      '/api/v2/aggr/preorder/create/app',
      {
        appId: huawei.app_id,
        mercNo: huawei.merc_no,
        mercOrderNo: NUMBER,
        tradeSummary: '测试订单',
        totalAmount: 100,
        currency: 'CNY',
        callbackUrl: merchant.url,
        payload: '',
        goodsDetail: [{ quantity: 1, unitPrice: 60, goodsName: 'A' }],
        ...change,
      },
      auth,
    )
  const query = () => ask('GET', `/api/v2/aggr/transactions/merc-orders/${NUMBER}?mercNo=${huawei.merc_no}`)
  const refund = (mercRefundOrderNo: string, refundAmount: number) =>
    ask('POST', '/api/v1/aggr/transactions/refunds', {
      mercOrderNo: NUMBER,
      mercRefundOrderNo,
      refundAmount,
      callbackUrl: merchant.url,
    })
  const said = (at: number) => JSON.parse(merchant.received[at]?.body ?? '{}') as JsonObject
  return { started, merchant, ask, create, query, refund, said }
}

describe('vectors', () => {
  test('huawei-request-post: what is signed', () => {
    const { input, expected } = vectors.vectors.find(({ id }) => id === 'huawei-request-post') as unknown as {
      input: { body: JsonObject; auth_without_header_sign: JsonObject }
      expected: { body_string_to_sign: string; header_string_to_sign: string }
    }
    expect(contentOf(input.body)).toBe(expected.body_string_to_sign)
    expect(contentOf(input.auth_without_header_sign)).toBe(expected.header_string_to_sign)
  })

  test.each(['huawei-response', 'huawei-pay-notify'])('%s: signature', (id) => {
    const { input, expected } = vectors.vectors.find((vector) => vector.id === id) as unknown as {
      input: { body_without_sign: JsonObject }
      expected: { string_to_sign: string; sign?: string; body?: string }
    }
    expect(contentOf(input.body_without_sign)).toBe(expected.string_to_sign)
    const signature = expected.sign ?? JSON.parse(expected.body ?? '{}').sign
    expect(verifySm2(expected.string_to_sign, signature, keys.huawei_platform_sm2_public_hex)).toBe(true)
  })
})

test('placed, paid with the client\u2019s text, reported, asked for', async () => {
  const { started, create, query, said, ask } = await start()
  const { prepayId, mercOrderNo } = await create()
  expect(mercOrderNo).toBe(NUMBER)
  expect(await query()).toMatchObject({ resultCode: '000000', orderStatus: 'TRX_APPLY', totalAmount: 100 })
  const order: JsonObject = {
    app_id: huawei.app_id,
    merc_no: huawei.merc_no,
    prepay_id: prepayId ?? '',
    timestamp: started.clock.now(),
    noncestr: 'n',
    auth_id: huawei.auth_id,
  }
  const client = JSON.stringify({ ...order, sign: pss(contentOf(order)) })
  await expect(
    started.control('POST', '/pay', { client: client.replace('"n"', '"m"') }),
  ).rejects.toMatchObject({
    body: { errCode: 'CLIENT_REFUSED', expected: expect.stringContaining('noncestr=m') },
  })
  const paid = await started.control('POST', '/pay', { client })
  expect(genuine(said(0))).toBe(true)
  expect(said(0)).toMatchObject({
    dataType: 'plain',
    signType: 'SM2',
    mercOrderNo: NUMBER,
    orderStatus: 'TRX_SUCCESS',
    totalAmount: 100,
    sysTransOrderNo: paid.transaction_id,
  })
  const found = await ask(
    'GET',
    `/api/v2/aggr/transactions/orders/${paid.transaction_id}?mercNo=${huawei.merc_no}`,
  )
  expect(found).toMatchObject({
    orderStatus: 'TRX_SUCCESS',
    payerAmount: 100,
    finishTime: expect.stringContaining('+0800'),
  })
})

test('refunds: reported when done, a minute apart, never more than was paid', async () => {
  const { started, create, refund, said, ask } = await start()
  await create()
  expect(await refund('R1', 30)).toMatchObject({ resultCode: '400000', subCode: 'CHECK_ORDER_STATUS' })
  await started.control('POST', `/orders/${NUMBER}/pay`)
  const first = await refund('R1', 30)
  expect(first).toMatchObject({ resultCode: '000000', refundAmount: 30, mercRefundOrderNo: 'R1' })
  await started.simulator.settled()
  expect(said(1)).toMatchObject({ mercRefundNo: 'R1', refundAmount: 30, refundOrderStatus: 'REFUND_SUCCESS' })
  expect(genuine(said(1))).toBe(true)
  expect(await refund('R2', 70)).toMatchObject({ subCode: 'ORDER_CONCURRENT_ERROR' })
  await started.control('POST', '/clock', { advance: '1m' })
  expect(await refund('R2', 71)).toMatchObject({ subCode: 'CHECK_AMOUNT_INVALID' })
  expect(await refund('R1', 30)).toMatchObject({ sysRefundOrderNo: first.sysRefundOrderNo })
  expect(await refund('R2', 70)).toMatchObject({ resultCode: '000000' })
  for (const target of [`merc-orders/R1`, `orders/${first.sysRefundOrderNo}`]) {
    expect(await ask('GET', `/api/v1/aggr/transactions/refunds/${target}`)).toMatchObject({
      refundOrderStatus: 'REFUND_SUCCESS',
      refundAmount: 30,
    })
  }
  await started.control('POST', '/clock', { advance: '181d' })
  expect(await refund('R3', 1)).toMatchObject({ subCode: 'CHECK_AMOUNT_INVALID' })
})

describe('who asks', () => {
  test.each([
    ['a used trace id', { traceId: 'trace1' }, '200001', 'INVALID_DUPLICATE_REQUEST'],
    ['an old time', { time: 1 }, '200001', 'INVALID_TIME'],
    ['a foreign certificate', { authId: '1' }, '200001', 'INVALID_AUTH_ID'],
    ['another body', { bodySign: pss('x') }, '200002', 'INVALID_SIGNATURE'],
  ])('%s', async (_name, auth, resultCode, subCode) => {
    const { started, create } = await start()
    await create()
    expect(await create({}, auth)).toMatchObject({ resultCode, subCode })
    const [call] = await started.control<object[]>('GET', '/requests')
    expect(call).toMatchObject({ verification: { ok: false, reason: expect.anything() } })
  })

  test.each([
    ['an unknown merchant', { mercNo: '1' }, 'INVALID_MERC_NO'],
    ['no summary', { tradeSummary: null }, 'MISSING_TRADE_SUMMARY'],
    ['half a fen', { totalAmount: 1.5 }, 'INVALID_TOTAL_AMOUNT'],
    ['another amount under the number', { totalAmount: 99 }, 'INVALID_MERC_ORDER_NO'],
  ])('refused: %s', async (_name, change, subCode) => {
    const { create } = await start()
    await create()
    expect(await create(change)).toMatchObject({ subCode })
  })
})

describe('faults', () => {
  test('refund.tooSoon, refund.notEnough, refund.processing', async () => {
    const { started, create, refund, ask } = await start()
    await create()
    await started.control('POST', `/orders/${NUMBER}/pay`)
    const arm = (fault: string) =>
      started.control('POST', '/faults', { fault, match: { provider: 'huawei' } })
    await arm('refund.tooSoon')
    expect(await refund('R1', 1)).toMatchObject({ subCode: 'ORDER_CONCURRENT_ERROR' })
    await arm('refund.notEnough')
    expect(await refund('R1', 1)).toMatchObject({ subCode: 'BALANCE_NOT_ENOUGH' })
    await arm('refund.processing')
    await refund('R1', 1)
    await started.simulator.settled()
    expect(await ask('GET', '/api/v1/aggr/transactions/refunds/merc-orders/R1')).toMatchObject({
      refundOrderStatus: 'REFUND_CHL_PROC',
    })
  })

  test.each(['refund.abnormal', 'refund.closed'])(
    '%s: failed, reported, and to be tried again',
    async (fault) => {
      const { started, create, refund, ask, said } = await start()
      await create()
      await started.control('POST', `/orders/${NUMBER}/pay`)
      await started.control('POST', '/faults', { fault, match: { provider: 'huawei' } })
      await refund('R1', 100)
      await started.simulator.settled()
      expect(await ask('GET', '/api/v1/aggr/transactions/refunds/merc-orders/R1')).toMatchObject({
        refundOrderStatus: 'REFUND_FAILED',
      })
      expect(said(1)).toMatchObject({ refundOrderStatus: 'REFUND_FAILED' })
      await started.control('POST', '/clock', { advance: '2m' })
      expect(await refund('R2', 100)).toMatchObject({ resultCode: '000000' })
    },
  )

  test.each([
    ['notify.forged', false, {}],
    ['notify.tampered', false, {}],
    ['notify.wrongAmount', true, { totalAmount: 101 }],
    ['notify.wrongAppId', true, { appId: '5765889999999999999' }],
    ['notify.wrongMchId', true, { mercNo: '199999999999' }],
  ])('%s', async (fault, isGenuine, about) => {
    const { started, create, said } = await start()
    await create()
    await started.control('POST', '/faults', { fault })
    await started.control('POST', `/orders/${NUMBER}/pay`)
    expect(genuine(said(0))).toBe(isGenuine)
    expect(said(0)).toMatchObject(about)
  })
})

describe('a merchant that signs with SM2', () => {
  async function start(
    change: (text: string, sign: (text: string) => string) => string = (text, sign) => sign(text),
  ) {
    const started = await startSandbox()
    const config = await started.control<Record<string, string>>('GET', '/config/huawei-sm2')
    const hex = config.mchPrivateKeyHex ?? ''
    const options = { hash: true, der: true, userId: '1234567812345678' }
    const sm2 = (text: string): string =>
      Buffer.from(sm.sm2.doSignature(text, hex, options), 'hex').toString('base64')
    const seal = (text: string): string => change(text, sm2)
    const create = async (auth: JsonObject = {}) => {
      const body: JsonObject = {
        appId: huawei.app_id,
        mercNo: huawei.merc_no,
        mercOrderNo: NUMBER,
        tradeSummary: '测试订单',
        totalAmount: 100,
        currency: 'CNY',
        callbackUrl: 'http://127.0.0.1:9/',
      }
      const head: JsonObject = {
        callerId: huawei.merc_no,
        traceId: 'trace',
        time: started.clock.now(),
        authId: config.mchAuthId ?? '',
        bodySign: seal(contentOf(body)),
        ...auth,
      }
      head.headerSign = seal(contentOf(head))
      const response = await fetch(`${started.origin}/api/v2/aggr/preorder/create/app`, {
        method: 'POST',
        headers: { paymercauth: JSON.stringify(head) },
        body: JSON.stringify(body),
      })
      return (await response.json()) as JsonObject
    }
    return { started, config, create, sm2 }
  }

  test('is understood, in requests and from the client', async () => {
    const { started, config, create, sm2 } = await start()
    const made = await create()
    expect(made).toMatchObject({ resultCode: '000000', prepayId: expect.any(String) })
    const order: JsonObject = {
      app_id: huawei.app_id,
      merc_no: huawei.merc_no,
      prepay_id: made.prepayId ?? '',
      timestamp: String(started.clock.now()),
      noncestr: 'n',
      auth_id: config.mchAuthId ?? '',
    }
    const client = { ...order, sign: sm2(contentOf(order)) }
    expect(await started.control('POST', '/pay', { client })).toMatchObject({ status: 'PAID' })
    // The same text under the RSA certificate's number.
    const mixed = { ...order, auth_id: huawei.auth_id }
    await expect(
      started.control('POST', '/pay', { client: { ...mixed, sign: sm2(contentOf(mixed)) } }),
    ).rejects.toThrow('RSA key')
  })

  test.each([
    ['RSA under the number of the SM2 certificate', (text: string) => pss(text)],
    ['no signature', () => ''],
    ['another text', (text: string, sign: (text: string) => string) => sign(`${text}x`)],
  ])('refused: %s', async (_name, change) => {
    const { started, create } = await start(change)
    expect(await create()).toMatchObject({ resultCode: '200002', subCode: 'INVALID_SIGNATURE' })
    const [call] = await started.control<JsonObject[]>('GET', '/requests')
    expect(JSON.stringify(call)).toContain('SM2 key')
  })

  test('refused: a certificate that the merchant does not have; both that it has are named', async () => {
    const { config, create } = await start()
    const refused = await create({ authId: '9' })
    expect(refused.subCode).toBe('INVALID_AUTH_ID')
    expect(refused.subDesc).toContain(huawei.auth_id)
    expect(refused.subDesc).toContain(config.mchAuthId)
  })

  test('its key is one that OpenSSL takes for SM2', async () => {
    const { config } = await start()
    const der = Buffer.from(config.mchPrivateKey ?? '', 'base64')
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-65)
    expect(point.toString('hex')).toBe(config.mchPublicKeyHex)
  })
})
