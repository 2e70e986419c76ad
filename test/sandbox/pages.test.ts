/** The pages for people and the cashier, by links and forms, as a browser would use them. */
import { describe, expect, test } from 'vitest'
import { MOUNT } from '../../sandbox/sandbox.ts'
import { readSvgCode } from '../qr-code.ts'
import { alipayMerchant } from './alipay-merchant.ts'
import { type Started, startMerchant, startSandbox } from './start-sandbox.ts'
import { wechat, wechatMerchant } from './wechat-v3-merchant.ts'

async function start(options: Parameters<typeof startSandbox>[0] = {}) {
  const started = await startSandbox(options)
  const merchant = await startMerchant()
  const pay = wechatMerchant(started)
  const place = (outTradeNo: string, change: object = {}) =>
    pay.transactions_native({
      description: '测试 <b>订单</b>',
      out_trade_no: outTradeNo,
      notify_url: merchant.url,
      amount: { total: 1234 },
      ...change,
    })
  return { started, merchant, pay, place }
}

/** @param form posts it */
async function browse(
  { origin }: Started,
  path: string,
  { form, headers = {} }: { form?: Record<string, string>; headers?: Record<string, string> } = {},
) {
  const response = await fetch(path.startsWith('http') ? path : `${origin}${MOUNT}${path}`, {
    redirect: 'manual',
    headers: { 'accept-language': 'en', ...headers, ...(form ? { origin } : {}) },
    ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** Addresses of the page's forms and links. */
const actions = (text: string): string[] =>
  [...text.matchAll(/(?:action|href)="([^"]+)"/g)].map(([, address = '']) =>
    address.replace(/^\/_unicloud\/sandbox/, ''),
  )

describe('orders', () => {
  test('none yet, in both languages', async () => {
    const { started } = await start()
    expect((await browse(started, '')).text).toContain('No orders yet')
    const chinese = await browse(started, '/?lang=zh')
    expect(chinese.text).toContain('还没有订单')
    const kept = { cookie: String(chinese.headers.get('set-cookie')).split(';')[0] ?? '' }
    expect((await browse(started, '/', { headers: kept })).text).toContain('还没有订单')
  })

  test('a list for phones too; what merchants name is shown as text', async () => {
    const { started, place } = await start()
    await place('SBXPAGE001')
    const { text, headers } = await browse(started, '/')
    expect(text).toContain('width=device-width')
    expect(text).toContain('¥12.34')
    expect(text).toContain('测试 &lt;b&gt;订单&lt;/b&gt;')
    expect(text).not.toContain('<b>')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  test('pay, refund in part, settle, look at the notifications, send again', async () => {
    const { started, merchant, place } = await start()
    await place('SBXPAGE002')
    const { id } = await started.control('GET', '/orders/SBXPAGE002')
    const at = `/ui/orders/${id}`
    const before = await browse(started, at)
    expect(actions(before.text)).toEqual(expect.arrayContaining([`${at}/pay`, `${at}/fail`, `${at}/close`]))
    const cashier = actions(before.text).find((address) => address.includes('/pay/'))
    expect(cashier).toMatch(/^http/)
    expect(readSvgCode(before.text).text).toBe(cashier)

    const paid = await browse(started, `${at}/pay`, { form: {} })
    expect(paid.status).toBe(303)
    expect(paid.headers.get('location')).toBe(`${MOUNT}${at}`)
    expect(merchant.received).toHaveLength(1)
    const after = await browse(started, at)
    expect(after.text).toContain('>paid<')
    expect(actions(after.text)).toContain(`${at}/refund`)

    await browse(started, `${at}/refund`, { form: { amount: '2.34' } })
    expect(await started.control('GET', '/orders/SBXPAGE002')).toMatchObject({
      status: 'REFUND_PART',
      refunded_fee: 234,
    })
    const wrong = await browse(started, `${at}/refund`, { form: { amount: 'much' } })
    expect(wrong).toMatchObject({ status: 400, text: expect.stringContaining('is no amount in yuan') })
    const tooMuch = await browse(started, `${at}/refund`, { form: { amount: '10.01' } })
    expect(tooMuch).toMatchObject({ status: 409, text: expect.stringContaining('1000 of 1234') })

    const notice = actions(after.text).find((address) => address.startsWith('/ui/notifications/')) ?? ''
    const shown = await browse(started, notice)
    expect(shown.text).toContain('TRANSACTION.SUCCESS')
    expect(shown.text).toContain('acknowledged')
    expect((await browse(started, `${notice}/deliver`, { form: {} })).status).toBe(303)
    expect(merchant.received).toHaveLength(2)
  })

  test('close, fail, move time on', async () => {
    const { started, place } = await start()
    await place('SBXPAGE003')
    await place('SBXPAGE004')
    const [second, first] = await started.control<{ id: string }[]>('GET', '/orders')
    await browse(started, `/ui/orders/${first?.id}/close`, { form: {} })
    await browse(started, `/ui/orders/${second?.id}/fail`, { form: {} })
    expect((await browse(started, '/')).text).toMatch(/payment failed.*closed/s)
    await browse(started, '/ui/clock', { form: { advance: '1d' } })
    expect(await started.control('GET', '/state')).toMatchObject({ aheadMs: 24 * 3600_000 })
  })

  test('an unknown one', async () => {
    const { started } = await start()
    expect(await browse(started, '/ui/orders/x')).toMatchObject({
      status: 404,
      text: expect.stringContaining('Not found'),
    })
  })
})

describe('calls and faults', () => {
  test('a refused call shows the text that should have been signed', async () => {
    const { started } = await start()
    const authorization = `WECHATPAY2-SHA256-RSA2048 mchid="${wechat.mchid}",nonce_str="N",signature="AA==",timestamp="${Math.floor(started.clock.now() / 1000)}",serial_no="${wechat.merchant_serial}"`
    await fetch(`${started.origin}/v3/certificates`, { headers: { authorization } })
    const list = await browse(started, '/ui/calls')
    const call = actions(list.text).find((address) => /^\/ui\/calls\/c_/.test(address)) ?? ''
    const { text } = await browse(started, call)
    expect(text).toContain('Text that should have been signed')
    expect(text).toContain('GET\n/v3/certificates')
  })

  test('break an order from its page', async () => {
    const { started, merchant, place } = await start()
    await place('SBXPAGE005')
    const { id } = await started.control('GET', '/orders/SBXPAGE005')
    const form = {
      fault: 'notify.duplicate',
      out_trade_no: 'SBXPAGE005',
      order: String(id),
      args: '{"times":4}',
      times: '1',
    }
    const broken = await browse(started, '/ui/faults', { form })
    expect(broken.headers.get('location')).toBe(`${MOUNT}/ui/orders/${id}`)
    expect((await browse(started, '/ui/faults')).text).toContain(
      'sends the same notification 4 times at once',
    )
    await browse(started, `/ui/orders/${id}/pay`, { form: {} })
    expect(merchant.received).toHaveLength(4)
  })

  test('an order offers what can happen to it, in the language of the page', async () => {
    const { started, place } = await start()
    await place('SBXPAGE015')
    const { id } = await started.control('GET', '/orders/SBXPAGE015')
    const { text } = await browse(started, `/ui/orders/${id}?lang=zh`)
    expect(text).toContain('notify.duplicate: 同一条通知同时发送 2 次 {times}')
    expect(text).toContain('notify.probe')
    expect(text).not.toContain('notify.finished')
    const all = (await browse(started, '/ui/faults?lang=en')).text
    expect(all).toContain('notify.finished: TRADE_FINISHED instead of TRADE_SUCCESS')
  })

  test('what was refused is seen in the list of orders and of calls; a page that is none leads back', async () => {
    const { started, merchant, place } = await start()
    merchant.answer = () => ({ status: 500 })
    await place('SBXPAGE016')
    await started.control('POST', '/faults', { fault: 'notify.forged' })
    await started.control('POST', '/orders/SBXPAGE016/pay')
    expect((await browse(started, '/?lang=en')).text).toMatch(
      /SBXPAGE016[\s\S]*class="bad">Notification payment: refused/,
    )
    await started.control('POST', '/faults', { fault: 'api.http' })
    await place('SBXPAGE017')
    expect((await browse(started, '/ui/calls?lang=en')).text).toContain(
      '<div class="bad">fault api.http: answers HTTP 502 without looking at the request</div>',
    )
    expect((await browse(started, '/ui/orders/none')).text).toContain('<nav>')
    expect((await browse(started, '/pay/none')).text).not.toContain('<nav>')
  })

  test('a fault can be removed; arguments that are no object are refused', async () => {
    const { started } = await start()
    await browse(started, '/ui/faults', { form: { fault: 'api.http' } })
    const remove = actions((await browse(started, '/ui/faults')).text).find((address) =>
      address.endsWith('/remove'),
    )
    await browse(started, remove ?? '', { form: {} })
    expect(await started.control('GET', '/faults')).toEqual([])
    const wrong = await browse(started, '/ui/faults', { form: { fault: 'api.http', args: '3' } })
    expect(wrong.status).toBe(400)
  })
})

describe('the cashier', () => {
  test('opened by the code, paid on a phone, back to the merchant', async () => {
    const { started, merchant, place } = await start()
    const placed = await place('SBXPAGE006')
    const { code_url } = placed.data as unknown as { code_url: string }
    const scanned = await browse(started, '/ui/scan', { form: { code: code_url } })
    const cashier = String(scanned.headers.get('location')).slice(MOUNT.length)
    const shown = await browse(started, cashier)
    expect(shown.text).toContain('¥12.34')
    expect(shown.text).toContain('测试 &lt;b&gt;订单&lt;/b&gt;')
    expect(await started.control('GET', '/orders/SBXPAGE006')).toMatchObject({ status: 'SCANNED' })
    expect((await browse(started, `${cashier}/fail`, { form: {} })).text).toContain('try again')
    const paid = await browse(started, `${cashier}/pay`, { form: { back: 'http://127.0.0.1:9/back' } })
    expect(paid.text).toContain('>Paid<')
    expect(paid.text).toContain('href="http://127.0.0.1:9/back"')
    await started.simulator.settled()
    expect(merchant.received).toHaveLength(1)
    expect(await browse(started, `${cashier}/pay`, { form: {} })).toMatchObject({ status: 409 })
  })

  test('H5: the address that merchants append redirect_url to', async () => {
    const { started, pay, merchant } = await start()
    const placed = await pay.transactions_h5({
      description: 'x',
      out_trade_no: 'SBXPAGE007',
      notify_url: merchant.url,
      amount: { total: 1 },
      scene_info: { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap', app_name: 'a', app_url: 'b' } },
    })
    const { h5_url } = placed.data as unknown as { h5_url: string }
    const open = (to: string) => browse(started, `${h5_url}&redirect_url=${encodeURIComponent(to)}`)
    expect((await open('http://127.0.0.1:9/shop?a=1')).text).toContain('value="http://127.0.0.1:9/shop?a=1"')
    expect((await open('javascript:alert(1)')).text).not.toContain('javascript:')
  })

  test('Alipay: back with a signed account of the payment', async () => {
    const { started, merchant } = await start()
    const sdk = alipayMerchant(started)
    const url = sdk.pageExecute('alipay.trade.wap.pay', 'GET', {
      notify_url: merchant.url,
      return_url: 'http://127.0.0.1:9/back?shop=1',
      bizContent: { out_trade_no: 'SBXPAGE008', total_amount: '1.00', subject: 'x' },
    })
    const cashier = String((await browse(started, url)).headers.get('location'))
    const paid = await browse(started, `${cashier}/pay`, { form: {} })
    const back = new URL(
      (/href="(http:\/\/127.0.0.1:9[^"]+)"/.exec(paid.text)?.[1] ?? '').replaceAll('&amp;', '&'),
    )
    const { shop, ...params } = Object.fromEntries(back.searchParams)
    expect(shop).toBe('1')
    expect(params).toMatchObject({ method: 'alipay.trade.wap.pay.return', total_amount: '1.00' })
    expect(sdk.checkNotifySignV2(params)).toBe(true)
  })

  test('an unknown one', async () => {
    const { started } = await start()
    expect((await browse(started, '/pay/nothing')).status).toBe(404)
  })
})

describe('who may look', () => {
  test.each([
    ['a name that resolves to this machine', { host: 'evil.example' }, 'FORBIDDEN_HOST'],
    ['a page of another site', { origin: 'http://evil.example' }, 'FORBIDDEN_ORIGIN'],
    ['a picture on another site', { 'sec-fetch-site': 'cross-site' }, 'FORBIDDEN_ORIGIN'],
  ])('not %s', async (_name, headers, code) => {
    const { started } = await start()
    const { port } = new URL(started.origin)
    const answer = await rawGet(Number(port), `${MOUNT}/config`, { host: `127.0.0.1:${port}`, ...headers })
    expect(answer).toContain(code)
  })

  test('with a token asked for: by header, by link, then by cookie; the cashier stays open', async () => {
    const { started, place } = await start({ accessToken: () => 'secret' })
    expect((await browse(started, '/')).status).toBe(401)
    const bearer = { authorization: 'Bearer secret' }
    expect((await browse(started, '/orders', { headers: bearer })).status).toBe(200)
    const link = await browse(started, '/?token=secret')
    expect(link).toMatchObject({ status: 303 })
    const cookie = String(link.headers.get('set-cookie')).split(';')[0] ?? ''
    expect((await browse(started, '/', { headers: { cookie } })).status).toBe(200)
    expect((await browse(started, '/', { headers: { cookie: 'unicloud_sandbox=guess!' } })).status).toBe(401)
    await place('SBXPAGE009')
    const answer = await fetch(`${started.origin}${MOUNT}/orders`, { headers: bearer })
    const [order] = (await answer.json()) as { pay_url: string }[]
    expect((await browse(started, order?.pay_url ?? '')).status).toBe(200)
  })
})

// internals

/** fetch sets Host by itself. */
async function rawGet(port: number, path: string, headers: Record<string, string>): Promise<string> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve(text)
    })
      .on('error', reject)
      .end()
  })
}
