/** `uniCloud.request`: as `uni.request`, in the cloud (spec/runtime.md §9). */
import type { HttpClient, HttpClientResponse, RequestOptions } from 'urllib'
import { invalidParam, UniCloudError } from '../error.ts'

export interface UniRequestOptions {
  url: string
  data?: unknown
  header?: Record<string, string>
  /** Default GET. */
  method?: string
  /** Milliseconds; default 60000. */
  timeout?: number
  /** `json` (default) parses the answer; text that is not JSON stays text. */
  dataType?: string
  /** `text` (default), or `buffer`. */
  responseType?: string
  /** Default true. */
  sslVerify?: boolean
}

export interface UniResponse {
  statusCode: number
  data: unknown
  header: Record<string, unknown>
}

const defaultTimeoutMs = 60_000

export async function uniRequest(client: () => HttpClient, options: UniRequestOptions): Promise<UniResponse> {
  const { url, timeout = defaultTimeoutMs, dataType = 'json', responseType = 'text' } = options ?? {}
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url)) {
    throw invalidParam(
      `request: url must be a string that begins with http:// or https://, not ${String(url)}`,
    )
  }
  const { url: target, ...body } = encode(options)
  const { status, data, headers } = await send(client(), target, {
    ...body,
    timeout,
    followRedirect: true,
    rejectUnauthorized: options.sslVerify !== false,
  })
  return { statusCode: status, data: decode(data, responseType, dataType), header: { ...headers } }
}

// internals

type Encoded = Pick<RequestOptions, 'method' | 'headers' | 'content'> & { url: string }

async function send(
  client: HttpClient,
  url: string,
  options: RequestOptions,
): Promise<HttpClientResponse<Buffer>> {
  try {
    return await client.request<Buffer>(url, options)
  } catch (error) {
    const { message, code } = error as { message: string; code?: string }
    const errMsg = `request:fail ${message}`
    throw new UniCloudError({ errCode: code ?? 'REQUEST_FAIL', errMsg, cause: error })
  }
}

/** Objects go into the query of GET, and are JSON elsewhere unless the header says form. */
function encode({ url, data, header = {}, method = 'GET' }: UniRequestOptions): Encoded {
  const headers = Object.fromEntries(
    Object.entries(header).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const verb = method.toUpperCase() as NonNullable<RequestOptions['method']>
  const base = { url, method: verb, headers }
  if (data === undefined || data === null) return base
  if (verb === 'GET') return { ...base, url: withQuery(url, data) }
  if (typeof data === 'string') return { ...base, content: data }
  if (data instanceof ArrayBuffer) return { ...base, content: Buffer.from(data) }
  if (ArrayBuffer.isView(data)) {
    return { ...base, content: Buffer.from(data.buffer, data.byteOffset, data.byteLength) }
  }
  if (String(headers['content-type'] ?? '').includes('application/x-www-form-urlencoded')) {
    return { ...base, content: formOf(data) }
  }
  return {
    ...base,
    headers: { 'content-type': 'application/json', ...headers },
    content: JSON.stringify(data),
  }
}

function withQuery(url: string, data: unknown): string {
  const query = typeof data === 'string' ? data : formOf(data as object)
  if (query === '') return url
  const [head = '', hash] = url.split('#', 2)
  const joined = `${head}${head.includes('?') ? (/[?&]$/.test(head) ? '' : '&') : '?'}${query}`
  return hash === undefined ? joined : `${joined}#${hash}`
}

function formOf(data: object): string {
  return Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(textOf(value))}`)
    .join('&')
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')
}

function decode(data: Buffer, responseType: string, dataType: string): unknown {
  if (responseType === 'buffer' || responseType === 'arraybuffer') return data
  const text = data.toString()
  if (dataType !== 'json') return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
