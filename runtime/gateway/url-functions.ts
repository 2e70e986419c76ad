/** URL-ized functions and objects: an HTTP request to a call, its outcome to an HTTP answer (spec/http.md). */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpInfo, Outcome, ResultValue } from '../invocation.ts'
import { type ProviderProfile, providers } from '../provider.ts'
import type { Space } from '../space-api.ts'
import { type BodyLimit, hasBody, readBody } from './body.ts'
import type { ClientIp } from './client-ip.ts'
import { allowHeaders, isPreflight, type OriginRule, originRule, preflightHeaders } from './cors.ts'
import { errorBody, failureError, gatewayError, type HttpError, headerCode } from './http-errors.ts'
import { type HeaderList, send, sendJson } from './reply.ts'
import { eventBody, eventHeaders, isTextType, parseQuery } from './request-event.ts'
import { answerOf, type HttpAnswer } from './response.ts'
import { type RouteHit, RouteTable } from './routes.ts'

export class UrlFunctions {
  readonly #space: Space
  readonly #clientIp: ClientIp
  readonly #profile: ProviderProfile
  readonly #allows: OriginRule
  readonly #defaultDomain: boolean
  readonly #reserved: (path: string) => boolean
  #routes: RouteTable

  /** @param reserved paths that are answered by somebody else before they come here */
  constructor(space: Space, clientIp: ClientIp, reserved: (path: string) => boolean) {
    this.#space = space
    this.#reserved = reserved
    this.#clientIp = clientIp
    this.#profile = providers[space.manifest.provider]
    this.#allows = originRule(space.options.http.cors)
    this.#defaultDomain = space.options.http.aliyunDefaultDomain && this.#profile.name === 'aliyun'
    this.#routes = this.#compile()
  }

  /** Takes up the paths of the manifest as it is now. */
  refresh(): void {
    this.#routes = this.#compile()
  }

  /**
   * @param path raw path, without the query
   * @param query raw query, without `?`
   */
  handle(req: IncomingMessage, res: ServerResponse, path: string, query: string): void | Promise<void> {
    const given = req.headers.origin
    const origin = given !== undefined && this.#allows(given) ? given : undefined
    if (origin !== undefined && isPreflight(req)) return this.#preflight(req, res, origin)
    const hit = this.#routes.match(path)
    if (!hit) return this.#fail(res, randomUUID(), origin, this.#noPath(path))
    if (hasBody(req)) return this.#read(req, res, hit, query, origin)
    return this.#call(req, res, hit, query, origin, '', false)
  }

  #compile(): RouteTable {
    const { manifest, logs, clock } = this.#space
    for (const { name, config } of Object.values(manifest.functions)) {
      const { path } = config
      if (path === '' || !(this.#reserved(path) || this.#reserved(`${path}/`))) continue
      const text = `path ${path} is used by the server itself, [${name}] is not reachable there: choose another`
      logs.append({ time: clock.now(), level: 'warn', channel: 'system', text, functionName: name })
    }
    return new RouteTable(manifest)
  }

  #preflight(req: IncomingMessage, res: ServerResponse, origin: string): void {
    const method = req.headers['access-control-request-method'] ?? ''
    send(res, 204, [...allowHeaders(origin), ...preflightHeaders(req, method)], '')
  }

  async #read(
    req: IncomingMessage,
    res: ServerResponse,
    hit: RouteHit,
    query: string,
    origin: string | undefined,
  ): Promise<void> {
    const text = isTextType(req.headers['content-type'], this.#space.options.http.base64)
    const bytes = await readBody(req, res, this.#bodyLimit(text))
    if (bytes === 'aborted') return
    if (bytes === 'too-large')
      return this.#fail(res, randomUUID(), origin, gatewayError('request-too-large', this.#profile))
    const { body, isBase64Encoded } = eventBody(bytes, text)
    return this.#call(req, res, hit, query, origin, body, isBase64Encoded)
  }

  /** tencent has a limit for text and another for bytes; a body that calls itself text but is not has the latter. */
  #bodyLimit(text: boolean): BodyLimit {
    const { requestBytes } = this.#profile.http
    if (!text || requestBytes.text >= requestBytes.binary) return { bytes: requestBytes.binary }
    const limitFor = (soFar: Buffer): number =>
      startsAsText(soFar) ? requestBytes.text : requestBytes.binary
    return { bytes: requestBytes.text, widen: { atMost: requestBytes.binary, limitFor } }
  }

  async #call(
    req: IncomingMessage,
    res: ServerResponse,
    { route, rest }: RouteHit,
    query: string,
    origin: string | undefined,
    body: string,
    isBase64Encoded: boolean,
  ): Promise<void> {
    const requestId = randomUUID()
    const { values, repeated } = parseQuery(query)
    if (repeated !== undefined) {
      const hint = 'the last value counts; send the values under different names'
      this.#warn(route.name, requestId, `query parameter '${repeated}' occurs more than once: ${hint}`)
    }
    const http: HttpInfo = {
      path: rest,
      httpMethod: req.method ?? 'GET',
      headers: eventHeaders(req),
      queryStringParameters: values,
      body,
      isBase64Encoded,
    }
    const outcome = await this.#space.invoke({
      name: route.name,
      payload: { type: 'http', http },
      source: 'http',
      requestId,
      clientIP: this.#clientIp(req),
      userAgent: http.headers['user-agent'] ?? '',
      sizeChecked: true,
    })
    this.#answer(res, route.name, outcome, origin)
  }

  #answer(res: ServerResponse, name: string, outcome: Outcome, origin: string | undefined): void {
    const { requestId } = outcome
    const answer = outcome.ok
      ? this.#answerOrError(name, requestId, outcome.value)
      : failureError(outcome.failure, this.#profile)
    if ('code' in answer) {
      this.#fail(res, requestId, origin, answer)
      return
    }
    if (this.#defaultDomain) this.#asDefaultDomain(answer, name, requestId)
    if (origin !== undefined) addOrigin(answer.headers, origin)
    if (!answer.headers.includes('x-request-id')) answer.headers.push('x-request-id', requestId)
    send(res, answer.status, answer.headers, answer.body)
  }

  /** The answer to a returned value, or why it cannot be sent; remarks go to the log. */
  #answerOrError(name: string, requestId: string, value: ResultValue): HttpAnswer | HttpError {
    const answer = answerOf(value, this.#profile)
    if ('problem' in answer) {
      this.#warn(name, requestId, `integrated response refused: ${answer.problem}`)
      return gatewayError('bad-composed', this.#profile)
    }
    const size = Buffer.byteLength(answer.body)
    const limit = this.#profile.http.responseBytes
    if (size > limit) {
      const rule = `${this.#profile.name} sends at most ${limit}`
      this.#warn(name, requestId, `response of ${size} bytes refused: ${rule}`)
      return gatewayError('response-too-large', this.#profile)
    }
    if (answer.warnings) for (const text of answer.warnings) this.#warn(name, requestId, text)
    return answer
  }

  /** What aliyun's own domain does to answers, for those who want to see it (spec/http.md §6). */
  #asDefaultDomain(answer: HttpAnswer, name: string, requestId: string): void {
    const kept: HeaderList = []
    for (let at = 0; at < answer.headers.length; at += 2) {
      const header = answer.headers[at]!
      if (header === 'location')
        this.#warn(name, requestId, 'location header dropped: aliyun does not allow it on its default domain')
      else if (header !== 'content-disposition') kept.push(header, answer.headers[at + 1]!)
    }
    kept.push('content-disposition', 'attachment')
    answer.headers = kept
  }

  #fail(res: ServerResponse, requestId: string, origin: string | undefined, error: HttpError): void {
    const headers = origin === undefined ? [] : allowHeaders(origin)
    headers.push('x-request-id', requestId, 'x-unicloud-error', headerCode(error.code))
    sendJson(res, error.status, errorBody(error, this.#profile, requestId), headers)
  }

  #noPath(path: string): HttpError {
    const hint = 'URLs come from cloudfunction-config.path in the package.json of a function'
    return gatewayError('no-path', this.#profile, `FUNCTION_NOT_FOUND: no function serves ${path}. ${hint}`)
  }

  #warn(functionName: string, requestId: string, text: string): void {
    const { logs, clock } = this.#space
    logs.append({ time: clock.now(), level: 'warn', channel: 'system', text, functionName, requestId })
  }
}

// internals

function addOrigin(headers: HeaderList, origin: string): void {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === 'access-control-allow-origin') return
  }
  headers.push(...allowHeaders(origin))
}

/** Whether bytes are UTF-8 as far as they go; a character may be cut at the end. */
function startsAsText(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
