/** What a platform posted to the notify URL, as a URL call of a function or cloud object carries it. */
import { type Provider, UniPayError } from './error.ts'
import { lowerCased } from './http-client.ts'

/** `this.getHttpInfo()` of a cloud object, or the event of a cloud function. */
export interface NotifyEvent {
  headers?: Record<string, string>
  body?: string
  isBase64Encoded?: boolean
  queryStringParameters?: Record<string, string>
  [field: string]: unknown
}

export interface Notification {
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  /** As posted: signatures cover it. */
  body: string
  query: Readonly<Record<string, string>>
}

/** @throws UniPayError `FORMAT_ERROR` when the body is not text, for then its signature cannot be checked */
export function readNotification(provider: Provider, event: NotifyEvent): Notification {
  const { headers, body = '', isBase64Encoded, queryStringParameters } = event ?? {}
  if (typeof body !== 'string') {
    throw new UniPayError({
      provider,
      errCode: 'FORMAT_ERROR',
      errMsg: `通知格式不正确: the event's body must be the text that was posted, not ${typeof body}`,
    })
  }
  return {
    headers: lowerCased(headers),
    body: isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body,
    query: queryStringParameters ?? {},
  }
}

/** Both undefined, or never the same: a notification for somebody else counts as forged (D12). */
export function checkIdentity(
  provider: Provider,
  name: 'appId' | 'mchId',
  found: unknown,
  configured: string,
): void {
  if (found === configured) return
  throw new UniPayError({ provider, errCode: 'SIGN_ERROR', errMsg: `${name}不匹配` })
}
