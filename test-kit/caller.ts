/** Calls functions and methods as somebody: an app with client fields and a token, or the server itself. */
import { type ClientInfo, type Invocation, outcomeValue } from '../runtime/invocation.ts'
import type { Space } from '../runtime/space-api.ts'
import { TestCallError } from './call-error.ts'

/** Who calls. Without client fields and token the call comes from the server (`SOURCE` is `server`). */
export interface CallerInfo {
  clientInfo?: ClientInfo
  uniIdToken?: string
  clientIP?: string
  userAgent?: string
}

/** A proxy of a cloud object: each member is a method that returns a promise. */
export type RemoteObject = Record<string, (...params: unknown[]) => Promise<unknown>>

export interface Caller {
  /**
   * Calls a cloud function.
   * @returns what it returned, as JSON carries it
   * @throws TestCallError when the call failed
   */
  callFunction<T = unknown>(name: string, data?: unknown): Promise<T>
  /**
   * Calls methods of a cloud object.
   * @throws TestCallError from each method when the call failed or its result has a truthy `errCode`
   */
  importObject<T extends object = RemoteObject>(name: string): T
}

export function createCaller(space: Space, info: CallerInfo): Caller {
  const invoke = async (
    name: string,
    payload: Invocation['payload'],
  ): Promise<{ requestId: string; value: unknown }> => {
    const source = info.clientInfo || info.uniIdToken ? 'client' : 'server'
    const outcome = await space.invoke({ name, payload, source, ...info })
    if (!outcome.ok) throw new TestCallError(outcome.requestId, outcome.failure)
    return { requestId: outcome.requestId, value: outcomeValue(outcome) }
  }
  const callMethod = async (name: string, method: string, params: unknown[]): Promise<unknown> => {
    const { requestId, value } = await invoke(name, { type: 'method', method, params })
    const failed = failureIn(value)
    if (failed) throw new TestCallError(requestId, failed, value)
    return value
  }
  return {
    callFunction: async <T>(name: string, data: unknown = {}) =>
      (await invoke(name, { type: 'event', event: data })).value as T,
    importObject: <T extends object>(name: string) => remoteObject(name, callMethod) as T,
  }
}

// internals

type CallMethod = (name: string, method: string, params: unknown[]) => Promise<unknown>

function remoteObject(name: string, call: CallMethod): RemoteObject {
  return new Proxy({} as RemoteObject, {
    // `then` must not be a method: the proxy itself may be awaited or returned from an async function.
    get: (_target, member) =>
      typeof member === 'string' && member !== 'then'
        ? (...params: unknown[]) => call(name, member, params)
        : undefined,
  })
}

/** A result in the response format that says it failed. */
function failureIn(
  value: unknown,
): { errCode: string | number; errMsg: string; errSubject?: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { errCode, errMsg, errSubject } = value as Record<string, unknown>
  if (!errCode) return undefined
  return {
    errCode: errCode as string | number,
    errMsg: String(errMsg ?? ''),
    ...(typeof errSubject === 'string' ? { errSubject } : {}),
  }
}
