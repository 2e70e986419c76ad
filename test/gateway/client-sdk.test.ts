/** An unmodified uni-app client against the gateway, with every provider that can be pointed at it. */
import { describe, expect, test, vi } from 'vitest'
import { ManualClock } from '../../clock/clock.ts'
import { type Client, loadClientSdk } from './client-sdk.ts'
import type { FakeFunction, FakeSpaceOptions } from './fake-space.ts'
import { type Served, serve } from './serve.ts'

const functions: Record<string, FakeFunction> = {
  echo: { main: (event, { clientInfo, uniIdToken }) => ({ event, clientInfo, uniIdToken }) },
  nothing: { main: () => undefined },
  throws: {
    main: () => {
      throw new Error('boom from cloud function')
    },
  },
  todo: {
    methods: {
      add: ([title, content]) => ({ errCode: 0, errMsg: '', title, content }),
      text: () => 'plain',
      refuse: () => ({ errSubject: 'todo', errCode: 'todo-refused', errMsg: 'not today', extra: 1 }),
      breaks: () => {
        throw new Error('broken')
      },
      login: () => ({ errCode: 0, newToken: { token: 'T1', tokenExpired: 1_900_000_000_000 } }),
    },
  },
}

const secret = 'local-secret'

async function connect(
  provider: 'dcloud' | 'aliyun',
  options: FakeSpaceOptions = {},
  debug?: (port: number) => object,
): Promise<Client & Served> {
  const served = await serve({ functions, ...options })
  const space = { provider, spaceId: 'local-space', clientSecret: secret, endpoint: served.listening.url }
  return { ...served, ...(await loadClientSdk(space, debug?.(served.listening.port))) }
}

describe.each(['dcloud', 'aliyun'] as const)('provider %s', (provider) => {
  test('a function: result, request id, event and client info', async () => {
    const { uniCloud } = await connect(provider)
    const answer = await uniCloud.callFunction({ name: 'echo', data: { a: 1, date: new Date(0) } })
    expect(answer).toMatchObject({ success: true, errCode: 0, requestId: expect.any(String) })
    expect(answer.result).toMatchObject({
      event: { a: 1, date: '1970-01-01T00:00:00.000Z' },
      clientInfo: { PLATFORM: 'web', appId: '__UNI__LOCAL01', deviceId: 'device-1', locale: 'en' },
    })
    expect((answer.result as { event: object }).event).not.toHaveProperty('clientInfo')
  })

  test('a function that returns nothing', async () => {
    const { uniCloud } = await connect(provider)
    expect(await uniCloud.callFunction({ name: 'nothing' })).toMatchObject({ result: null, success: true })
  })

  test('a function that throws, and one that does not exist', async () => {
    const { uniCloud } = await connect(provider)
    await expect(uniCloud.callFunction({ name: 'throws' })).rejects.toMatchObject({
      errCode: 'FunctionBizError',
      errMsg: 'boom from cloud function',
      message: '[throws]: boom from cloud function',
      requestId: expect.any(String),
    })
    await expect(uniCloud.callFunction({ name: 'nope' })).rejects.toMatchObject({
      errCode: 'FUNCTION_NOT_FOUND',
      // The SDK's own hint, which it appends to this message only.
      message: expect.stringContaining('云函数[nope]在云端不存在'),
    })
  })

  test('an object: arguments, results of every kind', async () => {
    const { uniCloud } = await connect(provider)
    const todo = uniCloud.importObject('todo', { customUI: true })
    expect(await todo.add!('a', 'b')).toEqual({ errCode: 0, errMsg: '', title: 'a', content: 'b' })
    expect(await todo.text!()).toBe('plain')
  })

  test('an object: refusals and failures', async () => {
    const { uniCloud } = await connect(provider)
    const todo = uniCloud.importObject('todo', { customUI: true })
    await expect(todo.refuse!()).rejects.toMatchObject({
      errSubject: 'todo',
      errCode: 'todo-refused',
      errMsg: 'not today',
      detail: { extra: 1 },
      requestId: expect.any(String),
    })
    await expect(todo.breaks!()).rejects.toMatchObject({ errCode: 'FunctionBizError' })
    await expect(todo.nope!()).rejects.toMatchObject({ errCode: 'METHOD_NOT_FOUND', errSubject: 'todo' })
    await expect(todo._private!()).rejects.toMatchObject({ errCode: 'METHOD_NOT_FOUND' })
    await expect(uniCloud.importObject('nope', { customUI: true }).go!()).rejects.toMatchObject({
      errCode: 'FUNCTION_NOT_FOUND',
    })
  })

  test('newToken is stored, announced, and sent from then on', async () => {
    const { uniCloud, storage } = await connect(provider)
    const refreshed = vi.fn()
    uniCloud.onRefreshToken(refreshed)
    await uniCloud.importObject('todo', { customUI: true }).login!()
    expect(storage.get('uni_id_token')).toBe('T1')
    expect(storage.get('uni_id_token_expired')).toBe(1_900_000_000_000)
    expect(refreshed).toHaveBeenCalledWith({ token: 'T1', tokenExpired: 1_900_000_000_000 })
    const { result } = await uniCloud.callFunction({ name: 'echo' })
    expect(result).toMatchObject({ uniIdToken: 'T1', event: { uniIdToken: 'T1' } })
  })

  test('what is not here yet says so', async () => {
    const { uniCloud } = await connect(provider)
    await expect(uniCloud.database().collection('x').get()).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining('clientDB'),
    })
    const upload = uniCloud.uploadFile({ filePath: 'blob:x', cloudPath: 'a.png', fileContent: 'x' })
    await expect(upload).rejects.toMatchObject({ errCode: 'NOT_SUPPORTED' })
  })

  test('signatures of the SDK pass the strict mode; a wrong secret does not', async () => {
    const client = { strictSignature: true, clientSecret: secret }
    const { uniCloud, listening } = await connect(provider, { client })
    const called = await uniCloud.callFunction({ name: 'echo', data: { s: '中', n: null, empty: '' } })
    expect(called).toMatchObject({ success: true })
    const space = { provider, spaceId: 'local-space', clientSecret: 'wrong', endpoint: listening.url }
    const other = await loadClientSdk(space)
    await expect(other.uniCloud.callFunction({ name: 'echo' })).rejects.toMatchObject({
      errCode: 'SignatureNotMatch',
    })
  })

  test('a space made by uniCloud.init', async () => {
    const { uniCloud, listening } = await connect(provider)
    const cloud = uniCloud.init({ provider, spaceId: 'other', clientSecret: secret, endpoint: listening.url })
    expect(await cloud.callFunction({ name: 'nothing' })).toMatchObject({ success: true })
  })
})

test('aliyun: a token that has ended is renewed by the client, and the call repeated', async () => {
  const clock = new ManualClock(0)
  const client = { strictSignature: true, clientSecret: secret }
  const { uniCloud, requests, space } = await connect('aliyun', { client, clock })
  await uniCloud.callFunction({ name: 'nothing' })
  await clock.advance(600_000)
  expect(await uniCloud.callFunction({ name: 'nothing' })).toMatchObject({ success: true })
  expect(requests.map(({ data }) => String(data?.method).split('.').at(-1))).toEqual([
    'anonymousAuthorize',
    'invoke',
    'invoke',
    'anonymousAuthorize',
    'invoke',
  ])
  expect(space.invocations).toHaveLength(2)
})

describe.each(['dcloud', 'aliyun'] as const)('local debug of a development build, %s', (provider) => {
  const debug = (servePort: number): object => ({
    address: ['127.0.0.1'],
    servePort,
    initialLaunchType: 'local',
    skipFiles: [],
  })

  test('functions and objects run here, with their own errors', async () => {
    const { uniCloud, requests } = await connect(provider, {}, debug)
    const { result } = await uniCloud.callFunction({ name: 'echo', data: { a: 1 } })
    expect(result).toMatchObject({ event: { a: 1 }, clientInfo: { PLATFORM: 'web' } })
    const paths = requests.map(({ url }) => new URL(url).pathname)
    // aliyun fetches its token all the same.
    const own = paths.filter((path) => path !== '/client')
    expect(own).toEqual(['/system/ping', '/system/check-function', '/cloudfunctions/echo'])
    const todo = uniCloud.importObject('todo', { customUI: true })
    expect(await todo.add!('a', 'b')).toMatchObject({ title: 'a' })
    await expect(todo.refuse!()).rejects.toMatchObject({ errCode: 'todo-refused' })
    await expect(todo.nope!()).rejects.toMatchObject({ errCode: 'METHOD_NOT_FOUND' })
    await expect(uniCloud.callFunction({ name: 'throws' })).rejects.toMatchObject({
      errCode: 'FunctionBizError',
      errMsg: 'boom from cloud function',
    })
    await expect(uniCloud.callFunction({ name: 'nope' })).rejects.toMatchObject({
      errCode: 'FUNCTION_NOT_FOUND',
    })
  })

  test('forceRemote keeps functions on the gateway', async () => {
    const { uniCloud, requests } = await connect(provider, {}, (port) => ({
      ...debug(port),
      forceRemote: true,
    }))
    expect(await uniCloud.callFunction({ name: 'nothing' })).toMatchObject({ success: true })
    expect(requests.at(-1)?.url).toMatch(/\/client$/)
  })
})
