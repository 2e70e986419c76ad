import { describe, expect, test } from 'vitest'
import type { HttpInfo } from '../../runtime/invocation.ts'
import type { ProviderName } from '../../runtime/project/manifest.ts'
import { Fails, type FakeFunction } from './fake-space.ts'
import { type Ask, serve } from './serve.ts'

const JSON_TYPE = 'application/json; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

/** Functions of spec/http.md §9; each returns what it got. */
const examples: Record<string, FakeFunction> = {
  hook: { path: '/hook', main: (event) => ({ hook: event }) },
  todo: { path: '/api/todo', methods: { add: ([q], http) => ({ add: q, http }) } },
  deep: { path: '/api/todo/admin', main: (event) => ({ deep: event }) },
}

const json = { 'content-type': 'application/json' }
const requests: Array<{
  ask: string
  path: string
  options?: Ask
  gets?: object
  warns?: boolean
  status?: number
  says?: string
}> = [
  {
    ask: 'no path, no body',
    path: '/hook',
    gets: {
      hook: { path: '/', httpMethod: 'GET', queryStringParameters: {}, body: '', isBase64Encoded: false },
    },
  },
  {
    ask: 'rest of the path, query decoded',
    path: '/hook/x/y?n=1&s=%E4%BD%A0+b',
    gets: { hook: { path: '/x/y', queryStringParameters: { n: '1', s: '你 b' } } },
  },
  {
    ask: 'repeated key',
    path: '/hook/?k&k=2',
    gets: { hook: { path: '/', queryStringParameters: { k: '2' } } },
    warns: true,
  },
  { ask: 'prefix without a segment border', path: '/hooks', status: 404, says: 'FUNCTION_NOT_FOUND' },
  {
    ask: 'json',
    path: '/hook',
    options: { method: 'POST', headers: json, body: '{"a":1}' },
    gets: { hook: { httpMethod: 'POST', body: '{"a":1}', isBase64Encoded: false } },
  },
  {
    ask: 'form',
    path: '/hook',
    options: {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a=1&b=2',
    },
    gets: { hook: { body: 'a=1&b=2', isBase64Encoded: false } },
  },
  {
    ask: 'xml',
    path: '/hook',
    options: { method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<r/>' },
    gets: { hook: { body: 'PHIvPg==', isBase64Encoded: true } },
  },
  {
    ask: 'bytes',
    path: '/hook',
    options: {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from([0, 255]),
    },
    gets: { hook: { httpMethod: 'PUT', body: 'AP8=', isBase64Encoded: true } },
  },
  {
    ask: 'method of an object',
    path: '/api/todo/add?title=t',
    gets: { add: { title: 't' }, http: { path: '/add' } },
  },
  {
    ask: 'method, more path and a body',
    path: '/api/todo/add/now?x=1',
    options: { method: 'POST', headers: json, body: '{"y":2}' },
    gets: { add: { x: '1' }, http: { path: '/add/now', body: '{"y":2}' } },
  },
  { ask: 'method without a query', path: '/api/todo/add', gets: { add: {} } },
  { ask: 'method, wrong case', path: '/api/todo/Add', status: 404, says: 'METHOD_NOT_FOUND' },
  { ask: 'private method', path: '/api/todo/_before', status: 404, says: 'METHOD_NOT_FOUND' },
  { ask: 'no method', path: '/api/todo', status: 404, says: 'Method name is required' },
  { ask: 'longest path wins', path: '/api/todo/admin/list', gets: { deep: { path: '/list' } } },
  {
    ask: 'cookie',
    path: '/hook',
    options: { headers: { cookie: 'a=1' } },
    gets: { hook: { headers: { cookie: 'a=1' } } },
  },
  // Beyond §9: rules of §2 and §3.
  { ask: 'repeated slashes are not merged', path: '//hook', status: 404, says: 'FUNCTION_NOT_FOUND' },
  {
    ask: 'encoded path stays encoded',
    path: '/hook/%E4%BD%A0/%2e%2e',
    gets: { hook: { path: '/%E4%BD%A0/%2e%2e' } },
  },
  { ask: 'encoding of the configured part counts', path: '/%68ook', status: 404, says: 'FUNCTION_NOT_FOUND' },
  { ask: 'case of the path counts', path: '/Hook', status: 404, says: 'FUNCTION_NOT_FOUND' },
  {
    ask: 'broken percent-encoding in the query',
    path: '/hook?a=%zz&b=%E4',
    gets: { hook: { queryStringParameters: { a: '%zz', b: '%E4' } } },
  },
  {
    ask: 'odd queries',
    path: '/hook?&&=1&a==2&b&__proto__=x',
    gets: { hook: { queryStringParameters: { '': '1', a: '=2', b: '' } } },
  },
  {
    ask: 'full URL as target',
    path: 'http://elsewhere.example/hook/z?q=1',
    gets: { hook: { path: '/z', queryStringParameters: { q: '1' } } },
  },
  {
    ask: 'json with a suffix and charset',
    path: '/hook',
    options: {
      method: 'POST',
      headers: { 'content-type': 'Application/Problem+JSON; charset=utf-8' },
      body: '{}',
    },
    gets: { hook: { body: '{}', isBase64Encoded: false } },
  },
  {
    ask: 'no content type, text',
    path: '/hook',
    options: { method: 'POST', body: '你' },
    gets: { hook: { body: '你', isBase64Encoded: false } },
  },
  {
    ask: 'json that is no UTF-8',
    path: '/hook',
    options: { method: 'POST', headers: json, body: Buffer.from([0x22, 0xff, 0x22]) },
    gets: { hook: { body: 'Iv8i', isBase64Encoded: true } },
  },
  {
    ask: 'repeated headers',
    path: '/hook',
    options: { headers: { 'X-Many': ['a', 'b'], Cookie: ['a=1', 'b=2'] } },
    gets: { hook: { headers: { 'x-many': 'a, b', cookie: 'a=1; b=2' } } },
  },
  {
    ask: 'DELETE with a body',
    path: '/hook',
    options: { method: 'DELETE', headers: json, body: '1' },
    gets: { hook: { httpMethod: 'DELETE', body: '1' } },
  },
]

describe('request -> event (spec/http.md §9)', () => {
  test.each(requests)('$ask: $path', async ({ path, options, gets, warns, status = 200, says }) => {
    const { ask, warnings } = await serve({ functions: examples })
    const answer = await ask(path, options)
    expect(answer.status).toBe(status)
    if (gets) expect(answer.json()).toMatchObject(gets)
    if (says) expect(answer.text).toContain(says)
    expect(warnings().length > 0).toBe(warns ?? false)
  })

  test('the event has exactly the documented members, and the call the documented context', async () => {
    const { ask, space } = await serve({ functions: examples })
    const event = ((await ask('/hook', { headers: { 'User-Agent': 'ua/1' } })).json() as { hook: HttpInfo })
      .hook
    expect(Object.keys(event).sort()).toEqual(
      ['body', 'headers', 'httpMethod', 'isBase64Encoded', 'path', 'queryStringParameters'].sort(),
    )
    expect(event.queryStringParameters).toEqual({})
    expect(space.invocations[0]).toMatchObject({ source: 'http', clientIP: '127.0.0.1', userAgent: 'ua/1' })
    expect(space.invocations[0]).not.toHaveProperty('clientInfo')
    expect(space.invocations[0]).not.toHaveProperty('uniIdToken')
  })

  test.each([
    ['always', 'application/json', '{}', { body: 'e30=', isBase64Encoded: true }],
    ['never-for-text', 'text/xml', '<r/>', { body: '<r/>', isBase64Encoded: false }],
    ['never-for-text', 'image/png', 'x', { body: 'eA==', isBase64Encoded: true }],
  ] as const)('http.base64 %s, %s', async (base64, type, body, gets) => {
    const { ask } = await serve({ functions: examples, http: { base64 } })
    const answer = await ask('/hook', { method: 'POST', headers: { 'content-type': type }, body })
    expect(answer.json()).toMatchObject({ hook: gets })
  })

  test('a path in Chinese, the root path, and a path that changes', async () => {
    const { ask, space } = await serve({
      functions: {
        cn: { path: '/测试', main: () => 'cn' },
        root: { path: '/', main: ({ path }: HttpInfo) => path },
      },
    })
    expect((await ask(`/${encodeURIComponent('测试')}/a`)).text).toBe('cn')
    expect((await ask('/any/where')).text).toBe('/any/where')
    space.setPath('cn', '/moved')
    expect((await ask('/moved')).text).toBe('cn')
    expect((await ask(`/${encodeURIComponent('测试')}`)).text).toBe('/%E6%B5%8B%E8%AF%95')
  })
})

const composed = { mpserverlessComposedResponse: true }
const html = { statusCode: 201, headers: { 'content-type': 'text/html' }, body: '<p>1</p>' }
const returns: Array<{
  returns: string
  provider?: ProviderName
  value: () => unknown
  status?: number
  type?: string | undefined
  body: string
  headers?: Record<string, unknown>
  warns?: string
}> = [
  { returns: 'text', value: () => 'hi', type: TEXT_TYPE, body: 'hi', headers: { 'content-length': '2' } },
  {
    returns: 'text, bytes counted',
    value: () => '你',
    type: TEXT_TYPE,
    body: '你',
    headers: { 'content-length': '3' },
  },
  { returns: 'number', value: () => 42, type: TEXT_TYPE, body: '42' },
  { returns: 'negative fraction', value: () => -1.5, type: TEXT_TYPE, body: '-1.5' },
  { returns: 'boolean', value: () => false, type: TEXT_TYPE, body: 'false' },
  { returns: 'object', value: () => ({ ok: true }), type: JSON_TYPE, body: '{"ok":true}' },
  { returns: 'array', value: () => [1, 2], type: JSON_TYPE, body: '[1,2]' },
  {
    returns: 'response format',
    value: () => ({ errCode: 'X', errMsg: 'bad' }),
    type: JSON_TYPE,
    body: '{"errCode":"X","errMsg":"bad"}',
  },
  { returns: 'null', value: () => null, type: undefined, body: '', headers: { 'content-length': '0' } },
  {
    returns: 'nothing',
    value: () => undefined,
    type: undefined,
    body: '',
    headers: { 'content-length': '0' },
  },
  { returns: 'empty text', value: () => '', type: TEXT_TYPE, body: '' },
  {
    returns: 'bytes',
    value: () => new Uint8Array([104, 105]),
    type: 'application/octet-stream',
    body: 'hi',
    warns: 'not portable',
  },
  {
    returns: 'integrated',
    value: () => ({ ...composed, ...html }),
    status: 201,
    type: 'text/html; charset=utf-8',
    body: '<p>1</p>',
  },
  {
    returns: 'without the flag, aliyun',
    value: () => html,
    type: JSON_TYPE,
    body: JSON.stringify(html),
    warns: 'mpserverlessComposedResponse',
  },
  {
    returns: 'without the flag, tencent',
    provider: 'tencent',
    value: () => html,
    status: 201,
    type: 'text/html; charset=utf-8',
    body: '<p>1</p>',
  },
  {
    returns: 'without the flag, alipay',
    provider: 'alipay',
    value: () => html,
    status: 201,
    type: 'text/html; charset=utf-8',
    body: '<p>1</p>',
  },
  {
    returns: 'base64',
    value: () => ({
      ...composed,
      isBase64Encoded: true,
      headers: { 'content-type': 'image/gif' },
      body: 'R0lGODlhAQABAAAAACw=',
    }),
    type: 'image/gif',
    body: Buffer.from('R0lGODlhAQABAAAAACw=', 'base64').toString(),
    headers: { 'content-length': '14' },
  },
  {
    returns: 'base64 without a type',
    value: () => ({ ...composed, isBase64Encoded: true, body: 'aGk=' }),
    type: 'application/octet-stream',
    body: 'hi',
  },
  {
    returns: 'redirect',
    value: () => ({ ...composed, statusCode: 302, headers: { location: '/next' } }),
    status: 302,
    type: TEXT_TYPE,
    body: '',
    headers: { location: '/next' },
  },
  {
    returns: 'several cookies',
    value: () => ({ ...composed, headers: { 'set-cookie': ['a=1', 'b=2'] }, body: 'ok' }),
    type: TEXT_TYPE,
    body: 'ok',
    headers: { 'set-cookie': ['a=1', 'b=2'] },
  },
  {
    returns: 'body of the wrong type, aliyun',
    value: () => ({ ...composed, body: { a: 1 } }),
    status: 400,
    type: JSON_TYPE,
    body: '{"success":false,"error":{"code":"InvalidComposedResponseBody","message":"The Body of ComposedResponse is not valid."}}',
    warns: 'JSON.stringify',
  },
  {
    returns: 'body of the wrong type, alipay',
    provider: 'alipay',
    value: () => ({ ...composed, body: { a: 1 } }),
    status: 500,
    type: JSON_TYPE,
    body: 'InvalidComposedResponseBody',
    warns: 'JSON.stringify',
  },
  {
    returns: 'body that is no base64',
    value: () => ({ ...composed, isBase64Encoded: true, body: 'a b' }),
    status: 400,
    type: JSON_TYPE,
    body: 'InvalidComposedResponseBody',
    warns: 'base64',
  },
  {
    returns: 'status that is no status',
    value: () => ({ ...composed, statusCode: 'ok' }),
    status: 400,
    type: JSON_TYPE,
    body: 'InvalidComposedResponseBody',
    warns: 'statusCode',
  },
  {
    returns: 'status that never ends the answer',
    value: () => ({ ...composed, statusCode: 100 }),
    status: 400,
    type: JSON_TYPE,
    body: 'InvalidComposedResponseBody',
    warns: 'statusCode',
  },
  {
    returns: 'header that would split the head',
    value: () => ({ ...composed, headers: { 'x-a': 'b\r\nset-cookie: c=1' } }),
    status: 400,
    type: JSON_TYPE,
    body: 'InvalidComposedResponseBody',
    warns: 'x-a',
  },
  {
    returns: 'header name that is none',
    value: () => ({ ...composed, headers: { 'x a': 'b' } }),
    status: 400,
    type: JSON_TYPE,
    body: 'InvalidComposedResponseBody',
    warns: 'x a',
  },
  {
    returns: 'framing headers',
    value: () => ({
      ...composed,
      headers: { 'Content-Length': '99', 'Transfer-Encoding': 'chunked', trailer: 'x', 'X-N': 1 },
      body: 'ok',
    }),
    type: TEXT_TYPE,
    body: 'ok',
    headers: { 'content-length': '2', 'x-n': '1', 'transfer-encoding': undefined },
  },
  {
    returns: 'header beyond Latin-1',
    value: () => ({ ...composed, headers: { 'x-a': '你' } }),
    type: TEXT_TYPE,
    body: '',
    headers: { 'x-a': Buffer.from('你').toString('latin1') },
    warns: 'UTF-8',
  },
  {
    returns: 'no content',
    value: () => ({ ...composed, statusCode: 204, body: 'lost' }),
    status: 204,
    type: TEXT_TYPE,
    body: '',
    headers: { 'content-length': undefined },
  },
  {
    returns: 'charset given',
    value: () => ({ ...composed, headers: { 'Content-Type': 'text/html;charset=gbk' } }),
    type: 'text/html;charset=gbk',
    body: '',
  },
  {
    returns: 'flag deep inside',
    value: () => ({ list: [{ ...composed, statusCode: 404 }] }),
    type: JSON_TYPE,
    body: '{"list":[{"mpserverlessComposedResponse":true,"statusCode":404}]}',
  },
  {
    returns: 'flag as text',
    value: () => '{"mpserverlessComposedResponse":true,"statusCode":404}',
    type: TEXT_TYPE,
    body: '{"mpserverlessComposedResponse":true,"statusCode":404}',
  },
]

describe('return -> response (spec/http.md §9)', () => {
  test.each(returns)(
    '$returns',
    async ({ provider = 'aliyun', value, status = 200, type, body, headers = {}, warns }) => {
      const { ask, warnings } = await serve({ provider, functions: { hook: { path: '/hook', main: value } } })
      const answer = await ask('/hook')
      expect(answer.status).toBe(status)
      expect(answer.headers['content-type']).toBe(type)
      expect(answer.text).toContain(body)
      if (body === '') expect(answer.text).toBe('')
      for (const [name, expected] of Object.entries(headers))
        expect(answer.headers[name], name).toEqual(expected)
      expect(answer.headers['x-request-id']).toMatch(/^[\w-]{36}$/)
      expect(warnings().join('\n')).toContain(warns ?? '')
      expect(warnings()).toHaveLength(warns === undefined ? 0 : 1)
    },
  )

  test('echo of the event, tencent: taken for an integrated response', async () => {
    const { ask } = await serve({
      provider: 'tencent',
      functions: { hook: { path: '/hook', main: (event) => event } },
    })
    const answer = await ask('/hook', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-a': 'b' },
      body: '{"a":1}',
    })
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('{"a":1}')
    expect(answer.headers).toMatchObject({ 'content-type': JSON_TYPE, 'x-a': 'b', 'content-length': '7' })
  })

  test('HEAD: headers only', async () => {
    const { ask } = await serve({
      functions: { hook: { path: '/hook', main: ({ httpMethod }: HttpInfo) => httpMethod } },
    })
    const answer = await ask('/hook', { method: 'HEAD' })
    expect(answer.headers).toMatchObject({ 'content-length': '4', 'content-type': TEXT_TYPE })
    expect(answer.text).toBe('')
  })

  test("aliyun's own domain, when asked for", async () => {
    const value = { ...composed, statusCode: 302, headers: { location: '/next' } }
    const { ask, warnings } = await serve({
      functions: { hook: { path: '/hook', main: () => value } },
      http: { aliyunDefaultDomain: true },
    })
    const answer = await ask('/hook')
    expect(answer.headers['content-disposition']).toBe('attachment')
    expect(answer.headers.location).toBeUndefined()
    expect(warnings()[0]).toContain('location')
  })
})

/** situation -> aliyun, tencent, alipay (spec/http.md §8). */
const failures: Array<[string, () => unknown, [number, string], number, number]> = [
  [
    'throw',
    () => {
      throw new Error('no')
    },
    [200, 'FunctionBizError'],
    500,
    500,
  ],
  [
    'throw with a code',
    () => {
      throw Object.assign(new Error('no'), { code: 'E9' })
    },
    [200, 'E9'],
    500,
    500,
  ],
  [
    'load',
    () => {
      throw new Fails('load', 'FunctionBizError', 'MODULE_NOT_FOUND:no')
    },
    [200, 'FunctionBizError'],
    500,
    500,
  ],
  [
    'timeout',
    () => {
      throw new Fails('timeout', 'FUNCTION_TIMEOUT', 'no')
    },
    [504, 'FUNCTION_TIMEOUT'],
    504,
    504,
  ],
  [
    'crash',
    () => {
      throw new Fails('crash', 'FunctionServerError', 'no')
    },
    [200, 'FunctionServerError'],
    502,
    502,
  ],
  [
    'capacity',
    () => {
      throw new Fails('capacity', 'FunctionResourceExhausted', 'no')
    },
    [200, 'FunctionResourceExhausted'],
    429,
    429,
  ],
  [
    'result',
    () => {
      throw new Fails('result', 'FunctionBizError', 'no')
    },
    [200, 'FunctionBizError'],
    500,
    500,
  ],
  [
    'response too large',
    () => 'x'.repeat(33 * 1024 * 1024),
    [400, 'ResponseContentLength.Exceeded'],
    500,
    500,
  ],
  [
    'response too large inside',
    () => {
      throw new Fails('response-too-large', 'X', 'no')
    },
    [400, 'ResponseContentLength.Exceeded'],
    500,
    500,
  ],
  [
    'code that is no header',
    () => {
      throw Object.assign(new Error('no'), { code: '坏\r\nx: y' })
    },
    [200, '坏\r\nx: y'],
    500,
    500,
  ],
]

describe('failures (spec/http.md §8)', () => {
  test.each(failures)('%s', async (_situation, main, [aliyunStatus, code], tencentStatus, alipayStatus) => {
    const functions = { hook: { path: '/hook', main } }
    const aliyun = await (await serve({ functions })).ask('/hook')
    expect(aliyun.status).toBe(aliyunStatus)
    expect(aliyun.headers['content-type']).toBe(JSON_TYPE)
    expect(aliyun.json()).toMatchObject({ success: false, error: { code, message: expect.any(String) } })
    expect(aliyun.headers['x-unicloud-error']).toBe(code.replace(/[^\x20-\x7e]/g, '?'))

    const tencent = await (await serve({ provider: 'tencent', functions })).ask('/hook')
    expect(tencent.status).toBe(tencentStatus)
    expect(tencent.json()).toMatchObject({
      code,
      message: expect.any(String),
      requestId: tencent.headers['x-request-id'],
    })

    const alipay = await (await serve({ provider: 'alipay', functions })).ask('/hook')
    expect(alipay.status).toBe(alipayStatus)
    expect(alipay.json()).toMatchObject({
      errCode: code,
      errMsg: expect.any(String),
      errDetail: expect.any(String),
    })
  })

  test('the texts of a throw, aliyun', async () => {
    const main = () => {
      throw new Error('no')
    }
    const { ask } = await serve({ functions: { hook: { path: '/hook', main } } })
    expect((await ask('/hook')).text).toBe(
      '{"success":false,"error":{"code":"FunctionBizError","message":"no"}}',
    )
  })

  test('an object that throws an errCode answers response format', async () => {
    const go = () => {
      throw { errCode: 'E1', errMsg: 'no' }
    }
    const { ask } = await serve({ functions: { todo: { path: '/todo', methods: { go } } } })
    const answer = await ask('/todo/go')
    expect([answer.status, answer.text]).toEqual([200, '{"errCode":"E1","errMsg":"no"}'])
  })

  test('a fault of the space itself is a 500, logged, and the server goes on', async () => {
    const { ask, space } = await serve({ functions: examples })
    const invoke = space.invoke
    space.invoke = () => Promise.reject(new Error('broken inside'))
    const answer = await ask('/hook')
    expect([answer.status, answer.json()]).toMatchObject([500, { error: { code: 'InternalError' } }])
    expect(answer.text).not.toContain('broken inside')
    expect(space.logs.list().at(-1)).toMatchObject({
      level: 'error',
      text: expect.stringContaining('broken inside'),
    })
    space.invoke = invoke
    expect((await ask('/hook')).status).toBe(200)
  })
})
