/** Access tokens of the provider aliyun (spec/client-protocol.md §3.4). They carry their own end; nothing is stored. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** What the client is told; it ignores it, and so the token only ends in strict mode. */
export const TOKEN_SECONDS = 600

/** What SDKs before 4.2 send as provider `private` (spec/client-protocol.md §9). */
const PRIVATE_TOKEN = 'Anonymous_Access_token'

/** Issues and checks tokens; those of a former start of the server do not match, and the client fetches a new one. */
export class AnonymousTokens {
  readonly #key = randomBytes(16)

  /** @param now epoch milliseconds */
  issue(now: number): string {
    const end = String(now + TOKEN_SECONDS * 1000)
    return `${end}.${this.#seal(end)}`
  }

  /** @param now epoch milliseconds */
  accepts(token: string, now: number): boolean {
    if (token === PRIVATE_TOKEN) return true
    const [end = '', seal = ''] = token.split('.')
    const expected = Buffer.from(this.#seal(end))
    const received = Buffer.from(seal)
    return received.length === expected.length && timingSafeEqual(received, expected) && Number(end) > now
  }

  #seal(end: string): string {
    return createHmac('sha256', this.#key).update(end).digest('hex').slice(0, 32)
  }
}
