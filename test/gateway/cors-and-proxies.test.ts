import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { clientIpOf } from '../../runtime/gateway/client-ip.ts'
import { originRule } from '../../runtime/gateway/cors.ts'
import type { HttpInfo } from '../../runtime/invocation.ts'
import { serve } from './serve.ts'

const functions = {
  hook: { path: '/hook', main: ({ httpMethod }: HttpInfo) => httpMethod },
  own: {
    path: '/own',
    main: () => ({
      mpserverlessComposedResponse: true,
      headers: { 'Access-Control-Allow-Origin': '*' },
      body: 'ok',
    }),
  },
}

describe('origins (spec/http.md §7)', () => {
  const cases: Array<[string[], string, boolean]> = [
    [['localhost:*'], 'http://localhost:5173', true],
    [['localhost:*'], 'http://localhost', true],
    [['localhost:*'], 'https://LOCALHOST:1', true],
    [['localhost:*'], 'http://localhost.evil.com:80', false],
    [['localhost:*'], 'http://evil.com/localhost:1', false],
    [['127.0.0.1:*'], 'http://127.0.0.1:80', true],
    [['127.0.0.1:*'], 'http://127a0b0c1:80', false],
    [['a.com:8080'], 'http://a.com:8080', true],
    [['a.com:8080'], 'http://a.com', false],
    [['a.com'], 'https://a.com', true],
    [['a.com'], 'https://a.com:8443', false],
    [['*.a.com'], 'https://b.a.com', true],
    [['*.a.com'], 'https://a.com', false],
    [['https://a.com'], 'http://a.com', false],
    [['https://a.com'], 'https://a.com', true],
    [['[::1]:*'], 'http://[::1]:3000', true],
    [['*'], 'null', true],
    [['localhost:*'], 'null', false],
    [[], 'http://localhost:1', false],
    [['not an origin at all/'], 'http://localhost:1', false],
  ]
  test.each(cases)('%j, %s: %s', (patterns, origin, allowed) => {
    expect(originRule(patterns)(origin)).toBe(allowed)
  })

  test('an allowed origin may read answers and errors, with cookies', async () => {
    const { ask } = await serve({ functions })
    for (const path of ['/hook', '/nowhere']) {
      const { headers } = await ask(path, { headers: { origin: 'http://localhost:5173' } })
      expect(headers).toMatchObject({
        'access-control-allow-origin': 'http://localhost:5173',
        'access-control-allow-credentials': 'true',
        vary: 'origin',
      })
    }
  })

  test.each([{}, { origin: 'http://evil.com' }])('no headers for %j', async (headers) => {
    const { ask } = await serve({ functions })
    expect((await ask('/hook', { headers })).headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('what the function says itself stands', async () => {
    const { ask } = await serve({ functions })
    const { headers } = await ask('/own', { headers: { origin: 'http://localhost:1' } })
    expect(headers['access-control-allow-origin']).toBe('*')
    expect(headers['access-control-allow-credentials']).toBeUndefined()
  })

  test('preflight from an allowed origin is answered; every other OPTIONS goes to the function', async () => {
    const { ask, space } = await serve({ functions })
    const asks = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-a' }
    const allowed = await ask('/hook', {
      method: 'OPTIONS',
      headers: { origin: 'http://localhost:1', ...asks },
    })
    expect(allowed.status).toBe(204)
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': 'http://localhost:1',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a',
    })
    expect(space.invocations).toHaveLength(0)
    const foreign = await ask('/hook', { method: 'OPTIONS', headers: { origin: 'http://evil.com', ...asks } })
    expect([foreign.status, foreign.text]).toEqual([200, 'OPTIONS'])
    const plain = await ask('/hook', { method: 'OPTIONS', headers: { origin: 'http://localhost:1' } })
    expect(plain.text).toBe('OPTIONS')
  })
})

describe('client address (spec/http.md §3)', () => {
  const cases: Array<[string, boolean | string[], string, string | undefined, string]> = [
    ['the connection counts', false, '9.9.9.9', '1.1.1.1', '9.9.9.9'],
    ['an empty list trusts nobody', [], '9.9.9.9', '1.1.1.1', '9.9.9.9'],
    ['IPv4 inside IPv6', false, '::ffff:9.9.9.9', undefined, '9.9.9.9'],
    ['any proxy: the leftmost', true, '9.9.9.9', '1.1.1.1, 2.2.2.2', '1.1.1.1'],
    ['any proxy, no header', true, '9.9.9.9', undefined, '9.9.9.9'],
    ['any proxy, nonsense in the chain', true, '9.9.9.9', 'unknown, 2.2.2.2', '2.2.2.2'],
    ['a trusted proxy', ['10.0.0.0/8'], '10.1.2.3', '1.1.1.1', '1.1.1.1'],
    ['a trusted proxy in IPv6 clothes', ['10.0.0.0/8'], '::ffff:10.1.2.3', '1.1.1.1', '1.1.1.1'],
    ['a proxy not trusted', ['10.0.0.0/8'], '11.1.2.3', '1.1.1.1', '11.1.2.3'],
    ['forged entries on the left', ['10.0.0.0/8'], '10.1.2.3', '6.6.6.6, 1.1.1.1, 10.4.4.4', '1.1.1.1'],
    ['one address', ['127.0.0.1'], '127.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['IPv6 range and ports', ['fd00::/8'], 'fd00::1', '[2001:db8::1]:443', '2001:db8::1'],
    ['IPv4 with a port', ['127.0.0.1'], '127.0.0.1', '1.1.1.1:5555', '1.1.1.1'],
    ['empty header', true, '9.9.9.9', '', '9.9.9.9'],
  ]
  test.each(cases)('%s', (_name, trust, remoteAddress, forwarded, expected) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    expect(clientIpOf(trust)({ socket: { remoteAddress }, headers } as unknown as IncomingMessage)).toBe(
      expected,
    )
  })

  test.each(['10.0.0.0/99', 'proxy.example', '10.0.0.0/x', ''])('%j is refused at start', (entry) => {
    expect(() => clientIpOf([entry])).toThrow(/trustProxy/)
  })

  test('over a real connection', async () => {
    const asked = { headers: { 'x-forwarded-for': '1.2.3.4' } }
    const plain = await serve({ functions })
    await plain.ask('/hook', asked)
    expect(plain.space.invocations[0]?.clientIP).toBe('127.0.0.1')
    const behind = await serve({ functions, http: { trustProxy: ['127.0.0.0/8'] } })
    await behind.ask('/hook', asked)
    expect(behind.space.invocations[0]?.clientIP).toBe('1.2.3.4')
  })
})
