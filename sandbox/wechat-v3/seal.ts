/** What WeChat Pay puts under its answers and notifications, in both of its modes (payment-platforms.md §3.2, §3.3). */
import { createCipheriv, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { BusinessClock } from '../core/business-clock.ts'
import type { JsonObject } from '../core/json.ts'
import { numbers } from '../core/numbers.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { messageOf, rsaSign } from './signature.ts'

export interface Signer {
  serial: string
  key: KeyObject
}

/** @param at seconds; default: now */
export function signedHeaders(
  clock: BusinessClock,
  signer: Signer,
  body: string,
  at = Math.floor(clock.signing() / 1000),
): Record<string, string> {
  const timestamp = String(at)
  const nonce = numbers.nonce()
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': signer.serial,
    'Wechatpay-Signature': rsaSign(messageOf(timestamp, nonce, body), signer.key),
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  }
}

/** AES-256-GCM; the tag follows the data. @param key the 32 characters of the APIv3 key */
export function seal(
  plain: string,
  key: string,
  associated: string,
  nonce = numbers.nonce().slice(0, 12),
): JsonObject {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key), Buffer.from(nonce))
  cipher.setAAD(Buffer.from(associated))
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: ciphertext.toString('base64'),
    associated_data: associated,
    nonce,
  }
}

/** The keys WeChat signs with; strangers and newcomers among them only when a fault wants them. */
export class Signers {
  readonly #keys: () => KeyRing
  #stranger: KeyObject | undefined
  #rotated:
    | { serial: string; key: KeyObject; certificate: string; validFrom: number; validTo: number }
    | undefined

  constructor(keys: () => KeyRing) {
    this.#keys = keys
  }

  certificate(): Signer {
    return this.#rotated ?? this.#keys().wechat.platform
  }

  publicKey(): Signer {
    const { id, key } = this.#keys().wechat.publicKeyMode
    return { serial: id, key }
  }

  /** Whoever it is, he is not WeChat. */
  stranger(): KeyObject {
    this.#stranger ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    return this.#stranger
  }

  /** Takes a new platform certificate into use; the old one stays listed. */
  async rotate(now: number): Promise<Signer> {
    const { makeCertificate } = await import('../keys/certificate.ts')
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const serial = `4${numbers.nonce()}${numbers.nonce()}`.slice(0, 40)
    const validFrom = now - 60_000
    const validTo = now + 5 * 365 * 24 * 3600_000
    const certificate = makeCertificate({
      subject: [
        ['C', 'CN'],
        ['O', 'Sandbox WechatPay'],
        ['OU', 'Platform'],
        ['CN', 'Sandbox WechatPay Platform'],
      ],
      key: privateKey,
      serial,
      validFrom: new Date(validFrom),
      validTo: new Date(validTo),
    })
    this.#rotated = { serial, key: privateKey, certificate, validFrom, validTo }
    return this.#rotated
  }

  /** What `GET /v3/certificates` lists. */
  listed(): { serial: string; certificate: string; validFrom: number; validTo: number }[] {
    const { platform } = this.#keys().wechat
    return this.#rotated ? [platform, this.#rotated] : [platform]
  }

  /** Back to the keys of the space. */
  forget(): void {
    this.#rotated = undefined
  }
}
