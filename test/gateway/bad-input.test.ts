/** What comes in broken, too large, too slow or not at all; after each the server keeps serving. */
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { HttpInfo } from '../../runtime/invocation.ts'
import type { ProviderName } from '../../runtime/project/manifest.ts'
import { type Served, serve as serveGateway } from './serve.ts'

const KB = 1024
const MB = 1024 * KB
const functions = { hook: { path: '/hook', main: ({ body }: HttpInfo) => body.length } }

let served: Served | undefined

async function serve(...args: Parameters<typeof serveGateway>): Promise<Served> {
  served = await serveGateway({ functions, ...args[0] }, args[1])
  return served
}

afterEach(async () => {
  const answer = await served?.ask('/hook')
  expect(answer?.status, 'still serving').toBe(200)
})

describe('request bodies at the limit (spec/http.md §8)', () => {
  const type = (value: string) => ({ 'content-type': value })
  const cases: Array<[ProviderName, string, number, number]> = [
    ['aliyun', 'text/plain', 2 * MB, 200],
    ['aliyun', 'text/plain', 2 * MB + 1, 400],
    ['aliyun', 'image/png', 2 * MB + 1, 400],
    ['tencent', 'text/plain', 100 * KB, 200],
    ['tencent', 'text/plain', 100 * KB + 1, 413],
    ['tencent', 'image/png', 100 * KB + 1, 200],
    ['tencent', 'image/png', 20 * MB + 1, 413],
    ['alipay', 'text/plain', 6 * MB, 200],
    ['alipay', 'text/plain', 32 * MB + 1, 413],
  ]
  test.each(cases)('%s, %s, %d bytes: %d', async (provider, contentType, size, status) => {
    const { ask, space } = await serve({ provider })
    const answer = await ask('/hook', {
      method: 'POST',
      headers: type(contentType),
      body: Buffer.alloc(size, 97),
    })
    expect(answer.status).toBe(status)
    expect(space.invocations).toHaveLength(status === 200 ? 1 : 0)
    if (status !== 200) expect(answer.headers['x-unicloud-error']).toBe('RequestContentLength.Exceeded')
  })

  test('tencent: what calls itself text but is not has the limit of bytes', async () => {
    const { ask } = await serve({ provider: 'tencent' })
    const answer = await ask('/hook', {
      method: 'POST',
      headers: type('text/plain'),
      body: Buffer.alloc(MB, 255),
    })
    expect(answer.status).toBe(200)
  })

  test('announced too large: answered before anything was sent', async () => {
    const { raw } = await serve()
    const head = 'POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\nconnection: close\r\n\r\n'
    expect(await raw(head)).toMatch(/^HTTP\/1.1 400 .*RequestContentLength.Exceeded/s)
  })

  test('asking first (Expect: 100-continue): the answer comes instead of the go-ahead', async () => {
    const { listening } = await serve()
    const events: string[] = []
    const ask = (length: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const headers = { expect: '100-continue', 'content-length': length }
        const req = request({ port: listening.port, path: '/hook', method: 'POST', headers, agent: false })
        req.on('continue', () => {
          events.push('continue')
          req.end(Buffer.alloc(length, 97))
        })
        req.on('response', (res) => {
          events.push(String(res.statusCode))
          res.resume().on('end', () => {
            req.destroy()
            resolve()
          })
        })
        req.on('error', reject)
        req.flushHeaders()
      })
    await ask(10)
    await ask(3 * MB)
    expect(events).toEqual(['continue', '200', '400'])
  })

  test('a stream without a length is cut at the limit, not read to its end', async () => {
    const { listening, space } = await serve()
    const status = await new Promise((resolve, reject) => {
      const req = request({ port: listening.port, path: '/hook', method: 'POST', agent: false })
      const chunk = Buffer.alloc(64 * KB, 97)
      const more = (): void => {
        while (!req.destroyed && req.write(chunk));
      }
      req.on('drain', more).on('error', reject)
      req.on('response', (res) => {
        resolve(res.statusCode)
        req.destroy()
      })
      more()
    })
    expect(status).toBe(400)
    expect(space.invocations).toHaveLength(0)
  })

  test('an endless stream is cut off in the end', async () => {
    const { listening } = await serve()
    const sent = await new Promise<number>((resolve) => {
      const socket = connect(listening.port, '127.0.0.1')
      socket.write('POST /hook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
      const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(64 * KB, 97), Buffer.from('\r\n')])
      const more = (): void => {
        while (socket.writable && socket.write(chunk));
      }
      socket.on('drain', more).on('error', () => {})
      socket.on('close', () => resolve(socket.bytesWritten))
      socket.resume()
      more()
    })
    expect(sent).toBeLessThan(64 * MB)
  })
})

describe('not HTTP', () => {
  const cases: Array<[string, string, RegExp]> = [
    ['garbage', 'hello\r\n\r\n', /^HTTP\/1.1 400 .*"InvalidBody.Format"/s],
    [
      'bad chunk length',
      'POST /hook HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      /^HTTP\/1.1 400 .*"InvalidBody.Format"/s,
    ],
    [
      'two lengths',
      'POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
      /^HTTP\/1.1 400 /,
    ],
    [
      'length and chunks (smuggling)',
      'POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1.1 400 /,
    ],
    [
      'header flood',
      `GET /hook HTTP/1.1\r\nhost: x\r\n${'abcd: efgh\r\n'.repeat(20_000)}\r\n`,
      /^HTTP\/1.1 431 .*"RequestHeader.Exceeded"/s,
    ],
    [
      'one huge header',
      `GET /hook HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(100_000)}\r\n\r\n`,
      /^HTTP\/1.1 431 /,
    ],
    ['huge URL', `GET /${'a/'.repeat(50_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, /^HTTP\/1.1 431 /],
    ['no Host', 'GET /hook HTTP/1.1\r\nconnection: close\r\n\r\n', /^HTTP\/1.1 400 /],
  ]
  test.each(cases)('%s', async (_name, text, answer) => {
    const { raw } = await serve()
    expect(await raw(text)).toMatch(answer)
  })

  test('no method is named CONNECT here, and upgrades are answered as plain requests', async () => {
    const { raw } = await serve()
    expect(await raw('CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n')).toBe('')
    const upgrade =
      'GET /hook HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n'
    expect(await raw(upgrade)).toMatch(/^HTTP\/1.1 200 /)
  })
})

describe('many and long', () => {
  test.each([
    [990, 200],
    [1010, 431],
  ])('%d headers: %d', async (count, status) => {
    const { ask } = await serve()
    const headers = Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, '1']))
    expect((await ask('/hook', { headers })).status).toBe(status)
  })

  test('thousands of slashes and query parameters are matched at once', async () => {
    const { ask } = await serve()
    const start = performance.now()
    expect((await ask('/a'.repeat(15_000))).status).toBe(404)
    expect((await ask(`/hook${'/'.repeat(30_000)}?${'a=1&'.repeat(5_000)}`)).status).toBe(200)
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('clients that go away or dawdle', () => {
  const limits = { headersMs: 150, requestMs: 300, checkMs: 20 }

  test('slow headers: 408', async () => {
    const { raw } = await serve({}, { limits })
    expect(await raw('GET /hook HTTP/1.1\r\nhost: x\r\n')).toMatch(/^HTTP\/1.1 408 .*"RequestTimeout"/s)
  })

  test('slow body: 408, and the function is not called', async () => {
    const { raw, space } = await serve({}, { limits })
    const head = 'POST /hook HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc'
    expect(await raw(head)).toMatch(/^HTTP\/1.1 408 .*"RequestTimeout"/s)
    expect(space.invocations).toHaveLength(0)
  })

  test.each(['/hook', '/client', '/_unicloud/api/functions/hook'])(
    'aborted in the body: %s',
    async (path) => {
      const { listening, space } = await serve()
      await new Promise<void>((resolve) => {
        const socket = connect(listening.port, '127.0.0.1', () => {
          socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nabc`, () =>
            setImmediate(() => socket.resetAndDestroy()),
          )
        })
        socket.on('close', () => resolve()).on('error', () => {})
      })
      expect(space.invocations).toHaveLength(0)
      expect(space.logs.list().filter((entry) => entry.level === 'error')).toEqual([])
    },
  )

  test('gone before the answer: the call ends, nothing is said', async () => {
    let finish = (): void => {}
    let called = (): void => {}
    const running = new Promise<void>((resolve) => {
      called = resolve
    })
    const main = (): unknown => {
      called()
      return new Promise((resolve) => {
        finish = () => resolve('late')
      })
    }
    const { listening, space, ask } = await serve({
      functions: { slow: { path: '/slow', main }, ...functions },
    })
    const socket = connect(listening.port, '127.0.0.1', () =>
      socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n'),
    )
    await running
    await new Promise((resolve) => socket.on('close', resolve).resetAndDestroy())
    finish()
    await ask('/hook')
    expect(space.logs.list()).toEqual([])
  })
})
