/** Who may, and what is refused before any platform is asked: scenarios 8 and 18 (spec/payment-scenarios.md). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { databases, type Row, World } from './world.ts'

describe.each(databases)('rules, database: %s', (database) => {
  let world: World
  beforeAll(async () => {
    world = await World.open(database)
  })
  afterAll(() => world.close())

  it('18: one thing wrong, in the order of precedence', async () => {
    const cases: [Row, number][] = [
      [{ order_no: undefined }, 51003],
      [{ order_no: 123 }, 51003],
      [{ type: undefined }, 51004],
      [{ type: '../x' }, 51004],
      ...[0, -1, 1.5, '100', undefined].map((total_fee): [Row, number] => [{ total_fee }, 51005]),
      [{ description: undefined }, 51006],
      [{ provider: undefined }, 51007],
      [{ provider: 'wxpay-virtual' }, 51011],
      [{ provider: 'wxpay-virtual', wxpay_virtual: { buy_quantity: 0 } }, 51012],
      [{ provider: 'appleiap' }, 51013],
      [{ order_no: undefined, type: undefined }, 51003],
      [{ provider: undefined, total_fee: undefined }, 51005],
    ]
    for (const [change, errCode] of cases) {
      expect(await world.order(change), JSON.stringify(change)).toMatchObject({
        errCode,
        errSubject: 'uni-pay',
        errMsg: expect.any(String),
      })
    }
    expect(await world.pay('getOrder', {})).toMatchObject({ errCode: 51010 })
    expect(await world.pay('getOrder', { out_trade_no: 'x' })).toMatchObject({ errCode: 52001 })
    expect(await world.refund({})).toMatchObject({ errCode: 51001 })
    expect(await world.pay('getOpenid', { provider: 'wxpay' })).toMatchObject({ errCode: 51002 })
    expect(await world.find('uni-pay-orders')).toEqual([])
    expect(await world.requests()).toEqual([])
  })

  it('8: who may refund', async () => {
    const out_trade_no = await world.paidOrder()
    const before = await world.row(out_trade_no)
    const ask = (token?: string, locale = 'zh-Hans') =>
      world.pay(
        'refund',
        { out_trade_no, refund_fee: 10 },
        { client: { locale }, ...(token ? { token } : {}) },
      )
    expect(await ask()).toMatchObject({ errCode: 'uni-id-check-token-failed' })
    expect(await ask(world.token({ role: ['admin'] }, -10))).toMatchObject({
      errCode: 'uni-id-token-expired',
    })
    const denied = { errCode: 50403, errSubject: 'uni-pay' }
    expect(await ask(world.token({}))).toMatchObject({ ...denied, errMsg: '权限错误' })
    expect(await ask(world.token({}), 'en')).toMatchObject({ ...denied, errMsg: 'Permission denied' })
    expect(await world.row(out_trade_no)).toEqual(before)
    expect(await world.refund({ out_trade_no, refund_fee: 10 })).toMatchObject({ errCode: 0 })
    const uniIdToken = world.token({ role: ['admin'] })
    expect(await world.pay('refund', { out_trade_no, refund_fee: 10, uniIdToken })).toMatchObject({
      errCode: 0,
    })
    await world.check()
  })
})
