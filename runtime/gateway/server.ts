/**
 * The HTTP server of a space. One function looks at the path and hands the request to a face: URL-ized functions,
 * the client protocol, storage, or the control API. No middleware: this is the hot path (shared design, decision 8).
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { LocalError } from '../../errors/errors.ts'
import { isForPlatform, MOUNT } from '../../sandbox/hosts.ts'
import { type ProviderProfile, providers } from '../provider.ts'
import type { Space } from '../space-api.ts'
import { clientIpOf, isLoopback } from './client-ip.ts'
import { ClientProtocol } from './client-protocol/protocol.ts'
import type { ClientServices } from './client-protocol/services.ts'
import { ControlFace } from './control/control.ts'
import type { TriggersControl } from './control/triggers-control.ts'
import { errorBody, gatewayError, type HttpError, headersExceeded } from './http-errors.ts'
import { answerProtocolError } from './protocol-errors.ts'
import { sendJson } from './reply.ts'
import { type ChannelSource, SSE_PREFIX, SseChannels } from './sse-channels.ts'
import { STORAGE_PREFIX, type StorageHttp } from './storage-http.ts'
import { UrlFunctions } from './url-functions.ts'

export interface GatewayOptions {
  /** Bearer token of the control API when the server is reachable from elsewhere; default: a new random one. */
  token?: string
  /** Timers as the control API shows them; without it they are answered as switched off. */
  triggers?: TriggersControl
  /** Serves files below `/_unicloud/storage/`. */
  storage?: StorageHttp
  /** Serves what is below `/_unicloud/sandbox` and what is for a payment platform's host; decides itself who may. */
  sandbox?: SandboxHttp
  /** SSE channels of functions; read below `/_unicloud/sse/`. */
  channels?: ChannelSource
  /** What the client protocol offers beside functions: clientDB, file storage. */
  client?: ClientServices
  limits?: Partial<GatewayLimits>
}

/** The payment sandbox, as the gateway sees it. */
export interface SandboxHttp {
  handler(req: IncomingMessage, res: ServerResponse): Promise<void>
}

/** What a client may cost before it is cut off. */
export interface GatewayLimits {
  /** Request line and headers together. Cookies of every server on localhost pile up here, hence more than Node's 16 KB. */
  headerBytes: number
  /** Until the headers are complete, in milliseconds. */
  headersMs: number
  /** Until the whole request is there, in milliseconds. */
  requestMs: number
  /** An idle connection is kept open, in milliseconds. */
  keepAliveMs: number
  /** How often slow requests are looked for, in milliseconds. */
  checkMs: number
}

export interface Listening {
  /** `http://HOST:PORT`, as bound. */
  url: string
  host: string
  port: number
  /** The control API asks for it; only when the server does not listen on a loopback address. */
  token?: string
}

export interface Gateway {
  /**
   * Binds the address of the space's options and sets `space.publicUrl`.
   * @throws LocalError PORT_IN_USE or CONFIG_INVALID
   */
  listen(): Promise<Listening>
  /** Takes no more connections, lets running answers finish for up to `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>
}

export function createGateway(space: Space, options: GatewayOptions = {}): Gateway {
  return new HttpGateway(space, options)
}

// internals

/** Beside their size: thousands of tiny headers cost time in every function that looks at them. */
const MAX_HEADERS = 1000

const defaultLimits: GatewayLimits = {
  headerBytes: 64 * 1024,
  headersMs: 15_000,
  requestMs: 120_000,
  keepAliveMs: 65_000,
  checkMs: 5_000,
}

class HttpGateway implements Gateway {
  readonly #space: Space
  readonly #profile: ProviderProfile
  readonly #options: GatewayOptions
  readonly #server: Server
  readonly #urls: UrlFunctions
  readonly #client: ClientProtocol
  readonly #control: ControlFace
  readonly #channels: SseChannels | undefined
  readonly #manifestWatch: Disposable

  constructor(space: Space, options: GatewayOptions) {
    this.#space = space
    this.#options = options
    this.#profile = providers[space.manifest.provider]
    const clientIp = clientIpOf(space.options.http.trustProxy)
    this.#client = new ClientProtocol(space, clientIp, options.client ?? {})
    this.#urls = new UrlFunctions(space, clientIp, (path) => isOwnPath(path) || this.#client.serves(path))
    this.#control = new ControlFace({ space, clientIp, triggers: options.triggers })
    this.#channels = options.channels && new SseChannels(options.channels)
    this.#manifestWatch = space.onManifest(() => this.#urls.refresh())
    this.#server = this.#createServer({ ...defaultLimits, ...options.limits })
  }

  #createServer(limits: GatewayLimits): Server {
    const server = createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkMs,
    })
    // Node would drop headers beyond its own limit silently; `#handle` refuses instead.
    server.maxHeadersCount = 0
    server.on('request', this.#handle)
    // Whoever asks before sending a large body is answered before it is sent (body.ts).
    server.on('checkContinue', this.#handle)
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
      answerProtocolError(error, socket, this.#profile),
    )
    return server
  }

  readonly #handle = (req: IncomingMessage, res: ServerResponse): void => {
    if (req.rawHeaders.length > MAX_HEADERS * 2) {
      this.#refuse(res, headersExceeded)
      return
    }
    try {
      const done = this.#route(req, res)
      if (done) done.catch((error: unknown) => this.#broken(res, error))
    } catch (error) {
      this.#broken(res, error)
    }
  }

  #route(req: IncomingMessage, res: ServerResponse): void | Promise<void> {
    const target = originForm(req.url ?? '/')
    // Whatever looks at it after us must see the same path that we judge by.
    req.url = target
    const mark = target.indexOf('?')
    const path = mark < 0 ? target : target.slice(0, mark)
    const query = mark < 0 ? '' : target.slice(mark + 1)
    const { storage, sandbox } = this.#options
    // By Host, whatever the path: a platform's host must reach neither the control API nor functions.
    if (sandbox && isForPlatform(req.headers)) return askSandbox(sandbox, req, res)
    if (isOwnPath(path)) {
      if (storage && path.startsWith(STORAGE_PREFIX))
        return storage.handle(req, res, path.slice(STORAGE_PREFIX.length), query)
      if (sandbox && isBelow(path, MOUNT)) return askSandbox(sandbox, req, res)
      if (this.#channels && path.startsWith(SSE_PREFIX))
        return this.#channels.handle(req, res, path.slice(SSE_PREFIX.length))
      return this.#control.handle(req, res, path)
    }
    if (this.#client.serves(path)) return this.#client.handle(req, res, path)
    return this.#urls.handle(req, res, path, query)
  }

  /** A bug of ours: it is logged with its stack, and the server goes on. */
  #broken(res: ServerResponse, error: unknown): void {
    const text = `gateway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    this.#space.logs.append({ time: this.#space.clock.now(), level: 'error', channel: 'system', text })
    if (res.headersSent) res.destroy()
    else this.#refuse(res, gatewayError('internal', this.#profile))
  }

  #refuse(res: ServerResponse, error: HttpError): void {
    const headers = ['x-unicloud-error', error.code, 'connection', 'close']
    sendJson(res, error.status, errorBody(error, this.#profile, ''), headers)
  }

  async listen(): Promise<Listening> {
    const { host, port } = this.#space.options
    await new Promise<void>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port))
      this.#server.once('error', failed)
      this.#server.listen(port, host, () => {
        this.#server.off('error', failed)
        resolve()
      })
    })
    const bound = this.#server.address() as AddressInfo
    const listening: Listening = { url: `http://${inUrl(host)}:${bound.port}`, host, port: bound.port }
    if (!isLoopback(bound.address)) {
      listening.token = this.#options.token ?? randomBytes(24).toString('base64url')
      this.#control.requireToken(listening.token, [host, bound.address])
    }
    this.#space.publicUrl = isWildcard(bound.address) ? `http://127.0.0.1:${bound.port}` : listening.url
    return listening
  }

  async close(graceMs: number): Promise<void> {
    this.#manifestWatch[Symbol.dispose]()
    this.#control.close()
    this.#channels?.close()
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    // A connection that finishes its answer now would be kept alive and hold the server open.
    const idle = setInterval(() => this.#server.closeIdleConnections(), 20)
    const grace = setTimeout(() => this.#server.closeAllConnections(), graceMs)
    await closed
    clearInterval(idle)
    clearTimeout(grace)
  }
}

/** curl, and what is built on it, waits before it sends a larger order. */
function askSandbox(sandbox: SandboxHttp, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.headers.expect !== undefined) res.writeContinue()
  return sandbox.handler(req, res)
}

/** Below `/_unicloud`, which belongs to us. */
function isOwnPath(path: string): boolean {
  return isBelow(path, '/_unicloud')
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder) && (path.length === folder.length || path[folder.length] === '/')
}

/** `http://host/path` (proxies send it) -> `/path`; a target without a path is `/`. */
function originForm(target: string): string {
  if (target.charCodeAt(0) === 47) return target
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/i.exec(target)?.[1]
  if (path === undefined || path === '') return '/'
  return path.startsWith('?') ? `/${path}` : path
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): LocalError {
  const place = `${inUrl(host)}:${port}`
  if (error.code === 'EADDRINUSE') {
    return new LocalError('PORT_IN_USE', `${place} is in use by another program`, {
      hint: 'stop it, or choose another port with --port N (0 picks a free one)',
      cause: error,
    })
  }
  const why = error.code === 'EACCES' ? 'no permission for this port' : error.message
  return new LocalError('CONFIG_INVALID', `cannot listen on ${place}: ${why}`, {
    hint: 'choose a --host of this machine and a --port above 1023',
    cause: error,
  })
}
