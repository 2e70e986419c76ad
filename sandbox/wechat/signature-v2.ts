/** Signatures of WeChat Pay V2: sorted pairs and a shared key (payment-platforms.md §4.1). */
import { createHash, createHmac } from 'node:crypto'

export type V2SignType = 'MD5' | 'HMAC-SHA256'

/** @param params `sign` and empty values are left out */
export function signV2(params: Record<string, string>, key: string, type: V2SignType = 'MD5'): string {
  const text = stringToSignV2(params, key)
  const hash = type === 'MD5' ? createHash('md5') : createHmac('sha256', key)
  return hash.update(text).digest('hex').toUpperCase()
}

export function stringToSignV2(params: Record<string, string>, key: string): string {
  const pairs = Object.keys(params)
    .filter((name) => name !== 'sign' && params[name] !== '')
    .sort()
    .map((name) => `${name}=${params[name]}`)
  return [...pairs, `key=${key}`].join('&')
}
