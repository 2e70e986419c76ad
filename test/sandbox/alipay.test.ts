/** Alipay driven by `alipay-sdk`, over HTTP; the SDK verifies every answer. */
import { X509Certificate } from 'node:crypto'
import type { AlipaySdk } from 'alipay-sdk'
import { describe, expect, test } from 'vitest'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import { alipayMerchant, certificates, form } from './alipay-merchant.ts'
import { startMerchant, startSandbox } from './start-sandbox.ts'

const { keys, constants } = vectors
const NOTIFY = 'http://127.0.0.1:9/notify'

const call = (sdk: AlipaySdk, method: string, bizContent: object, more: object = {}) =>
  sdk.exec(method, { notify_url: NOTIFY, bizContent, ...more }, { validateSign: true })

const trade = (outTradeNo: string) => ({
  out_trade_no: outTradeNo,
  total_amount: '1.00',
  subject: '测试订单 100%',
})

async function start() {
  const started = await startSandbox()
  const merchant = await startMerchant()
  merchant.answer = () => ({ body: 'success' })
  return { started, merchant, sdk: alipayMerchant(started) }
}

/** A trade of 1.00 yuan by QR code, paid. */
async function paidTrade(outTradeNo: string) {
  const parts = await start()
  await call(parts.sdk, 'alipay.trade.precreate', trade(outTradeNo), { notify_url: parts.merchant.url })
  await parts.started.control('POST', `/orders/${outTradeNo}/pay`)
  return parts
}

describe('both modes', () => {
  test.each([
    ['certificate', {}],
    ['public key', { ...nothing(certificates), alipayPublicKey: publicKey(), keyType: 'PKCS8' }],
    ['PKCS#1', { privateKey: keys.alipay_app_private_pkcs1, keyType: 'PKCS1' }],
  ])('%s mode: the SDK accepts answers, refusals too', async (_name, change) => {
    const started = await startSandbox()
    const sdk = alipayMerchant(started, change)
    const placed = await call(sdk, 'alipay.trade.precreate', trade('SBX1'))
    expect(placed).toMatchObject({
      code: '10000',
      outTradeNo: 'SBX1',
      qrCode: expect.stringMatching(/^https:\/\/qr\.alipay\.com\/\w+$/),
    })
    const refused = await call(sdk, 'alipay.trade.query', { out_trade_no: 'SBX1' })
    expect(refused).toMatchObject({ code: '40004', subCode: 'ACQ.TRADE_NOT_EXIST', subMsg: '交易不存在' })
  })
})

describe('trades', () => {
  test('scan code: no trade until scanned, then waiting, paid and reported', async () => {
    const { started, merchant, sdk } = await start()
    await call(sdk, 'alipay.trade.precreate', trade('SBX2'), { notify_url: merchant.url })
    for (const method of ['alipay.trade.query', 'alipay.trade.close']) {
      expect(await call(sdk, method, { out_trade_no: 'SBX2' })).toMatchObject({
        subCode: 'ACQ.TRADE_NOT_EXIST',
      })
    }
    await started.control('POST', '/orders/SBX2/scan')
    expect(await call(sdk, 'alipay.trade.query', { out_trade_no: 'SBX2' })).toMatchObject({
      tradeStatus: 'WAIT_BUYER_PAY',
      totalAmount: '1.00',
    })
    const paid = await started.control('POST', '/orders/SBX2/pay')
    expect(paid.transaction_id).toMatch(/^\d{8}22001\d{15}$/)
    const params = form(merchant)
    expect(sdk.checkNotifySignV2(params)).toBe(true)
    expect(params).toMatchObject({
      notify_type: 'trade_status_sync',
      trade_status: 'TRADE_SUCCESS',
      out_trade_no: 'SBX2',
      trade_no: paid.transaction_id,
      total_amount: '1.00',
      app_id: constants.alipay.app_id,
      seller_id: constants.alipay.seller_id,
      buyer_id: constants.alipay.buyer_id,
      subject: '测试订单 100%',
    })
    expect(params.notify_id).toHaveLength(34)
    expect(await call(sdk, 'alipay.trade.query', { trade_no: String(paid.transaction_id) })).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
      receiptAmount: '1.00',
      fundBillList: [{ amount: '1.00', fundChannel: 'ALIPAYACCOUNT' }],
    })
  })

  test('mini program: a trade at once, for its buyer', async () => {
    const { started, sdk } = await start()
    const made = await call(sdk, 'alipay.trade.create', { ...trade('SBX3'), buyer_id: '2088000000000009' })
    expect(made.tradeNo).toMatch(/^\d{28}$/)
    await expect(
      started.control('POST', '/orders/SBX3/pay', { payer: '2088000000000002' }),
    ).rejects.toMatchObject({
      body: { errCode: 'PAYER_MISMATCH' },
    })
    expect(await started.control('POST', '/pay', { client: String(made.tradeNo) })).toMatchObject({
      status: 'PAID',
    })
  })

  test('app: the order string is verified and makes the trade', async () => {
    const { started, merchant, sdk } = await start()
    const order = sdk.sdkExecute('alipay.trade.app.pay', {
      notify_url: merchant.url,
      bizContent: trade('SBX4'),
    })
    expect(await started.control('POST', '/orders', { client: order })).toMatchObject({ status: 'SCANNED' })
    await started.control('POST', '/orders/SBX4/pay', { client: order })
    expect(sdk.checkNotifySignV2(form(merchant))).toBe(true)
    await expect(
      started.control('POST', '/pay', { client: order.replace('1.00', '0.01') }),
    ).rejects.toMatchObject({
      body: { errCode: 'CLIENT_REFUSED', expected: expect.stringContaining('0.01') },
    })
  })

  test('web page: leads to the cashier, back with a signed account', async () => {
    const { started, sdk } = await start()
    const url = sdk.pageExecute('alipay.trade.page.pay', 'GET', {
      notify_url: NOTIFY,
      return_url: 'http://127.0.0.1:9/back',
      bizContent: { ...trade('SBX5'), product_code: 'FAST_INSTANT_TRADE_PAY' },
    })
    const answer = await fetch(url, { redirect: 'manual' })
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toContain(`${started.origin}/_unicloud/sandbox/pay/`)
  })

  test.each([
    ['another amount', { total_amount: '2.00' }, 'ACQ.CONTEXT_INCONSISTENT'],
    ['a tenth of a fen', { total_amount: '1.001' }, 'ACQ.INVALID_PARAMETER'],
    ['nothing', { total_amount: '0.00' }, 'ACQ.INVALID_PARAMETER'],
    ['no subject', { subject: '' }, 'ACQ.INVALID_PARAMETER'],
    ['a timeout that is none', { out_trade_no: 'NEW', timeout_express: 'soon' }, 'ACQ.INVALID_PARAMETER'],
  ])('refused: %s', async (_name, change, subCode) => {
    const { sdk } = await start()
    await call(sdk, 'alipay.trade.precreate', trade('SBX6'))
    expect(await call(sdk, 'alipay.trade.precreate', { ...trade('SBX6'), ...change })).toMatchObject({
      code: '40004',
      subCode,
    })
  })

  test('amounts may come as numbers', async () => {
    const { started, sdk } = await start()
    await call(sdk, 'alipay.trade.precreate', { ...trade('SBX7'), total_amount: 12.3 })
    expect(await started.control('GET', '/orders/SBX7')).toMatchObject({ total_fee: 1230 })
  })

  test('paid and closed trades are not made again', async () => {
    const { started, sdk } = await start()
    await call(sdk, 'alipay.trade.precreate', trade('SBX8'))
    await started.control('POST', '/orders/SBX8/scan')
    expect(await call(sdk, 'alipay.trade.close', { out_trade_no: 'SBX8' })).toMatchObject({
      code: '10000',
      outTradeNo: 'SBX8',
    })
    expect(await call(sdk, 'alipay.trade.precreate', trade('SBX8'))).toMatchObject({
      subCode: 'ACQ.TRADE_HAS_CLOSE',
    })
    expect(await call(sdk, 'alipay.trade.close', { out_trade_no: 'SBX8' })).toMatchObject({
      subCode: 'ACQ.TRADE_STATUS_ERROR',
    })
    await call(sdk, 'alipay.trade.precreate', trade('SBX9'))
    await started.control('POST', '/orders/SBX9/pay', { async: true })
    expect(await call(sdk, 'alipay.trade.precreate', trade('SBX9'))).toMatchObject({
      subCode: 'ACQ.TRADE_HAS_SUCCESS',
    })
  })

  test('a trade that nobody pays is closed and reported at its time; a code that nobody scans is not', async () => {
    const { started, merchant, sdk } = await start()
    const more = { notify_url: merchant.url }
    await call(sdk, 'alipay.trade.create', { ...trade('SBX10'), buyer_id: '1', timeout_express: '30m' }, more)
    await call(sdk, 'alipay.trade.precreate', trade('SBX11'), more)
    await started.control('POST', '/clock', { advance: '2h' })
    expect(merchant.received).toHaveLength(1)
    expect(sdk.checkNotifySignV2(form(merchant))).toBe(true)
    expect(form(merchant)).toMatchObject({ trade_status: 'TRADE_CLOSED', out_trade_no: 'SBX10' })
    expect(await started.control('GET', '/orders/SBX11')).toMatchObject({ status: 'EXPIRED' })
  })

  test('cancel closes what is unpaid and gives back what is paid', async () => {
    const { started, sdk } = await start()
    await call(sdk, 'alipay.trade.precreate', trade('SBX12'))
    expect(await call(sdk, 'alipay.trade.cancel', { out_trade_no: 'SBX12' })).toMatchObject({
      action: 'close',
      retryFlag: 'N',
    })
    await call(sdk, 'alipay.trade.precreate', trade('SBX13'))
    await started.control('POST', '/orders/SBX13/pay', { async: true })
    expect(await call(sdk, 'alipay.trade.cancel', { out_trade_no: 'SBX13' })).toMatchObject({
      action: 'refund',
    })
    expect(await call(sdk, 'alipay.trade.query', { out_trade_no: 'SBX13' })).toMatchObject({
      tradeStatus: 'TRADE_CLOSED',
    })
  })
})

describe('refunds', () => {
  const refund = (sdk: AlipaySdk, outTradeNo: string, amount: string, outRequestNo?: string) =>
    call(sdk, 'alipay.trade.refund', {
      out_trade_no: outTradeNo,
      refund_amount: amount,
      ...(outRequestNo ? { out_request_no: outRequestNo } : {}),
    })

  test('partial ones: cumulative, reported to the payment address, closing the trade in the end', async () => {
    const { started, merchant, sdk } = await paidTrade('SBX20')
    expect(await refund(sdk, 'SBX20', '0.30', 'R1')).toMatchObject({
      fundChange: 'Y',
      refundFee: '0.30',
      sendBackFee: '0.30',
    })
    await started.simulator.settled()
    expect(sdk.checkNotifySignV2(form(merchant))).toBe(true)
    expect(form(merchant)).toMatchObject({
      trade_status: 'TRADE_SUCCESS',
      refund_fee: '0.30',
      out_biz_no: 'R1',
    })

    const repeated = await refund(sdk, 'SBX20', '0.30', 'R1')
    expect(repeated).toMatchObject({ code: '10000', fundChange: 'N', refundFee: '0.30' })
    expect(await refund(sdk, 'SBX20', '0.31', 'R1')).toMatchObject({
      subCode: 'ACQ.DISCORDANT_REPEAT_REQUEST',
    })
    expect(await refund(sdk, 'SBX20', '0.71', 'R2')).toMatchObject({
      subCode: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
      subMsg: '退款金额超限',
      refundFee: '0.00',
    })
    expect(await refund(sdk, 'SBX20', '0.70', 'R2')).toMatchObject({ refundFee: '1.00' })
    await started.simulator.settled()
    expect(form(merchant)).toMatchObject({
      trade_status: 'TRADE_CLOSED',
      refund_fee: '1.00',
      gmt_close: expect.anything(),
    })
    expect(merchant.received).toHaveLength(3)

    const query = (no: string) =>
      call(sdk, 'alipay.trade.fastpay.refund.query', { out_trade_no: 'SBX20', out_request_no: no })
    expect(await query('R2')).toMatchObject({
      refundAmount: '0.70',
      refundStatus: 'REFUND_SUCCESS',
      totalAmount: '1.00',
    })
    const unknown = await query('R3')
    expect(unknown.code).toBe('10000')
    expect(unknown.refundAmount).toBeUndefined()
  })

  test('without a request number: the whole trade once', async () => {
    const { sdk } = await paidTrade('SBX21')
    expect(await refund(sdk, 'SBX21', '1.00')).toMatchObject({ fundChange: 'Y' })
    expect(await refund(sdk, 'SBX21', '1.00')).toMatchObject({ fundChange: 'N' })
  })

  test('not of an unpaid trade, not after the refund period', async () => {
    const { started, sdk } = await paidTrade('SBX22')
    await call(sdk, 'alipay.trade.create', { ...trade('SBX23'), buyer_id: '1' })
    expect(await refund(sdk, 'SBX23', '1.00')).toMatchObject({ subCode: 'ACQ.TRADE_STATUS_ERROR' })
    await started.control('POST', '/clock', { advance: '366d' })
    expect(await call(sdk, 'alipay.trade.query', { out_trade_no: 'SBX22' })).toMatchObject({
      tradeStatus: 'TRADE_FINISHED',
    })
    expect(await refund(sdk, 'SBX22', '1.00')).toMatchObject({ subCode: 'ACQ.TRADE_NOT_ALLOW_REFUND' })
  })
})

describe('who asks', () => {
  test.each([
    ['a foreign app', { appId: '2021000000000009' }, 'isv.invalid-app-id'],
    ['a foreign key', { privateKey: keys.huawei_merchant_private_pkcs8 }, 'isv.invalid-signature'],
    ['another certificate', { appCertContent: keys.alipay_platform_cert }, 'isv.invalid-app-cert-sn'],
    ['other roots', { alipayRootCertContent: keys.alipay_platform_cert }, 'isv.invalid-alipay-root-cert-sn'],
  ])('refused: %s', async (_name, change, subCode) => {
    const started = await startSandbox()
    const sdk = alipayMerchant(started, change)
    const answer = await sdk.exec('alipay.trade.query', { bizContent: { out_trade_no: 'X' } })
    expect(answer).toMatchObject({ code: '40002', subCode })
    const [request] = await started.control<{ verification: object }[]>('GET', '/requests')
    expect(request?.verification).toMatchObject({ ok: false, reason: expect.anything() })
  })

  test('a wrong signature is answered with the text that was expected, in the call log too', async () => {
    const started = await startSandbox()
    const sdk = alipayMerchant(started, { privateKey: keys.huawei_merchant_private_pkcs8 })
    const answer = await sdk.exec('alipay.trade.query', { bizContent: { out_trade_no: 'X1' } })
    const expected = expect.stringContaining('biz_content={"out_trade_no":"X1"}&charset=utf-8')
    expect(answer.subMsg).toEqual(expected)
    const [request] = await started.control<object[]>('GET', '/requests')
    expect(request).toMatchObject({ out_trade_no: 'X1', verification: { expected } })
  })

  test('login codes work once', async () => {
    const { started, sdk } = await start()
    const { code } = await started.control('POST', '/codes', {
      provider: 'alipay',
      kind: 'alipay',
      openid: '2088111',
    })
    const token = { grant_type: 'authorization_code', code: String(code) }
    expect(await sdk.exec('alipay.system.oauth.token', token)).toMatchObject({ userId: '2088111' })
    expect(await sdk.exec('alipay.system.oauth.token', token)).toMatchObject({ subCode: 'isv.code-invalid' })
  })

  test('an unknown method', async () => {
    const { sdk } = await start()
    expect(await call(sdk, 'alipay.fund.trans.uni.transfer', {})).toMatchObject({
      subCode: 'isv.invalid-method',
    })
  })
})

// internals

function nothing<T extends object>(of: T): { [K in keyof T]: undefined } {
  return Object.fromEntries(Object.keys(of).map((name) => [name, undefined])) as { [K in keyof T]: undefined }
}

/** Alipay's public key as the console shows it: base64 without PEM lines. */
function publicKey(): string {
  return new X509Certificate(keys.alipay_platform_cert).publicKey
    .export({ type: 'spki', format: 'der' })
    .toString('base64')
}
