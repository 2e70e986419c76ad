import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../../runtime/invocation.ts'
import {
  clientCall,
  failureOf,
  httpCall,
  methodCall,
  openSpace,
  resultOf,
  type TestSpace,
} from './open-space.ts'

let space: TestSpace
beforeAll(async () => {
  space = await openSpace()
})
afterAll(() => space[Symbol.asyncDispose]())

describe('the context of a function', () => {
  const client = {
    appId: '__UNI__1',
    uniPlatform: 'app',
    osName: 'android',
    locale: 'zh-Hans',
    custom: 'mine',
  }

  test('of a client call: what the platform vouches for, the client fields, and a token', async () => {
    const call = clientCall(
      'context',
      { a: 1, uniIdToken: 'in-data' },
      { clientInfo: client, clientIP: '10.0.0.9', userAgent: 'UA', requestId: 'r-1' },
    )
    const { event, context, sameGlobals } = resultOf(await space.invoke(call)) as Record<string, never>
    expect(event).toEqual({ a: 1, uniIdToken: 'in-data' })
    expect(context).toEqual({
      ...client,
      SPACEINFO: { spaceId: 'local-space', provider: 'aliyun', useOldSpaceId: false },
      SOURCE: 'client',
      source: 'client',
      FUNCTION_NAME: 'context',
      FUNCTION_TYPE: 'cloudfunction',
      CLIENTIP: '10.0.0.9',
      CLIENTUA: 'UA',
      uniIdToken: 'in-data',
      requestId: 'r-1',
      RUNTIME_ENV: 'local',
      secretType: 'none',
      APPID: '__UNI__1',
      PLATFORM: 'app',
      OS: 'android',
      LOCALE: 'zh-Hans',
    })
    expect(sameGlobals).toBe(true)
  })

  test('clientInfo inside the data feeds the context and leaves the event', async () => {
    const data = { a: 1, clientInfo: { PLATFORM: 'app-plus', APPID: 'x', secretType: 'both' } }
    const { event, context } = resultOf(await space.invoke(clientCall('context', data))) as {
      event: unknown
      context: Record<string, unknown>
    }
    expect(event).toEqual({ a: 1 })
    expect(context).toMatchObject({ PLATFORM: 'app-plus', APPID: 'x', appId: 'x', secretType: 'both' })
  })

  test('a client cannot overwrite what the platform vouches for', async () => {
    const clientInfo = {
      SOURCE: 'server',
      CLIENTIP: '1.1.1.1',
      requestId: 'forged',
      uniIdToken: 'forged',
      SPACEINFO: 1,
    }
    const { context } = resultOf(
      await space.invoke(clientCall('context', {}, { clientInfo, requestId: 'real' })),
    ) as {
      context: Record<string, unknown>
    }
    expect(context).toMatchObject({ SOURCE: 'client', CLIENTIP: '127.0.0.1', requestId: 'real' })
    expect(context.uniIdToken).toBeUndefined()
    expect(context.SPACEINFO).toMatchObject({ spaceId: 'local-space' })
  })

  test('of an http call: the integrated request as event, no client fields', async () => {
    const { event, context } = resultOf(await space.invoke(httpCall('context', '/x', { n: '1' }))) as {
      event: unknown
      context: Record<string, unknown>
    }
    expect(event).toEqual({
      path: '/x',
      httpMethod: 'GET',
      headers: { host: 'localhost' },
      queryStringParameters: { n: '1' },
      body: '',
      isBase64Encoded: false,
    })
    expect(context).toMatchObject({ SOURCE: 'http', PLATFORM: 'set by the code' })
    expect(Object.keys(context)).not.toContain('appId')
  })

  test('of a timer: the trigger parameter as event', async () => {
    const param = { Time: '2025-03-10T02:00:00Z', Type: 'Timer' }
    const call = { name: 'context', payload: { type: 'timing', param }, source: 'timing' } as const
    expect(resultOf(await space.invoke(call))).toMatchObject({ event: param, context: { SOURCE: 'timing' } })
  })

  test('a missing event is an empty object, and every call gets its own request id', async () => {
    const outcome = await space.invoke(clientCall('context', undefined))
    const again = await space.invoke(clientCall('context', null))
    expect(resultOf(outcome)).toMatchObject({ event: {}, context: { requestId: outcome.requestId } })
    expect(resultOf(again)).toMatchObject({ event: null })
    expect(again.requestId).not.toBe(outcome.requestId)
    expect(outcome.requestId).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('results', () => {
  const cases: Array<[kind: string, json: string]> = [
    ['nothing', 'null'],
    ['null', 'null'],
    ['number', '42'],
    ['text', '"你好"'],
    ['date', '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['members', '{"b":1}'],
    ['buffer', '{"type":"Buffer","data":[104,105]}'],
    ['error', '{"errCode":"E1","errMsg":"shown"}'],
    ['thenable', '"resolved"'],
  ]
  test.each(cases)('%s', async (kind, json) => {
    const outcome = (await space.invoke(clientCall('returns', { kind }))) as Outcome & { ok: true }
    expect(outcome.value).toMatchObject({ type: 'json', text: json })
  })

  test('only a missing result is marked as absent', async () => {
    expect(await space.invoke(clientCall('returns', { kind: 'nothing' }))).toMatchObject({
      value: { absent: true },
    })
    const nothing = (await space.invoke(clientCall('returns', { kind: 'null' }))) as Outcome & { ok: true }
    expect(nothing.value).not.toHaveProperty('absent')
  })

  test.each(['circular', 'bigint', 'bareBigint'])('%s has no JSON form', async (kind) => {
    const [code, text] = failureOf(await space.invoke(clientCall('returns', { kind })))
    expect(code).toBe('FunctionBizError')
    expect(text).toMatch(/^Result of \[returns\] cannot be sent as JSON: ./)
  })

  test('a URL-ized call gets buffers as bytes and a bare bigint as its digits', async () => {
    const bytes = (await space.invoke(httpCall('returns', '/', { kind: 'buffer' }))) as Outcome & { ok: true }
    expect(bytes.value).toEqual({ type: 'bytes', bytes: new Uint8Array([104, 105]) })
    expect(resultOf(await space.invoke(httpCall('returns', '/', { kind: 'bareBigint' })))).toBe('7')
  })
})

describe('errors', () => {
  const cases: Array<[kind: string, code: string | number, text: string | RegExp]> = [
    ['error', 'FunctionBizError', 'plain message'],
    ['coded', 'E_CODED', 'coded message'],
    ['errCode', 4001, 'from errMsg'],
    ['text', 'FunctionBizError', 'just text'],
    ['null', 'FunctionBizError', 'null'],
    ['nothing', 'FunctionBizError', 'undefined'],
    ['object', 'FunctionBizError', '[object Object]'],
    ['hostile', 'FunctionBizError', 'unknown error'],
    ['bare', 'FunctionBizError', 'unknown error'],
    ['rejection', 'FunctionBizError', 'rejected'],
    ['system', 'ENOENT', /^ENOENT: no such file/],
  ]
  test.each(cases)('thrown: %s', async (kind, code, text) => {
    const outcome = await space.invoke(clientCall('throws', { kind }))
    expect(failureOf(outcome)).toEqual([code, text instanceof RegExp ? expect.stringMatching(text) : text])
    expect(outcome).toMatchObject({ failure: { reason: 'throw' } })
  })

  test('errSubject stays, and the stack goes to the log with the line of the user', async () => {
    const outcome = await space.invoke(clientCall('throws', { kind: 'errCode' }))
    expect(outcome).toMatchObject({ failure: { errSubject: 'my-module' } })
    const { requestId } = await space.invoke(clientCall('throws', { kind: 'error' }))
    const line = space.logs
      .list()
      .find((entry) => entry.requestId === requestId && entry.channel === 'system')
    expect(line?.text).toMatch(/^Error: plain message\n.*throws\/index\.js:5:/)
    expect(line?.text).not.toMatch(/dist|node:internal/)
  })

  const absent: Array<[what: string, name: string, code: string, text: string | RegExp]> = [
    ['missing', 'nope', 'FUNCTION_NOT_FOUND', 'FUNCTION_NOT_FOUND: function [nope] does not exist'],
    ['inherited name', 'constructor', 'FUNCTION_NOT_FOUND', /\[constructor\] does not exist/],
    ['no main', 'no-main', 'FunctionBizError', '入口函数必须为 module.exports'],
    ['two entries', 'twice', 'FunctionBizError', /index\.js.*index\.obj\.js/],
    [
      'module not found',
      'missing-module',
      'FunctionBizError',
      /^MODULE_NOT_FOUND:Cannot find module '.\/nothing.js'/,
    ],
    ['syntax error', 'syntax-error', 'FunctionBizError', /^SyntaxError:/],
    [
      'throws while it loads',
      'load-throws',
      'FunctionBizError',
      /^TypeError:Cannot read properties of undefined/,
    ],
    [
      'ends while it loads',
      'exit-at-load',
      'FunctionServerError',
      'Function [exit-at-load] exited unexpectedly',
    ],
  ]
  test.each(absent)('%s, on every call', async (_what, name, code, text) => {
    for (const _ of [1, 2]) {
      const outcome = await space.invoke(clientCall(name))
      expect(failureOf(outcome)).toEqual([code, text instanceof RegExp ? expect.stringMatching(text) : text])
    }
  })

  test('a load error is in the log once, with place and source', async () => {
    for (const _ of [1, 2, 3]) await space.invoke(clientCall('load-throws'))
    const lines = space.logs.list().filter(({ text }) => text.includes('[load-throws] cannot be loaded'))
    expect(lines).toHaveLength(1)
    expect(lines[0]?.text).toMatch(/load-throws\/index\.js:2:22/)
    expect(lines[0]?.text).toContain('> 2 | const url = settings.url')
  })

  test('a method of a plain function', async () => {
    expect(failureOf(await space.invoke(methodCall('context', 'm')))).toEqual([
      'INVALID_FUNCTION_TYPE',
      '[context] is not a cloud object',
    ])
  })

  test('a function that is the module itself runs', async () => {
    expect(resultOf(await space.invoke(clientCall('module-function', { x: 3 })))).toEqual({ got: 3 })
  })
})

describe('what goes in', () => {
  test('is JSON-cloned', async () => {
    const event = { at: new Date(0), none: undefined, list: [undefined, () => 1] }
    expect(resultOf(await space.invoke(clientCall('context', event)))).toMatchObject({
      event: { at: '1970-01-01T00:00:00.000Z', list: [null, null] },
    })
  })

  test('or is refused when JSON cannot carry it', async () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    expect(failureOf(await space.invoke(clientCall('hello', circular)))[1]).toMatch(
      /^Arguments of \[hello\] cannot be sent as JSON: Converting circular/,
    )
    expect(failureOf(await space.invoke(clientCall('hello', { n: 1n })))[1]).toMatch(/BigInt/)
  })

  test('has a limit, and a warning below it', async () => {
    const MB = 1024 * 1024
    expect(resultOf(await space.invoke(clientCall('hello', { pad: 'x'.repeat(3 * MB) })))).toMatchObject({
      hello: 'world',
    })
    expect(space.logs.list().some(({ text }) => text.includes('more than 2097152 bytes'))).toBe(true)
    expect(failureOf(await space.invoke(clientCall('hello', { pad: '你'.repeat(3 * MB) })))).toEqual([
      'REQUEST_TOO_LARGE',
      'Request of [hello] exceeds 6291456 bytes',
    ])
  })

  test('what comes out has one, too', async () => {
    expect(failureOf(await space.invoke(clientCall('returns', { kind: 'large' })))).toEqual([
      'ResponseContentLength.Exceeded',
      'The response ContentLength exceeds the limit.',
    ])
  })
})
