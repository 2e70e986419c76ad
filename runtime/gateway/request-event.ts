/** An HTTP request as the integrated request of a URL-ized call (spec/http.md §3). Parsed by hand: it is the hot path. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

export type Base64Mode = 'auto' | 'always' | 'never-for-text'

/** Header values as one string each. Node has already joined repeats (`, `, cookies `; `) and lower-cased names. */
export function eventHeaders(req: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  const received = req.headers
  for (const name in received) {
    const value = received[name]
    if (typeof value === 'string') headers[name] = value
    else if (value !== undefined) headers[name] = value.join(', ')
  }
  return headers
}

export interface ParsedQuery {
  values: Record<string, string>
  /** First key that occurred more than once; the last value counts. */
  repeated?: string
}

/** @param query text after `?`, still encoded */
export function parseQuery(query: string): ParsedQuery {
  const values: Record<string, string> = {}
  let repeated: string | undefined
  for (let start = 0; start < query.length; ) {
    let end = query.indexOf('&', start)
    if (end < 0) end = query.length
    if (end > start) {
      const sign = query.indexOf('=', start)
      const keyEnd = sign < 0 || sign > end ? end : sign
      const key = decodeQuery(query.slice(start, keyEnd))
      if (repeated === undefined && Object.hasOwn(values, key)) repeated = key
      values[key] = keyEnd === end ? '' : decodeQuery(query.slice(keyEnd + 1, end))
    }
    start = end + 1
  }
  return repeated === undefined ? { values } : { values, repeated }
}

/** Whether a body of this content type is handed over as text when it is valid UTF-8. */
export function isTextType(contentType: string | undefined, mode: Base64Mode): boolean {
  if (mode === 'always') return false
  if (contentType === undefined || contentType === '') return true
  const mark = contentType.indexOf(';')
  const type = (mark < 0 ? contentType : contentType.slice(0, mark)).trim().toLowerCase()
  if (textTypes.has(type) || type.endsWith('+json')) return true
  return (
    mode === 'never-for-text' &&
    (type.startsWith('text/') || type.endsWith('+xml') || type === 'application/xml')
  )
}

/** The body as the event carries it. */
export function eventBody(bytes: Buffer, text: boolean): { body: string; isBase64Encoded: boolean } {
  if (text && isUtf8(bytes)) return { body: bytes.toString('utf8'), isBase64Encoded: false }
  return { body: bytes.toString('base64'), isBase64Encoded: true }
}

// internals

const textTypes = new Set(['application/json', 'application/x-www-form-urlencoded', 'text/plain'])

function decodeQuery(text: string): string {
  if (!/[%+]/.test(text)) return text
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Not valid percent-encoding: the function gets what was sent rather than the caller an error.
    return spaced
  }
}
