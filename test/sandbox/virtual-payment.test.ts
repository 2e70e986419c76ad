/** `api.weixin.qq.com`: signing in, tokens, virtual payment and its pushes, by requests signed as the documents say. */
import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../sandbox/core/json.ts'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import { type Received, startMerchant, startSandbox } from './start-sandbox.ts'

const { wechat, wechat_virtual: virtual } = vectors.constants
/** Not among the published constants: the sandbox's own. */
const SECRET = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const NUMBER = 'SBXVIRT001'

const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex')

async function start() {
  const started = await startSandbox()
  const merchant = await startMerchant()
  await started.control('POST', '/settings', { pushUrl: merchant.url })
  const get = async (path: string, query: Record<string, string>) =>
    (await (await fetch(`${started.origin}${path}?${new URLSearchParams(query)}`)).json()) as JsonObject
  const xpay = async (api: string, body: object, change: Record<string, string> = {}) => {
    const text = JSON.stringify({ env: 0, ...body })
    const query = new URLSearchParams({
      access_token: virtual.access_token,
      pay_sig: hmac(virtual.app_key, `/xpay/${api}&${text}`),
      signature: hmac(virtual.session_key, text),
      ...change,
    })
    const response = await fetch(`${started.origin}/xpay/${api}?${query}`, { method: 'POST', body: text })
    return (await response.json()) as JsonObject
  }
  return { started, merchant, get, xpay }
}

/** What a mini program hands to wx.requestVirtualPayment. */
function client(
  change: object = {},
  mode = 'short_series_goods',
  sessionKey = virtual.session_key,
): JsonObject {
  const signData = JSON.stringify({
    offerId: virtual.offer_id,
    env: 0,
    currencyType: 'CNY',
    buyQuantity: 2,
    outTradeNo: NUMBER,
    productId: 'test001',
    goodsPrice: 150,
    ...change,
  })
  const paySig = hmac(virtual.app_key, `requestVirtualPayment&${signData}`)
  return { signData, mode, paySig, signature: hmac(sessionKey, signData) }
}

/** Opens a push as the merchant does. @returns undefined when a signature does not fit */
function open({ path, body }: Received): JsonObject | undefined {
  const query = new URL(path, 'http://x').searchParams
  const { Encrypt, ...event } = JSON.parse(body)
  const sha1 = (...parts: string[]) => createHash('sha1').update(parts.sort().join('')).digest('hex')
  const [timestamp = '', nonce = ''] = [query.get('timestamp') ?? '', query.get('nonce') ?? '']
  if (query.get('signature') !== sha1(virtual.token, timestamp, nonce)) return undefined
  if (!Encrypt) return event
  if (query.get('msg_signature') !== sha1(virtual.token, timestamp, nonce, Encrypt)) return undefined
  const key = Buffer.from(`${virtual.encoding_aes_key}=`, 'base64')
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  const plain = Buffer.concat([decipher.update(Encrypt, 'base64'), decipher.final()])
  const end = 20 + plain.readUInt32BE(16)
  const appId = plain.subarray(end, plain.length - (plain.at(-1) ?? 0)).toString()
  return { ...JSON.parse(plain.subarray(20, end).toString()), appId }
}

describe('signing in', () => {
  test('a code gives openid and session_key, once; a comfort code always', async () => {
    const { started, get } = await start()
    const { code } = await started.control('POST', '/codes', { kind: 'jscode', openid: 'oSomebody' })
    const asked = {
      appid: wechat.appid,
      secret: SECRET,
      js_code: String(code),
      grant_type: 'authorization_code',
    }
    const session = await get('/sns/jscode2session', asked)
    expect(session).toMatchObject({ openid: 'oSomebody', session_key: expect.stringMatching(/^.{24}$/) })
    expect(await get('/sns/jscode2session', asked)).toMatchObject({ errcode: 40163 })
    const comfort = { ...asked, js_code: `sandbox:${wechat.openid}` }
    expect(await get('/sns/jscode2session', comfort)).toEqual({
      openid: wechat.openid,
      session_key: virtual.session_key,
    })
    expect(await get('/sns/oauth2/access_token', { ...asked, code: 'sandbox:oX' })).toMatchObject({
      openid: 'oX',
    })
  })

  test.each([
    ['an unknown code', { js_code: 'x' }, 40029],
    ['a foreign app', { appid: 'wx9' }, 40013],
    ['a wrong secret', { secret: 'x' }, 40125],
  ])('%s', async (_name, change, errcode) => {
    const { get } = await start()
    const asked = { appid: wechat.appid, secret: SECRET, js_code: 'sandbox:o', ...change }
    expect(await get('/sns/jscode2session', asked)).toMatchObject({ errcode })
  })

  test('a stable token stays for two hours, over a restart too; a forced one replaces it', async () => {
    const { started, xpay } = await start()
    const token = async (force: boolean, origin = started.origin) => {
      const body = JSON.stringify({
        grant_type: 'client_credential',
        appid: wechat.appid,
        secret: SECRET,
        force_refresh: force,
      })
      const answer = await fetch(`${origin}/cgi-bin/stable_token`, { method: 'POST', body })
      return (await answer.json()) as { access_token: string; expires_in: number }
    }
    const first = await token(false)
    expect(first.expires_in).toBe(7200)
    expect((await token(false)).access_token).toBe(first.access_token)
    const forced = await token(true)
    expect(forced.access_token).not.toBe(first.access_token)
    const ask = (access_token: string) => xpay('query_user_balance', { openid: 'o' }, { access_token })
    expect(await ask(first.access_token)).toMatchObject({ errcode: 0 })
    await started.control('POST', '/clock', { advance: '301s' })
    expect(await ask(first.access_token)).toMatchObject({ errcode: 42001 })
    expect(await ask(forced.access_token)).toMatchObject({ errcode: 0 })
    expect(await ask('x')).toMatchObject({ errcode: 40001 })
    await started.stop()
    const again = await startSandbox({ directory: started.directory, clock: started.clock })
    expect((await token(false, again.origin)).access_token).toBe(forced.access_token)
  })
})

describe('goods', () => {
  test('requested, paid, pushed, delivered, refunded in parts', async () => {
    const { started, merchant, xpay } = await start()
    merchant.answer = () => ({ body: '{"ErrCode":0,"ErrMsg":"success"}' })
    const ask = (order_id: string) => xpay('query_order', { openid: wechat.openid, order_id })
    expect(await ask(NUMBER)).toMatchObject({ errcode: 268490002 })
    expect(await started.control('POST', '/orders', { client: client() })).toMatchObject({
      total_fee: 300,
      status: 'CREATED',
    })
    expect(await ask(NUMBER)).toMatchObject({
      errcode: 0,
      errmsg: 'OK',
      order: { status: 1, order_fee: 300, order_type: 0 },
    })

    await started.control('POST', `/orders/${NUMBER}/pay`, { client: client() })
    expect(open(merchant.received[0]!)).toMatchObject({
      Event: 'xpay_goods_deliver_notify',
      OpenId: wechat.openid,
      OutTradeNo: NUMBER,
      Env: 0,
      WeChatPayInfo: {
        MchOrderNo: expect.stringMatching(/^MCH/),
        TransactionId: expect.stringMatching(/^4200/),
      },
      GoodsInfo: { ProductId: 'test001', Quantity: 2, OrigPrice: 150, ActualPrice: 150 },
      appId: virtual.appid,
    })
    // The compatible mode carries the event in clear, too.
    expect(JSON.parse(merchant.received[0]?.body ?? '')).toMatchObject({
      MsgType: 'event',
      OutTradeNo: NUMBER,
    })
    expect(await ask(NUMBER)).toMatchObject({
      order: { status: 4, paid_fee: 300, left_fee: 300, env_type: 1 },
    })

    const refund = (refund_order_id: string, refund_fee: number, left_fee: number) =>
      xpay('refund_order', {
        openid: wechat.openid,
        order_id: NUMBER,
        refund_order_id,
        refund_fee,
        left_fee,
        refund_reason: '3',
        req_from: '2',
      })
    expect(await refund('REFUND0001', 100, 299)).toMatchObject({ errcode: 268490016 })
    expect(await refund('REFUND0001', 100, 300)).toMatchObject({
      errcode: 0,
      errmsg: 'OK',
      pay_order_id: NUMBER,
    })
    await started.simulator.settled()
    expect(open(merchant.received[1]!)).toMatchObject({
      Event: 'xpay_refund_notify',
      MchRefundId: 'REFUND0001',
      RefundFee: 100,
      RetCode: 0,
    })
    expect(await refund('REFUND0001', 100, 200)).toMatchObject({ errcode: 268490004 })
    expect(await ask('REFUND0001')).toMatchObject({
      order: { order_type: 1, refund_fee: 100, left_fee: 200 },
    })
    expect(await refund('REFUND0002', 200, 200)).toMatchObject({ errcode: 0 })
    await started.simulator.settled()
    expect(await ask(NUMBER)).toMatchObject({ order: { status: 5, refund_fee: 300, left_fee: 0 } })
  })

  test.each([
    ['a wrong paySig', { paySig: 'x' }, '-15005'],
    ['a session of nobody', { signature: 'x' }, '-15007'],
  ])('the client refuses %s', async (_name, change, message) => {
    const { started } = await start()
    await expect(started.control('POST', '/orders', { client: { ...client(), ...change } })).rejects.toThrow(
      message,
    )
  })

  test('a used number, a foreign offer', async () => {
    const { started } = await start()
    await started.control('POST', '/pay', { client: client(), async: true })
    await expect(started.control('POST', '/orders', { client: client() })).rejects.toThrow('-15002')
    await expect(started.control('POST', '/orders', { client: client({ offerId: '1' }) })).rejects.toThrow(
      'offerId',
    )
  })

  test('whose session signed it is who pays', async () => {
    const { started, get } = await start()
    const asked = { appid: wechat.appid, secret: SECRET, js_code: 'sandbox:oOther' }
    const { session_key } = await get('/sns/jscode2session', asked)
    const opened = await started.control('POST', '/orders', {
      client: client({}, 'short_series_goods', String(session_key)),
    })
    expect(opened).toMatchObject({ openid: 'oOther' })
  })
})

describe('coins', () => {
  test('bought, given, spent given ones first, taken back', async () => {
    const { started, merchant, xpay } = await start()
    const coins = client(
      { buyQuantity: 50, productId: undefined, goodsPrice: undefined },
      'short_series_coin',
    )
    expect(await started.control('POST', '/pay', { client: coins })).toMatchObject({
      total_fee: 50,
      status: 'PAID',
    })
    expect(open(merchant.received[0]!)).toMatchObject({
      Event: 'xpay_coin_pay_notify',
      CoinInfo: { Quantity: 50, OrigPrice: 1 },
    })
    const openid = wechat.openid
    expect(await xpay('query_user_balance', { openid })).toMatchObject({
      balance: 50,
      sum_save: 50,
      first_save_flag: false,
    })
    expect(await xpay('present_currency', { openid, order_id: 'P1', amount: 10 })).toMatchObject({
      balance: 60,
      present_balance: 10,
    })
    expect(await xpay('present_currency', { openid, order_id: 'P1', amount: 10 })).toMatchObject({
      errcode: 268490004,
    })
    expect(await xpay('currency_pay', { openid, order_id: 'C1', amount: 25 })).toMatchObject({
      balance: 35,
      used_present_amount: 10,
    })
    expect(await xpay('currency_pay', { openid, order_id: 'C2', amount: 36 })).toMatchObject({
      errcode: 268490006,
    })
    expect(
      await xpay('cancel_currency_pay', { openid, pay_order_id: 'C1', order_id: 'X1', amount: 5 }),
    ).toMatchObject({ errcode: 0 })
    expect(await xpay('query_user_balance', { openid })).toMatchObject({ balance: 40, sum_cost: 20 })
    expect(await xpay('query_user_balance', { openid, env: 1 }, { pay_sig: 'x' })).toMatchObject({
      errcode: 268490003,
    })
  })

  test('spending asks for the user\u2019s own session', async () => {
    const { started, xpay } = await start()
    const wrong = await xpay(
      'currency_pay',
      { openid: wechat.openid, order_id: 'C1', amount: 1 },
      { signature: 'x' },
    )
    expect(wrong).toMatchObject({ errcode: 268490003 })
    const [call] = await started.control<object[]>('GET', '/requests')
    expect(call).toMatchObject({
      verification: { ok: false, reason: expect.stringContaining('session_key') },
    })
  })
})

describe('faults', () => {
  test.each([
    ['token.expired', 'query_user_balance', 40001],
    ['session.expired', 'currency_pay', 268490009],
    ['api.error', 'query_user_balance', -1],
  ])('%s', async (fault, api, errcode) => {
    const { started, xpay } = await start()
    await started.control('POST', '/faults', { fault })
    const body = { openid: wechat.openid, order_id: 'C1', amount: 1 }
    expect(await xpay(api, body)).toMatchObject({ errcode })
    expect(await xpay('query_user_balance', body)).toMatchObject({ errcode: 0 })
  })

  test.each([
    ['notify.forged', undefined],
    ['notify.tampered', undefined],
    ['notify.wrongAppId', { appId: 'wxffffffffffffffff' }],
    ['notify.wrongAmount', { GoodsInfo: { Quantity: 1, OrigPrice: 151 } }],
  ] as const)('%s', async (fault, said) => {
    const { started, merchant } = await start()
    await started.control('POST', '/faults', { fault })
    await started.control('POST', '/pay', { client: client() })
    if (said) expect(open(merchant.received[0]!)).toMatchObject(said)
    else expect(open(merchant.received[0]!)).toBeUndefined()
  })

  test('secure mode: nothing in clear; plain mode: nothing sealed', async () => {
    const { started, merchant } = await start()
    merchant.answer = () => ({ status: merchant.received.length > 1 ? 200 : 500 })
    await started.control('POST', '/faults', { fault: 'notify.secureMode' })
    await started.control('POST', '/faults', { fault: 'notify.plainMode' })
    await started.control('POST', '/pay', { client: client() })
    await started.control('POST', '/clock', { advance: '2s' })
    const [secure, plain] = merchant.received
    expect(Object.keys(JSON.parse(secure?.body ?? ''))).toEqual(['ToUserName', 'Encrypt'])
    expect(open(secure!)).toMatchObject({ OutTradeNo: NUMBER })
    expect(JSON.parse(plain?.body ?? '')).not.toHaveProperty('Encrypt')
    expect(plain?.path).not.toContain('encrypt_type')
  })

  test('wrongKey: sealed so that nobody can open it', async () => {
    const { started, merchant } = await start()
    await started.control('POST', '/faults', { fault: 'notify.wrongKey' })
    await started.control('POST', '/pay', { client: client() })
    expect(() => open(merchant.received[0]!)).toThrow()
  })
})

test('pushes climb a ladder of their own: 2, 4, 8, 16 … seconds', async () => {
  const { started, merchant } = await start()
  merchant.answer = () => ({ body: '{"ErrCode":-1}' })
  await started.control('POST', '/pay', { client: client() })
  await started.control('POST', '/clock', { advance: '30s' })
  expect(merchant.received).toHaveLength(5)
  await started.control('POST', '/clock', { advance: '1d' })
  expect(merchant.received).toHaveLength(16)
})

describe('bills', () => {
  const today = (started: { clock: { now(): number } }, days = 0): number => {
    const at = started.clock.now() + 8 * 3600_000 + days * 24 * 3600_000
    return Number(new Date(at).toISOString().slice(0, 10).replaceAll('-', ''))
  }

  test('made by the first call, had by the next; half an hour long', async () => {
    const { started, xpay, merchant } = await start()
    merchant.answer = () => ({ body: 'success' })
    await started.control('POST', '/pay', { client: client() })
    await xpay('refund_order', {
      openid: wechat.openid,
      order_id: NUMBER,
      refund_order_id: 'SBXREFUND1',
      left_fee: 300,
      refund_fee: 100,
      refund_reason: '0',
      req_from: '1',
    })
    const days = { begin_ds: today(started), end_ds: today(started), env: undefined }
    expect(await xpay('download_bill', days)).toMatchObject({ errcode: 268490011 })
    const { errcode, url } = await xpay('download_bill', days)
    expect(errcode).toBe(0)
    const [header, ...rows] = (await (await fetch(String(url))).text()).trim().split('\r\n')
    expect(header).toMatch(/^时间,类型,商户单号/)
    expect(rows.map((row) => row.split(',').filter((_value, at) => [1, 2, 4, 7, 9].includes(at)))).toEqual([
      ['支付', NUMBER, NUMBER, 'test001', '3.00'],
      ['退款', 'SBXREFUND1', NUMBER, 'test001', '-1.00'],
    ])
    await started.control('POST', '/clock', { advance: '31m' })
    expect((await fetch(String(url))).status).toBe(404)
    expect(await xpay('download_bill', days)).toMatchObject({ errcode: 268490011 })
  })

  test('of the environment whose key signs', async () => {
    const { started, xpay } = await start()
    await started.control('POST', '/pay', { client: client() })
    const days = { begin_ds: today(started), end_ds: today(started), env: undefined }
    const { env: _env, ...body } = days
    const pay_sig = hmac(virtual.sandbox_app_key, `/xpay/download_bill&${JSON.stringify(body)}`)
    await xpay('download_bill', days, { pay_sig })
    const { url } = await xpay('download_bill', days, { pay_sig })
    expect((await (await fetch(String(url))).text()).trim().split('\r\n')).toHaveLength(1)
  })

  test.each([
    ['no days', {}, 268490002],
    ['a day that is none', { begin_ds: 20260230, end_ds: 20260301 }, 268490002],
    ['an end before the beginning', { begin_ds: 20260102, end_ds: 20260101 }, 268490002],
  ])('refused: %s', async (_name, days, errcode) => {
    const { xpay } = await start()
    expect(await xpay('download_bill', days)).toMatchObject({ errcode })
  })

  test('refused: a key of neither environment', async () => {
    const { xpay } = await start()
    const days = { begin_ds: 20260101, end_ds: 20260101 }
    expect(await xpay('download_bill', days, { pay_sig: 'x' })).toMatchObject({ errcode: 268490003 })
  })
})
