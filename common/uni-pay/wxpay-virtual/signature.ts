/** Signatures of virtual payment and of the message push (spec/payment-platforms.md §8.2, §8.4). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/**
 * @param uri path of the call without its query, or `requestVirtualPayment` for the client's parameters
 * @param body as posted
 */
export function paySignature(uri: string, body: string, appKey: string): string {
  return createHmac('sha256', appKey).update(`${uri}&${body}`).digest('hex')
}

/** @param sessionKey as the text it is */
export function userSignature(body: string, sessionKey: string): string {
  return createHmac('sha256', sessionKey).update(body).digest('hex')
}

/** Of a push (with its encrypted part), or of the check of its address (without). */
export function pushSignature(...parts: readonly string[]): string {
  return createHash('sha1')
    .update([...parts].sort().join(''))
    .digest('hex')
}

export function isSame(given: string | undefined, own: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(own)]
  return a.length === b.length && timingSafeEqual(a, b)
}
