/** Running face verifications: how long and how often one may be asked for (spec/runtime.md §10). */
import type { Clock } from '../../clock/clock.ts'

const lifeMs = 24 * 3600_000
const maxQueries = 5

export class Certificates {
  readonly #clock: Clock
  readonly #open = new Map<string, { since: number; queries: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  open(certifyId: string): void {
    const now = this.#clock.now()
    for (const [id, { since }] of this.#open) if (now - since > 2 * lifeMs) this.#open.delete(id)
    this.#open.set(certifyId, { since: now, queries: 0 })
  }

  /** @throws an error with errCode 56001 (over, or unknown) or 56002 (asked too often) */
  query(certifyId: string): void {
    const certificate = this.#open.get(certifyId)
    if (!certificate || this.#clock.now() - certificate.since > lifeMs) {
      throw refusal(56001, `certifyId ${certifyId} is unknown or more than 24 hours old`)
    }
    if (++certificate.queries > maxQueries) {
      throw refusal(56002, `certifyId ${certifyId} was asked for more than ${maxQueries} times`)
    }
  }
}

// internals

function refusal(errCode: number, errMsg: string): Error {
  return Object.assign(new Error(errMsg), { errCode, errMsg })
}
