/**
 * What both ways of calling share (gateway and local debug): a name and the SDK's arguments become a call, and its
 * outcome the data of an answer (spec/client-protocol.md §3.5, §3.6).
 */
import type { Outcome } from '../../invocation.ts'
import { providers } from '../../provider.ts'
import type { Space } from '../../space-api.ts'
import type { ClientError } from './envelope.ts'
import { type ClientCaller, type ClientServices, isStorageMethod } from './services.ts'

/** JSON text for the application, or what it is to be told instead. */
export type ClientResult = { data: string } | { error: ClientError }

/** Facts of the request that the arguments do not hold. */
export interface RequestFacts {
  requestId: string
  clientIP: string
  userAgent: string
  /** `x-client-token` and `x-client-info` of the provider dcloud, used where the arguments have none. */
  uniIdToken?: string
  clientInfo?: Record<string, unknown>
  /** Length of the whole request in bytes. */
  bytes: number
  /** `http://host:port`, as the client knows this server. */
  reachedAt?: string
}

const CLIENT_DB = 'DCloud-clientDB'

export class ClientCalls {
  readonly #space: Space
  readonly #services: ClientServices

  constructor(space: Space, services: ClientServices) {
    this.#space = space
    this.#services = services
  }

  /**
   * @param name function, object, or `DCloud-clientDB`
   * @param args what the SDK calls `functionArgs`: the caller's data, `clientInfo`, perhaps `uniIdToken`
   */
  async call(name: string, args: unknown, facts: RequestFacts): Promise<ClientResult> {
    const { event, caller } = splitArguments(args, facts)
    if (name === CLIENT_DB) return { data: JSON.stringify(await this.#clientDB(event, caller)) }
    this.#warnOfSize(name, facts)
    const outcome = await this.#space.invoke({
      name,
      payload: { type: 'event', event },
      source: 'client',
      sizeChecked: true,
      ...caller,
    })
    return clientResult(name, outcome)
  }

  async storage(method: string, params: Record<string, unknown>, facts: RequestFacts): Promise<ClientResult> {
    if (!isStorageMethod(method)) {
      return { error: { code: 'InvalidMethod.Format', message: `no storage method is named '${method}'` } }
    }
    if (!this.#services.storage) return { error: noStorage }
    const { caller } = splitArguments(undefined, facts)
    try {
      const data = await this.#services.storage(method, params, caller, facts.reachedAt)
      return { data: JSON.stringify(data) ?? 'null' }
    } catch (error) {
      return { error: storageError(error) }
    }
  }

  async #clientDB(event: unknown, caller: ClientCaller): Promise<Record<string, unknown>> {
    if (this.#services.clientDB && isObject(event)) return this.#services.clientDB(event, caller)
    const message = this.#services.clientDB
      ? 'a clientDB request must be an object with command or multiCommand'
      : 'clientDB is not available in this server: use a cloud object, or uniCloud.database() in a cloud function'
    const code = this.#services.clientDB ? 'SYNTAX_ERROR' : 'NOT_SUPPORTED'
    return { code, message, errCode: code, errMsg: message }
  }

  #warnOfSize(functionName: string, { bytes, requestId }: RequestFacts): void {
    const { warn } = providers[this.#space.manifest.provider].callRequestBytes
    if (bytes <= warn) return
    const text = `request of ${bytes} bytes: the documentation of the provider promises no more than ${warn}`
    const { logs, clock } = this.#space
    logs.append({ time: clock.now(), level: 'warn', channel: 'system', text, functionName, requestId })
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// internals

const noStorage: ClientError = {
  code: 'NOT_SUPPORTED',
  message: 'file storage for clients is not available in this server',
}

/** `clientInfo` leaves the event, `uniIdToken` stays in it (spec/client-protocol.md §3.5). */
function splitArguments(args: unknown, facts: RequestFacts): { event: unknown; caller: ClientCaller } {
  const { requestId, clientIP, userAgent } = facts
  let event = args
  let clientInfo = facts.clientInfo ?? {}
  let uniIdToken: unknown = facts.uniIdToken
  if (isObject(args)) {
    const { clientInfo: given, ...rest } = args
    event = rest
    if (isObject(given)) clientInfo = given
    uniIdToken = rest.uniIdToken ?? uniIdToken
  }
  const caller: ClientCaller = { requestId, clientInfo, clientIP, userAgent }
  if (typeof uniIdToken === 'string' && uniIdToken !== '') caller.uniIdToken = uniIdToken
  return { event, caller }
}

function clientResult(name: string, outcome: Outcome): ClientResult {
  if (outcome.ok) {
    const { value } = outcome
    return { data: value.type === 'json' ? value.text : JSON.stringify(Buffer.from(value.bytes)) }
  }
  const { reason, errCode, errMsg, errSubject } = outcome.failure
  // A wrong method is an answer in response format, as the object itself would give (spec/client-protocol.md §10).
  if (reason === 'method-not-found')
    return { data: JSON.stringify({ errSubject: errSubject ?? name, errCode, errMsg }) }
  return { error: { code: errCode, message: errMsg } }
}

function storageError(error: unknown): ClientError {
  const { errCode, code, message } = isObject(error) ? error : {}
  const given = errCode ?? code
  return {
    code: typeof given === 'string' || typeof given === 'number' ? given : 'SYSTEM_ERROR',
    message: typeof message === 'string' ? message : String(error),
  }
}
