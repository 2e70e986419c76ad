/** What is refused before any platform is asked: parameters, permissions, configuration (scenarios 8 and 18). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { en } from '../../cloudobjects/uni-pay-co/messages/en.ts'
import { zhHans } from '../../cloudobjects/uni-pay-co/messages/zh-hans.ts'
import { type Row, Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await Shop.open({
    files: {
      'common/uni-config-center/uni-pay/permission.js':
        "module.exports = { getProviderAppId: { auth: true }, test: { role: ['a', 'b'], permission: ['p'] }, getRefund: { role: [] } }",
      'caller/index.obj.js': `module.exports = {
        async virtual(params) { return uniCloud.importObject('uni-pay-co').requestWxpayVirtualApi(params) },
        async order(params) { return uniCloud.importObject('uni-pay-co').createOrder(params) },
        async reconcile() { return uniCloud.importObject('uni-pay-co').reconcile() } }`,
      'caller/package.json': '{}',
    },
  })
})
afterAll(() => shop.close())

const absent = undefined

describe('scenario 18: createOrder', () => {
  it.each<[string, Row, keyof typeof zhHans]>([
    ['no order_no', { order_no: absent }, 51003],
    ['a number for order_no', { order_no: 123 }, 51003],
    ['no type', { type: absent }, 51004],
    ['a type outside notify/', { type: '../x' }, 51004],
    ['a type that is a path', { type: 'a/b' }, 51004],
    ['a type with an ending', { type: 'count.js' }, 51004],
    ['a type that is too long', { type: 'a'.repeat(65) }, 51004],
    ['a type that is no text', { type: ['count'] }, 51004],
    ['nothing to pay', { total_fee: 0 }, 51005],
    ['less than nothing', { total_fee: -1 }, 51005],
    ['half a fen', { total_fee: 1.5 }, 51005],
    ['text', { total_fee: '100' }, 51005],
    ['no amount', { total_fee: absent }, 51005],
    ['more than can be counted', { total_fee: 2 ** 60 }, 51005],
    ['no description', { description: absent }, 51006],
    ['no provider', { provider: absent }, 51007],
    ['no virtual goods', { provider: 'wxpay-virtual' }, 51011],
    ['no quantity', { provider: 'wxpay-virtual', wxpay_virtual: { buy_quantity: 0 } }, 51012],
    ['nothing of the App Store', { provider: 'appleiap' }, 51013],
    ['no quantity in the App Store', { provider: 'appleiap', apple_virtual: {} }, 51012],
    ['two things: the first counts', { order_no: absent, type: absent }, 51003],
    ['two things: the amount before the provider', { provider: absent, total_fee: absent }, 51005],
  ])('%s', async (_name, change, code) => {
    const failure = { errCode: code, code, errSubject: 'uni-pay' }
    expect(await shop.order(change)).toEqual({ ...failure, errMsg: zhHans[code] })
    expect(await shop.order(change, { locale: 'en' })).toEqual({ ...failure, errMsg: en[code] })
    for (const locale of ['zh-Hant', 'zh-TW', 'fr', 'en-GB'])
      expect((await shop.order(change, { locale })).errMsg).toBe(
        locale.startsWith('en') ? en[code] : zhHans[code],
      )
  })

  it.each<[string, Row, keyof typeof zhHans]>([
    ['getOrder', {}, 51010],
    ['getOrder', { out_trade_no: { $ne: '' } }, 51010],
    ['getOrder', { out_trade_no: 'nobody' }, 52001],
    ['getOrder', { transaction_id: 'nobody' }, 52001],
    ['closeOrder', {}, 51001],
    ['closeOrder', { out_trade_no: 'nobody' }, 52001],
    ['getOpenid', { provider: 'wxpay' }, 51002],
  ])('%s %j', async (method, params, code) => {
    expect(await shop.pay()[method]!(params)).toMatchObject({ errCode: code, errMsg: zhHans[code] })
  })

  it('refund', async () => {
    expect(await shop.admin.refund!({})).toMatchObject({ errCode: 51001 })
    expect(await shop.admin.refund!({ out_trade_no: 'nobody' })).toMatchObject({ errCode: 52001 })
    expect(await shop.admin.refund!({ out_refund_no: 'nobody' })).toMatchObject({ errCode: 52001 })
  })

  it('wrote nothing and asked nobody', async () => {
    expect(await shop.rows()).toEqual([])
    expect(await shop.requests()).toEqual([])
  })

  it.each([
    ['provider nobody', { provider: 'nobody' }, {}, '不支持的支付方式nobody-web', { platform: 'web' }],
    ['a provider that objects have anyway', { provider: 'constructor' }, {}, '不支持的支付方式'],
    ['no merchant', { provider: 'wxpay' }, {}, '商户支付配置错误', { platform: 'mp-nothing' }],
  ] as [string, Row, Row, string, Row?][])('%s', async (_name, change, _config, text, client = {}) => {
    const answer = await shop.order(change, client)
    if (client.platform === 'mp-nothing') expect(answer.errCode).toBe(0)
    else expect(answer).toMatchObject({ thrown: true, errMsg: expect.stringContaining(text) })
  })
})

describe('an order number again', () => {
  const again = async (change: Row) => {
    const params = shop.orderParams()
    const { out_trade_no } = await shop.pay().createOrder!(params)
    const answer = await shop.pay().createOrder!({ ...params, out_trade_no, ...change })
    return { answer, row: await shop.row(out_trade_no) }
  }

  it('the same, and another way to pay', async () => {
    expect((await again({})).answer).toMatchObject({ errCode: 0 })
  })

  it.each([
    ['another amount', { total_fee: 1 }],
    ['another order', { order_no: '20260000000000000000' }],
  ])('%s', async (_name, change) => {
    const { answer, row } = await again(change)
    expect(answer).toMatchObject({ errCode: 53001, errMsg: expect.stringContaining('支付单号已存在：') })
    expect(row).toMatchObject({ total_fee: 100, status: 0 })
  })

  it('a number that would come back from the database in lower case is refused', async () => {
    const order = await shop.order({ out_trade_no: 'ABCDEF0123456789ABCDEF01' })
    expect(order).toMatchObject({ errCode: 53001, errMsg: expect.stringContaining('24位十六进制') })
    expect(await shop.order({ out_trade_no: '123456789012345678901234' })).toMatchObject({ errCode: 0 })
    const { out_trade_no } = await shop.paidOrder({ out_trade_no: 'abcdef0123456789abcdef01' })
    expect(await shop.pay().getOrder!({ out_trade_no })).toMatchObject({ has_paid: true, status: 1 })
  })

  it('what the client sends for the platform does not change whose order it is, and how much', async () => {
    const { out_trade_no, errCode } = await shop.order({
      other: {
        out_trade_no: 'STOLEN',
        total_fee: 1,
        amount: { total: 1 },
        notify_url: 'http://x',
        fee_type: 'JPY',
        profit_sharing: 'Y',
        attach: 'kept',
      },
    })
    expect(errCode).toBe(0)
    const call = (await shop.requests()).find((request) => request.out_trade_no === out_trade_no)
    const body = JSON.parse(String(call?.body))
    expect(body).toMatchObject({
      out_trade_no,
      amount: { total: 100, currency: 'CNY' },
      notify_url: 'http://pay.test/uni-pay-co/payNotify/wxpay-mp',
      attach: 'kept',
    })
    expect(body).not.toHaveProperty('profit_sharing')
  })

  it('nor where Huawei reports it, and in what money', async () => {
    const stolen = { callback_url: 'http://x', currency: 'JPY', merc_no: '1', allocation_type: '1' }
    const order = await shop.order({ provider: 'huawei', other: stolen }, { platform: 'app-harmony' })
    expect(order).toMatchObject({ errCode: 0 })
    const calls = await shop.requests()
    const call = calls.find((request) => request.out_trade_no === order.out_trade_no)
    const body = JSON.parse(String(call?.body))
    expect(body).toMatchObject({ currency: 'CNY', totalAmount: 100 })
    expect(body.callbackUrl).toBe('http://pay.test/uni-pay-co/payNotify/huawei-app')
    expect(body).not.toHaveProperty('allocationType')
  })
})

describe('scenario 8: who may', () => {
  const asUser = (payload: Row, lifetime?: number) => shop.pay({ uniIdToken: shop.token(payload, lifetime) })

  it('refund', async () => {
    const { out_trade_no } = await shop.paidOrder()
    const params = { out_trade_no, refund_fee: 10 }
    expect(await shop.pay().refund!(params)).toMatchObject({ errCode: 'uni-id-check-token-failed' })
    expect(await asUser({ role: ['admin'] }, -10).refund!(params)).toMatchObject({
      errCode: 'uni-id-token-expired',
    })
    const denied = { errCode: 50403, errSubject: 'uni-pay' }
    expect(await asUser({}).refund!(params)).toMatchObject({ ...denied, errMsg: '权限错误' })
    const english = shop.pay({ clientInfo: { locale: 'en' }, uniIdToken: shop.token({}) })
    expect(await english.refund!(params)).toMatchObject({ ...denied, errMsg: 'Permission denied' })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 1, refund_fee: 0 })
    expect(await shop.admin.refund!(params)).toMatchObject({ errCode: 0 })
    const token = shop.token({ role: ['admin'] })
    expect(await shop.pay().refund!({ ...params, uniIdToken: token })).toMatchObject({ errCode: 0 })
    expect(await shop.pay().refund!({ ...params, uni_id_token: token })).toMatchObject({ errCode: 0 })
    expect(await shop.row(out_trade_no)).toMatchObject({ status: 2, refund_fee: 30 })
  })

  it('what the project says of other methods', async () => {
    const node = { provider: 'wxpay', provider_pay_type: 'mp' }
    expect(await shop.pay().getProviderAppId!(node)).toMatchObject({ errCode: 'uni-id-check-token-failed' })
    expect(await asUser({}).getProviderAppId!(node)).toMatchObject({ errorCode: 0, errCode: 0 })
    expect(await asUser({ role: ['a'] }).test!()).toMatchObject({ errCode: 50403 })
    expect(await asUser({ permission: ['p'] }).test!()).toMatchObject({ errCode: 50403 })
    expect(await asUser({ role: ['b'], permission: ['p'] }).test!()).toEqual({ errCode: 0, errMsg: 'ok' })
    expect(await shop.admin.test!()).toEqual({ errCode: 0, errMsg: 'ok' })
    expect(await shop.admin.getRefund!({})).toMatchObject({
      errMsg: expect.stringContaining('[AccessControl]Empty role array is not supported'),
    })
  })

  it('a client cannot pass for cloud code', async () => {
    const forged = { method: 'orderQuery', clientInfo: { source: 'function' } }
    expect(await shop.pay().requestWxpayVirtualApi!(forged)).toMatchObject({
      errMsg: expect.stringContaining('requestWxpayVirtualApi只能通过云端调云端的方式调用'),
    })
    expect(await shop.pay().reconcile!(forged)).toMatchObject({ thrown: true })
  })

  it('cloud code calls for a client', async () => {
    const caller = shop.space.importObject('caller')
    const client = { platform: 'mp-weixin', appId: '__UNI__OTHER', clientIP: '10.0.0.1', deviceId: 'd9' }
    const order = (await caller.order!({ ...shop.orderParams(), clientInfo: client })) as Row
    expect(order).toMatchObject({ errCode: 0, provider_pay_type: 'mp' })
    expect(await shop.row(String(order.out_trade_no))).toMatchObject({
      appid: '__UNI__OTHER',
      client_ip: '10.0.0.1',
      device_id: 'd9',
    })
    expect(await caller.reconcile!()).toMatchObject({ failed: 0 })
    await expect(caller.virtual!({ method: 'refund', data: {} })).rejects.toThrow(
      'requestWxpayVirtualApi不支持refund',
    )
  })
})

it('which ways to pay there are', async () => {
  expect(await shop.pay().getPayProviderFromCloud!()).toEqual({
    errCode: 0,
    errMsg: 'ok',
    wxpay: true,
    alipay: true,
    provider: ['wxpay', 'alipay'],
  })
  const unknown = { provider: 'wxpay', provider_pay_type: 'constructor' }
  expect(await shop.admin.getProviderAppId!(unknown)).toEqual({ errorCode: 0, errCode: 0, appid: null })
})

describe('configuration', () => {
  const withConfig = async (config: (text: string) => string, test: (shop: Shop) => Promise<void>) => {
    const other = await Shop.open({ config })
    try {
      await test(other)
    } finally {
      await other.close()
    }
  }

  it('52002: a notify address that is none', async () => {
    const broken = (text: string) => text.replace("default: 'http://pay.test", "default: 'pay.test")
    await withConfig(broken, async (other) => {
      expect(await other.order()).toMatchObject({ errCode: 52002, errMsg: zhHans[52002] })
      // Of an order that was made before.
      const out_trade_no = 'BEFORE'
      const row = { out_trade_no, provider: 'wxpay', provider_pay_type: 'mp', status: 1, total_fee: 100 }
      await (await other.space.db()).collection('uni-pay-orders').add(row)
      const refund = other.admin.refund!({ out_trade_no })
      expect(await refund).toMatchObject({ errCode: 52002, errMsg: zhHans[52002] })
    })
  })

  it('none at all: the space itself (D15)', async () => {
    const none = (text: string) => text.replace(/default: '[^']*'/, '')
    await withConfig(none, async (other) => {
      const { out_trade_no } = await other.paidOrder()
      expect(await other.row(out_trade_no)).toMatchObject({ status: 1 })
      const said = other.space.logs('uni-pay-co').filter(({ text }) => text.includes('no notifyUrl'))
      expect(said.length).toBe(1)
    })
  })

  it('a file that is not there says which line reads it', async () => {
    const missing = (text: string) => `${text}\nfs.readFileSync(path.join(__dirname, 'wxpay/nothing.p12'))\n`
    await withConfig(missing, async (other) => {
      expect(await other.order()).toMatchObject({
        errMsg: expect.stringMatching(/config\.js:\d+: there is no file .*nothing\.p12/),
      })
    })
  })

  it('files of a merchant that nobody uses may be missing (D14)', async () => {
    const missing = (text: string) => text.replaceAll('alipay/appCertPublicKey.crt', 'alipay/nothing.crt')
    await withConfig(missing, async (other) => {
      expect(await other.order()).toMatchObject({ errCode: 0 })
      const names = expect.stringMatching(
        /alipay\.native: appCertPath: cannot read uni-config-center\S*nothing\.crt/,
      )
      expect(await other.order({ provider: 'alipay' }, { platform: 'web' })).toMatchObject({ errMsg: names })
      // No path of this machine in what a client gets, whichever method it is.
      const out_trade_no = 'BEFORE'
      const row = { out_trade_no, provider: 'alipay', provider_pay_type: 'native', status: 1, total_fee: 100 }
      await (await other.space.db()).collection('uni-pay-orders').add(row)
      expect(await other.admin.refund!({ out_trade_no })).toMatchObject({ thrown: true, errMsg: names })
    })
  })
})
