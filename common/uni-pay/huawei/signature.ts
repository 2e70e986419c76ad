/** What Huawei and merchants sign (spec/payment-platforms.md §7.1). */
import { constants, type KeyObject, sign } from 'node:crypto'
import { type Fields, isFields } from '../naming.ts'

/** Sorted members without nulls and signatures; empty texts count. */
export function signedContent(fields: Fields): string {
  return Object.entries(fields)
    .filter(([name, value]) => value !== null && value !== undefined && !signatures.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${contentOf(value)}`)
    .join('&')
}

/** RSASSA-PSS with SHA-256, 32 bytes of salt; base64. */
export function signMerchant(text: string, key: KeyObject): string {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return sign('sha256', Buffer.from(text), { key, padding, saltLength: 32 }).toString('base64')
}

/**
 * The `PayMercAuth` header.
 *
 * @param signed content of the body; for GET path and query
 */
export function authorization(
  auth: { callerId: string; traceId: string; time: number; authId: string },
  signed: string,
  key: KeyObject,
): string {
  const fields = { ...auth, bodySign: signMerchant(signed, key) }
  return JSON.stringify({ ...fields, headerSign: signMerchant(signedContent(fields), key) })
}

// internals

const signatures: readonly string[] = ['sign', 'headerSign']

function contentOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(contentOf).join(',')
  return isFields(value) ? signedContent(value) : String(value)
}
