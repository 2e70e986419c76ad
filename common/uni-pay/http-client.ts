/** The way to the platforms: `uniCloud.httpclient`, so that the runtime's host map applies (spec/uni-pay.md §1). */
import { type Provider, UniPayError } from './error.ts'

export interface HttpRequest {
  provider: Provider
  /** For errors. */
  api: string
  method: 'GET' | 'POST'
  headers?: Record<string, string>
  /** Sent as it is: it has been signed. */
  body?: string
  /** ms */
  timeout: number
  /** The client certificate: `pfx` and `passphrase`, or `key` and `cert`. */
  certificate?: Record<string, string | Buffer>
  /** The URL carries a token, so the client's own error, which names it, is not passed on. */
  secretUrl?: boolean
}

export interface HttpAnswer {
  status: number
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  /** As received: signatures cover it. */
  bytes: Buffer
  text: string
}

/** @throws UniPayError with the client's message when there is no answer; any status is an answer */
export async function send(url: string, request: HttpRequest): Promise<HttpAnswer> {
  const { method, headers, body, timeout, certificate } = request
  // No dataType: what comes back is bytes. Other clients that stand in for it may give text or what it parsed.
  const options = { method, headers, timeout, ...(body === undefined ? {} : { data: body }), ...certificate }
  const answer = await ask(url, options).catch((error: unknown) => Promise.reject(unanswered(request, error)))
  const bytes = bytesOf(answer.data)
  return { status: answer.status, headers: lowerCased(answer.headers), bytes, text: bytes.toString('utf8') }
}

/** Header names are case-insensitive, and which case they come in depends on who calls. */
export function lowerCased(headers: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}

// internals

/** Async, so that what the client throws at once is a rejection too. */
async function ask(
  url: string,
  options: Record<string, unknown>,
): Promise<UniCloudGuest.HttpResult<unknown>> {
  return await uniCloud.httpclient.request<unknown>(url, options)
}

function bytesOf(data: unknown): Buffer {
  if (Buffer.isBuffer(data)) return data
  if (typeof data === 'string') return Buffer.from(data)
  return Buffer.from(data === undefined || data === null ? '' : JSON.stringify(data))
}

function unanswered({ provider, api, secretUrl }: HttpRequest, error: unknown): UniPayError {
  const { code, name, message } = error as { code?: string; name?: string; message?: string }
  return new UniPayError({
    provider,
    api,
    errCode: code ?? name ?? 'REQUEST_FAIL',
    // urllib's messages name the URL, query included.
    errMsg: String(message ?? error).replace(/\?[^\s,]*/g, ''),
    cause: secretUrl ? undefined : error,
  })
}
