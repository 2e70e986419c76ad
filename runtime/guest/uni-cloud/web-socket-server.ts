/** `uniCloud.webSocketServer` of alipay: the cloud's side of `uniCloud.connectWebSocket` (spec/runtime.md §14). */
import { createHash, createHmac, randomUUID } from 'node:crypto'
import type { GuestRuntime } from '../guest-context.ts'
import { invalidParam, notSupported } from './error.ts'
import { useService } from './outbox.ts'
import { publicUrl } from './public-url.ts'

export interface WebSocketServer {
  send(connectionIds: string | string[], payload: string | Uint8Array | object): Promise<void>
  close(connectionIds: string | string[]): Promise<void>
  /** A URL a client may open a connection to this function with. */
  signedURL(name: string, query?: Record<string, unknown>): Promise<string>
}

/** The gateway checks signatures only where a secret is configured; these are for all spaces without one. */
const accessKeyId = 'local'
const secretKey = 'local'

export function webSocketServer(runtime: GuestRuntime): WebSocketServer {
  return {
    send: (ids, payload) => reach(runtime, 'send', ids, [payload]),
    close: (ids) => reach(runtime, 'close', ids, []),
    signedURL: async (name, query = {}) => signedUrl(runtime, name, query),
  }
}

// internals

async function reach(runtime: GuestRuntime, method: string, ids: unknown, more: unknown[]): Promise<void> {
  const list = Array.isArray(ids) ? ids : [ids]
  if (list.length === 0 || !list.every((id) => typeof id === 'string' && id !== '')) {
    throw invalidParam(`webSocketServer().${method}: a connection id or a list of them is expected`)
  }
  await useService(runtime, {
    service: 'webSocketServer',
    method,
    args: [ids, ...more.map((payload) => textOf(payload))],
    answer: null,
  })
  throw notSupported(
    `webSocketServer().${method} reached nobody: the local space accepts no WebSocket connections, ` +
      `so there is no connection [${list.join(', ')}]; the call is recorded in the outbox`,
  )
}

function textOf(payload: unknown): string {
  if (typeof payload === 'string') return payload
  return ArrayBuffer.isView(payload)
    ? `<${payload.byteLength} bytes>`
    : (JSON.stringify(payload) ?? String(payload))
}

function signedUrl(runtime: GuestRuntime, name: string, query: Record<string, unknown>): string {
  if (typeof name !== 'string' || name === '')
    throw invalidParam('signedURL: the name of a function is expected')
  const base = new URL(publicUrl(runtime).replace(/^http/, 'ws'))
  const path = `/ws/function/${encodeURIComponent(name)}`
  const signed = { accessKeyId, signatureNonce: randomUUID(), timestamp: String(runtime.now()) }
  const fields = Object.entries(signed).map(([key, value]) => `${key}=${value}`)
  const text = [path, fields.join('&'), `host:${base.host}`].join('\n')
  const digest = createHash('sha256').update(text).digest('hex')
  const signature = createHmac('sha256', secretKey).update(`HMAC-SHA256\n${digest}`).digest('hex')
  const url = new URL(path, base)
  for (const [key, value] of Object.entries({ ...query, ...signed, signature })) {
    url.searchParams.set(key, String(value))
  }
  return url.href
}
