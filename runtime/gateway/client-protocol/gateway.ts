/** `POST /client`: the gateway of the providers dcloud, private and aliyun (spec/client-protocol.md §3). */
import type { IncomingMessage } from 'node:http'
import type { Space } from '../../space-api.ts'
import { AnonymousTokens, TOKEN_SECONDS } from './anonymous-tokens.ts'
import { type ClientCalls, type ClientResult, isObject, type RequestFacts } from './client-calls.ts'
import { signatureMatches } from './signature.ts'

const STORAGE_METHOD = 'serverless.file.resource.'

export class ClientGateway {
  readonly #space: Space
  readonly #calls: ClientCalls
  readonly #tokens = new AnonymousTokens()

  constructor(space: Space, calls: ClientCalls) {
    this.#space = space
    this.#calls = calls
  }

  /** @param body the request body, parsed */
  async answer(body: unknown, req: IncomingMessage, facts: RequestFacts): Promise<ClientResult> {
    if (!isObject(body)) return refuse('InvalidBody.Format', 'the body must be a JSON object')
    const refusal = this.#unauthorized(body, req)
    if (refusal) return refusal
    const { method, params } = body
    if (typeof method !== 'string' || method === '') return refuse('MissingMethod', 'method is missing')
    if (params === undefined || params === null || params === '')
      return refuse('MissingParams', 'params is missing')
    const parsed = parsedParams(params)
    if (!parsed) return refuse('InvalidParams.Format', 'params must be the JSON text of an object')
    return this.#dispatch(method, parsed, facts)
  }

  /** Only in strict mode: any signature and any token will do otherwise. */
  #unauthorized(body: Record<string, unknown>, req: IncomingMessage): ClientResult | undefined {
    const { strictSignature, clientSecret } = this.#space.options.client
    if (!strictSignature) return undefined
    if (!signatureMatches(body, clientSecret, String(req.headers['x-serverless-sign']))) {
      return refuse(
        'SignatureNotMatch',
        'x-serverless-sign does not match: the clientSecret of the app is not client.clientSecret of this server',
      )
    }
    // Not status 401 or the like: SDKs up to 3.9 would lose the code, and with it the renewal (§9).
    if (typeof body.token === 'string' && !this.#tokens.accepts(body.token, this.#space.clock.now()))
      return refuse(
        'GATEWAY_INVALID_TOKEN',
        'the access token has ended or is of a former start of this server',
      )
    return undefined
  }

  #dispatch(
    method: string,
    params: Record<string, unknown>,
    facts: RequestFacts,
  ): ClientResult | Promise<ClientResult> {
    if (method === 'serverless.function.runtime.invoke') {
      const { functionTarget, functionArgs } = params
      if (typeof functionTarget !== 'string' || functionTarget === '')
        return refuse('MissingParams', 'params.functionTarget is missing')
      return this.#calls.call(functionTarget, functionArgs ?? {}, facts)
    }
    if (method === 'serverless.auth.user.anonymousAuthorize') {
      const accessToken = this.#tokens.issue(this.#space.clock.now())
      return { data: JSON.stringify({ accessToken, expiresInSecond: TOKEN_SECONDS }) }
    }
    if (method.startsWith(STORAGE_METHOD))
      return this.#calls.storage(method.slice(STORAGE_METHOD.length), params, facts)
    return refuse('InvalidMethod.Format', `no method is named '${method}'`)
  }
}

// internals

function refuse(code: string, message: string): ClientResult {
  return { error: { code, message } }
}

function parsedParams(params: unknown): Record<string, unknown> | undefined {
  if (isObject(params)) return params
  if (typeof params !== 'string') return undefined
  try {
    const parsed: unknown = JSON.parse(params)
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}
