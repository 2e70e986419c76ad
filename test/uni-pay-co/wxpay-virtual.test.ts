/** Virtual payment of WeChat mini programs, with the sandbox as WeChat (scenario 19). */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { material, notifyOrigin } from './project.ts'
import { type Answer, type Row, Shop } from './shop.ts'

const { appid, token } = material.constants.wechat_virtual

let shop: Shop
let openid: string
beforeAll(async () => {
  shop = await Shop.open({
    files: {
      'caller/index.obj.js': `module.exports = {
        async virtual(params) { return uniCloud.importObject('uni-pay-co').requestWxpayVirtualApi(params) } }`,
      'caller/package.json': '{}',
    },
  })
  await shop.control('POST', '/settings', { pushUrl: `${notifyOrigin}/uni-pay-co/wxpayVirtualNotify` })
})
afterAll(() => shop.close())

const goods = { mode: 'short_series_goods', product_id: 'test001', goods_price: 150, buy_quantity: 2 }

async function virtualOrder(wxpay_virtual: Row = goods): Promise<Answer> {
  return await shop.order({ provider: 'wxpay-virtual', wxpay_virtual, openid, total_fee: undefined })
}

it('without a session there is no order', async () => {
  openid = 'nobody'
  expect(await virtualOrder()).toMatchObject({
    errCode: 53001,
    errMsg: '用户sessionKey不存在或已过期，请重新登录',
  })
})

it('a login keeps the session key here', async () => {
  const { code } = await shop.control<{ code: string }>('POST', '/codes', { kind: 'jscode' })
  const answer = await shop.pay().getOpenid!({ provider: 'wxpay', code })
  expect(answer).toMatchObject({ errCode: 0, openid: expect.any(String) })
  expect(answer).not.toHaveProperty('session_key')
  openid = String(answer.openid)
  const [row] = await shop.rows(
    { _id: `uni-id:weixin-mp:${appid}:${openid}:session-key` },
    'opendb-open-data',
  )
  expect(JSON.parse(String(row?.value))).toMatchObject({ session_key: expect.any(String) })
  expect(row?.expired).toBe(shop.space.clock.now().getTime() + 30 * 24 * 3600_000)
  expect(await shop.pay().getOpenid!({ provider: 'wxpay', code: 'wrong' })).toMatchObject({ errCode: -1 })
})

it.each([
  ['api.malformed', {}, 'HTTP 200, the answer cannot be read'],
  ['api.http', { status: 502 }, 'HTTP 502'],
])('no part of a session key is in an error: %s', async (fault, args, reason) => {
  await shop.fault(fault, args)
  const answer = await shop.pay().getOpenid!({ provider: 'wxpay', code: `sandbox:${openid}` })
  expect(answer).toMatchObject({ thrown: true, errMsg: `WeChat /sns/jscode2session: ${reason}` })
})

it('goods: order, push, refunds', async () => {
  const order = await virtualOrder()
  expect(order).toMatchObject({
    errCode: 0,
    provider_pay_type: 'mp',
    order: { signData: expect.any(String), mode: goods.mode, paySig: expect.any(String) },
  })
  const { out_trade_no } = order
  expect(await shop.row(out_trade_no)).toMatchObject({ total_fee: 300, expand_data: { ...goods, rate: 100 } })
  await shop.control('POST', '/pay', { client: order.order })
  const [notice] = await shop.notices(out_trade_no)
  expect(notice?.attempts).toMatchObject([{ status: 200, answer: '{"ErrCode":0,"ErrMsg":"success"}' }])
  expect(await shop.row(out_trade_no)).toMatchObject({
    status: 1,
    transaction_id: expect.any(String),
    user_order_success: true,
  })
  expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true })
  expect(await shop.admin.refund!({ out_trade_no, refund_fee: 100 })).toMatchObject({ errCode: 0 })
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 2, refund_fee: 100 })
  expect(await shop.admin.refund!({ out_trade_no, refund_fee: 200 })).toMatchObject({ errCode: 0 })
  expect(await shop.row(out_trade_no)).toMatchObject({ status: 3, refund_fee: 300 })
  expect(await shop.callbacks(out_trade_no)).toBe(1)
  expect(await shop.pay().closeOrder!({ out_trade_no })).toMatchObject({ errCode: 53004 })
})

it('coins are priced by the rate', async () => {
  const { out_trade_no } = await virtualOrder({ mode: 'short_series_coin', buy_quantity: 60 })
  expect(await shop.row(out_trade_no)).toMatchObject({ total_fee: 60 })
})

it('the access token is asked for once', async () => {
  const tokens = (await shop.requests()).filter(({ url }) => String(url).includes('stable_token'))
  expect(tokens).toHaveLength(1)
})

it('an access token that is refused is replaced', async () => {
  const { out_trade_no } = await virtualOrder()
  await shop.fault('token.expired')
  expect(await shop.pay().getOrder!({ out_trade_no })).not.toMatchObject({ errCode: 40001 })
})

it.each(['notify.forged', 'notify.plainMode', 'notify.wrongKey'])('%s is refused', async (fault) => {
  const order = await virtualOrder()
  await shop.fault(fault)
  await shop.control('POST', '/pay', { client: order.order })
  const [notice] = await shop.notices(order.out_trade_no)
  expect(notice?.attempts[0]).toMatchObject({ answer: expect.stringContaining('"ErrCode":-1') })
  expect(await shop.row(order.out_trade_no)).toMatchObject({ status: 0 })
})

it('secure mode is read', async () => {
  const order = await virtualOrder()
  await shop.fault('notify.secureMode')
  await shop.control('POST', '/pay', { client: order.order })
  expect(await shop.row(order.out_trade_no)).toMatchObject({ status: 1, user_order_success: true })
})

it('the check of the address', async () => {
  const signature = createHash('sha1')
    .update([String(token), '1', 'n'].sort().join(''))
    .digest('hex')
  const check = async (given: string) => {
    const query = new URLSearchParams({ signature: given, timestamp: '1', nonce: 'n', echostr: 'abc' })
    return await (await shop.space.request(`/uni-pay-co/wxpayVirtualNotify?${query}`)).text()
  }
  expect(await check(signature)).toBe('abc')
  expect(await check('wrong')).not.toBe('abc')
})

it('server calls are for cloud code', async () => {
  const params = { method: 'queryUserBalance', data: { openid, userIp: '127.0.0.1' } }
  expect(await shop.pay().requestWxpayVirtualApi!(params)).toMatchObject({
    errMsg: expect.stringContaining('requestWxpayVirtualApi只能通过云端调云端的方式调用'),
  })
  expect(await shop.space.importObject('caller').virtual!(params)).toMatchObject({
    errCode: 0,
    balance: expect.any(Number),
  })
})

it('no secret in the log', () => {
  const log = shop.space
    .logs()
    .map(({ text }) => text)
    .join('\n')
  for (const secret of [
    material.constants.wechat.secret,
    material.constants.wechat.v3_key,
    'session_key',
    'access_token=',
  ])
    expect(log).not.toContain(secret)
})

it('the address of a login never gets into the log, nor to the client', async () => {
  const broken = await Shop.open({ hostMap: { 'api.weixin.qq.com': 'http://127.0.0.1:9' } })
  try {
    const answer = await broken.pay().getOpenid!({ provider: 'wxpay', code: 'the-code' })
    expect(answer).toMatchObject({ errMsg: expect.stringContaining('/sns/jscode2session') })
    const seen =
      JSON.stringify(answer) +
      broken.space
        .logs()
        .map(({ text }) => text)
        .join('\n')
    for (const secret of [String(material.constants.wechat.secret), 'the-code'])
      expect(seen).not.toContain(secret)
  } finally {
    await broken.close()
  }
})
