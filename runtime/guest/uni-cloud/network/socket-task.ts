/** `uniCloud.connectSocket`: a WebSocket to another server (spec/runtime.md §9). */
import type { RawData, WebSocket } from 'ws'
import type { GuestRuntime } from '../../guest-context.ts'
import { invalidParam, UniCloudError } from '../error.ts'
import { packages } from '../packages.ts'
import type { Outbound } from './outbound.ts'

export interface ConnectSocketOptions {
  url: string
  header?: Record<string, string>
  protocols?: string | string[]
}

/** What listeners of each event get. */
interface Events {
  open: { header: Record<string, unknown> }
  message: { data: string | Buffer }
  close: { code: number; reason: string }
  error: { errMsg: string }
}

type Listener<E extends keyof Events> = (event: Events[E]) => void

export class SocketTask {
  readonly #socket: WebSocket
  readonly #listeners: { [E in keyof Events]: Listener<E>[] } = {
    open: [],
    message: [],
    close: [],
    error: [],
  }

  constructor(socket: WebSocket) {
    this.#socket = socket
    let header: Record<string, unknown> = {}
    socket.on('upgrade', (response) => {
      header = response.headers
    })
    socket.on('open', () => this.#emit('open', { header }))
    socket.on('message', (data, binary) => {
      const bytes = bytesOf(data)
      this.#emit('message', { data: binary ? bytes : bytes.toString() })
    })
    socket.on('close', (code, reason) => this.#emit('close', { code, reason: reason.toString() }))
    socket.on('error', (error) => this.#emit('error', { errMsg: `connectSocket:fail ${error.message}` }))
  }

  onOpen(listener: Listener<'open'>): void {
    this.#listeners.open.push(listener)
  }

  onMessage(listener: Listener<'message'>): void {
    this.#listeners.message.push(listener)
  }

  onClose(listener: Listener<'close'>): void {
    this.#listeners.close.push(listener)
  }

  onError(listener: Listener<'error'>): void {
    this.#listeners.error.push(listener)
  }

  /** Resolves when the data has left; rejects when the socket is not open. */
  send(options: { data: string | ArrayBuffer | Uint8Array }): Promise<{ errMsg: string }> {
    return new Promise((resolve, reject) => {
      this.#socket.send(options?.data ?? '', (error) => {
        if (error)
          reject(new UniCloudError({ errMsg: `sendSocketMessage:fail ${error.message}`, cause: error }))
        else resolve({ errMsg: 'sendSocketMessage:ok' })
      })
    })
  }

  /** @throws UniCloudError for a code that an application may not use */
  close({ code = 1000, reason = '' }: { code?: number; reason?: string } = {}): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw invalidParam(`close: code must be 1000 or from 3000 to 4999, not ${code}`)
    }
    this.#socket.close(code, reason)
  }

  // internals

  #emit<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of [...this.#listeners[event]]) listener(value)
  }
}

/** Connects at once; listeners may be added until the next turn of the event loop and miss nothing. */
export function connectSocket(
  runtime: GuestRuntime,
  outbound: Outbound,
  options: ConnectSocketOptions,
): SocketTask {
  const { url, header = {}, protocols = [] } = options ?? {}
  if (typeof url !== 'string' || !/^wss?:\/\//i.test(url)) {
    throw invalidParam(`connectSocket: url must begin with ws:// or wss://, not ${String(url)}`)
  }
  const Socket = packages.ws()
  const route = outbound.route(url)
  const agents = outbound.agents()
  const socket = new Socket(route.url, protocols, {
    headers: { ...header, ...route.headers },
    ...(agents ? { agent: /^wss/i.test(route.url) ? agents.httpsAgent : agents.agent } : {}),
  })
  runtime.onDrain(() => socket.terminate())
  return new SocketTask(socket)
}

// internals

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
