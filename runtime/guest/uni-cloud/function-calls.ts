/** Calls to other functions and objects (spec/runtime.md §7). */
import { type Outcome, outcomeValue } from '../../invocation.ts'
import type { GuestRuntime, NestedInvocation } from '../guest-context.ts'
import { UniCloudError } from './error.ts'
import { otherSpace } from './other-space.ts'

/** Time limit of a call when its caller names none, in milliseconds. */
const defaultTimeoutMs = 60_000

export interface CallFunctionOptions {
  name: string
  data?: unknown
  /** Milliseconds. */
  timeout?: number
}

export interface CallFunctionResult {
  result: unknown
  requestId: string
  errCode: 0
  errMsg: ''
  success: true
}

/** The callee lives in this space, or in another one that is configured beside it. */
export class FunctionCalls {
  readonly #runtime: GuestRuntime
  readonly #spaceId: string | undefined

  /** @param spaceId of another space; undefined = this one */
  constructor(runtime: GuestRuntime, spaceId?: string) {
    this.#runtime = runtime
    this.#spaceId = spaceId
  }

  /** `uniCloud.callFunction`: only system failures reject. */
  async callFunction(options: CallFunctionOptions): Promise<CallFunctionResult> {
    const { name, data, timeout } = options ?? {}
    if (typeof name !== 'string' || name === '') {
      throw new UniCloudError({ errCode: 'PARAM_ERROR', errMsg: '函数名不能为空' })
    }
    const event = data === undefined ? {} : data
    const { value, requestId } = await this.#invoke({ name, payload: { type: 'event', event } }, timeout)
    return { result: value, requestId, errCode: 0, errMsg: '', success: true }
  }

  /** A method of a cloud object: an answer with a truthy `errCode` rejects, too. */
  async callMethod(name: string, method: string, params: unknown[]): Promise<unknown> {
    const { value, requestId } = await this.#invoke({ name, payload: { type: 'method', method, params } })
    const failed = failedAnswer(value)
    if (failed) throw new UniCloudError({ ...failed, requestId, detail: value })
    return value
  }

  // internals

  async #invoke(call: NestedInvocation, timeout?: number): Promise<{ value: unknown; requestId: string }> {
    const nested: NestedInvocation = {
      name: call.name,
      payload: asJson(call.name, call.payload),
      timeoutMs: isPositive(timeout) ? timeout : defaultTimeoutMs,
    }
    if (this.#spaceId !== undefined) nested.spaceId = otherSpace(this.#runtime, this.#spaceId)
    const outcome = (await this.#runtime.request('call', 'invoke', [nested])) as Outcome
    if (outcome.ok) return { value: outcomeValue(outcome), requestId: outcome.requestId }
    const { errCode, errMsg, errSubject } = outcome.failure
    const fields = { errCode, errMsg, requestId: outcome.requestId }
    throw new UniCloudError(errSubject === undefined ? fields : { ...fields, errSubject })
  }
}

// internals

/** Nothing is shared between functions: what JSON cannot carry stays here (spec/runtime.md §7). */
function asJson<T>(name: string, payload: T): T {
  try {
    return JSON.parse(JSON.stringify(payload)) as T
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw invalidData(`data of the call to [${name}] cannot be sent as JSON: ${why}`, error)
  }
}

function invalidData(errMsg: string, cause: unknown): UniCloudError {
  return new UniCloudError({ errCode: 'INVALID_PARAM', errMsg, cause })
}

function isPositive(timeout: unknown): timeout is number {
  return typeof timeout === 'number' && timeout > 0 && Number.isFinite(timeout)
}

/** The error an object answered in the response format, if it did (spec/runtime.md §6.1). */
function failedAnswer(value: unknown) {
  if (typeof value !== 'object' || value === null || !('errCode' in value) || !value.errCode) return undefined
  const { errCode, errMsg, errSubject } = value as Record<string, unknown>
  return {
    errCode: typeof errCode === 'number' ? errCode : String(errCode),
    errMsg: errMsg === undefined ? '' : String(errMsg),
    ...(typeof errSubject === 'string' ? { errSubject } : {}),
  }
}
