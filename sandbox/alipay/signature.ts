/** Alipay's signatures: sorted pairs, RSA (payment-platforms.md §5.1, §5.5). */
import { createVerify, type KeyObject, sign } from 'node:crypto'

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

/** RSA2: SHA-256. RSA: SHA-1, still accepted in requests. */
export function verifyAlipay(text: string, signature: string, key: KeyObject, signType: string): boolean {
  const hash = signType === 'RSA' ? 'sha1' : 'sha256'
  return createVerify(hash).update(text, 'utf8').verify(key, signature, 'base64')
}

export function signAlipay(text: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(text), key).toString('base64')
}
