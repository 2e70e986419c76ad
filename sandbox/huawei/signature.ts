/** Huawei's signatures: what is signed, RSA-PSS or SM2 of the merchant, SM2 of the platform (payment-platforms.md §7.1, §7.2). */
import { constants, type KeyObject, verify } from 'node:crypto'
import sm from 'sm-crypto'
import { isObject, type Json, type JsonObject } from '../core/json.ts'
import type { KeyRing } from '../keys/key-ring.ts'

/** The standard user id, which Node's own SM2 does not use. */
const USER_ID = '1234567812345678'

/** Sorted pairs without nulls and signatures; inner objects by their own content, lists element by element. */
export function contentOf(object: JsonObject): string {
  return Object.keys(object)
    .filter((name) => name !== 'sign' && name !== 'headerSign' && object[name] !== null)
    .sort()
    .map((name) => `${name}=${textOf(object[name] ?? null)}`)
    .join('&')
}

/** SHA256withRSA/PSS, MGF1-SHA256, salt of 32 bytes. @param key public */
export function verifyRsa(text: string, signature: string, key: KeyObject): boolean {
  const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return verify('sha256', Buffer.from(text), options, Buffer.from(signature, 'base64'))
}

/** SM2 with SM3, DER, base64. */
export function signPlatform(text: string, privateHex: string, publicHex: string): string {
  const signature = sm.sm2.doSignature(text, privateHex, {
    hash: true,
    der: true,
    userId: USER_ID,
    publicKey: publicHex,
  })
  return Buffer.from(signature, 'hex').toString('base64')
}

/** SM2 with SM3, DER, base64; of the platform, and of merchants that have chosen it. */
export function verifySm2(text: string, signature: string, publicHex: string): boolean {
  const hex = Buffer.from(signature, 'base64').toString('hex')
  try {
    return sm.sm2.doVerifySignature(text, hex, publicHex, { hash: true, der: true, userId: USER_ID })
  } catch {
    // No DER.
    return false
  }
}

/** Who signs for the merchant: each of its certificates has an algorithm. */
export interface MerchantSeal {
  /** As it is named in refusals. */
  key: string
  fits(text: string, signature: string): boolean
}

/** @param authId number of a certificate @returns undefined when the merchant has none of this number */
export function merchantSeal(
  { constants: { huawei }, huawei: keys }: KeyRing,
  authId: string,
): MerchantSeal | undefined {
  if (authId === huawei.auth_id) {
    return {
      key: 'RSA key (SHA256withRSA/PSS)',
      fits: (text, signature) => verifyRsa(text, signature, keys.merchantKey),
    }
  }
  const { sm2Merchant } = keys
  if (authId !== sm2Merchant.authId) return undefined
  return { key: 'SM2 key', fits: (text, signature) => verifySm2(text, signature, sm2Merchant.publicHex) }
}

// internals

function textOf(value: Json): string {
  if (Array.isArray(value)) return value.map(textOf).join(',')
  return isObject(value) ? contentOf(value) : String(value)
}
