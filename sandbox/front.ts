/** What a request to the sandbox is for: a platform's API, the cashier, the pages for people, or the control API. */
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { LocalError } from '../errors/errors.ts'
import { refusedAccess, TOKEN_COOKIE } from './access.ts'
import { Actions } from './control/actions.ts'
import { ControlApi } from './control/control.ts'
import { type Answer, type ApiRequest, BodyTooLarge, jsonAnswer, readBody } from './core/exchange.ts'
import { send } from './core/gate.ts'
import type { Simulator } from './core/simulator.ts'
import { platformHost } from './hosts.ts'
import { unusableAnswer } from './out-of-order.ts'
import { Pages } from './pages/pages.ts'

export interface FrontOptions {
  mount: string
  accessToken(): string | undefined
}

export class Front {
  readonly #simulator: Simulator
  readonly #options: FrontOptions
  readonly #control: ControlApi
  readonly #pages: Pages

  constructor(simulator: Simulator, options: FrontOptions) {
    this.#simulator = simulator
    this.#options = options
    const actions = new Actions(simulator)
    this.#control = new ControlApi(simulator, actions)
    this.#pages = new Pages(simulator, actions, options.mount)
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      const { host, target } = this.#aim(req)
      const request = await readRequest(req, host, target, this.#certificateOf(req))
      const own = this.#ownPath(request)
      if (own === undefined) await this.#simulator.gate.handle(request, res)
      else await this.#own(req, res, request, own)
    } catch (error) {
      this.#failed(req, res, error)
    }
  }

  // internals

  /** Below `hosts/` the path says which host is meant; else the headers do. */
  #aim(req: IncomingMessage): { host: string; target: string } {
    const url = originForm(req.url ?? '/')
    const prefix = `${this.#options.mount}/hosts/`
    if (url.startsWith(prefix)) {
      const [, host = '', target = ''] = /^([^/?]*)(.*)$/s.exec(url.slice(prefix.length)) ?? []
      return { host: platformHost(host), target: target.startsWith('/') ? target : `/${target}` }
    }
    return {
      host: platformHost(req.headers['x-forwarded-host']) || platformHost(req.headers.host),
      target: url,
    }
  }

  /** Only a TLS connection can ask for one; the merchant's own is the one that counts. */
  #certificateOf(req: IncomingMessage): ApiRequest['clientCertificate'] {
    const socket = req.socket as Partial<TLSSocket>
    if (!socket.encrypted) return 'notAsked'
    const merchant = new X509Certificate(this.#simulator.keys.material.keys.wechat_merchant_cert)
    return socket.getPeerX509Certificate?.()?.raw.equals(merchant.raw) ? 'shown' : 'missing'
  }

  /** @returns path below the mount; undefined when the request is for a platform */
  #ownPath({ host, path }: ApiRequest): string | undefined {
    const { mount } = this.#options
    if (host !== '' || !path.startsWith(mount)) return undefined
    return path.slice(mount.length) || '/'
  }

  async #own(req: IncomingMessage, res: ServerResponse, request: ApiRequest, path: string): Promise<void> {
    const token = this.#options.accessToken()
    // The cashier is open, as the real one is.
    const refused = path.startsWith('/pay/') ? undefined : refusedAccess(req, token, request.query)
    if (refused) return send(res, refused)
    // A link carries the token once; afterwards the browser does.
    if (token !== undefined && request.method === 'GET' && request.query.get('token') === token) {
      return send(res, this.#welcome(token, path))
    }
    if (this.#pages.serves(request.method, path)) return send(res, await this.#pages.answer(request, path))
    send(res, await this.#control.answer(request, path))
  }

  #welcome(token: string, path: string): Answer {
    const cookie = `${TOKEN_COOKIE}=${token}; Path=${this.#options.mount}; HttpOnly; SameSite=Strict`
    return {
      status: 303,
      headers: { Location: `${this.#options.mount}${path}`, 'Set-Cookie': cookie },
      body: '',
    }
  }

  #failed(req: IncomingMessage, res: ServerResponse, error: unknown): void {
    // Whoever hangs up while sending is no mistake of ours.
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return
    if (error instanceof LocalError && error.code === 'DATA_UNUSABLE') {
      if (res.headersSent) res.destroy()
      else send(res, unusableAnswer(req, error, this.#options.accessToken()))
      return
    }
    const tooLarge = error instanceof BodyTooLarge
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (!tooLarge) this.#simulator.calls.say('error', text)
    if (res.headersSent) return void res.destroy()
    const errMsg = tooLarge ? error.message : 'internal error of the sandbox, see the log'
    send(res, jsonAnswer(tooLarge ? 413 : 500, { errCode: tooLarge ? 'TOO_LARGE' : 'INTERNAL', errMsg }))
  }
}

// internals

/** What a client sends that takes us for its HTTP proxy: `http://host/path` -> `/path`; the host is in its headers too. */
function originForm(target: string): string {
  const path = /^https?:\/\/[^/?]*(.*)$/is.exec(target)?.[1]
  if (path === undefined) return target
  return path.startsWith('/') ? path : `/${path}`
}

async function readRequest(
  req: IncomingMessage,
  host: string,
  target: string,
  clientCertificate: ApiRequest['clientCertificate'],
): Promise<ApiRequest> {
  const mark = target.indexOf('?')
  return {
    method: req.method ?? 'GET',
    host,
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: req.headers,
    body: await readBody(req),
    clientCertificate,
  }
}
