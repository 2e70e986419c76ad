/** How a request finds its platform: by path below the mount, by Host, by x-forwarded-host, by path alone. */
import { request } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { platformHosts } from '../../sandbox/hosts.ts'
import { loadTlsKeys } from '../../sandbox/keys/tls-keys.ts'
import { MOUNT } from '../../sandbox/sandbox.ts'
import { listenSandbox } from '../../sandbox/server.ts'
import { startSandbox } from './start-sandbox.ts'
import { wechat, wechatMerchant } from './wechat-v3-merchant.ts'

/** fetch sets Host by itself. */
function ask(
  origin: string,
  path: string,
  {
    headers = {},
    method = 'GET',
    body = '',
  }: { headers?: Record<string, string>; method?: string; body?: string } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${origin}${path}`, { method, headers }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, text })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

describe('which platform', () => {
  test.each([
    ['the host map', `${MOUNT}/hosts/api.mch.weixin.qq.com/v3/certificates`, {}],
    ['Host', '/v3/certificates', { host: 'api.mch.weixin.qq.com' }],
    ['Host with a port', '/v3/certificates', { host: 'api.mch.weixin.qq.com:443' }],
    ['x-forwarded-host', '/v3/certificates', { 'x-forwarded-host': 'api2.mch.weixin.qq.com' }],
    ['the path alone', '/v3/certificates', {}],
  ])('by %s', async (_name, path, headers) => {
    const { origin } = await startSandbox()
    const { status, text } = await ask(origin, path, { headers: headers as Record<string, string> })
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 401, code: 'SIGN_ERROR' })
  })

  test('through the host map, path and query are signed as the platform would see them', async () => {
    const started = await startSandbox()
    const pay = wechatMerchant({
      ...started,
      origin: started.sandbox.hostMap()['api.mch.weixin.qq.com'] ?? '',
    })
    const answer = await pay.query({ out_trade_no: 'SBX%2F1%7C2' })
    expect(answer).toMatchObject({ status: 404, data: { code: 'ORDER_NOT_EXIST' } })
  })

  test('the host map names every platform', async () => {
    const { origin, sandbox } = await startSandbox()
    const map = sandbox.hostMap()
    expect(Object.keys(map)).toEqual([...platformHosts])
    expect(map['openapi.alipay.com']).toBe(`${origin}${MOUNT}/hosts/openapi.alipay.com`)
  })

  test.each([
    [`${MOUNT}`, {}, true],
    [`${MOUNT}/orders`, {}, true],
    [`${MOUNT}?lang=zh`, {}, true],
    [`${MOUNT}s`, {}, false],
    ['/v3/certificates', {}, false],
    ['/v3/certificates', { host: 'api.mch.weixin.qq.com' }, true],
    ['/gateway.do', { 'x-forwarded-host': 'openapi.alipay.com' }, true],
    ['/shop', { host: '127.0.0.1:7100', 'x-forwarded-host': 'shop.example' }, false],
  ])('claims %s %o: %s', async (url, headers, claimed) => {
    const { sandbox } = await startSandbox()
    expect(sandbox.claims({ url, headers } as never)).toBe(claimed)
  })

  test('an API that is not simulated is said to be none', async () => {
    const { origin } = await startSandbox()
    const answer = await ask(origin, '/v2/unknown', { headers: { host: 'openapi.alipay.com' } })
    expect(answer).toMatchObject({
      status: 404,
      text: expect.stringContaining('openapi.alipay.com/v2/unknown'),
    })
    expect(await ask(origin, `${MOUNT}/nothing`)).toMatchObject({ status: 404 })
  })
})

describe('bodies', () => {
  test('larger than a megabyte: refused', async () => {
    const { origin } = await startSandbox()
    const response = await fetch(`${origin}/pay/orderquery`, {
      method: 'POST',
      body: 'x'.repeat(1024 * 1024 + 1),
    })
    expect(response.status).toBe(413)
  })

  test('that make no sense to the control API: refused with the member', async () => {
    const { control } = await startSandbox()
    await expect(control('POST', '/faults', { fault: 'api.http', times: 0 })).rejects.toThrow('times')
    await expect(control('POST', '/faults', { fault: 'api.http', match: { order: 'x' } })).rejects.toThrow(
      'order',
    )
    await expect(control('POST', '/clock', { advance: 'soon' })).rejects.toThrow('no duration')
    await expect(control('POST', '/settings', { autoPay: 1 })).rejects.toThrow('choose one of')
    await expect(control('POST', '/settings', { pushMode: 'x' })).rejects.toThrow('compatible')
    await expect(control('POST', '/orders', { client: { a: 1 } })).rejects.toThrow('no platform')
  })
})

test('a server of its own: pages at the root, platforms by host, over TLS with an authority that can be trusted', async () => {
  const started = await startSandbox()
  const keys = await loadTlsKeys(started.directory, started.clock.now())
  expect(await loadTlsKeys(started.directory, started.clock.now())).toEqual(keys)
  const server = await listenSandbox(started.sandbox, { host: '127.0.0.1', port: 0, tls: { port: 0, keys } })
  onTestFinished(() => server.close())
  expect(await ask(server.url, '/')).toMatchObject({ status: 302 })
  const { get } = await import('node:https')
  const status = await new Promise((resolve, reject) => {
    const options = {
      ca: keys.authority,
      servername: 'api.mch.weixin.qq.com',
      headers: { host: 'api.mch.weixin.qq.com' },
    }
    get(`${server.tlsUrl}/v3/certificates`, options, (response) => resolve(response.resume().statusCode)).on(
      'error',
      reject,
    )
  })
  expect(status).toBe(401)
  await expect(
    listenSandbox(started.sandbox, { host: '127.0.0.1', port: Number(new URL(server.url).port) }),
  ).rejects.toMatchObject({ code: 'PORT_IN_USE', hint: expect.stringContaining('another port') })
})

test('no key, token or session leaves through the log', async () => {
  const started = await startSandbox()
  const pay = wechatMerchant(started)
  await pay.transactions_native({
    description: 'x',
    out_trade_no: 'SBXLOG0001',
    notify_url: 'http://127.0.0.1:9/notify',
    amount: { total: 1 },
  })
  await started.control('POST', '/orders/SBXLOG0001/pay')
  await ask(started.origin, `/sns/jscode2session?appid=${wechat.appid}&secret=guess&js_code=sandbox:o`)
  const { keys } = started.simulator
  const secrets = [
    wechat.v2_key,
    wechat.v3_key,
    keys.constants.wechat.secret,
    keys.constants.wechat_virtual.session_key,
  ]
  const text = started.log.map((line) => line.text).join('\n')
  expect(text).toContain('SBXLOG0001')
  for (const secret of secrets) expect(text).not.toContain(secret)
})
