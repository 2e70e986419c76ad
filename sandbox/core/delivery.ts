/**
 * Sends one attempt over HTTP, to this machine only: what a sandbox reports must never reach a real service, whose
 * owner would take it for money (payment-platforms.md §1.1).
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Outgoing, Reply } from './notice.ts'

/** @throws DeliveryTimeout, or the connection's own error */
export type Deliver = (outgoing: Outgoing, timeoutMs: number) => Promise<Reply>

export class DeliveryTimeout extends Error {
  override readonly name = 'DeliveryTimeout'
}

/**
 * @param rewrite origins and what they stand for
 * @param own the space's own address, wherever it listens
 * @returns where to send, or why nowhere
 */
export function deliveryTarget(
  url: string,
  rewrite: Readonly<Record<string, string>>,
  own: string,
): { url: string } | { refusal: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return { refusal: `"${url}" is no http address` }
  const instead = rewrite[parsed.origin]
  if (instead !== undefined) {
    return {
      url: `${instead.replace(/\/+$/, '')}${url.slice(url.indexOf(parsed.host) + parsed.host.length)}`,
    }
  }
  if (isLoopback(parsed.hostname) || (URL.canParse(own) && new URL(own).host === parsed.host)) return { url }
  return {
    refusal: `${parsed.origin} is not this machine, so nothing is sent there; say what it stands for with the setting notifyRewrite`,
  }
}

/** Node's own client: no redirects, as platforms follow none. */
export const deliverOverHttp: Deliver = (outgoing, timeoutMs) =>
  new Promise((resolve, reject) => {
    const secure = outgoing.url.startsWith('https:')
    const body = Buffer.from(outgoing.body)
    const request = (secure ? httpsRequest : httpRequest)(
      outgoing.url,
      {
        method: outgoing.method,
        headers: { ...outgoing.headers, ...(body.length > 0 ? { 'Content-Length': body.length } : {}) },
        // Loopback only, where certificates are self-made.
        ...(secure ? { rejectUnauthorized: false } : {}),
        agent: false,
      },
      (response) => {
        readReply(response).then(resolve, reject)
      },
    )
    // The network's own time, not the space's: it bounds a wait, it decides nothing.
    const timer = setTimeout(() => {
      request.destroy(new DeliveryTimeout(`no answer within ${timeoutMs} ms`))
    }, timeoutMs)
    request.on('close', () => clearTimeout(timer))
    request.on('error', reject)
    request.end(body)
  })

export function isLoopback(name: string): boolean {
  const host = name.toLowerCase().replace(/^\[|\]$/g, '')
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
  )
}

// internals

/** More than any acknowledgement needs. */
const MAX_REPLY = 64 * 1024

async function readReply(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_REPLY) chunks.push(chunk)
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) headers[name] = String(value)
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') }
}
