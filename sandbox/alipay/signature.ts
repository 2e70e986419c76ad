/** Alipay's signatures: sorted pairs, RSA (payment-platforms.md §5.1, §5.5). */
import { createVerify, type KeyObject, sign } from 'node:crypto'

/** RSA2: SHA-256. RSA: SHA-1, which Alipay still speaks with whoever does. */
export type SignType = 'RSA2' | 'RSA'

/**
 * @param leaveOut beside `sign`: notifications and returns leave `sign_type` out, requests sign it
 */
export function stringToSign(params: Record<string, string>, leaveOut: readonly string[] = []): string {
  return Object.keys(params)
    .filter((name) => name !== 'sign' && !leaveOut.includes(name) && params[name] !== '')
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join('&')
}

/** Of a request, or as kept with an order. */
export function signTypeOf(type: unknown): SignType {
  return type === 'RSA' ? 'RSA' : 'RSA2'
}

export function verifyAlipay(text: string, signature: string, key: KeyObject, type: SignType): boolean {
  return createVerify(hashOf(type)).update(text, 'utf8').verify(key, signature, 'base64')
}

export function signAlipay(text: string, key: KeyObject, type: SignType): string {
  return sign(hashOf(type), Buffer.from(text), key).toString('base64')
}

// internals

function hashOf(type: SignType): string {
  return type === 'RSA' ? 'sha1' : 'sha256'
}
