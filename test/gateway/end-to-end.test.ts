/** The gateway over a real space: what the fake one only pretends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resolveOptions } from '../../runtime/config/resolve.ts'
import { createGateway, type Gateway } from '../../runtime/gateway/server.ts'
import { createSpace } from '../../runtime/space.ts'
import type { Space } from '../../runtime/space-api.ts'
import { loadClientSdk } from './client-sdk.ts'
import { type Answer, type Ask, ask as askPort } from './serve.ts'

let space: Space
let gateway: Gateway
let data: string
let port: number

beforeAll(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'gateway-'))
  const project = fileURLToPath(new URL('../fixtures/gateway', import.meta.url))
  space = await createSpace(resolveOptions({ flags: { project, data, port: 0, builtins: false }, cwd: data }))
  gateway = createGateway(space)
  port = (await gateway.listen()).port
})

afterAll(async () => {
  await gateway.close(0)
  await space.close({ graceMs: 0 })
  await rm(data, { recursive: true, force: true })
})

const ask = (url: string, options?: Ask): Promise<Answer> => askPort(port, url, options)

describe('URL-ized', () => {
  test('function: event and context', async () => {
    const answer = await ask('/hook/x?n=1', { method: 'POST', headers: { 'user-agent': 'ua/1' }, body: 'hi' })
    expect(answer.json()).toMatchObject({
      event: {
        path: '/x',
        httpMethod: 'POST',
        queryStringParameters: { n: '1' },
        body: 'hi',
        isBase64Encoded: false,
      },
      source: 'http',
      ip: '127.0.0.1',
      ua: 'ua/1',
    })
  })

  test('object: method, query as argument, live arguments, refusals', async () => {
    expect((await ask('/api/todo/add/now?x=1')).json()).toEqual({ added: { x: '1' }, path: '/add/now' })
    const posted = await ask('/api/todo/add', { method: 'POST', body: '{"params":{"y":2}}' })
    expect(posted.json()).toEqual({ added: { y: 2 }, path: '/add' })
    expect((await ask('/api/todo/refuse')).json()).toMatchObject({
      errCode: 'todo-refused',
      errMsg: 'not today',
    })
    for (const method of ['Add', '_before', '']) {
      const answer = await ask(`/api/todo/${method}`)
      expect([answer.status, answer.json()]).toMatchObject([404, { error: { code: 'METHOD_NOT_FOUND' } }])
    }
  })

  const answers: Array<[string, number, string | undefined, string]> = [
    ['text', 200, 'text/plain; charset=utf-8', '你'],
    ['number', 200, 'text/plain; charset=utf-8', '42'],
    ['bigint', 200, 'text/plain; charset=utf-8', '12345678901234567890'],
    ['nothing', 200, undefined, ''],
    ['composed', 201, 'text/html; charset=utf-8', '<p>1</p>'],
    ['error', 200, 'application/json; charset=utf-8', '{"errCode":"E1","errMsg":"seen"}'],
    ['throws', 200, 'application/json; charset=utf-8', '"code":"FunctionBizError","message":"no"'],
    ['large', 400, 'application/json; charset=utf-8', 'ResponseContentLength.Exceeded'],
    ['circular', 200, 'application/json; charset=utf-8', '"success":false'],
    ['exit', 200, 'application/json; charset=utf-8', '"code":"FunctionServerError"'],
  ]
  test.each(answers)('answers/%s', async (name, status, type, text) => {
    const answer = await ask(`/answers/${name}`)
    expect([answer.status, answer.headers['content-type']]).toEqual([status, type])
    expect(answer.text).toContain(text)
    expect(answer.text.length > 0).toBe(text.length > 0)
  })

  test('bytes, and cookies', async () => {
    expect((await ask('/answers/bytes')).bytes).toEqual(Buffer.from([0, 255]))
    expect((await ask('/answers/composed')).headers['set-cookie']).toEqual(['a=1', 'b=2'])
  })

  test('an endless loop: 504, and the server serves on', async () => {
    const answer = ask('/stuck')
    expect((await ask('/answers/number')).text).toBe('42')
    expect(await answer).toMatchObject({ status: 504, text: expect.stringContaining('FUNCTION_TIMEOUT') })
  })
})

describe('control API', () => {
  test('functions with their methods, and calls', async () => {
    const { functions } = (await ask('/_unicloud/api/functions')).json() as {
      functions: Array<{ name: string }>
    }
    expect(functions.find(({ name }) => name === 'todo')).toMatchObject({
      kind: 'cloudobject',
      methods: ['add', 'refuse', 'login'],
      errors: [],
    })
    const body = JSON.stringify({ params: ['milk'] })
    const called = await ask('/_unicloud/api/objects/todo/add', { method: 'POST', body })
    expect(called.json()).toEqual({ requestId: expect.any(String), result: { added: 'milk' } })
    const wrong = await ask('/_unicloud/api/objects/hook/add', { method: 'POST' })
    expect([wrong.status, wrong.json()]).toMatchObject([400, { errCode: 'INVALID_FUNCTION_TYPE' }])
    const unknown = await ask('/_unicloud/api/functions/__proto__', { method: 'POST' })
    expect([unknown.status, unknown.json()]).toMatchObject([404, { errCode: 'FUNCTION_NOT_FOUND' }])
  })

  test('calls are in the log', async () => {
    await ask('/hook')
    const lines = (await ask('/_unicloud/api/logs?function=hook')).text
    expect(lines).toContain('"channel":"call"')
  })
})

test.each(['dcloud', 'aliyun'] as const)('the real client SDK, %s', async (provider) => {
  const endpoint = `http://127.0.0.1:${port}`
  const { uniCloud, storage } = await loadClientSdk({ provider, spaceId: 's', clientSecret: 'x', endpoint })
  const { result } = await uniCloud.callFunction({ name: 'hook', data: { a: 1 } })
  expect(result).toMatchObject({ event: { a: 1 }, source: 'client', ip: '127.0.0.1' })
  const todo = uniCloud.importObject('todo', { customUI: true })
  expect(await todo.add!('milk')).toEqual({ added: 'milk' })
  await expect(todo.refuse!()).rejects.toMatchObject({ errCode: 'todo-refused', errMsg: 'not today' })
  await expect(todo._before!()).rejects.toMatchObject({ errCode: 'METHOD_NOT_FOUND', errSubject: 'todo' })
  await todo.login!()
  expect(storage.get('uni_id_token')).toBe('T1')
  await expect(uniCloud.callFunction({ name: 'answers', data: { path: '/throws' } })).rejects.toMatchObject({
    errCode: 'FunctionBizError',
    errMsg: 'no',
  })
})
