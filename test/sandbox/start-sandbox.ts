/** A sandbox on loopback, with a merchant that takes its notifications. Both go when the test ends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { ManualClock } from '../../clock/clock.ts'
import type { LogLine } from '../../sandbox/core/call-log.ts'
import type { JsonObject } from '../../sandbox/core/json.ts'
import type { Simulator } from '../../sandbox/core/simulator.ts'
import { createSandbox, MOUNT, type Sandbox, type SandboxOptions } from '../../sandbox/sandbox.ts'

export interface Started {
  /** `http://127.0.0.1:PORT`: platforms are told apart by path, or by `x-forwarded-host`. */
  origin: string
  sandbox: Sandbox
  simulator: Simulator
  clock: ManualClock
  log: LogLine[]
  directory: string
  /** The control API; throws on a status that is not 200. */
  control<T = JsonObject>(method: string, path: string, body?: object): Promise<T>
  stop(): Promise<void>
}

/** With the published keys, at the machine's time. */
export async function startSandbox(options: Partial<SandboxOptions> = {}): Promise<Started> {
  const directory = options.directory ?? (await mkdtemp(path.join(tmpdir(), 'sandbox-')))
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock(Date.now())
  const log: LogLine[] = []
  let origin = ''
  const sandbox = createSandbox({
    directory,
    clock,
    log: (line) => void log.push(line),
    publicUrl: () => origin,
    seed: 'vectors',
    ...options,
  })
  const server = createServer((req, res) => void sandbox.handler(req, res))
  origin = await listen(server)
  const stop = async (): Promise<void> => {
    await sandbox.close()
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(async () => {
    await stop()
    await rm(directory, { recursive: true, force: true })
  })
  const control = <T>(method: string, path: string, body?: object): Promise<T> =>
    callControl<T>(`${origin}${MOUNT}${path}`, method, body)
  return { origin, sandbox, simulator: await sandbox.open(), clock, log, directory, control, stop }
}

/** A failed call of the control API. */
export class ControlFailure extends Error {
  readonly status: number
  readonly body: JsonObject

  constructor(status: number, body: JsonObject) {
    super(`${status} ${JSON.stringify(body)}`)
    this.status = status
    this.body = body
  }
}

export interface Received {
  path: string
  headers: Record<string, string>
  body: string
}

export interface Merchant {
  /** Where notifications are to go. */
  url: string
  received: Received[]
  /** How each is answered; default: HTTP 200 without a body. */
  answer: (received: Received) => { status?: number; body?: string; delayMs?: number }
}

export async function startMerchant(): Promise<Merchant> {
  const merchant: Merchant = { url: '', received: [], answer: () => ({}) }
  const server = createServer(async (req, res) => {
    const received = {
      path: req.url ?? '',
      headers: req.headers as Record<string, string>,
      body: await textOf(req),
    }
    merchant.received.push(received)
    const { status = 200, body = '', delayMs = 0 } = merchant.answer(received)
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    res.writeHead(status).end(body)
  })
  merchant.url = `${await listen(server)}/notify`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return merchant
}

// internals

async function callControl<T>(url: string, method: string, body: object | undefined): Promise<T> {
  const response = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const answer = (await response.json()) as T
  if (response.status !== 200) throw new ControlFailure(response.status, answer as JsonObject)
  return answer
}

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
