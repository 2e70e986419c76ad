/** Every fault of orders, refunds, notifications and answers, over WeChat Pay V3 and Alipay. */
import { describe, expect, test } from 'vitest'
import { explainFault, type FaultKind, faultKinds } from '../../sandbox/core/fault-kinds.ts'
import type { JsonObject } from '../../sandbox/core/json.ts'
import { faultWords } from '../../sandbox/pages/fault-texts.ts'
import { alipayMerchant, form } from './alipay-merchant.ts'
import { startMerchant, startSandbox } from './start-sandbox.ts'
import { openNotice, signedRequest, wechat, wechatMerchant } from './wechat-v3-merchant.ts'

const NUMBER = 'SBXFAULT01'

async function start() {
  const started = await startSandbox()
  const merchant = await startMerchant()
  const pay = wechatMerchant(started)
  const sdk = alipayMerchant(started)
  const arm = (fault: FaultKind, args: JsonObject = {}, more: object = {}) =>
    started.control('POST', '/faults', { fault, args, match: { out_trade_no: NUMBER }, ...more })
  const placeWechat = (headers = {}) =>
    wechatMerchant(started, headers).transactions_native({
      description: 'x',
      out_trade_no: NUMBER,
      notify_url: merchant.url,
      amount: { total: 100 },
    })
  const placeAlipay = () =>
    sdk.exec('alipay.trade.precreate', {
      notify_url: merchant.url,
      bizContent: { out_trade_no: NUMBER, total_amount: '1.00', subject: 'x' },
    })
  const payNow = () => started.control('POST', `/orders/${NUMBER}/pay`)
  /** The line in the log that explains what was played. */
  const explained = (fault: FaultKind) =>
    started.log.some(({ text, level }) => level === 'warn' && text.includes(`fault ${fault}: `))
  return { started, merchant, pay, sdk, arm, placeWechat, placeAlipay, payNow, explained }
}

test('every fault has words in two languages, and a name that is none is refused with those there are', async () => {
  const { started } = await start()
  const told = await started.control<Record<string, { text: string }>>('GET', '/faults/kinds')
  expect(Object.keys(told)).toEqual(Object.keys(faultKinds))
  for (const [kind, { text }] of Object.entries(told)) {
    expect(text).toMatch(/^[^{}[\]]+$/)
    const chinese = explainFault({ fault: kind as FaultKind, args: {} }, faultWords(kind as FaultKind, 'zh'))
    expect(chinese).toMatch(/[\u4e00-\u9fff]/)
    expect(chinese).not.toMatch(/[{}[\]]/)
  }
  await expect(started.control('POST', '/faults', { fault: 'notify.nothing' })).rejects.toThrow('notify.lost')
})

test.each<[FaultKind, JsonObject, string]>([
  ['notify.duplicate', {}, 'sends the same notification 2 times at once'],
  ['notify.duplicate', { times: 5 }, 'sends the same notification 5 times at once'],
  ['notify.wrongAmount', {}, 'names another amount, validly signed'],
  ['notify.wrongAmount', { total: 1 }, 'names another amount, 1 fen, validly signed'],
  ['api.timeout', {}, 'never answers'],
  ['api.timeout', { ms: 300 }, 'never answers, and hangs up after 300 ms'],
  ['api.error', { code: 'USERPAYING' }, 'refuses with an error of the platform\u2019s own: USERPAYING'],
])('%s %j: %s', (fault, args, words) => {
  expect(explainFault({ fault, args })).toBe(`${fault}: ${words}`)
})

test.each([
  ['another platform', { fault: 'notify.probe', match: { provider: 'alipay' } }, 'cannot happen to alipay'],
  [
    'the order of another platform',
    { fault: 'notify.finished', match: { out_trade_no: NUMBER } },
    'it happens to alipay',
  ],
  ['an argument it does not have', { fault: 'api.slow', args: { seconds: 3 } }, 'it takes ms'],
  ['an argument where there is none', { fault: 'notify.lost', args: { ms: 3 } }, 'it takes none'],
  ['an argument that is no number', { fault: 'api.slow', args: { ms: 'long' } }, 'not a number'],
])('refused: a fault for %s', async (_name, wanted, reason) => {
  const { started, placeWechat } = await start()
  await placeWechat()
  await expect(started.control('POST', '/faults', wanted)).rejects.toThrow(reason)
  expect(await started.control('GET', '/faults')).toEqual([])
})

describe('which request or notification a fault hits', () => {
  test.each([
    ['provider', { provider: 'alipay' }],
    ['number', { out_trade_no: 'OTHER00001' }],
    ['api', { api: 'refund' }],
  ])('not those of another %s', async (_name, match) => {
    const { started, placeWechat } = await start()
    await started.control('POST', '/faults', { fault: 'api.http', match })
    expect((await placeWechat()).status).toBe(200)
    expect(await started.control<unknown[]>('GET', '/faults')).toHaveLength(1)
  })

  test.each(['transactions/native', 'native'])('the api %s, as often as was said', async (api) => {
    const { started, placeWechat } = await start()
    await started.control('POST', '/faults', {
      fault: 'api.http',
      match: { api },
      times: 2,
      args: { status: 503 },
    })
    expect([(await placeWechat()).status, (await placeWechat()).status]).toEqual([503, 503])
    expect((await placeWechat()).status).toBe(200)
    expect(await started.control('GET', '/faults')).toEqual([])
  })

  test('not a notification that cannot play it', async () => {
    const { started, merchant, sdk, placeAlipay, placeWechat, payNow } = await start()
    merchant.answer = () => ({ body: 'success' })
    await started.control('POST', '/faults', { fault: 'notify.probe' })
    await placeAlipay()
    await payNow()
    expect(sdk.checkNotifySignV2(form(merchant))).toBe(true)
    expect(await started.control<unknown[]>('GET', '/faults')).toHaveLength(1)
    await started.control('POST', '/reset')
    await started.control('POST', '/faults', { fault: 'notify.finished' })
    await placeWechat()
    await payNow()
    expect(await started.control<unknown[]>('GET', '/faults')).toHaveLength(1)
  })

  test('none once it was taken back', async () => {
    const { started, placeWechat, arm } = await start()
    const { id } = await arm('api.http')
    await arm('api.http')
    expect(await started.control<unknown[]>('DELETE', `/faults/${id}`)).toHaveLength(1)
    await started.control('DELETE', '/faults')
    expect((await placeWechat()).status).toBe(200)
  })
})

describe('notifications: when and how often', () => {
  test('duplicate: all at once', async () => {
    const { merchant, arm, placeWechat, payNow, explained } = await start()
    await arm('notify.duplicate', { times: 5 })
    await placeWechat()
    await payNow()
    expect(merchant.received).toHaveLength(5)
    expect(new Set(merchant.received.map(({ body }) => JSON.parse(body).id)).size).toBe(1)
    expect(explained('notify.duplicate')).toBe(true)
  })

  test('delayed', async () => {
    const { started, merchant, arm, placeWechat, payNow, explained } = await start()
    await arm('notify.delay', { ms: 3000 })
    await placeWechat()
    await payNow()
    await started.control('POST', '/clock', { advance: 2999 })
    expect(merchant.received).toHaveLength(0)
    await started.control('POST', '/clock', { advance: 1 })
    expect(merchant.received).toHaveLength(1)
    expect(explained('notify.delay')).toBe(true)
  })

  test('lost: the next step of the ladder brings it', async () => {
    const { started, merchant, arm, placeWechat, payNow, explained } = await start()
    await arm('notify.lost')
    await placeWechat()
    const paid = await payNow()
    expect(merchant.received).toHaveLength(0)
    expect(paid.notifications).toMatchObject([{ attempts: [{ verdict: 'lost' }], state: 'waiting' }])
    expect(explained('notify.lost')).toBe(true)
    const moved = await started.control('POST', '/clock', { advance: '15s' })
    expect(moved.notifications).toMatchObject([{ attempts: [{ verdict: 'accepted' }] }])
  })

  test('out of order: the refund first, then the payment', async () => {
    const { started, merchant, sdk, arm, placeAlipay, payNow, explained } = await start()
    merchant.answer = () => ({ body: 'success' })
    await arm('notify.outOfOrder')
    await placeAlipay()
    await payNow()
    await started.control('POST', '/clock', { advance: '1d' })
    expect(merchant.received).toHaveLength(0)
    await sdk.exec('alipay.trade.refund', {
      bizContent: { out_trade_no: NUMBER, refund_amount: '0.30', out_request_no: 'R1' },
    })
    await started.simulator.settled()
    expect(merchant.received.map((_, at) => form(merchant, at).refund_fee)).toEqual(['0.30', undefined])
    expect(explained('notify.outOfOrder')).toBe(true)
  })

  test('slow: an answer that comes too late counts as none', async () => {
    const { merchant, arm, placeWechat, payNow } = await start()
    merchant.answer = () => ({ delayMs: 200 })
    await arm('notify.slow', { ms: 20 })
    await placeWechat()
    const paid = await payNow()
    expect(paid.notifications).toMatchObject([{ attempts: [{ verdict: 'timeout' }], state: 'waiting' }])
  })
})

describe('notifications: what WeChat says, and under whose signature', () => {
  test.each([
    ['notify.wrongAmount', { total: 1 }, { amount: { total: 1 } }],
    ['notify.wrongAppId', {}, { appid: 'wxffffffffffffffff' }],
    ['notify.wrongMchId', {}, { mchid: '1999999999' }],
  ] as const)('%s: genuine, but about something else', async (fault, args, plain) => {
    const { started, merchant, pay, arm, placeWechat, payNow, explained } = await start()
    merchant.answer = () => ({ status: merchant.received.length > 1 ? 200 : 401 })
    await arm(fault, args)
    await placeWechat()
    await payNow()
    expect(await openNotice(pay, merchant.received[0]!)).toMatchObject({ genuine: true, plain })
    expect(explained(fault)).toBe(true)
    // Refused, it comes again as it should be.
    await started.control('POST', '/clock', { advance: '15s' })
    const right = { amount: { total: 100 }, appid: wechat.appid, mchid: wechat.mchid }
    expect(await openNotice(pay, merchant.received[1]!)).toMatchObject({ genuine: true, plain: right })
  })

  test.each(['notify.forged', 'notify.tampered', 'notify.probe'] as const)(
    '%s: not genuine',
    async (fault) => {
      const { merchant, pay, arm, placeWechat, payNow, explained } = await start()
      await arm(fault)
      await placeWechat()
      await payNow()
      expect(await openNotice(pay, merchant.received[0]!)).toMatchObject({ genuine: false })
      expect(explained(fault)).toBe(true)
      const signature = merchant.received[0]?.headers['wechatpay-signature'] ?? ''
      expect(signature.startsWith('WECHATPAY/SIGNTEST/')).toBe(fault === 'notify.probe')
    },
  )

  test('wrongKey: signed, but sealed with another key', async () => {
    const { merchant, pay, arm, placeWechat, payNow } = await start()
    await arm('notify.wrongKey')
    await placeWechat()
    await payNow()
    // This SDK gives what it deciphered without checking the tag: noise instead of an object.
    const { genuine, plain } = await openNotice(pay, merchant.received[0]!)
    expect({ genuine, sense: typeof plain }).toEqual({ genuine: true, sense: 'string' })
  })

  test('stale: signed an hour ago', async () => {
    const { started, merchant, pay, arm, placeWechat, payNow } = await start()
    await arm('notify.stale', { seconds: 3600 })
    await placeWechat()
    await payNow()
    const timestamp = Number(merchant.received[0]?.headers['wechatpay-timestamp'])
    expect(Math.floor(started.clock.now() / 1000) - timestamp).toBe(3600)
    expect(await openNotice(pay, merchant.received[0]!)).toMatchObject({ genuine: true })
  })

  test('unknownSerial and rotated: a certificate that is not, and one that is newly listed', async () => {
    const { started, merchant, pay, arm, placeWechat, payNow } = await start()
    merchant.answer = () => ({ status: merchant.received.length > 1 ? 200 : 401 })
    await arm('notify.unknownSerial')
    await arm('notify.rotated')
    await placeWechat()
    await payNow()
    await expect(openNotice(pay, merchant.received[0]!)).rejects.toThrow('未找到平台序列号')
    await started.control('POST', '/clock', { advance: '15s' })
    expect(await openNotice(pay, merchant.received[1]!)).toMatchObject({ genuine: true })
    expect(merchant.received[1]?.headers['wechatpay-serial']).not.toBe(wechat.platform_serial)
    const listed = JSON.parse((await signedRequest(started, pay, 'GET', '/v3/certificates')).text)
    expect(listed.data).toHaveLength(2)
  })

  test('base64: a type that gateways take for binary', async () => {
    const { merchant, arm, placeWechat, payNow } = await start()
    await arm('notify.base64')
    await placeWechat()
    await payNow()
    expect(merchant.received[0]?.headers['content-type']).toBe('application/octet-stream')
  })
})

describe('notifications: what Alipay says', () => {
  test.each([
    ['notify.wrongAmount', { total: 1 }, true, { total_amount: '0.01' }],
    ['notify.wrongAppId', {}, true, { app_id: '2021999999999999' }],
    ['notify.wrongMchId', {}, true, { seller_id: '2088999999999999' }],
    ['notify.zeroRefundFee', {}, true, { refund_fee: '0.00', trade_status: 'TRADE_SUCCESS' }],
    ['notify.finished', {}, true, { trade_status: 'TRADE_FINISHED' }],
    ['notify.stale', {}, true, { trade_status: 'TRADE_SUCCESS' }],
    ['notify.forged', {}, false, {}],
    ['notify.tampered', {}, false, {}],
  ] as const)('%s', async (fault, args, genuine, said) => {
    const { merchant, sdk, arm, placeAlipay, payNow, explained } = await start()
    merchant.answer = () => ({ body: 'success' })
    await arm(fault, args)
    await placeAlipay()
    await payNow()
    expect(sdk.checkNotifySignV2(form(merchant))).toBe(genuine)
    expect(form(merchant)).toMatchObject(said)
    expect(explained(fault)).toBe(true)
  })
})

test('a notification can be sent again with a fault, by hand', async () => {
  const { started, merchant, pay, placeWechat, payNow } = await start()
  await placeWechat()
  const paid = await payNow()
  const [{ id }] = paid.notifications as [{ id: string }]
  const answer = await started.control('POST', `/notifications/${id}/deliver`, { times: 3, mutate: 'forged' })
  expect(answer.delivered).toHaveLength(3)
  expect(await openNotice(pay, merchant.received[3]!)).toMatchObject({ genuine: false })
  await expect(started.control('POST', `/notifications/${id}/deliver`, { mutate: 'x' })).rejects.toThrow(
    'notify.x',
  )
})

describe('answers', () => {
  test.each([
    ['http', { status: 503 }, 503, ''],
    ['error', { code: 'FREQUENCY_LIMITED' }, 429, 'FREQUENCY_LIMITED'],
    ['error', {}, 500, 'SYSTEM_ERROR'],
  ] as const)('api.%s %o', async (kind, args, status, code) => {
    const { pay, arm, placeWechat, explained } = await start()
    await placeWechat()
    await arm(`api.${kind}`, args)
    const answer = await pay.query({ out_trade_no: NUMBER })
    expect(answer.status).toBe(status)
    expect(JSON.stringify(answer)).toContain(code)
    expect(explained(`api.${kind}`)).toBe(true)
    expect((await pay.query({ out_trade_no: NUMBER })).status).toBe(200)
  })

  test('api.error in Alipay\u2019s form, signed', async () => {
    const { sdk, arm, placeAlipay } = await start()
    await placeAlipay()
    await arm('api.error', { code: 'ACQ.SYSTEM_ERROR' })
    const asked = { bizContent: { out_trade_no: NUMBER } }
    const answer = await sdk.exec('alipay.trade.query', asked, { validateSign: true })
    expect(answer).toMatchObject({ code: '40004', subCode: 'ACQ.SYSTEM_ERROR', subMsg: '系统错误' })
  })

  test('api.timeout: no answer, then the connection is closed', async () => {
    const { started, pay, arm, placeWechat, explained } = await start()
    await placeWechat()
    await arm('api.timeout', { ms: 5000 })
    const asked = pay.query({ out_trade_no: NUMBER })
    asked.catch(() => {})
    await expect.poll(() => started.simulator.calls.calls(1)[0]?.notes).toHaveLength(1)
    await started.clock.advance(5000)
    await expect(asked).rejects.toThrow('fetch failed')
    expect(explained('api.timeout')).toBe(true)
  })

  test('api.slow: the answer comes later', async () => {
    const { started, pay, arm, placeWechat } = await start()
    await placeWechat()
    await arm('api.slow', { ms: 8000 })
    let answered = false
    const asked = pay.query({ out_trade_no: NUMBER }).then((answer) => {
      answered = true
      return answer
    })
    await expect.poll(() => started.simulator.calls.calls(1)[0]?.notes).toHaveLength(1)
    await started.clock.advance(7999)
    expect(answered).toBe(false)
    await started.clock.advance(1)
    expect((await asked).status).toBe(200)
  })

  test('api.timeoutAfterCommit: done, but the connection is cut', async () => {
    const { started, arm, placeWechat, explained } = await start()
    await arm('api.timeoutAfterCommit')
    await expect(placeWechat()).rejects.toThrow('fetch failed')
    expect(await started.control('GET', `/orders/${NUMBER}`)).toMatchObject({ status: 'CREATED' })
    expect(explained('api.timeoutAfterCommit')).toBe(true)
    // The same number again is the same order.
    expect((await placeWechat()).status).toBe(200)
    expect(await started.control<unknown[]>('GET', '/orders')).toHaveLength(1)
  })

  test('api.malformed: half a body', async () => {
    const { started, pay, arm, placeWechat } = await start()
    await placeWechat()
    await arm('api.malformed')
    const target = `/v3/pay/transactions/out-trade-no/${NUMBER}?mchid=${wechat.mchid}`
    const { text } = await signedRequest(started, pay, 'GET', target)
    expect(() => JSON.parse(text)).toThrow()
  })

  test.each(['api.badSignature', 'api.badSerial'] as const)('%s: WeChat', async (fault) => {
    const { started, pay, arm, placeWechat } = await start()
    await placeWechat()
    await arm(fault)
    const target = `/v3/pay/transactions/out-trade-no/${NUMBER}?mchid=${wechat.mchid}`
    const { headers, text } = await signedRequest(started, pay, 'GET', target)
    const verified = pay.verifySign({
      timestamp: headers.get('wechatpay-timestamp') ?? '',
      nonce: headers.get('wechatpay-nonce') ?? '',
      serial: headers.get('wechatpay-serial') ?? '',
      signature: headers.get('wechatpay-signature') ?? '',
      body: text,
    })
    if (fault === 'api.badSerial') await expect(verified).rejects.toThrow('未找到平台序列号')
    else expect(await verified).toBe(false)
  })

  test('api.badSignature: Alipay', async () => {
    const { sdk, arm, placeAlipay } = await start()
    await placeAlipay()
    await arm('api.badSignature')
    const asked = { bizContent: { out_trade_no: NUMBER } }
    await expect(sdk.exec('alipay.trade.query', asked, { validateSign: true })).rejects.toThrow('验签失败')
  })
})

describe('races and refunds', () => {
  test('order.latePay: closed, and then the money arrives', async () => {
    const { started, merchant, pay, arm, placeWechat, explained } = await start()
    await placeWechat()
    await arm('order.latePay')
    expect((await pay.close(NUMBER)).status).toBe(204)
    await started.simulator.settled()
    expect(merchant.received).toHaveLength(1)
    expect(await started.control('GET', `/orders/${NUMBER}`)).toMatchObject({ status: 'PAID' })
    expect(explained('order.latePay')).toBe(true)
  })

  test('order.closeRace: closing comes too late', async () => {
    const { started, merchant, pay, arm, placeWechat, explained } = await start()
    await placeWechat()
    await arm('order.closeRace')
    expect(await pay.close(NUMBER)).toMatchObject({ status: 400, data: { code: 'ORDERPAID' } })
    await started.simulator.settled()
    expect(merchant.received).toHaveLength(1)
    expect(explained('order.closeRace')).toBe(true)
  })

  test.each([
    ['order.latePay', { code: '10000' }],
    ['order.closeRace', { subCode: 'ACQ.TRADE_STATUS_ERROR' }],
  ] as const)('%s: Alipay', async (fault, answer) => {
    const { started, merchant, sdk, arm, placeAlipay } = await start()
    await placeAlipay()
    await started.control('POST', `/orders/${NUMBER}/scan`)
    await arm(fault)
    expect(await sdk.exec('alipay.trade.close', { bizContent: { out_trade_no: NUMBER } })).toMatchObject(
      answer,
    )
    await started.simulator.settled()
    expect(form(merchant)).toMatchObject({ trade_status: 'TRADE_SUCCESS' })
  })

  test.each([
    ['refund.processing', 'PROCESSING'],
    ['refund.abnormal', 'ABNORMAL'],
    ['refund.closed', 'CLOSED'],
  ] as const)('%s', async (fault, status) => {
    const { started, merchant, pay, arm, placeWechat, payNow, explained } = await start()
    await placeWechat()
    await payNow()
    await arm(fault)
    await pay.refunds({
      out_trade_no: NUMBER,
      out_refund_no: 'R1',
      notify_url: merchant.url,
      amount: { refund: 30, total: 100, currency: 'CNY' },
    })
    await started.control('POST', '/clock', { advance: '1d' })
    expect((await pay.find_refunds('R1')).data).toMatchObject({ status })
    expect(explained(fault)).toBe(true)
    if (status !== 'PROCESSING') {
      expect(JSON.parse(merchant.received[1]?.body ?? '').event_type).toBe(`REFUND.${status}`)
      return
    }
    expect(await started.control('POST', '/refunds/R1/settle', { status: 'SUCCESS' })).toMatchObject({
      status: 'SUCCESS',
    })
    expect(merchant.received).toHaveLength(2)
  })

  test('refund.notEnough', async () => {
    const { pay, sdk, arm, placeWechat, payNow, started } = await start()
    await placeWechat()
    await payNow()
    await arm('refund.notEnough')
    const amount = { refund: 30, total: 100, currency: 'CNY' }
    const refused = await pay.refunds({ out_trade_no: NUMBER, out_refund_no: 'R1', amount })
    expect(refused).toMatchObject({ status: 403, data: { code: 'NOT_ENOUGH' } })
    await started.control('POST', '/reset')
    await sdk.exec('alipay.trade.precreate', {
      bizContent: { out_trade_no: NUMBER, total_amount: '1.00', subject: 'x' },
    })
    await payNow()
    await arm('refund.notEnough')
    const wanted = { bizContent: { out_trade_no: NUMBER, refund_amount: '0.30' } }
    expect(await sdk.exec('alipay.trade.refund', wanted)).toMatchObject({
      subCode: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
    })
  })

  test('a refund in the merchant\u2019s console', async () => {
    const { started, placeWechat, payNow } = await start()
    await placeWechat()
    await payNow()
    expect(await started.control('POST', '/refunds', { order: NUMBER, amount: 40 })).toMatchObject({
      source: 'MERCHANT',
      refund_fee: 40,
      status: 'SUCCESS',
    })
    await expect(started.control('POST', '/refunds', { order: NUMBER, amount: 61 })).rejects.toMatchObject({
      status: 409,
      body: { errCode: 'REFUND_TOO_MUCH' },
    })
  })
})
