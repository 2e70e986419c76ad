/** The URL paths of a space, compiled: longest matching path wins (spec/http.md §2). */
import type { FunctionKind, Manifest } from '../project/manifest.ts'

export interface Route {
  name: string
  kind: FunctionKind
  /** As configured, percent-encoded where it must be. */
  path: string
}

export interface RouteHit {
  route: Route
  /** Rest of the request path after the configured one; always starts with `/`. */
  rest: string
}

export class RouteTable {
  readonly #byPath = new Map<string, Route>()
  #root: Route | undefined
  #longest = 0

  constructor(manifest: Manifest) {
    for (const { name, kind, config } of Object.values(manifest.functions)) {
      if (config.path === '') continue
      const path = encodedPath(config.path)
      const route = { name, kind, path }
      // Two functions with one path are refused by the project reader; should it ever happen, the first stays.
      if (path === '/') this.#root ??= route
      else if (!this.#byPath.has(path)) this.#byPath.set(path, route)
      this.#longest = Math.max(this.#longest, path.length)
    }
  }

  /** @param path raw request path, without the query */
  match(path: string): RouteHit | undefined {
    // Only cuts at slashes, and only those no longer than the longest configured path, are looked up: a path made of
    // thousands of slashes costs no more than any other.
    let end = path.length > this.#longest ? path.lastIndexOf('/', this.#longest) : path.length
    while (end > 0) {
      const route = this.#byPath.get(end === path.length ? path : path.slice(0, end))
      if (route) return { route, rest: end === path.length ? '/' : path.slice(end) }
      end = path.lastIndexOf('/', end - 1)
    }
    return this.#root ? { route: this.#root, rest: path } : undefined
  }
}

// internals

/** Request paths arrive percent-encoded; a configured path in plain Chinese must match them. */
function encodedPath(path: string): string {
  return path.replace(/[^\x21-\x7e]/gu, encodeURIComponent)
}
