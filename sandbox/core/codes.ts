/** Codes that a platform's app hands to a merchant once, to be changed for a user's id (payment-platforms.md §8.1). */

import type { BusinessClock } from './business-clock.ts'
import { numbers } from './numbers.ts'

export type CodeKind = 'jscode' | 'oauth' | 'alipay'

const CODE_MS = 5 * 60_000
/** Always valid, as often as one likes: `sandbox:<openid>`. */
const COMFORT = 'sandbox:'

export class LoginCodes {
  readonly #clock: BusinessClock
  readonly #open = new Map<string, { kind: CodeKind; openid: string; until: number; used: boolean }>()

  constructor(clock: BusinessClock) {
    this.#clock = clock
  }

  issue(kind: CodeKind, openid: string): string {
    const code = numbers.token()
    this.#open.set(code, { kind, openid, until: this.#clock.now() + CODE_MS, used: false })
    return code
  }

  /** Uses a code up. @returns the user's id, or why not */
  redeem(kind: CodeKind, code: string): { openid: string } | 'unknown' | 'used' {
    if (code.startsWith(COMFORT) && code.length > COMFORT.length)
      return { openid: code.slice(COMFORT.length) }
    const found = this.#open.get(code)
    if (!found || found.kind !== kind || found.until < this.#clock.now()) return 'unknown'
    if (found.used) return 'used'
    found.used = true
    return { openid: found.openid }
  }

  clear(): void {
    this.#open.clear()
  }
}
