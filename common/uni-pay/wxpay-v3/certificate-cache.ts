/** Platform certificates once downloaded, shared by the instances of a process: uni-pay makes one per call. */
import { createHash, type KeyObject } from 'node:crypto'

export interface PlatformCertificate {
  key: KeyObject
  /** ms */
  validFrom: number
  validTo: number
}

/** By serial, upper-case hex. */
export type Certificates = ReadonlyMap<string, PlatformCertificate>

export class CertificateCache {
  readonly #entries = new Map<string, { at: number; certificates: Certificates }>()
  readonly #pending = new Map<string, Promise<Certificates>>()

  /** Undefined when there are none, or they are too old. */
  get(merchant: string): Certificates | undefined {
    const entry = this.#entries.get(merchant)
    const age = entry === undefined ? Number.NaN : Date.now() - entry.at
    // A clock that was set back makes no certificate younger.
    return age >= 0 && age < twelveHours ? entry?.certificates : undefined
  }

  /** Replaces what is there; calls that come while a download is under way share it. */
  refresh(merchant: string, download: () => Promise<Certificates>): Promise<Certificates> {
    const running = this.#pending.get(merchant)
    if (running) return running
    const started = download()
      .then((certificates) => {
        this.#entries.set(merchant, { at: Date.now(), certificates })
        return certificates
      })
      .finally(() => this.#pending.delete(merchant))
    this.#pending.set(merchant, started)
    return started
  }
}

/** Certificates were decrypted with the merchant's key, so they are that merchant's and key's own. */
export function cacheKey(mchId: string, v3Key: string): string {
  return createHash('sha256').update(`${mchId}\n${v3Key}`).digest('hex')
}

/** One per process, as the certificates are the platform's and not an instance's. */
export const sharedCertificates = new CertificateCache()

// internals

/** WeChat asks to renew at least that often (spec/payment-platforms.md §3.3). */
const twelveHours = 12 * 3600_000
