/** Scenarios 19 and 20: WeChat virtual payment and the App Store (spec/payment-scenarios.md). */
import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { material } from '../uni-pay-co/project.ts'
import { type Answer, databases, type Row, World } from './world.ts'

describe.each(databases)('virtual goods, database: %s', (database) => {
  let world: World
  beforeAll(async () => {
    // The App Store's production answers first and knows nothing of test purchases.
    world = await World.open(database, (text) => text.replace('sandbox: true', 'sandbox: false'))
  })
  afterAll(() => world.close())
  beforeEach(() => world.reset())
  afterEach(() => world.check())

  it('19: a mini program sells goods', async () => {
    const { code } = await world.sandbox('POST', '/codes', { kind: 'jscode' })
    const login = await world.pay('getOpenid', { provider: 'wxpay', code })
    expect(login).toMatchObject({ errCode: 0, openid: expect.any(String) })
    expect(login).not.toHaveProperty('session_key')
    const { appid, token } = material.constants.wechat_virtual
    const id = `uni-id:weixin-mp:${appid}:${login.openid}:session-key`
    expect(await world.find('opendb-open-data', { _id: id })).toHaveLength(1)

    const goods = { mode: 'short_series_goods', product_id: 'test001', goods_price: 150, buy_quantity: 2 }
    const wanted = {
      provider: 'wxpay-virtual',
      wxpay_virtual: goods,
      openid: login.openid,
      total_fee: undefined,
    }
    const order = await world.order(wanted)
    expect(order).toMatchObject({ errCode: 0, order: { mode: goods.mode, paySig: expect.any(String) } })
    const { out_trade_no } = order
    expect(await world.row(out_trade_no)).toMatchObject({ total_fee: 300, expand_data: goods })
    await world.sandbox('POST', '/pay', { client: order.order })
    const [push] = await world.notices(out_trade_no)
    expect(push).toMatchObject({ url: expect.stringContaining('/uni-pay-co/wxpayVirtualNotify') })
    expect(push?.attempts).toMatchObject([{ answer: '{"ErrCode":0,"ErrMsg":"success"}' }])
    expect(await world.row(out_trade_no)).toMatchObject({ status: 1, transaction_id: expect.any(String) })

    expect(await world.refund({ out_trade_no, refund_fee: 100 })).toMatchObject({ errCode: 0 })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 2 })
    expect(await world.refund({ out_trade_no, refund_fee: 200 })).toMatchObject({ errCode: 0 })
    expect(await world.row(out_trade_no)).toMatchObject({ status: 3 })
    await world.until(async () =>
      (await world.notices(out_trade_no)).every(({ state }) => state === 'accepted'),
    )
    expect(await world.callbacks(out_trade_no)).toBe(1)
    expect(await world.pay('closeOrder', { out_trade_no })).toMatchObject({ errCode: 53004 })

    await world.order(wanted)
    const calls = await world.requests()
    expect(calls.filter(({ url }) => String(url).includes('stable_token'))).toHaveLength(1)
    expect(await world.pay('requestWxpayVirtualApi', { method: 'queryUserBalance' })).toMatchObject({
      errMsg: expect.stringContaining('requestWxpayVirtualApi只能通过云端调云端的方式调用'),
    })

    const signature = createHash('sha1')
      .update([String(token), '1', 'n'].sort().join(''))
      .digest('hex')
    const ask = async (given: string): Promise<string> => {
      const query = new URLSearchParams({ signature: given, timestamp: '1', nonce: 'n', echostr: 'abc' })
      return (await fetch(`${world.url}/uni-pay-co/wxpayVirtualNotify?${query}`)).text()
    }
    expect(await ask(signature)).toBe('abc')
    expect(await ask('wrong')).not.toBe('abc')
  })

  const app = { client: { platform: 'app', osName: 'ios' } }
  const appleOrder = (): Promise<Answer> =>
    world.order(
      {
        provider: 'appleiap',
        apple_virtual: { product_id: 'coin6', goods_price: 600, buy_quantity: 1 },
        total_fee: 600,
      },
      app,
    )
  const buy = async (change: Row): Promise<string> => {
    const wish = { productId: 'coin6', quantity: 1, price: 6000, type: 'Consumable', environment: 'Sandbox' }
    const purchase = await world.sandbox('POST', '/purchases', { ...wish, ...change })
    return String(purchase.transactionId ?? purchase.transaction_id)
  }
  const verify = (params: Row): Promise<Answer> => world.pay('verifyReceiptFromAppleiap', params, app)

  it('20: the App Store, server API', async () => {
    const order = await appleOrder()
    const token = String(order.appleiap_account_token)
    expect(token).toMatch(/^[0-9a-f-]{36}$/)
    expect(order).not.toHaveProperty('order')
    const { out_trade_no } = order
    const transaction_identifier = await buy({ appAccountToken: token })
    expect(await verify({ out_trade_no, transaction_identifier })).toMatchObject({
      has_paid: true,
      status: 1,
      user_order_success: true,
      is_subscribe: false,
    })
    expect(await verify({ out_trade_no, transaction_identifier })).toMatchObject({ errCode: 0, repeat: true })
    expect(await world.callbacks(out_trade_no)).toBe(1)

    const second = await appleOrder()
    const foreign = await buy({ appAccountToken: '00000000-0000-4000-8000-000000000000' })
    const asked = { out_trade_no: second.out_trade_no, transaction_identifier: foreign }
    expect(await verify(asked)).toMatchObject({ errCode: 54002 })
    const secondToken = String(second.appleiap_account_token)
    const purchaseDate = Date.now() - 73 * 3600_000
    const old = await buy({ appAccountToken: secondToken, purchaseDate })
    expect(await verify({ ...asked, transaction_identifier: old })).toEqual({ errCode: 0, errMsg: 'ok' })
    expect(await world.row(second.out_trade_no)).toMatchObject({ status: 0 })
    const own = await buy({ appAccountToken: secondToken })
    expect(
      await verify({ appleiap_account_token: secondToken.toUpperCase(), transaction_identifier: own }),
    ).toMatchObject({ has_paid: true })
  })
})
