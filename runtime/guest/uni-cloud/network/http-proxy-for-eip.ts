/** `uniCloud.httpProxyForEip` of aliyun: requests from a fixed address (spec/runtime.md §9). Sent directly here. */
import type { HttpClient, RequestOptions } from 'urllib'
import type { GuestRuntime } from '../../guest-context.ts'

type Fields = Record<string, unknown>
type Headers = Record<string, string>

export interface EipResponse {
  /** The name real code reads. */
  statusCodeValue: number
  statusCode: number
  headers: Record<string, unknown>
  /** Parsed where it is JSON, text otherwise. */
  body: unknown
}

export interface HttpProxyForEip {
  get(url: string, params?: Fields, headers?: Headers): Promise<EipResponse>
  post(url: string, text?: string, headers?: Headers): Promise<EipResponse>
  postForm(url: string, data?: Fields, headers?: Headers): Promise<EipResponse>
  postJson(url: string, json?: unknown, headers?: Headers): Promise<EipResponse>
}

const timeoutMs = 5000

export function httpProxyForEip(runtime: GuestRuntime, client: () => HttpClient): HttpProxyForEip {
  const send = async (url: string, options: RequestOptions): Promise<EipResponse> => {
    warnOfHost(runtime, url)
    const { status, headers, data } = await client().request<Buffer>(url, { ...options, timeout: timeoutMs })
    return { statusCodeValue: status, statusCode: status, headers: { ...headers }, body: bodyOf(data) }
  }
  return {
    get: (url, data = {}, headers = {}) => send(url, { method: 'GET', data, headers }),
    post: (url, content = '', headers = {}) => send(url, { method: 'POST', content, headers }),
    postForm: (url, data = {}, headers = {}) => send(url, { method: 'POST', data, headers }),
    postJson: (url, json = {}, headers = {}) =>
      send(url, {
        method: 'POST',
        content: JSON.stringify(json),
        headers: { 'content-type': 'application/json', ...headers },
      }),
  }
}

// internals

function warnOfHost(runtime: GuestRuntime, url: string): void {
  const host = /^(?:https?:\/\/)?([^/?#:]*)/i.exec(String(url))?.[1] ?? ''
  if (/(^|\.)weixin\.qq\.com$/i.test(host)) return
  runtime.warnOnce(
    `eip.${host}`,
    `uniCloud.httpProxyForEip: the cloud lets it reach hosts of weixin.qq.com only, not ${host || String(url)}`,
  )
}

function bodyOf(data: Buffer): unknown {
  const text = data.toString()
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
