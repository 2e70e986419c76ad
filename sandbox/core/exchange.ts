/** An API request as it came over the wire, and the answer that goes back. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** payment-platforms.md §2 */
const MAX_BODY = 1024 * 1024

export interface ApiRequest {
  method: string
  /** The platform's host it was meant for, lower case; empty when it came to the sandbox's own address. */
  host: string
  /** Path and query exactly as the platform would have seen them: they are signed. */
  target: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  /** Raw bytes as UTF-8 text. */
  body: string
  /** Whether the caller showed a client certificate, where the connection could ask for one (TLS). */
  clientCertificate: 'shown' | 'missing' | 'notAsked'
}

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

/** An API's request that cannot be read at all. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge'
}

export function header(request: Pick<ApiRequest, 'headers'>, name: string): string {
  const value = request.headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** @throws BodyTooLarge above 1 MiB */
export async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY) throw new BodyTooLarge(`the body is larger than ${MAX_BODY} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** JSON as the platforms send it: no spaces, members in the order given (payment-platforms.md §1.1). */
export function jsonAnswer(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  }
}
