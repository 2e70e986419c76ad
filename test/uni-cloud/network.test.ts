/** Outgoing requests and sockets (spec/runtime.md §9), over real sockets on loopback. */
import type { HttpClient } from 'urllib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GuestSpace } from '../../runtime/bridge.ts'
import { createUniCloud } from '../../runtime/guest/uni-cloud/index.ts'
import type {
  EipResponse,
  HttpProxyForEip,
} from '../../runtime/guest/uni-cloud/network/http-proxy-for-eip.ts'
import { Outbound } from '../../runtime/guest/uni-cloud/network/outbound.ts'
import type { UniRequestOptions, UniResponse } from '../../runtime/guest/uni-cloud/network/request.ts'
import type { ConnectSocketOptions, SocketTask } from '../../runtime/guest/uni-cloud/network/socket-task.ts'
import { type Echo, type EchoServer, startEcho } from './echo-server.ts'
import { type FakeRuntime, fakeRuntime } from './fake-runtime.ts'

interface Cloud {
  httpclient: HttpClient
  request(options: UniRequestOptions): Promise<UniResponse>
  connectSocket(options: ConnectSocketOptions): SocketTask
  httpProxyForEip: HttpProxyForEip
}

let echo: EchoServer
beforeAll(async () => {
  echo = await startEcho()
})
afterAll(() => echo[Symbol.asyncDispose]())

function cloud(space: Partial<GuestSpace> = {}, runtime: FakeRuntime = fakeRuntime({ space })): Cloud {
  return createUniCloud(runtime) as Cloud
}

describe('httpclient', () => {
  it('is the same client each time, with urllib’s members', () => {
    const uniCloud = cloud()
    expect(uniCloud.httpclient).toBe(uniCloud.httpclient)
    expect(uniCloud.httpclient).toMatchObject({ request: expect.any(Function), curl: expect.any(Function) })
  })

  it('gives a Buffer, lower-case headers and the status', async () => {
    const { data, status, headers } = await cloud().httpclient.request(`${echo.url}/status/404`)
    expect(status).toBe(404)
    expect(headers['x-mixed']).toBe('Yes')
    expect(Buffer.isBuffer(data)).toBe(true)
  })

  it.each([
    ['data of GET into the query', { data: { a: 1, b: 'x y' }, dataType: 'json' }, { url: '/p?a=1&b=x%20y' }],
    [
      'data of POST as form',
      { method: 'POST', data: { a: 1 }, dataType: 'json' },
      { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ],
    [
      'data of POST as JSON',
      { method: 'POST', data: { a: 1 }, contentType: 'json', dataType: 'json' },
      { body: '{"a":1}', headers: { 'content-type': 'application/json' } },
    ],
    ['content instead of data', { method: 'POST', content: 'raw', dataType: 'json' }, { body: 'raw' }],
  ] as const)('%s', async (_, options, expected) => {
    const { data } = await cloud().httpclient.request<Echo>(`${echo.url}/p`, options)
    expect(data).toMatchObject(expected)
  })

  it('takes a callback', async () => {
    const { httpclient } = cloud()
    const request = httpclient.request.bind(httpclient) as (
      url: string,
      done: (...args: unknown[]) => void,
    ) => void
    const [error, data] = await new Promise<unknown[]>((done) =>
      request(`${echo.url}/text`, (...args) => done(args)),
    )
    expect(error).toBeNull()
    expect(String(data)).toBe('plain text')
  })

  it('an empty JSON body is null, a broken one rejects', async () => {
    const { httpclient } = cloud()
    expect((await httpclient.request(`${echo.url}/empty`, { dataType: 'json' })).data).toBeNull()
    await expect(httpclient.request(`${echo.url}/broken`, { dataType: 'json' })).rejects.toMatchObject({
      name: 'JSONResponseFormatError',
    })
  })

  it('names what went wrong', async () => {
    const { httpclient } = cloud()
    await expect(httpclient.request('http://127.0.0.1:1/')).rejects.toMatchObject({
      name: 'RequestError',
      code: 'ECONNREFUSED',
      status: -1,
      headers: {},
    })
    await expect(httpclient.request(`${echo.url}/slow`, { timeout: 50 })).rejects.toMatchObject({
      name: 'ResponseTimeoutError',
    })
  })
})

describe('host map', () => {
  const map = (to: string) => ({ hostMap: { 'api.mch.weixin.qq.com': to, 'local.test:8443': to } })

  it('keeps path and query, and tells who was meant', async () => {
    const base = `${echo.url}/_sandbox/wxpay/`
    const { data } = await cloud(map(base)).httpclient.request<Echo>(
      'https://api.mch.weixin.qq.com/v3/pay/a%2Fb?x=1&y=%20z',
      { dataType: 'json', headers: { Host: 'api.mch.weixin.qq.com', 'X-Own': '1' } },
    )
    expect(data).toMatchObject({
      url: '/_sandbox/wxpay/v3/pay/a%2Fb?x=1&y=%20z',
      headers: {
        host: `127.0.0.1:${echo.port}`,
        'x-forwarded-host': 'api.mch.weixin.qq.com',
        'x-forwarded-proto': 'https',
        'x-own': '1',
      },
    })
  })

  it.each([
    ['https://API.mch.weixin.qq.com', 'http://to/'],
    ['https://api.mch.weixin.qq.com?a=1', 'http://to/?a=1'],
    ['https://user:pass@api.mch.weixin.qq.com:443/p', 'http://to/p'],
    ['api.mch.weixin.qq.com/p', 'http://to/p'],
    ['https://local.test:8443/p', 'http://to/p'],
    ['wss://api.mch.weixin.qq.com/ws', 'ws://to/ws'],
  ])('%s', (url, target) => {
    const outbound = new Outbound({ ...map('http://to/'), network: 'allow' })
    expect(outbound.route(url).url).toBe(target)
  })

  it.each(['https://local.test/p', 'https://other.example/p?api.mch.weixin.qq.com'])(
    'leaves %s alone',
    (url) => {
      expect(new Outbound({ ...map('http://to'), network: 'allow' }).route(url)).toEqual({ url, headers: {} })
    },
  )

  it('maps where redirects lead', async () => {
    const { httpclient } = cloud({ hostMap: { 'a.test': `${echo.url}/a`, 'b.test': `${echo.url}/b` } })
    const options = { followRedirect: true, dataType: 'json' }
    const away = await httpclient.request<Echo>(
      'http://a.test/redirect?to=https%3A%2F%2Fb.test%2Fend',
      options,
    )
    expect(away.data.url).toBe('/b/end')
    const near = await httpclient.request<Echo>('http://a.test/x/redirect?to=../near', options)
    expect(near.data.url).toBe('/a/near')
  })

  it('serves request, connectSocket and httpProxyForEip as well', async () => {
    const uniCloud = cloud(map(echo.url))
    const { data } = await uniCloud.request({ url: 'https://api.mch.weixin.qq.com/r' })
    expect(data).toMatchObject({ url: '/r' })
    expect((await uniCloud.httpProxyForEip.get('https://api.mch.weixin.qq.com/e')).body).toMatchObject({
      url: '/e',
    })
    const task = uniCloud.connectSocket({ url: 'wss://api.mch.weixin.qq.com/s' })
    const { data: hello } = await new Promise<{ data: string | Buffer }>((done) => task.onMessage(done))
    expect(JSON.parse(String(hello))).toMatchObject({ url: '/s' })
    task.close()
  })
})

describe('network policy', () => {
  const refused = { name: 'RequestError', code: 'ENETUNREACH' }

  it('deny refuses everything', async () => {
    const { httpclient } = cloud({ network: 'deny' })
    await expect(httpclient.request(echo.url)).rejects.toMatchObject(refused)
    await expect(httpclient.request('https://example.com/')).rejects.toMatchObject(refused)
  })

  it('loopback allows this machine and mapped hosts', async () => {
    const { httpclient } = cloud({ network: 'loopback', hostMap: { 'a.test': echo.url } })
    expect((await httpclient.request(`http://localhost:${echo.port}/`)).status).toBe(200)
    expect((await httpclient.request('https://a.test/')).status).toBe(200)
    await expect(httpclient.request('https://example.com/')).rejects.toMatchObject(refused)
    await expect(httpclient.request('http://93.184.216.34/')).rejects.toMatchObject(refused)
  })

  it('a redirect is no way around', async () => {
    const { httpclient } = cloud({ network: 'loopback' })
    const url = `${echo.url}/redirect?to=http%3A%2F%2F93.184.216.34%2F`
    await expect(httpclient.request(url, { followRedirect: true })).rejects.toMatchObject(refused)
  })

  it('holds for request and connectSocket', async () => {
    const uniCloud = cloud({ network: 'deny' })
    await expect(uniCloud.request({ url: echo.url })).rejects.toMatchObject({
      errCode: 'ENETUNREACH',
      errMsg: expect.stringContaining('request:fail'),
    })
    const task = uniCloud.connectSocket({ url: echo.url.replace('http', 'ws') })
    const { errMsg } = await new Promise<{ errMsg: string }>((done) => task.onError(done))
    expect(errMsg).toContain('ENETUNREACH')
  })
})

describe('request', () => {
  const send = (options: Partial<UniRequestOptions>) => cloud().request({ url: `${echo.url}/p`, ...options })

  it.each([
    [
      'GET puts objects into the query',
      { data: { a: 1, o: { b: 2 } } },
      { url: '/p?a=1&o=%7B%22b%22%3A2%7D', body: '' },
    ],
    ['GET keeps a query', { url: '?x=1', data: { a: 1 } }, { url: '/p?x=1&a=1' }],
    [
      'POST sends objects as JSON',
      { method: 'POST', data: { a: [1] } },
      { body: '{"a":[1]}', headers: { 'content-type': 'application/json' } },
    ],
    [
      'POST sends a form when the header says so',
      {
        method: 'post',
        data: { a: 'ü', b: 2 },
        header: { 'Content-Type': 'application/x-www-form-urlencoded' },
      },
      { method: 'POST', body: 'a=%C3%BC&b=2' },
    ],
    ['strings go as they are', { method: 'PUT', data: 'a=1' }, { method: 'PUT', body: 'a=1' }],
    [
      'bytes go as they are',
      { method: 'POST', data: new TextEncoder().encode('bin').buffer },
      { body: 'bin' },
    ],
  ] as const)(
    '%s',
    async (_, { url = '', ...options }: { url?: string } & Partial<UniRequestOptions>, expected) => {
      const { statusCode, data, header } = await send({ ...options, url: `${echo.url}/p${url}` })
      expect(statusCode).toBe(200)
      expect(header['x-mixed']).toBe('Yes')
      expect(data).toMatchObject(expected)
    },
  )

  it('answers by dataType and responseType', async () => {
    expect((await send({ url: `${echo.url}/text` })).data).toBe('plain text')
    expect((await send({ url: `${echo.url}/broken` })).data).toBe('{"a":')
    expect((await send({ dataType: 'text' })).data).toEqual(expect.stringContaining('"method":"GET"'))
    expect(Buffer.isBuffer((await send({ responseType: 'buffer' })).data)).toBe(true)
    expect((await send({ url: `${echo.url}/status/500` })).statusCode).toBe(500)
  })

  it('rejects bad URLs and failed connections', async () => {
    await expect(send({ url: 'ftp://x' })).rejects.toMatchObject({ errCode: 'INVALID_PARAM' })
    await expect(send({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({ errCode: 'ECONNREFUSED' })
  })
})

describe('connectSocket', () => {
  it('sends and receives text and bytes, and closes', async () => {
    const runtime = fakeRuntime()
    const task = cloud({}, runtime).connectSocket({
      url: `${echo.url.replace('http', 'ws')}/chat?a=1`,
      header: { 'X-Own': 'yes' },
      protocols: ['chat'],
    })
    const received: (string | Buffer)[] = []
    const opened = new Promise((done) => task.onOpen(done))
    task.onMessage(({ data }) => received.push(data))
    const closed = new Promise((done) => task.onClose(done))
    await opened
    await task.send({ data: 'hello' })
    await task.send({ data: new Uint8Array([1, 2]) })
    await task.send({ data: 'bye' })
    expect(await closed).toEqual({ code: 4001, reason: 'as you wish' })
    const [hello, ...echoes] = received
    expect(JSON.parse(String(hello))).toMatchObject({
      url: '/chat?a=1',
      protocol: 'chat',
      headers: { 'x-own': 'yes' },
    })
    expect(echoes).toEqual(['hello', Buffer.from([1, 2])])
    await expect(task.send({ data: 'late' })).rejects.toMatchObject({
      errMsg: expect.stringContaining('fail'),
    })
    await runtime.drain()
  })

  it('tells of errors', async () => {
    const task = cloud().connectSocket({ url: 'ws://127.0.0.1:1/' })
    const error = await new Promise<{ errMsg: string }>((done) => task.onError(done))
    expect(error.errMsg).toMatch(/^connectSocket:fail .*ECONNREFUSED/)
    expect(() => cloud().connectSocket({ url: 'http://x' })).toThrow(/ws:\/\//)
    expect(() => task.close({ code: 1001 })).toThrow(/3000 to 4999/)
  })
})

describe('httpProxyForEip', () => {
  it.each([
    ['get', [{ a: 1 }], { method: 'GET', url: '/p?a=1' }],
    ['postForm', [{ a: 'x y' }], { method: 'POST', body: 'a=x%20y' }],
    [
      'postJson',
      [{ a: 1 }, { 'X-Own': '1' }],
      { body: '{"a":1}', headers: { 'content-type': 'application/json', 'x-own': '1' } },
    ],
    ['post', ['text'], { method: 'POST', body: 'text' }],
  ] as const)('%s', async (method, args, expected) => {
    const runtime = fakeRuntime()
    const proxy = cloud({}, runtime).httpProxyForEip as unknown as Record<
      string,
      (...args: unknown[]) => Promise<EipResponse>
    >
    const answer = await proxy[method]?.(`${echo.url}/p`, ...args)
    expect(answer).toMatchObject({ statusCodeValue: 200, statusCode: 200, body: expected })
    expect(runtime.lines).toEqual([expect.stringContaining('weixin.qq.com only')])
  })
})
