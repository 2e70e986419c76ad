/** `x-serverless-sign` of the client SDK (spec/client-protocol.md §3.2). */
import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * HMAC-MD5, hex, over the body's members sorted by name, empty ones left out.
 * @param body the parsed request body
 */
export function clientSignature(body: Readonly<Record<string, unknown>>, secret: string): string {
  const text = Object.keys(body)
    .sort()
    .filter((name) => body[name])
    .map((name) => `${name}=${String(body[name])}`)
    .join('&')
  return createHmac('md5', secret).update(text, 'utf8').digest('hex')
}

/** Compares without telling by its duration how much was right. */
export function signatureMatches(
  body: Readonly<Record<string, unknown>>,
  secret: string,
  given: string,
): boolean {
  const expected = Buffer.from(clientSignature(body, secret))
  const received = Buffer.from(given)
  return received.length === expected.length && timingSafeEqual(received, expected)
}
