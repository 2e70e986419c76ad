/**
 * Who may use the control API (shared design, "Contract"). It runs functions and empties databases, so a page that a
 * developer happens to visit must not reach it: not by a name that resolves to this machine (DNS rebinding), not
 * across origins. Reachable from elsewhere, it asks for a token.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from '../client-ip.ts'

export interface Refusal {
  status: 401 | 403
  errCode: 'FORBIDDEN_HOST' | 'FORBIDDEN_ORIGIN' | 'TOKEN_REQUIRED'
  errMsg: string
}

export class Guard {
  #token: Buffer | undefined
  #names: readonly string[] = []

  /**
   * From now on a bearer token is asked for.
   * @param names further Host names that are ours, beside loopback names and plain addresses
   */
  requireToken(token: string, names: readonly string[]): void {
    this.#token = Buffer.from(token)
    this.#names = names.map((name) => name.toLowerCase())
  }

  /**
   * @param page no secret: needs no token, and other sites may link to it
   * @returns why the request is refused; nothing when it may pass
   */
  check(req: IncomingMessage, page = false): Refusal | undefined {
    const { host, origin } = req.headers
    if (!this.#isOurs(hostName(host))) {
      const errMsg = `the control API does not answer to the Host '${host ?? ''}': use 127.0.0.1 or localhost`
      return { status: 403, errCode: 'FORBIDDEN_HOST', errMsg }
    }
    if (isForeign(origin, host, page ? undefined : req.headers['sec-fetch-site'])) {
      const errMsg = `the control API does not answer to pages of ${origin ?? 'another site'}`
      return { status: 403, errCode: 'FORBIDDEN_ORIGIN', errMsg }
    }
    if (this.#token && !page && !carries(req, this.#token)) {
      const errMsg = 'send the token printed at start: authorization: Bearer TOKEN'
      return { status: 401, errCode: 'TOKEN_REQUIRED', errMsg }
    }
    return undefined
  }

  #isOurs(name: string): boolean {
    if (name === 'localhost' || isLoopback(name)) return true
    // An address cannot be rebound, and without the token it is of no use.
    return this.#token !== undefined && (isIP(name) !== 0 || this.#names.includes(name))
  }
}

// internals

/** `name:port` or `[v6]:port` -> name, lower case. */
function hostName(host: string | undefined): string {
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host ?? '')
  return (parts?.[1] ?? parts?.[2] ?? '').toLowerCase()
}

/** The only page that may call is our own: same scheme, name and port. */
function isForeign(
  origin: string | undefined,
  host: string | undefined,
  site: string | string[] | undefined,
): boolean {
  if (origin !== undefined) return origin.toLowerCase() !== `http://${(host ?? '').toLowerCase()}`
  // Pictures, scripts and links of other pages come without Origin; browsers still say where they come from.
  return site === 'cross-site' || site === 'same-site'
}

function carries(req: IncomingMessage, token: Buffer): boolean {
  const given = Buffer.from(/^Bearer +(.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '')
  return given.length === token.length && timingSafeEqual(given, token)
}
