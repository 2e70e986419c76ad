/**
 * Who may use the control API and the pages. They pay, refund and hand out keys, so a web page that a developer happens
 * to visit must not reach them: not under a name that resolves to this machine, not across origins. The cashier and the
 * platforms' own APIs are open: they are made for strangers.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback } from './core/delivery.ts'
import { type Answer, jsonAnswer } from './core/exchange.ts'

/** The token of a server that others can reach arrives in the address once and then stays in a cookie. */
export const TOKEN_COOKIE = 'unicloud_sandbox'

/**
 * @param token asked for when given; without it only this machine's own names are answered
 * @param query of the request: pages opened by a link carry the token there
 * @returns why the request is refused; nothing when it may pass
 */
export function refusedAccess(
  req: Pick<IncomingMessage, 'headers'>,
  token: string | undefined,
  query: URLSearchParams,
): Answer | undefined {
  const { host = '', origin } = req.headers
  const name = hostName(host)
  if (!isLoopback(name) && !(token !== undefined && isIP(name) !== 0)) {
    return refused(403, 'FORBIDDEN_HOST', `the sandbox does not answer to the Host '${host}'`)
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return refused(403, 'FORBIDDEN_ORIGIN', `the sandbox does not answer to pages of ${origin}`)
  }
  const site = req.headers['sec-fetch-site']
  if (origin === undefined && (site === 'cross-site' || site === 'same-site') && !isNavigation(req)) {
    return refused(403, 'FORBIDDEN_ORIGIN', 'the sandbox does not answer to other sites')
  }
  if (token !== undefined && !carries(req, token, query)) {
    return refused(
      401,
      'TOKEN_REQUIRED',
      'send the token printed at start: authorization: Bearer TOKEN, or ?token=',
    )
  }
  return undefined
}

// internals

function hostName(host: string): string {
  const parts = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host)
  return (parts?.[1] ?? parts?.[2] ?? '').toLowerCase()
}

/** A person followed a link: reading is harmless, and forms say their origin. */
function isNavigation(req: Pick<IncomingMessage, 'headers'>): boolean {
  return req.headers['sec-fetch-mode'] === 'navigate' && req.headers['sec-fetch-dest'] === 'document'
}

function carries(req: Pick<IncomingMessage, 'headers'>, token: string, query: URLSearchParams): boolean {
  const { authorization = '', cookie = '' } = req.headers
  const given = [
    /^Bearer +(.+)$/i.exec(authorization)?.[1],
    new RegExp(`(?:^|;\\s*)${TOKEN_COOKIE}=([^;]+)`).exec(cookie)?.[1],
    query.get('token') ?? undefined,
  ]
  const wanted = Buffer.from(token)
  return given.some((candidate) => {
    const bytes = Buffer.from(candidate ?? '')
    return bytes.length === wanted.length && timingSafeEqual(bytes, wanted)
  })
}

function refused(status: number, errCode: string, errMsg: string): Answer {
  return jsonAnswer(status, { errCode, errMsg })
}
