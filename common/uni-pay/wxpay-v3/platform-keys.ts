/**
 * Keys that WeChat's signatures are checked with, by the serial a message names: platform certificates, or the public
 * key of merchants in public-key mode (spec/payment-platforms.md §3.3, spec/uni-pay.md D12).
 */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { UniPayError } from '../error.ts'
import { fieldsOf } from '../naming.ts'
import {
  type CertificateCache,
  type Certificates,
  cacheKey,
  type PlatformCertificate,
} from './certificate-cache.ts'
import { type Merchant, provider } from './merchant.ts'
import { decryptResource } from './resource.ts'

/** An answer whose signature is still to be checked. */
export interface Unverified {
  headers: Readonly<Record<string, string>>
  body: string
}

export type CheckSignature = (message: Unverified, find: (serial: string) => KeyObject | undefined) => void

export class PlatformKeys {
  readonly #merchant: Merchant
  readonly #cache: CertificateCache
  readonly #download: () => Promise<Unverified>
  readonly #check: CheckSignature

  /**
   * @param download sends `GET /v3/certificates`
   * @param check throws when the message is not signed by the key that `find` gives for its serial
   */
  constructor(
    merchant: Merchant,
    cache: CertificateCache,
    download: () => Promise<Unverified>,
    check: CheckSignature,
  ) {
    this.#merchant = merchant
    this.#cache = cache
    this.#download = download
    this.#check = check
  }

  /** The key of a serial; a serial that is not known is looked for in a fresh list, once. */
  async find(serial: string): Promise<KeyObject | undefined> {
    if (this.#isPublicKey(serial)) return this.#merchant.publicKey?.key
    // What no certificate can be called needs no download: forged messages would cause many.
    if (!/^[0-9A-F]{8,64}$/i.test(serial)) return undefined
    const name = cacheKey(this.#merchant.mchId, this.#merchant.v3Key)
    const known = this.#cache.get(name)
    const key = known && validKey(known.get(serial.toUpperCase()))
    if (key) return key
    const certificates = await this.#cache.refresh(name, () => this.#fetch())
    return validKey(certificates.get(serial.toUpperCase()))
  }

  // internals

  #isPublicKey(serial: string): boolean {
    const { publicKey } = this.#merchant
    if (!publicKey) return false
    return publicKey.id === undefined ? serial.startsWith('PUB_KEY_ID_') : serial === publicKey.id
  }

  /** The list is signed by a certificate that is in it: what makes it genuine is that our key decrypts it. */
  async #fetch(): Promise<Certificates> {
    const message = await this.#download()
    const { data } = fieldsOf(parsed(message.body))
    const entries = Array.isArray(data) ? data : []
    const certificates: Certificates = new Map(
      entries.map((entry) => certificateOf(entry, this.#merchant.v3Key)),
    )
    this.#check(message, (serial) =>
      this.#isPublicKey(serial)
        ? this.#merchant.publicKey?.key
        : validKey(certificates.get(serial.toUpperCase())),
    )
    return certificates
  }
}

// internals

function certificateOf(entry: unknown, v3Key: string): [serial: string, PlatformCertificate] {
  const { serial_no, encrypt_certificate } = fieldsOf(entry)
  const certificate = new X509Certificate(decryptResource(encrypt_certificate, v3Key))
  const serial = certificate.serialNumber.toUpperCase()
  if (serial !== String(serial_no).toUpperCase()) {
    throw unusable(`its entry ${String(serial_no)} holds certificate ${serial}`)
  }
  return [
    serial,
    {
      key: certificate.publicKey,
      validFrom: Date.parse(certificate.validFrom),
      validTo: Date.parse(certificate.validTo),
    },
  ]
}

function validKey(certificate: PlatformCertificate | undefined): KeyObject | undefined {
  const now = Date.now()
  return certificate && certificate.validFrom <= now && now <= certificate.validTo
    ? certificate.key
    : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unusable('it is not JSON')
  }
}

function unusable(why: string): UniPayError {
  return new UniPayError({
    provider,
    errCode: 'FORMAT_ERROR',
    errMsg: `the list of platform certificates cannot be used: ${why}`,
    api: 'GET /v3/certificates',
  })
}
