/** Paths with `:names`, matched on the raw path: what is signed must not be touched. */

export interface RouteHit<T> {
  value: T
  /** Percent-decoded. */
  params: Record<string, string>
}

export class RouteTable<T> {
  readonly #routes: { method: string; parts: string[]; value: T }[] = []

  /** @param pattern `/v3/refund/domestic/refunds/:out_refund_no` */
  add(method: string, pattern: string, value: T): this {
    this.#routes.push({ method, parts: pattern.split('/'), value })
    return this
  }

  match(method: string, path: string): RouteHit<T> | undefined {
    const parts = path.split('/')
    for (const route of this.#routes) {
      if (route.method !== method) continue
      const params = matchParts(route.parts, parts)
      if (params) return { value: route.value, params }
    }
    return undefined
  }
}

// internals

function matchParts(pattern: string[], parts: string[]): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined
  const params: Record<string, string> = {}
  for (const [at, wanted] of pattern.entries()) {
    const given = parts[at] ?? ''
    if (wanted.startsWith(':')) {
      const value = decode(given)
      if (!value) return undefined
      params[wanted.slice(1)] = value
    } else if (wanted !== given) return undefined
  }
  return params
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
