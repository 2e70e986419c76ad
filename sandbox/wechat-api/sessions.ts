/** Users' session keys and the app's access token. */
import { createHmac } from 'node:crypto'
import { numbers } from '../core/numbers.ts'
import type { PlatformParts } from '../core/platform.ts'

const KIND = 'tokens'
const TOKEN_MS = 7200_000
/** A replaced token still works this long. */
const GRACE_MS = 300_000

interface Tokens {
  current: { token: string; until: number }
  former?: { token: string; until: number }
}

export class Sessions {
  readonly #parts: Pick<PlatformParts, 'clock' | 'keys' | 'store'>
  /** Whoever signed in: the users a payment may be from. */
  readonly #users = new Set<string>()
  #tokens: Tokens | undefined

  constructor(parts: Pick<PlatformParts, 'clock' | 'keys' | 'store'>) {
    this.#parts = parts
  }

  /** Merchants keep a token for two hours, over restarts of the sandbox too. */
  async load(): Promise<void> {
    this.#tokens = (await this.#parts.store.load<Tokens>(KIND))[0]
  }

  async clear(): Promise<void> {
    this.#tokens = undefined
    this.#users.clear()
    await this.#parts.store.clear([KIND])
  }

  /** The same for a user each time, so that a cached one stays right. */
  sessionKey(openid: string): string {
    const { wechat, wechat_virtual } = this.#parts.keys().constants
    if (openid === wechat.openid) return wechat_virtual.session_key
    return createHmac('md5', wechat.secret).update(openid).digest('base64')
  }

  signedIn(openid: string): void {
    this.#users.add(openid)
  }

  users(): string[] {
    return [this.#parts.keys().constants.wechat.openid, ...this.#users]
  }

  /** @param fresh a new one even while the present one works @returns seconds it is left */
  token(fresh: boolean): { token: string; expiresIn: number } {
    const now = this.#parts.clock.now()
    const current = this.#tokens?.current
    if (fresh || !current || current.until - GRACE_MS < now) {
      const next: Tokens = {
        current: { token: `SBX_${numbers.token()}${numbers.token()}`, until: now + TOKEN_MS },
      }
      if (current) next.former = { token: current.token, until: Math.min(current.until, now + GRACE_MS) }
      this.#tokens = next
      this.#parts.store.put(KIND, KIND, next)
    }
    const { token = '', until = now } = this.#tokens?.current ?? {}
    return { token, expiresIn: Math.floor((until - now) / 1000) }
  }

  tokenState(token: string): 'valid' | 'expired' | 'unknown' {
    if (token === this.#parts.keys().constants.wechat_virtual.access_token) return 'valid'
    const known = [this.#tokens?.current, this.#tokens?.former].find((entry) => entry?.token === token)
    if (!known) return 'unknown'
    return known.until > this.#parts.clock.now() ? 'valid' : 'expired'
  }
}
