/** Scenarios of WeChat Pay V2 (spec/payment-scenarios.md). */
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { material } from '../uni-pay-co/project.ts'
import { databases, World } from './world.ts'

const version2 = (config: string): string => config.replaceAll('version: 3', 'version: 2')

describe.each(databases)('WeChat Pay V2, database: %s', (database) => {
  let world: World
  beforeAll(async () => {
    world = await World.open(database, version2)
  })
  afterAll(() => world.close())
  beforeEach(() => world.reset())
  afterEach(() => world.check())

  it('4: order, payment, refund by certificate', async () => {
    const order = await world.order()
    expect(order).toMatchObject({
      errCode: 0,
      order: {
        appId: material.constants.wechat.appid,
        nonceStr: expect.any(String),
        package: expect.stringMatching(/^prepay_id=/),
        timeStamp: expect.any(String),
        signType: 'MD5',
        paySign: expect.stringMatching(/^[0-9A-F]{32}$/),
        timestamp: expect.any(Number),
      },
    })
    const [call] = await world.requests()
    const { sign, ...sent } = xmlOf(String(call?.body))
    expect(sign).toBe(md5Sign(sent))
    const { out_trade_no } = order
    expect(await world.payBy(out_trade_no, { client: order.order })).toMatchObject({ status: 'PAID' })
    const [notice] = await world.notices(out_trade_no)
    const [attempt] = notice?.attempts ?? []
    expect(attempt?.status).toBe(200)
    expect(xmlOf(String(attempt?.answer))).toEqual({ return_code: 'SUCCESS', return_msg: 'OK' })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
    expect(await world.callbacks(out_trade_no)).toBe(1)
    expect(await world.refund({ out_trade_no, refund_fee: 30 })).toMatchObject({ result: { refundFee: 30 } })
    expect(await world.row(out_trade_no)).toMatchObject({
      status: 2,
      refund_fee: 30,
      refund_count: 1,
      refund_list: [{ refund_fee: 30, out_refund_no: `${out_trade_no}-1` }],
    })
  })

  it.each(['notify.forged', 'notify.tampered'])('10: %s', async (fault) => {
    const { out_trade_no } = await world.order()
    await world.fault(fault)
    await world.payBy(out_trade_no)
    const [refused] = await world.notices(out_trade_no)
    expect(refused).toMatchObject({ state: 'waiting', attempts: [{ verdict: 'refused' }] })
    expect(xmlOf(String(refused?.attempts[0]?.answer))).toMatchObject({ return_code: 'FAIL' })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 0 })
    expect(await world.callbacks(out_trade_no)).toBe(0)
    await world.advance('15s')
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1 })
    expect(await world.callbacks(out_trade_no)).toBe(1)
  })

  it('11: a wrong amount', async () => {
    const { out_trade_no } = await world.order()
    await world.fault('notify.wrongAmount', { total: 1 })
    await world.payBy(out_trade_no)
    const [refused] = await world.notices(out_trade_no)
    expect(xmlOf(String(refused?.attempts[0]?.answer))).toMatchObject({ return_code: 'FAIL' })
    const row = await world.row(out_trade_no)
    expect(row).toMatchObject({ status: 0, err_msg: expect.stringMatching(/100.*1/) })
    expect(await world.callbacks(out_trade_no)).toBe(0)
    expect(await world.pay('getOrder', { out_trade_no })).toMatchObject({ has_paid: true, status: 0 })
    expect(await world.row(out_trade_no)).toEqual(row)
    await world.advance('15s')
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1 })
    expect(await world.callbacks(out_trade_no)).toBe(1)
  })
})

describe.each(databases)('WeChat Pay V2 without a certificate, database: %s', (database) => {
  let world: World
  beforeAll(async () => {
    world = await World.open(database, (text) => version2(text).replace(/pfx: [^\n]*\n/g, '\n'))
  })
  afterAll(() => world.close())

  it('4: gives nothing back', async () => {
    const out_trade_no = await world.paidOrder()
    const row = await world.row(out_trade_no)
    expect(row).toMatchObject({ status: 1 })
    expect(await world.refund({ out_trade_no, refund_fee: 30 })).toMatchObject({
      errCode: -1,
      errMsg: '此接口需要微信支付证书（请传入pfx字段）',
    })
    expect(await world.row(out_trade_no)).toEqual(row)
    await world.check()
  })
})

// internals

/** Texts in CDATA, and nothing else. */
function xmlOf(text: string): Record<string, string> {
  expect(text).toMatch(/^<xml>(<(\w+)><!\[CDATA\[[^\]]*\]\]><\/\2>\s*)+<\/xml>$/)
  return Object.fromEntries(
    [...text.matchAll(/<(\w+)><!\[CDATA\[([^\]]*)\]\]>/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

/** As WeChat's documentation has it, apart from the code under test. */
function md5Sign(fields: Record<string, string>): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
  const text = [...pairs, `key=${material.constants.wechat.v2_key}`].join('&')
  return createHash('md5').update(text).digest('hex').toUpperCase()
}
