/** Everything below `/_unicloud/` but storage: guarded, and loaded at the first request. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Space } from '../../space-api.ts'
import type { ClientIp } from '../client-ip.ts'
import { sendJson } from '../reply.ts'
import { Guard } from './guard.ts'
import { healthPath, sendHealth } from './health.ts'
import type { TriggersControl } from './triggers-control.ts'

export interface ControlParts {
  space: Space
  clientIp: ClientIp
  triggers: TriggersControl | undefined
}

export class ControlFace {
  readonly #parts: ControlParts
  readonly #guard = new Guard()
  readonly #closing = new AbortController()
  #app: Promise<RequestListener> | undefined

  constructor(parts: ControlParts) {
    this.#parts = parts
  }

  /** See `Guard.requireToken`. */
  requireToken(token: string, names: readonly string[]): void {
    this.#guard.requireToken(token, names)
  }

  /** @param path of the request, without the query */
  async handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    const refusal = this.#guard.check(req, isPage(path))
    if (refusal) {
      const { status, errCode, errMsg } = refusal
      const headers = status === 401 ? ['www-authenticate', 'Bearer'] : []
      return sendJson(res, status, JSON.stringify({ errCode, errMsg }), headers)
    }
    // Answered without the web framework: whoever only asks whether the server is up does not make it load one.
    if (path === healthPath && req.method === 'GET') return sendHealth(this.#parts.space, res)
    this.#app ??= this.#load()
    const app = await this.#app
    app(req, res)
  }

  /** Ends log streams, which would hold the server open. */
  close(): void {
    this.#closing.abort()
  }

  async #load(): Promise<RequestListener> {
    const { createControlApp } = await import('./app.ts')
    return createControlApp(this.#parts, this.#closing.signal)
  }
}

// internals

/** The page holds no secrets and asks for the token itself: a browser cannot send one with the address. */
function isPage(path: string): boolean {
  return path === '/_unicloud' || path === '/_unicloud/'
}
