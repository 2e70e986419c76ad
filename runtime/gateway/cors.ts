/** Which pages may read answers (spec/http.md §7, spec/client-protocol.md §6). */
import type { IncomingMessage } from 'node:http'
import type { HeaderList } from './reply.ts'

/** Decides about origins; made once from the list of the options. */
export type OriginRule = (origin: string) => boolean

/**
 * @param patterns `host:port` with `*` as wildcard; without a port the scheme's own port; with a scheme in front,
 *   that scheme only; `*` alone is every origin
 */
export function originRule(patterns: readonly string[]): OriginRule {
  if (patterns.includes('*')) return () => true
  const tests = patterns.map(patternTest)
  return (origin) => {
    const lower = origin.toLowerCase()
    return tests.some((test) => test.test(lower))
  }
}

/** Headers for an answer to an allowed origin, of a URL-ized function. */
export function allowHeaders(origin: string): HeaderList {
  return ['access-control-allow-origin', origin, 'access-control-allow-credentials', 'true', 'vary', 'origin']
}

/** Whether a request is a preflight (spec/http.md §7). */
export function isPreflight(req: IncomingMessage): boolean {
  return req.method === 'OPTIONS' && req.headers['access-control-request-method'] !== undefined
}

/** What a preflight is told in addition: everything it asked for. */
export function preflightHeaders(req: IncomingMessage, methods: string): HeaderList {
  const headers: HeaderList = ['access-control-allow-methods', methods, 'access-control-max-age', '600']
  const asked = req.headers['access-control-request-headers']
  if (asked !== undefined) headers.push('access-control-allow-headers', asked)
  if (req.headers['access-control-request-private-network'] === 'true')
    headers.push('access-control-allow-private-network', 'true')
  return headers
}

// internals

function patternTest(pattern: string): RegExp {
  const parts = /^(?:([a-z][a-z0-9+.*-]*):\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+|\*))?\/?$/i.exec(pattern.trim())
  // A pattern that is no origin at all matches nothing.
  if (!parts) return /(?!)/
  const [, scheme, host = '', port] = parts
  const schemePart = scheme === undefined ? '[a-z][a-z0-9+.-]*' : wildcard(scheme, '[a-z0-9+.-]*')
  const portPart = port === undefined ? '' : port === '*' ? '(?::\\d+)?' : `:${port}`
  return new RegExp(`^${schemePart}://${wildcard(host, '[^:/]*')}${portPart}$`)
}

function wildcard(text: string, any: string): string {
  return text
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join(any)
}
