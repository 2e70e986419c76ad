/**
 * What a call is and what comes of it. Shared by every face (gateway, timers, CLI, tests), by the host and by the
 * guest; nothing here knows HTTP servers, threads or files (shared design, "The road of a call").
 */

/** Where a call comes from; what uniCloud calls `SOURCE` (spec/runtime.md §4). */
export type CallSource = 'client' | 'http' | 'timing' | 'function' | 'server' | 'websocket'

/** The integrated request of a URL-ized call: `event` of a function, `getHttpInfo()` of an object (spec/http.md §3). */
export interface HttpInfo {
  path: string
  httpMethod: string
  headers: Record<string, string>
  queryStringParameters: Record<string, string>
  body: string
  isBase64Encoded: boolean
}

/** Client fields as the SDK sends them, camel case and legacy upper case alike; values are never trusted. */
export type ClientInfo = Record<string, unknown>

/** What the call hands to the user's code. */
export type Payload =
  /** `callFunction`: the event of a function; an object reads `method` and `params` out of it. */
  | { type: 'event'; event: unknown }
  /** A method of a cloud object. */
  | { type: 'method'; method: string; params: unknown[] }
  /** A URL-ized call. */
  | { type: 'http'; http: HttpInfo }
  /** A timer: `main` of a function, `_timing` of an object (spec/triggers.md §4). */
  | { type: 'timing'; param: unknown }

/** One call on its way into the space. */
export interface Invocation {
  /** Function or object name. */
  name: string
  payload: Payload
  source: CallSource
  /** Defaults to a new UUID. */
  requestId?: string
  clientInfo?: ClientInfo
  uniIdToken?: string
  /** Defaults to 127.0.0.1. */
  clientIP?: string
  userAgent?: string
  /** The caller's own time limit in milliseconds, beside the function's `timeout`. */
  timeoutMs?: number
  /** Function names of the calls this one was made from, outermost first; keeps nested calls from deadlocking. */
  ancestors?: readonly string[]
  /** Upper limit of the request, in bytes, was already applied by the face that took it in. */
  sizeChecked?: boolean
}

/** Why a call failed; decides statuses and log lines, never shown to callers as such. */
export type FailureReason =
  | 'not-found'
  | 'method-not-found'
  | 'wrong-kind'
  | 'load'
  | 'entry'
  | 'throw'
  | 'timeout'
  | 'crash'
  | 'capacity'
  | 'request-too-large'
  | 'response-too-large'
  | 'result'
  | 'closed'

/** A failure in uniCloud's own terms (spec/runtime.md §6.2). */
export interface CallFailure {
  reason: FailureReason
  errCode: string | number
  errMsg: string
  errSubject?: string
  /** The user's stack with mapped lines; for logs and the console only, never for callers. */
  stack?: string
}

/** What user code returned, still as text: most faces forward it without ever parsing it. */
export type ResultValue =
  /** JSON text; `undefined` became `null` unless `absent`. */
  | { type: 'json'; text: string; absent?: true }
  /** A Buffer or typed array, returned to a URL-ized call. */
  | { type: 'bytes'; bytes: Uint8Array }

export type Outcome =
  | { ok: true; requestId: string; value: ResultValue }
  | { ok: false; requestId: string; failure: CallFailure }

/** The parsed value of a successful outcome; bytes stay bytes. */
export function outcomeValue(outcome: Outcome & { ok: true }): unknown {
  return outcome.value.type === 'json' ? JSON.parse(outcome.value.text) : outcome.value.bytes
}
