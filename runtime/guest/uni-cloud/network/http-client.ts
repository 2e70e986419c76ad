/** `uniCloud.httpclient`: a urllib client on the space's way out (spec/runtime.md §9). */
import type { HttpClient, RequestOptions } from 'urllib'
import { packages } from '../packages.ts'
import type { Outbound } from './outbound.ts'

type Callback = (...args: unknown[]) => void
type Target = string | { href?: string; toString(): string }
type Send = (url: Target, options?: RequestOptions | Callback | null, callback?: Callback) => unknown

/** A `urllib.HttpClient` with all its members; options and answers are urllib's own. */
export function createHttpClient(outbound: Outbound): HttpClient {
  const { HttpClient: Client } = packages.urllib()
  const client = new Client(outbound.agents() as ConstructorParameters<typeof Client>[0])
  const wrap = (send: Send): Send => {
    return (url, options, callback) => {
      const given = typeof options === 'function' ? {} : (options ?? {})
      const done = typeof options === 'function' ? options : callback
      const [target, routed] = routeRequest(outbound, url, given)
      return send.call(client, target, routed, done)
    }
  }
  const request = wrap(client.request as Send)
  const requestThunk = wrap(client.requestThunk as unknown as Send)
  return Object.assign(client, { request, curl: request, requestThunk }) as HttpClient
}

// internals

function routeRequest(outbound: Outbound, url: Target, options: RequestOptions): [string, RequestOptions] {
  let asked = withScheme(typeof url === 'string' ? url : (url?.href ?? String(url)))
  const route = outbound.route(asked)
  const { formatRedirectUrl } = options
  const routed: RequestOptions = {
    ...options,
    ...outbound.agents(),
    headers: targetHeaders(options.headers, route.headers),
    // Redirects are followed in the terms of the asked host, then mapped as a first request would be.
    formatRedirectUrl: (_from: unknown, to: string) => {
      asked = formatRedirectUrl ? String(formatRedirectUrl(asked, to)) : resolveUrl(asked, to)
      return outbound.route(asked).url
    },
  }
  // A proxy would be a way around the policy.
  if (outbound.agents()) Object.assign(routed, { proxy: null, enableProxy: false })
  return [route.url, routed]
}

/** A location that is no URL is left to urllib, which reports it. */
function resolveUrl(from: string, to: string): string {
  return URL.canParse(to, from) ? new URL(to, from).href : to
}

/** As urllib reads it: a URL without a scheme is http. */
function withScheme(url: string): string {
  return /^https?:\/\//i.test(url) ? url : `http://${url}`
}

function targetHeaders(
  headers: RequestOptions['headers'],
  forwarded: Readonly<Record<string, string>>,
): NonNullable<RequestOptions['headers']> {
  const entries = Object.entries(headers ?? {})
  if (Object.keys(forwarded).length === 0) return Object.fromEntries(entries)
  return { ...Object.fromEntries(entries.filter(([name]) => name.toLowerCase() !== 'host')), ...forwarded }
}
