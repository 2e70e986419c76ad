/** What user code returned or threw -> what leaves the instance (spec/runtime.md §6, spec/http.md §5). */
import type { CallEnd } from '../bridge.ts'
import type { CallFailure, ResultValue } from '../invocation.ts'
import { describeThrown } from './stack.ts'

/**
 * JSON text, made once. Buffers of a URL-ized call stay bytes.
 * @throws when the value has no JSON form (circular, BigInt inside)
 */
export function resultValue(result: unknown, http: boolean): ResultValue {
  if (http && ArrayBuffer.isView(result)) {
    return { type: 'bytes', bytes: new Uint8Array(result.buffer, result.byteOffset, result.byteLength) }
  }
  // A URL answers a bare bigint with its digits (spec/http.md §5); everywhere else JSON has no place for it.
  const text = JSON.stringify(http && typeof result === 'bigint' ? String(result) : result)
  return text === undefined ? { type: 'json', text: 'null', absent: true } : { type: 'json', text }
}

/** The end of a call whose result has no JSON form. */
export function unserializable(name: string, defaultCode: string, error: unknown): CallEnd {
  const why = memberOf(error, 'message') ?? String(error)
  return {
    ok: false,
    failure: {
      reason: 'result',
      errCode: defaultCode,
      errMsg: `Result of [${name}] cannot be sent as JSON: ${String(why).split('\n')[0]}`,
      stack: describeThrown(error),
    },
  }
}

/** A thrown value as a failure: code, text and subject of its own where it has them (spec/runtime.md §6.2). */
export function thrownFailure(error: unknown, defaultCode: string): CallFailure {
  const failure: CallFailure = {
    reason: 'throw',
    errCode: codeOf(error, defaultCode),
    errMsg: messageOf(error),
    stack: describeThrown(error),
  }
  const subject = memberOf(error, 'errSubject')
  if (typeof subject === 'string') failure.errSubject = subject
  return failure
}

/**
 * A thrown value with a truthy `errCode` is an answer in an object: `{errSubject, errCode, errMsg, …own fields}`
 * (spec/runtime.md §6.2). Undefined for every other value.
 */
export function responseFormat(error: unknown): ResultValue | undefined {
  const errCode = memberOf(error, 'errCode')
  if (!errCode) return undefined
  const standard = { errSubject: memberOf(error, 'errSubject'), errCode, errMsg: messageOf(error) }
  try {
    return resultValue({ ...standard, ...(error as object), ...standard }, false)
  } catch {
    // Own fields without a JSON form (sockets, requests) must not hide the error itself.
    return resultValue(standard, false)
  }
}

/** `errMsg`, else `message`, else the value as text. */
export function messageOf(error: unknown): string {
  const text = memberOf(error, 'errMsg') ?? memberOf(error, 'message')
  try {
    return String(text ?? error)
  } catch {
    return 'unknown error'
  }
}

/** A member of any value, also of proxies and accessors that throw. */
export function memberOf(value: unknown, name: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  try {
    return (value as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

// internals

function codeOf(error: unknown, defaultCode: string): string | number {
  const code = memberOf(error, 'errCode') ?? memberOf(error, 'code')
  if (typeof code === 'string' || typeof code === 'number') return code
  return code === undefined || code === null ? defaultCode : messageOf(code)
}
