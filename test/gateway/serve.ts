/** A gateway over a fake space for one test, and a plain HTTP client that changes nothing of what it is told. */
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { createGateway, type GatewayOptions, type Listening } from '../../runtime/gateway/server.ts'
import { FakeSpace, type FakeSpaceOptions } from './fake-space.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  bytes: Buffer
  text: string
  json(): unknown
}

export interface Ask {
  method?: string
  headers?: OutgoingHttpHeaders
  body?: string | Buffer
}

export interface Served {
  space: FakeSpace
  listening: Listening
  ask(path: string, options?: Ask): Promise<Answer>
  /** Sends JSON with POST. */
  post(path: string, value: unknown, headers?: OutgoingHttpHeaders): Promise<Answer>
  /** Sends bytes as they are and returns everything that comes back until the line is closed. */
  raw(text: string | Buffer): Promise<string>
  warnings(): string[]
  close(graceMs: number): Promise<void>
}

export async function serve(
  options: FakeSpaceOptions = {},
  gatewayOptions: GatewayOptions = {},
): Promise<Served> {
  const space = new FakeSpace(options)
  const gateway = createGateway(space, gatewayOptions)
  const listening = await gateway.listen()
  onTestFinished(() => gateway.close(0))
  const { port } = listening
  const served: Served = {
    space,
    listening,
    ask: (path, asked) => ask(port, path, asked),
    post: (path, value, headers = {}) =>
      ask(port, path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(value),
      }),
    raw: (text) => raw(port, text),
    warnings: () =>
      space.logs
        .list()
        .filter((entry) => entry.level === 'warn')
        .map((entry) => entry.text),
    close: (graceMs) => gateway.close(graceMs),
  }
  return served
}

export function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const req = request(
      { host: '127.0.0.1', port, path, method, headers: { ...length, ...headers }, agent: false },
      (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
        res.on('end', () => {
          const bytes = Buffer.concat(chunks)
          const text = bytes.toString()
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            bytes,
            text,
            json: () => JSON.parse(text),
          })
        })
      },
    )
    req.on('error', reject)
    req.end(body)
  })
}

// internals

function raw(port: number, text: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}
