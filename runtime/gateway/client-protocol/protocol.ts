/** The client protocol over HTTP: CORS, bodies, and who answers what (spec/client-protocol.md). */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { providers } from '../../provider.ts'
import type { Space } from '../../space-api.ts'
import { hasBody, readBody } from '../body.ts'
import type { ClientIp } from '../client-ip.ts'
import { preflightHeaders } from '../cors.ts'
import { type HeaderList, send, sendJson } from '../reply.ts'
import { ClientCalls, type ClientResult, isObject, type RequestFacts } from './client-calls.ts'
import { type ClientError, errorEnvelope, successEnvelope } from './envelope.ts'
import { ClientGateway } from './gateway.ts'
import { isLocalDebugPath, localDebugAnswer } from './local-debug.ts'
import type { ClientServices } from './services.ts'

const GATEWAY_PATH = '/client'

export class ClientProtocol {
  readonly #clientIp: ClientIp
  readonly #calls: ClientCalls
  readonly #gateway: ClientGateway
  readonly #maxBytes: number

  constructor(space: Space, clientIp: ClientIp, services: ClientServices) {
    this.#clientIp = clientIp
    this.#calls = new ClientCalls(space, services)
    this.#gateway = new ClientGateway(space, this.#calls)
    this.#maxBytes = providers[space.manifest.provider].callRequestBytes.refuse
  }

  /** Whether a path belongs to the protocol; these go before URL-ized functions. */
  serves(path: string): boolean {
    return path === GATEWAY_PATH || isLocalDebugPath(path)
  }

  async handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (req.method === 'OPTIONS')
      return send(res, 204, [...corsHeaders(req), ...preflightHeaders(req, METHODS)], '')
    const inEnvelope = path === GATEWAY_PATH
    const requestId = randomUUID()
    const answer = (result: ClientResult): void => {
      const headers = [...corsHeaders(req), 'request-id', requestId]
      if (inEnvelope) answerInEnvelope(res, result, requestId, headers)
      else answerBare(res, path, result, headers)
    }
    if (req.method !== 'POST' && path !== '/system/ping')
      return answer({ error: { code: 'MethodNotAllowed', message: `${path} is called with POST` } })
    const bytes = hasBody(req) ? await readBody(req, res, { bytes: this.#maxBytes }) : NO_BYTES
    if (bytes === 'aborted') return
    if (bytes === 'too-large') return answer({ error: tooLarge })
    const facts = this.#facts(req, requestId, bytes.length)
    // Pings and checks need no body.
    const body = parsed(bytes)
    if (body === INVALID && !path.startsWith('/system/')) return answer({ error: badJson })
    answer(
      inEnvelope
        ? await this.#gateway.answer(body, req, facts)
        : await localDebugAnswer(path, body, facts, this.#calls),
    )
  }

  #facts(req: IncomingMessage, requestId: string, bytes: number): RequestFacts {
    const { headers } = req
    const facts: RequestFacts = {
      requestId,
      clientIP: this.#clientIp(req),
      userAgent: headers['user-agent'] ?? '',
      bytes,
    }
    const token = headers['x-client-token']
    if (typeof token === 'string' && token !== '') facts.uniIdToken = token
    const info = clientInfoHeader(headers['x-client-info'])
    if (info) facts.clientInfo = info
    // A phone in the local network knows this server by another name than we do.
    if (plainHost.test(headers.host ?? '')) facts.reachedAt = `http://${headers.host}`
    return facts
  }
}

// internals

/** A name or an address, with or without a port; nothing that would change the meaning of a URL. */
const plainHost = /^(?:[a-z\d.-]+|\[[a-f\d:]+\])(?::\d{1,5})?$/i

const METHODS = 'GET, POST, PUT, DELETE, OPTIONS'
const NO_BYTES = Buffer.alloc(0)
const INVALID = Symbol('not JSON')

const badJson: ClientError = { code: 'InvalidBody.Format', message: 'The request Body is not valid.' }
const tooLarge: ClientError = {
  code: 'RequestContentLength.Exceeded',
  message: 'The request ContentLength exceeds the limit.',
}

/** Pages of every origin may call, without cookies (§6). */
function corsHeaders(req: IncomingMessage): HeaderList {
  const { origin } = req.headers
  const headers = [
    'access-control-allow-origin',
    origin ?? '*',
    'access-control-expose-headers',
    'request-id',
  ]
  if (origin !== undefined) headers.push('vary', 'origin')
  return headers
}

/** Status 200 for failures too: SDKs up to 3.9 lose the code otherwise (§3.3). */
function answerInEnvelope(
  res: ServerResponse,
  result: ClientResult,
  requestId: string,
  headers: HeaderList,
): void {
  const text =
    'error' in result ? errorEnvelope(result.error, requestId) : successEnvelope(result.data, requestId)
  sendJson(res, 200, text, headers)
}

function answerBare(res: ServerResponse, path: string, result: ClientResult, headers: HeaderList): void {
  if (!('error' in result)) sendJson(res, 200, result.data, headers)
  else if (path.startsWith('/storage/')) sendJson(res, 200, JSON.stringify({ error: result.error }), headers)
  else sendJson(res, bareStatus(result.error), JSON.stringify(result.error), headers)
}

/** Local debug knows only "400 or above"; these are for whoever reads the network panel. */
function bareStatus({ code }: ClientError): number {
  switch (code) {
    case 'FUNCTION_NOT_FOUND':
      return 404
    case 'MethodNotAllowed':
      return 405
    case 'InvalidBody.Format':
      return 400
    case 'RequestContentLength.Exceeded':
      return 413
    case 'FUNCTION_TIMEOUT':
      return 504
    default:
      return 500
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return INVALID
  }
}

function clientInfoHeader(header: string | string[] | undefined): Record<string, unknown> | undefined {
  if (typeof header !== 'string' || header === '') return undefined
  try {
    const info: unknown = JSON.parse(decodeURIComponent(header))
    return isObject(info) ? info : undefined
  } catch {
    return undefined
  }
}
