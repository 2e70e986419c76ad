/** The control API (shared design, "Contract"): who may use it, and what it answers. */
import { get } from 'node:http'
import { connect } from 'node:net'
import { EJSON, Long, ObjectId } from 'bson'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../clock/clock.ts'
import { DatabaseError, type DocumentDatabase } from '../../database/command.ts'
import { LocalError } from '../../errors/errors.ts'
import { SpaceTimers } from '../../runtime/timers.ts'
import { Fails, type FakeFunction, FakeSpace } from './fake-space.ts'
import { serve } from './serve.ts'

const functions: Record<string, FakeFunction> = {
  echo: {
    path: '/echo',
    main: (event, { payload: _, requestId: __, sizeChecked: ___, ...call }) => ({ event, call }),
  },
  nothing: { main: () => undefined },
  throws: {
    main: () => {
      throw Object.assign(new Error('boom'), { code: 'E1' })
    },
  },
  busy: {
    main: () => {
      throw new Fails('closed', 'SYSTEM_ERROR', 'closing')
    },
  },
  todo: {
    methods: {
      add: (params) => params,
      refuse: () => ({ errCode: 'no', errMsg: 'no' }),
      _before: () => undefined,
    },
  },
}

describe('guard', () => {
  const passes: Array<[string, Record<string, string>]> = [
    ['by address', { host: '127.0.0.1:7100' }],
    ['by name', { host: 'localhost' }],
    ['by name, upper case', { host: 'LOCALHOST:1' }],
    ['by IPv6', { host: '[::1]:7100' }],
    [
      'its own page',
      { host: '127.0.0.1:7100', origin: 'http://127.0.0.1:7100', 'sec-fetch-site': 'same-origin' },
    ],
    ['typed into the address bar', { host: 'localhost:1', 'sec-fetch-site': 'none' }],
  ]
  test.each(passes)('passes: %s', async (_case, headers) => {
    const { ask } = await serve({ functions })
    expect((await ask('/_unicloud/api/health', { headers })).json()).toMatchObject({ status: 'ok' })
  })

  const refused: Array<[string, Record<string, string>, string]> = [
    ['a name that was rebound', { host: 'evil.com' }, 'FORBIDDEN_HOST'],
    ['a name that begins like ours', { host: '127.0.0.1.evil.com' }, 'FORBIDDEN_HOST'],
    ['another', { host: 'localhost.evil.com:7100' }, 'FORBIDDEN_HOST'],
    ['an address of the network', { host: '192.168.0.1' }, 'FORBIDDEN_HOST'],
    ['user info', { host: 'localhost@evil.com' }, 'FORBIDDEN_HOST'],
    ['a foreign page', { host: '127.0.0.1:7100', origin: 'http://evil.com' }, 'FORBIDDEN_ORIGIN'],
    [
      'a page of another local server',
      { host: 'localhost:7100', origin: 'http://localhost:5173' },
      'FORBIDDEN_ORIGIN',
    ],
    ['a file, a sandboxed frame', { host: '127.0.0.1:7100', origin: 'null' }, 'FORBIDDEN_ORIGIN'],
    [
      'a picture or script of a foreign page',
      { host: '127.0.0.1:7100', 'sec-fetch-site': 'cross-site' },
      'FORBIDDEN_ORIGIN',
    ],
  ]
  test.each(refused)('refused: %s', async (_case, headers, errCode) => {
    const { ask, space } = await serve({ functions })
    for (const [method, path] of [
      ['GET', '/_unicloud/api/functions'],
      ['POST', '/_unicloud/api/functions/echo'],
      ['OPTIONS', '/_unicloud/api/database'],
    ] as const) {
      const answer = await ask(path, { method, headers })
      expect([answer.status, answer.json()]).toMatchObject([403, { errCode, errMsg: expect.any(String) }])
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    }
    expect(space.invocations).toEqual([])
  })

  test('a full URL as target does not get around it', async () => {
    const { raw } = await serve({ functions })
    const head =
      'GET http://localhost/_unicloud/api/health HTTP/1.1\r\nhost: evil.com\r\nconnection: close\r\n\r\n'
    expect(await raw(head)).toMatch(/^HTTP\/1.1 403 /)
  })

  test('bound to another address: a bearer token, and no names that are not ours', async () => {
    const { ask, listening } = await serve({ functions, host: '0.0.0.0' })
    expect(listening.token).toMatch(/^[\w-]{32}$/)
    const path = '/_unicloud/api/health'
    const right = { authorization: `Bearer ${listening.token}` }
    expect((await ask(path)).status).toBe(401)
    expect((await ask(path, { headers: { authorization: 'Bearer x' } })).status).toBe(401)
    expect((await ask(path, { headers: right })).status).toBe(200)
    expect((await ask(path, { headers: { ...right, host: '192.168.0.7:7100' } })).status).toBe(200)
    expect((await ask(path, { headers: { ...right, host: 'evil.com' } })).status).toBe(403)
    // The page holds no secrets; a browser could not send a token with the address.
    expect((await ask('/_unicloud/')).status).toBe(200)
    expect((await ask('/_unicloud/', { headers: { host: 'evil.com' } })).status).toBe(403)
    // URLs of functions and the client protocol stay open: that is what the address is for.
    expect((await ask('/echo')).status).toBe(200)
    expect((await ask('/system/ping', { headers: { host: 'phone.lan' } })).status).toBe(200)
  })

  test.each([
    'http://h\\_unicloud\\api\\health#/_unicloud/',
    'http://h/_unicloud/api/health',
    '/_unicloud/#/../api/health',
    '/_unicloud/./api/health',
    '/_unicloud//api/health',
    '/_unicloud/%61pi/health',
  ])('no way of writing the path gets around the token: %s', async (target) => {
    const { raw } = await serve({ functions, host: '0.0.0.0' })
    const answer = await raw(`GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`)
    expect(answer).not.toContain('"status":"ok"')
  })

  test('a token given beforehand', async () => {
    const { listening } = await serve({ host: '0.0.0.0' }, { token: 'mine' })
    expect(listening.token).toBe('mine')
    expect((await serve()).listening.token).toBeUndefined()
  })
})

describe('functions', () => {
  test('the list: kinds, methods, URLs, files, what is wrong', async () => {
    const { ask, space, listening } = await serve({ functions: { ...functions, wrong: { methods: {} } } })
    const where = { file: '/project/wrong/package.json', line: 3, column: 5 }
    space.manifest.functions.wrong!.problems.push({
      severity: 'error',
      message: 'broken',
      where,
      hint: 'mend it',
    })
    space.manifest.problems.push({ severity: 'warning', message: 'odd' })
    const answer = await ask('/_unicloud/api/functions')
    const list = answer.json() as { functions: Array<{ name: string }>; warnings: object[] }
    expect(list.functions.map(({ name }) => name)).toEqual([
      'busy',
      'echo',
      'nothing',
      'throws',
      'todo',
      'wrong',
    ])
    expect(list.functions[1]).toMatchObject({
      kind: 'cloudfunction',
      methods: [],
      url: `${listening.url}/echo`,
      source: '/project/echo/index.js',
      config: { timeout: 5, path: '/echo' },
      errors: [],
    })
    expect(list.functions[4]).toMatchObject({
      kind: 'cloudobject',
      methods: ['add', 'refuse'],
      errors: [],
    })
    expect(list.functions[5]).toMatchObject({
      methods: [],
      errors: [{ message: 'broken', where: '/project/wrong/package.json:3:5', hint: 'mend it' }],
    })
    expect(list.warnings).toEqual([{ message: 'odd' }])
  })

  test('an object that cannot be loaded is listed with the reason', async () => {
    const { ask, space } = await serve({ functions })
    space.methods = () => Promise.reject(new Error('MODULE_NOT_FOUND: x'))
    const { functions: list } = (await ask('/_unicloud/api/functions')).json() as { functions: object[] }
    expect(list[4]).toMatchObject({ methods: [], errors: [{ message: 'MODULE_NOT_FOUND: x' }] })
  })

  const calls: Array<[string, string, unknown, number, object]> = [
    [
      'data',
      'functions/echo',
      { data: { a: 1 } },
      200,
      { result: { event: { a: 1 }, call: { source: 'client', clientIP: '127.0.0.1' } } },
    ],
    ['no body', 'functions/echo', undefined, 200, { result: { event: {} } }],
    ['data that is no object', 'functions/echo', { data: [1] }, 200, { result: { event: [1] } }],
    [
      'token',
      'functions/echo',
      { uniIdToken: 't' },
      200,
      { result: { event: { uniIdToken: 't' }, call: { uniIdToken: 't' } } },
    ],
    [
      'client info',
      'functions/echo',
      { clientInfo: { appId: 'x', source: 'server', clientIP: '1.1.1.1', userAgent: 'ua' } },
      200,
      {
        result: {
          call: { source: 'server', clientIP: '1.1.1.1', userAgent: 'ua', clientInfo: { appId: 'x' } },
        },
      },
    ],
    ['nothing returned', 'functions/nothing', {}, 200, { result: null }],
    ['throws', 'functions/throws', {}, 200, { errCode: 'E1', errMsg: 'boom' }],
    [
      'unknown',
      'functions/nope',
      {},
      404,
      { errCode: 'FUNCTION_NOT_FOUND', errMsg: expect.stringContaining('[nope]') },
    ],
    ['closing', 'functions/busy', {}, 503, { errCode: 'SYSTEM_ERROR' }],
    [
      'an object, as callFunction',
      'functions/todo',
      { data: { method: 'add', params: [1] } },
      200,
      { result: [1] },
    ],
    ['method', 'objects/todo/add', { params: [1, { a: 2 }] }, 200, { result: [1, { a: 2 }] }],
    ['method without params', 'objects/todo/add', undefined, 200, { result: [] }],
    ['method that refuses', 'objects/todo/refuse', {}, 200, { result: { errCode: 'no' } }],
    ['unknown method', 'objects/todo/nope', {}, 404, { errCode: 'METHOD_NOT_FOUND' }],
    ['private method', 'objects/todo/_before', {}, 404, { errCode: 'METHOD_NOT_FOUND' }],
    ['method of a function', 'objects/echo/x', {}, 400, { errCode: 'INVALID_FUNCTION_TYPE' }],
    [
      'encoded name',
      'functions/a%2Fb',
      {},
      404,
      { errCode: 'FUNCTION_NOT_FOUND', errMsg: expect.stringContaining('[a/b]') },
    ],
  ]
  test.each(calls)('%s: %s', async (_case, path, body, status, expected) => {
    const { ask } = await serve({ functions })
    const answer = await ask(`/_unicloud/api/${path}`, {
      method: 'POST',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    expect(answer.status).toBe(status)
    expect(answer.json()).toMatchObject({ ...expected, requestId: expect.any(String) })
  })

  const bad: Array<[string, string, string, number, string]> = [
    ['not JSON', 'functions/echo', '{', 400, 'INVALID_JSON'],
    ['no object', 'functions/echo', '[]', 400, 'INVALID_BODY'],
    ['unknown member', 'functions/echo', '{"date":{}}', 400, 'INVALID_BODY'],
    ['wrong type', 'functions/echo', '{"uniIdToken":1}', 400, 'INVALID_BODY'],
    ['params that are no list', 'objects/todo/add', '{"params":{}}', 400, 'INVALID_BODY'],
    ['too large', 'functions/echo', ' '.repeat(6 * 1024 * 1024 + 1), 413, 'REQUEST_TOO_LARGE'],
    ['broken path', 'functions/%zz', '{}', 400, 'INVALID_PATH'],
    ['unknown endpoint', 'nope', '{}', 404, 'NOT_FOUND'],
    ['wrong method', 'health', '{}', 404, 'NOT_FOUND'],
  ]
  test('a wrong body is told in words', async () => {
    const { ask } = await serve({ functions })
    const body = JSON.stringify({ clientInfo: 7, uniIdToken: 1, date: {} })
    const answer = await ask('/_unicloud/api/functions/echo', { method: 'POST', body })
    expect(answer.json()).toMatchObject({
      errMsg:
        'clientInfo is 7: an object is allowed; uniIdToken is 1: a string is allowed; date is not known',
    })
  })

  test.each(bad)('%s', async (_case, path, body, status, errCode) => {
    const { ask, space } = await serve({ functions })
    const answer = await ask(`/_unicloud/api/${path}`, { method: 'POST', body })
    expect([answer.status, answer.json()]).toMatchObject([status, { errCode, errMsg: expect.any(String) }])
    expect(space.invocations).toEqual([])
  })
})

describe('triggers', () => {
  async function withTimer() {
    const clock = new ManualClock('2026-01-01T00:00:00Z')
    const space = new FakeSpace({ functions, clock })
    space.manifest.functions.echo!.config.triggers = [
      { name: 'hourly', type: 'timer', config: '0 0 * * * *' },
    ]
    return serve({ functions, clock }, { triggers: new SpaceTimers(space, false) })
  }

  test('the list, with as many fire times as asked for', async () => {
    const { ask } = await withTimer()
    expect((await ask('/_unicloud/api/triggers?next=2')).json()).toEqual({
      enabled: true,
      triggers: [
        {
          functionName: 'echo',
          triggerName: 'hourly',
          config: '0 0 * * * *',
          next: ['2026-01-01T01:00:00.000Z', '2026-01-01T02:00:00.000Z'],
          warnings: [],
        },
      ],
    })
    expect((await ask('/_unicloud/api/triggers?next=x')).status).toBe(400)
  })

  test('fire now', async () => {
    const { post } = await withTimer()
    const answer = await post('/_unicloud/api/triggers/echo/fire', {})
    expect(answer.json()).toMatchObject({
      requestId: expect.any(String),
      result: { event: { triggerName: 'TIMER_LATEST' }, call: { source: 'timing' } },
    })
    expect((await post('/_unicloud/api/triggers/todo/fire', {})).json()).toMatchObject({
      errCode: 'TRIGGER_NOT_FOUND',
    })
    expect((await post('/_unicloud/api/triggers/nope/fire', {})).json()).toMatchObject({
      errCode: 'FUNCTION_NOT_FOUND',
    })
  })

  test('a gateway that was handed no timers', async () => {
    const { ask, post } = await serve({ functions })
    expect((await ask('/_unicloud/api/triggers')).json()).toEqual({ enabled: false, triggers: [] })
    expect((await post('/_unicloud/api/triggers/echo/fire', {})).status).toBe(404)
  })
})

describe('logs', () => {
  const line = (text: string, functionName = 'a') =>
    ({ time: 0, level: 'info', channel: 'console', text, functionName }) as const

  test('NDJSON, all or since a number, of all or one function', async () => {
    const { ask, space } = await serve()
    for (const text of ['one', 'two']) space.logs.append(line(text))
    space.logs.append(line('three', 'b'))
    const read = async (query: string): Promise<string[]> => {
      const answer = await ask(`/_unicloud/api/logs${query}`)
      expect(answer.headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
      return answer.text
        .split('\n')
        .filter(Boolean)
        .map((text) => JSON.parse(text).text)
    }
    expect(await read('')).toEqual(['one', 'two', 'three'])
    expect(await read('?since=1&follow=0')).toEqual(['two', 'three'])
    expect(await read('?function=b')).toEqual(['three'])
    expect((await ask('/_unicloud/api/logs?since=x')).json()).toMatchObject({ errCode: 'INVALID_QUERY' })
  })

  test('a stream: what is kept, then what comes; it ends with the server and does not hold it open', async () => {
    const { space, listening, close } = await serve()
    space.logs.append(line('kept'))
    space.logs.append(line('seen'))
    let text = ''
    const texts = (): string[] =>
      [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]!).text)
    const ended = new Promise<void>((resolve, reject) => {
      const headers = { 'last-event-id': '1' }
      get({ port: listening.port, path: '/_unicloud/api/logs?follow=1', headers }, (res) => {
        expect(res.headers['content-type']).toBe('text/event-stream; charset=utf-8')
        res.on('end', resolve)
        res.on('data', (chunk) => {
          text += chunk
          if (texts().length === 1) space.logs.append(line('new'))
          if (texts().length === 2) void close(10_000)
        })
      }).on('error', reject)
    })
    await ended
    expect(texts()).toEqual(['seen', 'new'])
    expect(text).toContain('id: 3\n')
  })
})

test('a follower that does not read is cut off', async () => {
  const { space, listening } = await serve()
  const socket = connect(listening.port, '127.0.0.1', () =>
    socket.write('GET /_unicloud/api/logs?follow=1 HTTP/1.1\r\nhost: localhost\r\n\r\n'),
  )
  await new Promise((resolve) => socket.once('data', resolve))
  socket.pause()
  const text = 'x'.repeat(100_000)
  for (let n = 0; n < 400; n++) {
    space.logs.append({ time: 0, level: 'info', channel: 'console', text })
    if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  let bytes = 0
  socket.on('data', (chunk) => {
    bytes += chunk.length
  })
  await new Promise((resolve) =>
    socket
      .on('error', () => {})
      .on('close', resolve)
      .resume(),
  )
  expect(bytes).toBeLessThan(400 * text.length)
})

describe('database', () => {
  const id = new ObjectId()
  const commands: unknown[] = []
  const database = {
    async command(name: string, command: object) {
      commands.push([name, command])
      if ('find' in command)
        return { cursor: { firstBatch: [{ _id: id, n: 1, big: Long.MAX_VALUE, at: new Date(0) }] }, ok: 1 }
      throw new DatabaseError('no such command', { code: 59, codeName: 'CommandNotFound' })
    },
  } as unknown as DocumentDatabase

  async function serveDatabase() {
    const served = await serve()
    served.space.database = async () => database
    return served
  }

  test('a command and its reply in relaxed Extended JSON', async () => {
    const { ask } = await serveDatabase()
    const body = EJSON.stringify({ find: 'users', filter: { _id: id, at: { $lt: new Date(0) } } })
    const answer = await ask('/_unicloud/api/database', { method: 'POST', body })
    expect(commands.at(-1)).toEqual([
      'test',
      { find: 'users', filter: { _id: id, at: { $lt: new Date(0) } } },
    ])
    expect(answer.json()).toEqual({
      cursor: {
        firstBatch: [
          {
            _id: { $oid: id.toHexString() },
            n: 1,
            big: expect.anything(),
            at: { $date: '1970-01-01T00:00:00Z' },
          },
        ],
      },
      ok: 1,
    })
  })

  test('a refused command is a reply too', async () => {
    const { ask } = await serveDatabase()
    const answer = await ask('/_unicloud/api/database', { method: 'POST', body: '{"nope":1}' })
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ ok: 0, errmsg: 'no such command', code: 59, codeName: 'CommandNotFound' })
  })

  test.each([
    ['{', 'INVALID_JSON'],
    ['', 'INVALID_JSON'],
    ['[]', 'INVALID_BODY'],
    ['{}', 'INVALID_BODY'],
    ['{"find":{"$oid":"x"}}', 'INVALID_JSON'],
  ])('%j: %s', async (body, errCode) => {
    const { ask } = await serveDatabase()
    const answer = await ask('/_unicloud/api/database', { method: 'POST', body })
    expect([answer.status, answer.json()]).toMatchObject([400, { errCode }])
  })

  test('a database that cannot be reached: what is wrong and how to mend it', async () => {
    const { ask, space } = await serve()
    const error = new LocalError('DATABASE_UNAVAILABLE', 'nobody answers', { hint: 'start it' })
    space.database = () => Promise.reject(error)
    const answer = await ask('/_unicloud/api/database', { method: 'POST', body: '{"ping":1}' })
    expect(answer.status).toBe(503)
    expect(answer.json()).toEqual({ errCode: 'DATABASE_UNAVAILABLE', errMsg: 'nobody answers; start it' })
  })

  test('a database that breaks is an error of the server, in the log', async () => {
    const { ask, space } = await serve()
    const answer = await ask('/_unicloud/api/database', { method: 'POST', body: '{"ping":1}' })
    expect([answer.status, answer.json()]).toMatchObject([500, { errCode: 'INTERNAL' }])
    expect(space.logs.list().at(-1)?.text).toContain('this space has no database')
  })
})

describe('the page, storage', () => {
  test('a small page', async () => {
    const { ask } = await serve({ functions })
    expect((await ask('/_unicloud')).headers.location).toBe('/_unicloud/')
    const page = await ask('/_unicloud/')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.text).toContain('/_unicloud/api/')
  })

  test.each([
    [{ host: 'localhost:1', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
    [{ host: 'evil.com' }, 403],
    [{ host: 'localhost:1', origin: 'http://evil.com' }, 403],
  ])('other sites may link to it, no more: %j', async (headers, status) => {
    const { ask } = await serve({ functions })
    expect((await ask('/_unicloud/', { headers })).status).toBe(status)
  })

  test('paths that only begin alike are URLs of functions', async () => {
    const { ask } = await serve({ functions: { f: { path: '/_unicloudy', main: () => 'mine' } } })
    expect((await ask('/_unicloudy')).text).toBe('mine')
  })

  test('storage is served by what was handed in, to everybody', async () => {
    const handle = (
      _req: unknown,
      res: import('node:http').ServerResponse,
      path: string,
      query: string,
    ): void => void res.end(`${path}?${query}`)
    const { ask } = await serve({}, { storage: { handle } })
    const headers = { host: 'phone.lan', origin: 'http://evil.com' }
    expect((await ask('/_unicloud/storage/a%20b/c.png?x=1', { headers })).text).toBe('a%20b/c.png?x=1')
    expect((await (await serve()).ask('/_unicloud/storage/a')).status).toBe(404)
  })
})
