/** Writing an answer: one head, one body, one call each, always with a content length. */
import type { ServerResponse } from 'node:http'

/** Headers as `writeHead` takes them fastest: name, value, name, value …; a name may occur several times. */
export type HeaderList = string[]

export const JSON_TYPE = 'application/json; charset=utf-8'
export const TEXT_TYPE = 'text/plain; charset=utf-8'

/**
 * Sends a whole answer. Does nothing when the client has gone or an answer already began.
 * @param headers is added to
 */
export function send(
  res: ServerResponse,
  status: number,
  headers: HeaderList,
  body: string | Uint8Array,
): void {
  if (res.headersSent || res.destroyed) return
  if (status !== 204 && status !== 304) {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
    headers.push('content-length', String(length))
  }
  res.writeHead(status, headers)
  res.end(body)
}

/** Sends JSON text. */
export function sendJson(res: ServerResponse, status: number, text: string, headers: HeaderList = []): void {
  headers.push('content-type', JSON_TYPE)
  send(res, status, headers, text)
}
