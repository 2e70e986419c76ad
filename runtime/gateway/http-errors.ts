/** Errors of URL-ized calls: codes, statuses and body shapes by provider (spec/http.md §8). */
import type { CallFailure, FailureReason } from '../invocation.ts'
import type { ProviderProfile } from '../provider.ts'

export interface HttpError {
  status: number
  code: string
  message: string
}

/** The same for every provider: the head is refused before anybody knows what it asks for. */
export const headersExceeded: HttpError = {
  status: 431,
  code: 'RequestHeader.Exceeded',
  message: 'The request headers exceed the limit.',
}

/** Errors the gateway finds by itself. */
export type GatewayErrorKind =
  | 'no-path'
  | 'bad-body'
  | 'request-too-large'
  | 'response-too-large'
  | 'bad-composed'
  | 'internal'

/** @param message replaces the documented text */
export function gatewayError(kind: GatewayErrorKind, profile: ProviderProfile, message?: string): HttpError {
  const { code, text, status } = gatewayErrors[kind]
  return { code, message: message ?? text, status: status(profile.http) }
}

/** What a failed call answers. */
export function failureError(failure: CallFailure, profile: ProviderProfile): HttpError {
  if (failure.reason === 'request-too-large' || failure.reason === 'response-too-large')
    return gatewayError(failure.reason, profile)
  return {
    status: failureStatus[failure.reason](profile.http),
    code: String(failure.errCode),
    message: failure.errMsg,
  }
}

/** JSON text of an error as the provider's gateway writes it. */
export function errorBody(error: HttpError, profile: ProviderProfile, requestId: string): string {
  const { code, message } = error
  switch (profile.http.errorShape) {
    case 'success-error':
      return JSON.stringify({ success: false, error: { code, message } })
    case 'code-message':
      return JSON.stringify({ code, message, requestId })
    case 'errCode-errMsg':
      return JSON.stringify({ errCode: code, errMsg: message, errDetail: `requestId: ${requestId}` })
  }
}

/** A code as a header value: user code may throw any text. */
export function headerCode(code: string): string {
  return code.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}

// internals

type HttpProfile = ProviderProfile['http']
type Status = (http: HttpProfile) => number

const gatewayErrors: Record<GatewayErrorKind, { code: string; text: string; status: Status }> = {
  'no-path': { code: 'FUNCTION_NOT_FOUND', text: 'No function has this URL path', status: () => 404 },
  'bad-body': { code: 'InvalidBody.Format', text: 'The request Body is not valid.', status: () => 400 },
  'request-too-large': {
    code: 'RequestContentLength.Exceeded',
    text: 'The request ContentLength exceeds the limit.',
    status: (http) => http.requestTooLargeStatus,
  },
  'response-too-large': {
    code: 'ResponseContentLength.Exceeded',
    text: 'The response ContentLength exceeds the limit.',
    status: (http) => http.responseTooLargeStatus,
  },
  'bad-composed': {
    code: 'InvalidComposedResponseBody',
    text: 'The Body of ComposedResponse is not valid.',
    status: (http) => http.badComposedStatus,
  },
  internal: { code: 'InternalError', text: 'Internal error, see the log of the server', status: () => 500 },
}

const bizStatus: Status = (http) => http.bizErrorStatus

const failureStatus: Record<FailureReason, Status> = {
  'not-found': () => 404,
  'method-not-found': () => 404,
  'wrong-kind': bizStatus,
  load: bizStatus,
  entry: bizStatus,
  throw: bizStatus,
  result: bizStatus,
  timeout: () => 504,
  crash: (http) => http.crashStatus,
  capacity: (http) => http.capacityStatus,
  'request-too-large': (http) => http.requestTooLargeStatus,
  'response-too-large': (http) => http.responseTooLargeStatus,
  closed: () => 503,
}
