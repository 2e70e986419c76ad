import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

const timing = (name: string, param: unknown = {}) =>
  ({ name, payload: { type: 'timing', param }, source: 'timing' }) as const

describe('methods', () => {
  test('get their params, and the same in the shape of callFunction', async () => {
    expect(resultOf(await space.invoke(methodCall('todo', 'add', ['t', { x: 1 }])))).toMatchObject({
      title: 't',
      options: { x: 1 },
    })
    const data = { method: 'add', params: ['u'], clientInfo: {} }
    expect(resultOf(await space.invoke(clientCall('todo', data)))).toMatchObject({ title: 'u' })
    expect(resultOf(await space.invoke(clientCall('todo', { method: 'add' })))).not.toHaveProperty('title')
  })

  const unreachable: Array<[method: string, text: string]> = [
    ['missing', 'Method[missing] not found'],
    ['value', 'Method[value] not found'],
    ['_private', 'Method[_private] is private and can not be called'],
    ['_before', 'Method[_before] is private and can not be called'],
    ['constructor', 'Method[constructor] not found'],
    ['toString', 'Method[toString] not found'],
    ['hasOwnProperty', 'Method[hasOwnProperty] not found'],
    ['then', 'Method[then] not found'],
    ['', 'Method name is required'],
  ]
  test.each(unreachable)('%j is out of reach', async (method, text) => {
    for (const call of [methodCall('todo', method), clientCall('todo', { method })]) {
      const outcome = await space.invoke(call)
      expect(failureOf(outcome)).toEqual(['METHOD_NOT_FOUND', text])
      expect(outcome).toMatchObject({ failure: { reason: 'method-not-found' } })
    }
  })

  test('__proto__ and inherited methods are out of reach', async () => {
    expect(failureOf(await space.invoke(methodCall('todo', '__proto__')))[0]).toBe('METHOD_NOT_FOUND')
    expect(failureOf(await space.invoke(methodCall('inherited', 'inherited')))[0]).toBe('METHOD_NOT_FOUND')
    expect(resultOf(await space.invoke(methodCall('inherited', 'own')))).toBe('own')
  })

  test('are listed, without private ones and other members', async () => {
    expect(await space.methods('hooks')).toEqual(['run', 'nothing'])
    expect(await space.methods('todo')).not.toContain('_private')
    expect(await space.methods('todo')).not.toContain('value')
    await expect(space.methods('nope')).rejects.toThrow('does not exist')
    await expect(space.methods('syntax-error')).rejects.toThrow('SyntaxError')
  })

  test('arrow functions run, with a warning', async () => {
    expect(resultOf(await space.invoke(methodCall('todo', 'arrow')))).toEqual({})
    const lines = space.logs.list().filter(({ text }) => text.includes('is an arrow function'))
    expect(lines.map(({ text }) => text)).toEqual([
      '[todo] method [arrow] is an arrow function, "this" will be wrong',
    ])
  })

  test('do not see each other through this, which a hint says', async () => {
    expect(resultOf(await space.invoke(methodCall('todo', 'other')))).toEqual({ seen: 'undefined', set: 5 })
    expect(space.logs.list().some(({ text }) => text.includes('"this.add" is undefined'))).toBe(true)
  })
})

describe('this', () => {
  test('of a client call', async () => {
    const clientInfo = {
      PLATFORM: 'app-plus',
      OS: 'ios',
      appId: 'a',
      uniIdToken: 'forged',
      clientIP: 'forged',
    }
    const more = { clientInfo, uniIdToken: 'tok', clientIP: '10.1.1.1', userAgent: 'UA', requestId: 'r-7' }
    expect(resultOf(await space.invoke(methodCall('todo', 'describe', [1, 'x'], more)))).toEqual({
      client: {
        PLATFORM: 'app-plus',
        uniPlatform: 'app-plus',
        platform: 'app',
        OS: 'ios',
        osName: 'ios',
        os: 'ios',
        appId: 'a',
        APPID: 'a',
        uniIdToken: 'tok',
        clientIP: '10.1.1.1',
        userAgent: 'UA',
        source: 'client',
        requestId: 'r-7',
        secretType: 'none',
      },
      cloud: {
        provider: 'aliyun',
        spaceId: 'local-space',
        useOldSpaceId: false,
        functionName: 'todo',
        functionType: 'cloudobject',
        runtimeEnv: 'local',
      },
      token: 'tok',
      method: 'describe',
      params: [1, 'x'],
      requestId: 'r-7',
    })
  })

  test('of an http call: query as the only argument, the request on demand', async () => {
    expect(resultOf(await space.invoke(httpCall('todo', '/http/more', { a: '1' })))).toMatchObject({
      info: { path: '/http/more', httpMethod: 'GET' },
      params: [{ a: '1' }],
    })
    expect(resultOf(await space.invoke(httpCall('todo', '/http')))).toMatchObject({ params: [{}] })
    const { client } = resultOf(await space.invoke(httpCall('todo', '/describe'))) as { client: object }
    expect(client).toEqual({
      clientIP: '127.0.0.1',
      userAgent: '',
      source: 'http',
      requestId: expect.any(String),
      secretType: 'none',
    })
  })

  test('getHttpInfo outside of http says so', async () => {
    expect(failureOf(await space.invoke(methodCall('todo', 'http')))).toEqual([
      'FunctionBizError',
      'getHttpInfo is only available in http requests',
    ])
  })

  const segments: Array<[where: string, text: string]> = [
    ['/', 'Method name is required'],
    ['/Add', 'Method[Add] not found'],
    ['/_before', 'Method[_before] is private and can not be called'],
    ['/a%2Fb', 'Method[a/b] not found'],
    ['/%E0%A4%A', 'Method[%E0%A4%A] not found'],
  ]
  test.each(segments)('the first segment of %s names the method', async (where, text) => {
    expect(failureOf(await space.invoke(httpCall('todo', where)))).toEqual(['METHOD_NOT_FOUND', text])
  })

  test('the segment is decoded', async () => {
    expect(resultOf(await space.invoke(httpCall('todo', '/%74ext')))).toBe('plain')
  })
})

describe('thrown values', () => {
  test('with a truthy errCode are answers in the response format', async () => {
    expect(resultOf(await space.invoke(methodCall('todo', 'fails')))).toEqual({
      errSubject: 'todo',
      errCode: 'todo-missing',
      errMsg: 'no such todo',
      id: 7,
    })
    // Own members that cannot be serialized do not hide the error.
    expect(resultOf(await space.invoke(methodCall('todo', 'failsAsError')))).toEqual({
      errCode: 'todo-error',
      errMsg: 'as message',
    })
  })

  test('anything else is a failure, with its own code or the default', async () => {
    expect(failureOf(await space.invoke(methodCall('todo', 'breaks')))).toEqual([
      'FunctionBizError',
      'broken',
    ])
    expect(failureOf(await space.invoke(methodCall('todo', 'breaksCoded')))).toEqual(['E_BROKEN', 'broken'])
  })
})

describe('_before and _after', () => {
  const run = (...params: unknown[]) => space.invoke(methodCall('hooks', 'run', params))

  test('share this with the method, which sees what _before did to the arguments', async () => {
    expect(resultOf(await run('swap', 2))).toEqual({
      params: ['swapped', 2],
      started: true,
      log: ['before run', 'run', 'after'],
    })
    expect(resultOf(await run('push'))).toMatchObject({ params: ['push', 'pushed'] })
  })

  test('a throw of _before skips the method and still reaches _after', async () => {
    expect(resultOf(await run('refuse'))).toEqual({ errCode: 'refused', errMsg: 'by _before' })
  })

  test('_after may swallow, replace and throw', async () => {
    expect(resultOf(await run('swallow'))).toEqual({ swallowed: 'null', log: ['before run', 'run', 'after'] })
    expect(failureOf(await run('throw'))).toEqual(['FunctionBizError', 'thrown'])
    expect(failureOf(await run('after throws'))).toEqual(['FunctionBizError', 'from _after'])
    expect(resultOf(await run('throw nothing'))).toMatchObject({
      swallowed: 'Error: undefined was thrown',
      log: ['before run', 'run', 'after error'],
    })
    expect(resultOf(await space.invoke(methodCall('hooks', 'nothing')))).toBeNull()
  })

  test('surround URL-ized calls', async () => {
    expect(resultOf(await space.invoke(httpCall('hooks', '/run')))).toMatchObject({
      started: true,
      params: [{}],
    })
  })

  test('do not surround _timing', async () => {
    expect(resultOf(await space.invoke(timing('hooks', { Type: 'Timer' })))).toEqual({
      param: { Type: 'Timer' },
      source: 'timing',
    })
  })
})

describe('timers of objects', () => {
  test('every throw of _timing is a failure', async () => {
    expect(failureOf(await space.invoke(timing('hooks', { fail: true })))).toEqual(['timer-failed', 'no'])
  })

  test('without _timing: a warning at load, a failure at fire time', async () => {
    expect(failureOf(await space.invoke(timing('timer-without-method')))).toEqual([
      'METHOD_NOT_FOUND',
      'Method[_timing] not found',
    ])
    expect(space.logs.list().some(({ text }) => text.includes('has a timer but no method _timing'))).toBe(
      true,
    )
  })
})

describe('_onCall', () => {
  test('takes calls without a method, with the hooks around it', async () => {
    expect(resultOf(await space.invoke(clientCall('handler', { action: 'a', params: [1] })))).toEqual({
      event: { action: 'a', params: [1] },
      live: true,
      before: true,
      source: 'client',
    })
    expect(resultOf(await space.invoke(httpCall('handler', '/', { q: '1' })))).toMatchObject({
      event: { path: '/', queryStringParameters: { q: '1' } },
      source: 'http',
    })
  })

  test('does not take calls that name one, and cannot be named', async () => {
    expect(resultOf(await space.invoke(clientCall('handler', { method: 'named' })))).toBe('named')
    expect(failureOf(await space.invoke(clientCall('handler', { method: 'x' })))[1]).toBe(
      'Method[x] not found',
    )
    expect(failureOf(await space.invoke(methodCall('handler', '_onCall')))[1]).toContain('is private')
  })
})
