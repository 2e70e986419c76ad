/** spec/client-protocol.md: signature vectors (§3.2), check list (§10), local debug (§4), CORS (§6). */
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../clock/clock.ts'
import { clientSignature } from '../../runtime/gateway/client-protocol/signature.ts'
import { Fails, type FakeFunction } from './fake-space.ts'
import { type Answer, type Served, serve } from './serve.ts'

const functions: Record<string, FakeFunction> = {
  echo: {
    main: (event, { clientInfo, uniIdToken, source, clientIP, userAgent }) => ({
      event,
      clientInfo,
      uniIdToken,
      source,
      clientIP,
      userAgent,
    }),
  },
  nothing: { main: () => undefined },
  bytes: { main: () => Buffer.from('hi') },
  throws: {
    main: () => {
      throw new Error('boom')
    },
  },
  slow: {
    main: () => {
      throw new Fails('timeout', 'FUNCTION_TIMEOUT', 'Function [slow] timed out after 5 seconds')
    },
  },
  todo: {
    methods: {
      add: (params) => ({ errCode: 0, params }),
      refuse: () => ({ errCode: 'todo-refused', errMsg: 'no', errSubject: 'todo' }),
      throws: () => {
        throw { errCode: 'todo-thrown', errMsg: 'no' }
      },
      breaks: () => {
        throw new Error('broken')
      },
    },
  },
}

const INVOKE = 'serverless.function.runtime.invoke'

function body(method: string, params: object, more: object = {}): object {
  return { method, params: JSON.stringify(params), spaceId: 'local-space', timestamp: 1700000000000, ...more }
}

function invoke(served: Served, name: string, args?: unknown, headers = {}): Promise<Answer> {
  return served.post('/client', body(INVOKE, { functionTarget: name, functionArgs: args }), headers)
}

describe('signature (§3.2)', () => {
  test.each([
    [
      'a17dd45636d2c38505b7c9e810372bc3',
      '{"method":"serverless.auth.user.anonymousAuthorize","params":"{}","spaceId":"local-space","timestamp":1700000000000}',
    ],
    [
      'ff31f629213c44458fa493216ebcc5d3',
      '{"method":"serverless.function.runtime.invoke","params":"{\\"functionTarget\\":\\"echo\\",\\"functionArgs\\":{\\"s\\":\\"中\\"}}","spaceId":"local-space","timestamp":1700000000000,"token":"t1"}',
    ],
    // Members with empty values are left out.
    [
      'a17dd45636d2c38505b7c9e810372bc3',
      '{"timestamp":1700000000000,"method":"serverless.auth.user.anonymousAuthorize","params":"{}","spaceId":"local-space","token":""}',
    ],
  ])('%s', (signature, text) => {
    expect(clientSignature(JSON.parse(text), 'local-secret')).toBe(signature)
  })
})

describe('functions and objects through POST /client (§10)', () => {
  const calls: Array<[string, string, unknown, object]> = [
    ['function', 'echo', { a: 1 }, { success: true, data: { event: { a: 1 }, source: 'client' } }],
    ['function without arguments', 'echo', undefined, { success: true, data: { event: {} } }],
    ['nothing returned', 'nothing', {}, { success: true, data: null }],
    ['bytes returned', 'bytes', {}, { success: true, data: { type: 'Buffer', data: [104, 105] } }],
    [
      'function throws',
      'throws',
      {},
      { success: false, error: { code: 'FunctionBizError', message: 'boom' } },
    ],
    ['function times out', 'slow', {}, { success: false, error: { code: 'FUNCTION_TIMEOUT' } }],
    [
      'object',
      'todo',
      { method: 'add', params: ['a', 'b'] },
      { success: true, data: { errCode: 0, params: ['a', 'b'] } },
    ],
    [
      'object refuses',
      'todo',
      { method: 'refuse', params: [] },
      { success: true, data: { errCode: 'todo-refused' } },
    ],
    [
      'object throws an errCode',
      'todo',
      { method: 'throws', params: [] },
      { success: true, data: { errCode: 'todo-thrown', errMsg: 'no' } },
    ],
    [
      'object breaks',
      'todo',
      { method: 'breaks', params: [] },
      { success: false, error: { code: 'FunctionBizError', message: 'broken' } },
    ],
    [
      'unknown method',
      'todo',
      { method: 'nope' },
      {
        success: true,
        data: { errSubject: 'todo', errCode: 'METHOD_NOT_FOUND', errMsg: 'Method[nope] not found' },
      },
    ],
    [
      'private method',
      'todo',
      { method: '_before' },
      { success: true, data: { errSubject: 'todo', errCode: 'METHOD_NOT_FOUND' } },
    ],
    [
      'unknown function',
      'nope',
      {},
      {
        success: false,
        error: { code: 'FUNCTION_NOT_FOUND', message: expect.stringContaining('FUNCTION_NOT_FOUND') },
      },
    ],
    ['a name of every object', '__proto__', {}, { success: false, error: { code: 'FUNCTION_NOT_FOUND' } }],
    [
      'clientDB',
      'DCloud-clientDB',
      { command: { $db: [] } },
      {
        success: true,
        data: {
          code: 'NOT_SUPPORTED',
          errCode: 'NOT_SUPPORTED',
          message: expect.stringContaining('clientDB'),
          errMsg: expect.any(String),
        },
      },
    ],
  ]
  test.each(calls)('%s', async (_case, name, args, expected) => {
    const answer = await invoke(await serve({ functions }), name, args)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(answer.json()).toMatchObject({
      ...expected,
      header: { 'x-serverless-request-id': expect.any(String) },
    })
  })

  const clientInfo = { PLATFORM: 'web', appId: '__UNI__X', locale: 'en' }

  test('clientInfo leaves the event, uniIdToken stays in it', async () => {
    const answer = await invoke(
      await serve({ functions }),
      'echo',
      { a: 1, clientInfo, uniIdToken: 'own' },
      { 'user-agent': 'ua/1' },
    )
    expect(answer.json()).toMatchObject({
      data: {
        event: { a: 1, uniIdToken: 'own' },
        clientInfo,
        uniIdToken: 'own',
        clientIP: '127.0.0.1',
        userAgent: 'ua/1',
      },
    })
    expect((answer.json() as { data: { event: object } }).data.event).not.toHaveProperty('clientInfo')
  })

  test('token and client info of the dcloud headers count where the arguments have none', async () => {
    const headers = {
      'x-client-token': 'stored',
      'x-client-info': encodeURIComponent(JSON.stringify(clientInfo)),
    }
    const answer = await invoke(await serve({ functions }), 'echo', {}, headers)
    expect(answer.json()).toMatchObject({ data: { clientInfo, uniIdToken: 'stored', event: {} } })
  })

  test('a broken client info header is ignored', async () => {
    const answer = await invoke(await serve({ functions }), 'echo', {}, { 'x-client-info': '%zz' })
    expect(answer.json()).toMatchObject({ success: true, data: { clientInfo: {} } })
  })
})

describe('everything else through POST /client (§3.4, §10)', () => {
  const refused: Array<[string, string | object, string]> = [
    ['not JSON', 'hello', 'InvalidBody.Format'],
    ['empty', '', 'InvalidBody.Format'],
    ['no object', '[1]', 'InvalidBody.Format'],
    ['null', 'null', 'InvalidBody.Format'],
    ['no method', { params: '{}' }, 'MissingMethod'],
    ['method of a wrong type', { method: 1, params: '{}' }, 'MissingMethod'],
    ['no params', { method: INVOKE }, 'MissingParams'],
    ['params that are no JSON', { method: INVOKE, params: 'x' }, 'InvalidParams.Format'],
    ['params of a wrong type', { method: INVOKE, params: 1 }, 'InvalidParams.Format'],
    ['params that are a list', { method: INVOKE, params: '[]' }, 'InvalidParams.Format'],
    ['no function name', body(INVOKE, {}), 'MissingParams'],
    ['function name of a wrong type', body(INVOKE, { functionTarget: {} }), 'MissingParams'],
    ['unknown method', body('serverless.nope', {}), 'InvalidMethod.Format'],
    ['unknown storage method', body('serverless.file.resource.nope', {}), 'InvalidMethod.Format'],
    ['storage', body('serverless.file.resource.generateProximalSign', { cloudPath: 'a' }), 'NOT_SUPPORTED'],
  ]
  test.each(refused)('%s: %s', async (_case, sent, code) => {
    const { ask, space } = await serve({ functions })
    const text = typeof sent === 'string' ? sent : JSON.stringify(sent)
    const answer = await ask('/client', { method: 'POST', body: text })
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({
      success: false,
      error: { code, message: expect.stringMatching(/\w/) },
    })
    expect(space.invocations).toEqual([])
  })

  test('too large: refused, the function is not called', async () => {
    const { ask, space } = await serve({ functions })
    const answer = await ask('/client', { method: 'POST', body: Buffer.alloc(6 * 1024 * 1024 + 1, 32) })
    expect(answer.json()).toMatchObject({ success: false, error: { code: 'RequestContentLength.Exceeded' } })
    expect(space.invocations).toEqual([])
  })

  test('larger than the documentation promises: served, with a warning', async () => {
    const served = await serve({ functions })
    await invoke(served, 'nothing', { text: 'x'.repeat(2 * 1024 * 1024) })
    expect(served.space.invocations).toHaveLength(1)
    expect(served.warnings()[0]).toContain('bytes')
  })

  test('only POST', async () => {
    const { ask } = await serve({ functions })
    expect((await ask('/client')).json()).toMatchObject({
      success: false,
      error: { code: 'MethodNotAllowed' },
    })
  })

  test('aliyun token; without strict mode any token will do', async () => {
    const served = await serve({ functions })
    const answer = await served.post('/client', body('serverless.auth.user.anonymousAuthorize', {}))
    expect(answer.json()).toMatchObject({
      success: true,
      data: { accessToken: expect.any(String), expiresInSecond: 600 },
    })
    const called = await served.post(
      '/client',
      body(INVOKE, { functionTarget: 'nothing' }, { token: 'whatever' }),
    )
    expect(called.json()).toMatchObject({ success: true })
  })
})

describe('strict mode', () => {
  const client = { strictSignature: true, clientSecret: 'local-secret' }
  const signed = (served: Served, content: object): Promise<Answer> =>
    served.post('/client', content, {
      'x-serverless-sign': clientSignature(content as Record<string, unknown>, 'local-secret'),
    })

  test('signatures are checked', async () => {
    const served = await serve({ functions, client })
    const call = body(INVOKE, { functionTarget: 'nothing' })
    expect((await signed(served, call)).json()).toMatchObject({ success: true })
    for (const headers of [{}, { 'x-serverless-sign': 'a17dd45636d2c38505b7c9e810372bc3' }]) {
      const answer = await served.post('/client', call, headers)
      expect(answer.json()).toMatchObject({ success: false, error: { code: 'SignatureNotMatch' } })
    }
    expect(served.space.invocations).toHaveLength(1)
  })

  test('tokens are checked where there are any: own, ended, foreign, none, of old private SDKs', async () => {
    const clock = new ManualClock(0)
    const served = await serve({ functions, client, clock })
    const answer = await signed(served, body('serverless.auth.user.anonymousAuthorize', {}))
    const { accessToken } = (answer.json() as { data: { accessToken: string } }).data
    const call = async (token?: string): Promise<unknown> =>
      (
        await signed(
          served,
          body(INVOKE, { functionTarget: 'nothing' }, token === undefined ? {} : { token }),
        )
      ).json()
    const refused = { success: false, error: { code: 'GATEWAY_INVALID_TOKEN' } }
    expect(await call(accessToken)).toMatchObject({ success: true })
    expect(await call()).toMatchObject({ success: true })
    expect(await call('Anonymous_Access_token')).toMatchObject({ success: true })
    expect(await call('made-up')).toMatchObject(refused)
    expect(await call('9999999999999.0000')).toMatchObject(refused)
    await clock.advance(600_000)
    expect(await call(accessToken)).toMatchObject(refused)
  })
})

describe('local debug (§4)', () => {
  test.each([
    ['GET', '/system/ping'],
    ['POST', '/system/check-function'],
    ['POST', '/system/check-storage'],
  ])('%s %s', async (method, path) => {
    const { ask } = await serve({ functions })
    expect((await ask(path, { method, ...(method === 'POST' && { body: '{"name":"echo"}' }) })).text).toBe(
      '{"code":0}',
    )
  })

  const calls: Array<[string, string, object, number, unknown]> = [
    [
      'function',
      'echo',
      { a: 1, clientInfo: { OS: 'x' } },
      200,
      { event: { a: 1 }, clientInfo: { OS: 'x' }, source: 'client' },
    ],
    ['nothing returned', 'nothing', {}, 200, null],
    ['object', 'todo', { method: 'add', params: [1] }, 200, { errCode: 0, params: [1] }],
    ['unknown method', 'todo', { method: 'x' }, 200, { errCode: 'METHOD_NOT_FOUND', errSubject: 'todo' }],
    ['function throws', 'throws', {}, 500, { code: 'FunctionBizError', message: 'boom' }],
    [
      'unknown function',
      'no%20pe',
      {},
      404,
      { code: 'FUNCTION_NOT_FOUND', message: 'FUNCTION_NOT_FOUND: function [no pe] does not exist' },
    ],
    ['no name', '', {}, 404, { code: 'FUNCTION_NOT_FOUND' }],
    ['broken name', '%zz', {}, 404, { code: 'FUNCTION_NOT_FOUND' }],
    ['clientDB', 'DCloud-clientDB', { command: {} }, 200, { code: 'NOT_SUPPORTED' }],
  ]
  test.each(calls)('%s', async (_case, name, param, status, expected) => {
    const { post } = await serve({ functions })
    const answer = await post(`/cloudfunctions/${name}`, { provider: 'dcloud', platform: 'web', param })
    expect(answer.status).toBe(status)
    if (expected === null) expect(answer.text).toBe('null')
    else expect(answer.json()).toMatchObject(expected as object)
  })

  test('storage, and bodies that are none', async () => {
    const { post, ask } = await serve({ functions })
    const answer = await post('/storage/report', { params: { cloudPath: 'a' } })
    expect([answer.status, answer.json()]).toMatchObject([200, { error: { code: 'NOT_SUPPORTED' } }])
    const broken = await ask('/cloudfunctions/echo', { method: 'POST', body: '{' })
    expect([broken.status, broken.json()]).toMatchObject([400, { code: 'InvalidBody.Format' }])
    expect((await ask('/cloudfunctions/echo')).status).toBe(405)
  })
})

describe('services handed in', () => {
  const caller = { clientIP: '127.0.0.1', uniIdToken: 'stored', clientInfo: { OS: 'x' } }
  const headers = { 'x-client-token': 'stored', 'x-client-info': encodeURIComponent('{"OS":"x"}') }

  test('storage, through the gateway and local debug', async () => {
    const got: unknown[] = []
    const storage = async (...args: unknown[]): Promise<unknown> => {
      got.push(args)
      if (args[0] === 'delete') throw { errCode: 'NO', message: 'not yours' }
      return { url: 'u' }
    }
    const { post } = await serve({ functions }, { client: { storage } })
    const reachedAt = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)
    const sign = body('serverless.file.resource.generateProximalSign', { cloudPath: 'a' })
    expect((await post('/client', sign, headers)).json()).toMatchObject({ success: true, data: { url: 'u' } })
    expect(got[0]).toMatchObject(['generateProximalSign', { cloudPath: 'a' }, caller, reachedAt])
    const refused = body('serverless.file.resource.delete', { fileList: [] })
    expect((await post('/client', refused)).json()).toMatchObject({
      error: { code: 'NO', message: 'not yours' },
    })
    const local = { params: { cloudPath: 'b' }, clientInfo: { OS: 'y' } }
    expect((await post('/storage/generate-proximal-sign', local)).json()).toEqual({ url: 'u' })
    expect(got[2]).toMatchObject([
      'generateProximalSign',
      { cloudPath: 'b' },
      { clientInfo: { OS: 'y' } },
      reachedAt,
    ])
    expect((await post('/storage/delete', local)).json()).toEqual({
      error: { code: 'NO', message: 'not yours' },
    })
  })

  test('clientDB', async () => {
    const clientDB = async (args: object, by: object) => ({ errCode: 0, args, by })
    const { post } = await serve({ functions }, { client: { clientDB } })
    const call = body(INVOKE, { functionTarget: 'DCloud-clientDB', functionArgs: { command: { $db: [] } } })
    const answer = (await post('/client', call, headers)).json()
    expect(answer).toMatchObject({
      success: true,
      data: { errCode: 0, args: { command: { $db: [] } }, by: caller },
    })
  })
})

describe('CORS (§6)', () => {
  test.each(['/client', '/system/ping', '/cloudfunctions/echo', '/storage/report'])('%s', async (path) => {
    const { ask } = await serve({ functions })
    const preflight = await ask(path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://any.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-serverless-sign',
        'access-control-request-private-network': 'true',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': 'https://any.example',
      'access-control-allow-methods': 'GET, POST, PUT, DELETE, OPTIONS',
      'access-control-allow-headers': 'content-type,x-serverless-sign',
      'access-control-allow-private-network': 'true',
      'access-control-max-age': '600',
    })
    const refused = await ask(path, { method: 'DELETE', headers: { origin: 'https://any.example' } })
    expect(refused.headers['access-control-allow-origin']).toBe('https://any.example')
    expect((await ask(path, { method: 'DELETE' })).headers['access-control-allow-origin']).toBe('*')
  })

  test('these paths go before URLs of functions; their neighbours do not', async () => {
    const main = (): string => 'mine'
    const { ask, warnings } = await serve({
      functions: {
        sys: { path: '/system', main },
        client: { path: '/client', main },
        own: { path: '/_unicloud/x', main },
      },
    })
    expect(warnings().map((text) => /\[(.*?)\]/.exec(text)?.[1])).toEqual(['client', 'own'])
    expect((await ask('/system/ping')).text).toBe('{"code":0}')
    expect((await ask('/system/other')).text).toBe('mine')
  })
})
