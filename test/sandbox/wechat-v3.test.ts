/** WeChat Pay V3 driven by `wechatpay-node-v3`, over HTTP. */
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../sandbox/core/json.ts'
import { type ControlFailure, type Started, startMerchant, startSandbox } from './start-sandbox.ts'
import { openNotice, signedRequest, wechat, wechatMerchant } from './wechat-v3-merchant.ts'

const HOUR = 3600_000
const order = (outTradeNo: string, notifyUrl = 'http://127.0.0.1:9/notify') => ({
  description: '测试订单',
  out_trade_no: outTradeNo,
  notify_url: notifyUrl,
  amount: { total: 100 },
})
const payer = { payer: { openid: wechat.openid } }

async function start() {
  const started = await startSandbox()
  const merchant = await startMerchant()
  return { started, merchant, pay: wechatMerchant(started) }
}

/** An order of 100 fen, paid. */
async function paidOrder(outTradeNo: string) {
  const parts = await start()
  await parts.pay.transactions_jsapi({ ...order(outTradeNo, parts.merchant.url), ...payer })
  const paid = await parts.started.control('POST', `/orders/${outTradeNo}/pay`)
  return { ...parts, transactionId: String(paid.transaction_id) }
}

describe('orders', () => {
  test('mini program: placed, checked by the cashier, paid, reported, asked for', async () => {
    const { started, merchant, pay } = await start()
    const placed = await pay.transactions_jsapi({ ...order('SBX0000001', merchant.url), ...payer })
    expect(placed.data).toMatchObject({ package: expect.stringMatching(/^prepay_id=wx\d{14}[0-9a-f]{20}$/) })
    expect(await pay.query({ out_trade_no: 'SBX0000001' })).toMatchObject({
      status: 200,
      data: { trade_state: 'NOTPAY', payer: {}, amount: { currency: 'CNY', total: 100 } },
    })

    const paid = await started.control('POST', '/orders/SBX0000001/pay', {
      client: placed.data as JsonObject,
    })
    expect(paid.transaction_id).toMatch(/^4200000000\d{18}$/)
    expect(merchant.received).toHaveLength(1)
    expect(await openNotice(pay, merchant.received[0]!)).toMatchObject({
      genuine: true,
      plain: {
        appid: wechat.appid,
        mchid: wechat.mchid,
        out_trade_no: 'SBX0000001',
        transaction_id: paid.transaction_id,
        trade_type: 'JSAPI',
        trade_state: 'SUCCESS',
        amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
        payer: { openid: wechat.openid },
      },
    })
    const byNumber = await pay.query({ transaction_id: String(paid.transaction_id) })
    expect(byNumber.data).toMatchObject({
      trade_state: 'SUCCESS',
      bank_type: 'OTHERS',
      success_time: paid.pay_time,
    })
  })

  test('scan code, app and H5', async () => {
    const { started, pay } = await start()
    const native = await pay.transactions_native(order('SBXNATIVE1'))
    expect(native.data).toMatchObject({
      code_url: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=\w+$/),
    })
    const app = await pay.transactions_app(order('SBXAPP0001'))
    expect(app.data).toMatchObject({ partnerid: wechat.mchid, prepayid: expect.stringMatching(/^wx\d{14}/) })
    const opened = await started.control('POST', '/pay', {
      client: { ...(app.data as JsonObject), async: true },
    })
    expect(opened).toMatchObject({ out_trade_no: 'SBXAPP0001', status: 'PAID' })
    const h5 = await pay.transactions_h5({
      ...order('SBXH500001'),
      scene_info: { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap', app_name: 'a', app_url: 'b' } },
    })
    const { h5_url } = h5.data as unknown as { h5_url: string }
    expect(h5_url.startsWith(`${started.origin}/_unicloud/sandbox/pay/`)).toBe(true)
  })

  test.each([
    ['no description', { description: '' }, 'PARAM_ERROR', '/description'],
    ['an amount of nothing', { amount: { total: 0 } }, 'PARAM_ERROR', '/amount/total'],
    ['half a fen', { amount: { total: 1.5 } }, 'PARAM_ERROR', '/amount/total'],
    ['another currency', { amount: { total: 1, currency: 'USD' } }, 'PARAM_ERROR', '/amount/currency'],
    ['a short number', { out_trade_no: 'A1' }, 'PARAM_ERROR', '/out_trade_no'],
    ['a number with blanks', { out_trade_no: 'A 123456' }, 'PARAM_ERROR', '/out_trade_no'],
    ['a notify address with a query', { notify_url: 'http://127.0.0.1/?a=1' }, 'PARAM_ERROR', '/notify_url'],
    ['an expiry in the past', { time_expire: '2020-01-01T00:00:00+08:00' }, 'PARAM_ERROR', '/time_expire'],
    ['no payer', { payer: {} }, 'PARAM_ERROR', '/payer/openid'],
    ['a foreign app', { appid: 'wx1111111111111111' }, 'APPID_MCHID_NOT_MATCH', undefined],
    ['another merchant', { mchid: '1' }, 'PARAM_ERROR', '/mchid'],
  ])('refused: %s', async (_name, change, code, field) => {
    const { started, pay } = await start()
    const body = { appid: wechat.appid, mchid: wechat.mchid, ...order('SBXWRONG01'), ...payer, ...change }
    const answer = await signedRequest(started, pay, 'POST', '/v3/pay/transactions/jsapi', body)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toMatchObject(field ? { code, detail: { field } } : { code })
    expect(answer.headers.get('wechatpay-signature')).toBeTruthy()
    expect(await started.control<unknown[]>('GET', '/orders')).toEqual([])
  })

  test('the same number again', async () => {
    const { started, pay } = await start()
    const first = await pay.transactions_native(order('SBXTWICE01'))
    const second = await pay.transactions_native(order('SBXTWICE01'))
    expect(second.data).toEqual(first.data)
    const other = await pay.transactions_native({ ...order('SBXTWICE01'), amount: { total: 1 } })
    expect(other).toMatchObject({ status: 400, data: { code: 'INVALID_REQUEST' } })
    await started.control('POST', '/orders/SBXTWICE01/pay', { async: true })
    expect(await pay.transactions_native(order('SBXTWICE01'))).toMatchObject({
      status: 400,
      data: { code: 'ORDERPAID', message: '该订单已支付' },
    })
  })

  test('closing: unpaid, again, unknown, paid; a closed order cannot be paid', async () => {
    const { started, pay } = await start()
    await pay.transactions_native(order('SBXCLOSE01'))
    expect((await pay.close('SBXCLOSE01')).status).toBe(204)
    expect((await pay.close('SBXCLOSE01')).status).toBe(204)
    expect((await pay.query({ out_trade_no: 'SBXCLOSE01' })).data).toMatchObject({ trade_state: 'CLOSED' })
    await expect(started.control('POST', '/orders/SBXCLOSE01/pay')).rejects.toMatchObject({
      status: 409,
      body: { errCode: 'ORDER_CLOSED' },
    } satisfies Partial<ControlFailure>)
    expect(await pay.transactions_native(order('SBXCLOSE01'))).toMatchObject({
      data: { code: 'ORDER_CLOSED' },
    })
    expect(await pay.close('SBXNOBODY1')).toMatchObject({ status: 404, data: { code: 'ORDER_NOT_EXIST' } })
    await pay.transactions_native(order('SBXCLOSE02'))
    await started.control('POST', '/orders/SBXCLOSE02/pay', { async: true })
    expect(await pay.close('SBXCLOSE02')).toMatchObject({ status: 400, data: { code: 'ORDERPAID' } })
  })

  test('closing within five minutes, where that is forbidden', async () => {
    const { started, pay } = await start()
    await started.control('POST', '/settings', { strictClose: true })
    await pay.transactions_native(order('SBXSTRICT1'))
    expect(await pay.close('SBXSTRICT1')).toMatchObject({ status: 403, data: { code: 'TRADE_ERROR' } })
    await started.control('POST', '/clock', { advance: '5m' })
    expect((await pay.close('SBXSTRICT1')).status).toBe(204)
  })

  test('an order expires at its time; a prepaid session after two hours', async () => {
    const { started, pay } = await start()
    await pay.transactions_native({
      ...order('SBXEXPIRE1'),
      time_expire: new Date(started.clock.now() + HOUR).toISOString(),
    })
    const moved = await started.control('POST', '/clock', { advance: '1h' })
    expect(moved.expired).toMatchObject([{ out_trade_no: 'SBXEXPIRE1' }])
    expect((await pay.query({ out_trade_no: 'SBXEXPIRE1' })).data).toMatchObject({ trade_state: 'CLOSED' })

    const placed = await pay.transactions_jsapi({ ...order('SBXEXPIRE2'), ...payer })
    await started.control('POST', '/clock', { advance: '2h1s' })
    const client = placed.data as JsonObject
    await expect(started.control('POST', '/pay', { client })).rejects.toThrow('older than two hours')
  })

  test.each([
    ['another time', { timeStamp: '1' }],
    ['another package', { nonceStr: 'x' }],
    ['a changed signature', { paySign: 'AAAA' }],
  ])('the cashier refuses parameters with %s and says what should be signed', async (_name, change) => {
    const { started, pay } = await start()
    const placed = await pay.transactions_jsapi({ ...order('SBXCLIENT1'), ...payer })
    const client = { ...(placed.data as JsonObject), ...change }
    await expect(started.control('POST', '/pay', { client })).rejects.toMatchObject({
      status: 400,
      body: { errCode: 'CLIENT_REFUSED', expected: expect.stringContaining(`${wechat.appid}\n`) },
    })
  })
})

describe('who asks', () => {
  test.each([
    ['no header', () => ({ authorization: '' }), 'there is no Authorization header'],
    ['another scheme', (ok: string) => ({ authorization: ok.replace('RSA2048', 'SM2') }), 'the scheme is'],
    [
      'a foreign merchant',
      (ok: string) => ({ authorization: ok.replace('1900000001', '1900000002') }),
      'unknown',
    ],
    [
      'an unknown certificate',
      (ok: string) => ({ authorization: ok.replace(/serial_no="../, 'serial_no="00') }),
      'serial',
    ],
    [
      'an old timestamp',
      (ok: string) => ({ authorization: ok.replace(/timestamp="\d+"/, 'timestamp="1"') }),
      'more than 300 s',
    ],
    ['another text', (ok: string) => ({ authorization: ok.replace('NONCE', 'ECNON') }), 'does not fit'],
  ])('401 for %s', async (_name, change, reason) => {
    const { started, pay } = await start()
    const target = `/v3/pay/transactions/out-trade-no/SBX0000001?mchid=${wechat.mchid}`
    const timestamp = String(Math.floor(started.clock.now() / 1000))
    const ok = pay.getAuthorization('NONCE', timestamp, pay.getSignature('GET', 'NONCE', timestamp, target))
    const answer = await signedRequest(started, pay, 'GET', target, undefined, change(ok))
    expect(answer.status).toBe(401)
    expect(JSON.parse(answer.text)).toMatchObject({
      code: 'SIGN_ERROR',
      detail: { issue: 'sign not match', location: 'authorization' },
    })
    expect(answer.headers.get('wechatpay-signature')).toBeNull()
    const [call] = await started.control<JsonObject[]>('GET', '/requests')
    expect(call).toMatchObject({
      status: 401,
      verification: { ok: false, reason: expect.stringContaining(reason) },
    })
  })

  test('the call log shows what should have been signed', async () => {
    const { started, pay } = await start()
    const target = '/v3/certificates'
    await signedRequest(started, pay, 'GET', target, undefined, {
      authorization: pay.getAuthorization('NONCE', String(Math.floor(started.clock.now() / 1000)), 'AAAA'),
    })
    const [call] = await started.control<JsonObject[]>('GET', '/requests?limit=1')
    expect(call).toMatchObject({
      verification: { expected: expect.stringMatching(/^GET\n\/v3\/certificates\n\d+\nNONCE\n\n$/) },
    })
    expect(started.log.at(-1)).toMatchObject({ level: 'warn', text: expect.stringContaining('does not fit') })
  })
})

describe('both modes', () => {
  test('an answer and its notification are signed with the public key when the request names it', async () => {
    const { started, merchant } = await start()
    const pay = wechatMerchant(started, { 'wechatpay-serial': wechat.public_key_id })
    await pay.transactions_jsapi({ ...order('SBXPUBKEY1', merchant.url), ...payer })
    await started.control('POST', '/orders/SBXPUBKEY1/pay')
    expect(merchant.received[0]?.headers['wechatpay-serial']).toBe(wechat.public_key_id)
  })

  test('a merchant in public-key mode only has no certificates', async () => {
    const { started, pay } = await start()
    await started.control('POST', '/settings', { wechatVerification: 'publicKey' })
    const answer = await signedRequest(started, pay, 'GET', '/v3/certificates')
    expect(answer.status).toBe(404)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'RESOURCE_NOT_EXISTS' })
    expect(answer.headers.get('wechatpay-serial')).toBe(wechat.public_key_id)
  })
})

describe('refunds', () => {
  const refund = (outRefundNo: string, fen: number, total = 100) => ({
    out_refund_no: outRefundNo,
    amount: { refund: fen, total, currency: 'CNY' },
  })

  test('partial ones until all is back, each reported where it says', async () => {
    const { started, merchant, pay, transactionId } = await paidOrder('SBXREFUND1')
    const first = await pay.refunds({
      transaction_id: transactionId,
      reason: '退一点',
      notify_url: merchant.url,
      ...refund('R-1', 30),
    })
    expect(first.data).toMatchObject({
      status: 'PROCESSING',
      refund_id: expect.stringMatching(/^50300000000\d{18}$/),
      amount: { refund: 30, total: 100, payer_refund: 30 },
    })
    await started.simulator.settled()
    expect((await pay.find_refunds('R-1')).data).toMatchObject({
      status: 'SUCCESS',
      success_time: expect.anything(),
    })
    expect(await openNotice(pay, merchant.received[1]!)).toMatchObject({
      genuine: true,
      plain: { refund_status: 'SUCCESS', out_refund_no: 'R-1', amount: { total: 100, refund: 30 } },
    })
    expect((await pay.query({ out_trade_no: 'SBXREFUND1' })).data).toMatchObject({ trade_state: 'REFUND' })

    const tooMuch = await pay.refunds({ out_trade_no: 'SBXREFUND1', ...refund('R-2', 71) })
    expect(tooMuch).toMatchObject({
      status: 400,
      data: { code: 'INVALID_REQUEST', message: 'refund_fee大于可退金额' },
    })
    await pay.refunds({ out_trade_no: 'SBXREFUND1', ...refund('R-2', 70) })
    expect(await started.control('GET', '/orders/SBXREFUND1')).toMatchObject({
      status: 'REFUND_FULL',
      refundable_fee: 0,
    })
  })

  test('the same number is the same refund; with other data it is refused', async () => {
    const { pay } = await paidOrder('SBXREFUND2')
    const first = await pay.refunds({ out_trade_no: 'SBXREFUND2', ...refund('R-1', 60) })
    const again = await pay.refunds({ out_trade_no: 'SBXREFUND2', ...refund('R-1', 60) })
    const numberOf = (output: object): unknown => (output as { data: JsonObject }).data.refund_id
    expect(numberOf(again)).toBe(numberOf(first))
    const other = await pay.refunds({ out_trade_no: 'SBXREFUND2', ...refund('R-1', 61) })
    expect(other).toMatchObject({ status: 400, data: { code: 'INVALID_REQUEST' } })
  })

  test.each([
    ['unpaid', 'SBXUNPAID1', refund('R-1', 1), 403, 'TRADE_ERROR'],
    ['an unknown order', 'SBXNOBODY1', refund('R-1', 1), 404, 'RESOURCE_NOT_EXISTS'],
    ['another total', 'SBXPAID001', refund('R-1', 1, 99), 400, 'INVALID_REQUEST'],
    ['nothing', 'SBXPAID001', refund('R-1', 0), 400, 'PARAM_ERROR'],
  ])('refused: %s', async (_name, outTradeNo, wanted, status, code) => {
    const { pay } = await paidOrder('SBXPAID001')
    await pay.transactions_native(order('SBXUNPAID1'))
    expect(await pay.refunds({ out_trade_no: outTradeNo, ...wanted })).toMatchObject({
      status,
      data: { code },
    })
  })

  test('no more than fifty, and not after a year', async () => {
    const { started, pay } = await paidOrder('SBXREFUND3')
    for (let at = 1; at <= 50; at += 1) {
      await pay.refunds({ out_trade_no: 'SBXREFUND3', ...refund(`R-${at}`, 1) })
    }
    expect(await pay.refunds({ out_trade_no: 'SBXREFUND3', ...refund('R-51', 1) })).toMatchObject({
      status: 403,
      data: { code: 'RULE_LIMIT' },
    })
    await started.control('POST', '/clock', { advance: '366d' })
    expect(await pay.refunds({ out_trade_no: 'SBXREFUND3', ...refund('R-52', 1) })).toMatchObject({
      data: { code: 'RULE_LIMIT' },
    })
  })
})

describe('bills', () => {
  /** Yesterday's trades: two paid orders, one of them partly refunded. */
  async function yesterday(): Promise<{
    started: Started
    pay: ReturnType<typeof wechatMerchant>
    day: string
  }> {
    const { started, pay } = await paidOrder('SBXBILL001')
    await pay.transactions_native({ ...order('SBXBILL002'), description: '逗号,和换行' })
    await started.control('POST', '/orders/SBXBILL002/pay', { async: true })
    await pay.refunds({
      out_trade_no: 'SBXBILL002',
      out_refund_no: 'R-1',
      amount: { refund: 40, total: 100, currency: 'CNY' },
    })
    const day = new Date(started.clock.now() + 8 * HOUR).toISOString().slice(0, 10)
    await started.control('POST', '/clock', { advance: '34h' })
    return { started, pay, day }
  }

  async function download(started: Started, pay: ReturnType<typeof wechatMerchant>, target: string) {
    const offer = JSON.parse((await signedRequest(started, pay, 'GET', target)).text)
    const path = String(offer.download_url).replace('https://api.mch.weixin.qq.com', '')
    const timestamp = String(Math.floor(started.clock.now() / 1000))
    const response = await fetch(`${started.origin}${path}`, {
      headers: {
        authorization: pay.getAuthorization('N', timestamp, pay.getSignature('GET', 'N', timestamp, path)),
        'user-agent': 'test',
      },
    })
    return { offer, response, bytes: Buffer.from(await response.arrayBuffer()) }
  }

  test('of trades: columns, rows, summary and hash; packed when asked', async () => {
    const { started, pay, day } = await yesterday()
    const target = `/v3/bill/tradebill?bill_date=${day}&bill_type=ALL`
    const { offer, response, bytes } = await download(started, pay, target)
    expect(response.headers.get('wechatpay-signature')).toBeNull()
    expect(createHash('sha1').update(bytes).digest('hex')).toBe(offer.hash_value)
    const lines = bytes.toString().split('\r\n')
    expect(lines[0]).toMatch(
      /^交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,.*,申请退款金额,费率备注$/,
    )
    expect(lines[0]?.split(',')).toHaveLength(27)
    expect(lines.slice(1, 4).every((line) => line.split(',').length === 27 && line.startsWith('`'))).toBe(
      true,
    )
    expect(lines[2]).toContain('`逗号 和换行')
    expect(lines[5]).toBe('`3,`2.00,`0.40,`0.00,`0.02000,`2.00,`0.40')

    const packed = await download(started, pay, `${target}&tar_type=GZIP`)
    expect(gunzipSync(packed.bytes)).toEqual(bytes)
    expect(packed.offer.hash_value).toBe(offer.hash_value)
  })

  test('of payments only, of refunds only, of the account', async () => {
    const { started, pay, day } = await yesterday()
    const bill = async (query: string) => (await download(started, pay, `/v3/bill/${query}`)).bytes.toString()
    const success = await bill(`tradebill?bill_date=${day}&bill_type=SUCCESS`)
    expect(success).not.toContain('微信退款单号')
    expect(success.split('\r\n')).toHaveLength(6)
    const refunds = await bill(`tradebill?bill_date=${day}&bill_type=REFUND`)
    expect(refunds).toContain('退款申请时间,退款成功时间')
    const flow = await bill(`fundflowbill?bill_date=${day}&account_type=BASIC`)
    expect(flow).toContain('记账时间,微信支付业务单号,资金流水单号')
    // 2 x 1.00 in, 2 x 0.01 fee out, 0.40 refund out (its fee rounds to nothing).
    expect(flow).toContain('`5,`2,`2.00,`3,`0.42')
    expect(flow).toContain('`1.58')
  })

  test.each([
    ['today', (now: number) => now, 'PARAM_ERROR'],
    ['a day without trades', (now: number) => now - 48 * HOUR, 'NO_STATEMENT_EXIST'],
    ['four months ago', (now: number) => now - 120 * 24 * HOUR, 'PARAM_ERROR'],
  ])('none of %s', async (_name, at, code) => {
    const { started, pay } = await yesterday()
    const now = started.simulator.clock.now()
    const day = new Date(at(now) + 8 * HOUR).toISOString().slice(0, 10)
    const answer = await signedRequest(started, pay, 'GET', `/v3/bill/tradebill?bill_date=${day}`)
    expect(JSON.parse(answer.text).code).toBe(code)
  })
})
