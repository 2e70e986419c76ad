/** Signatures of WeChat Pay V2 (spec/payment-platforms.md §4.1). */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export type SignType = 'MD5' | 'HMAC-SHA256'

/** Flat: all values are sent and signed as text. */
export type Params = Readonly<Record<string, unknown>>

/** Over everything that is not empty, except `sign` itself. */
export function signParams(params: Params, key: string, type: SignType): string {
  const text = `${pairs(params)}&key=${key}`
  const hash = type === 'HMAC-SHA256' ? createHmac('sha256', key) : createHash('md5')
  return hash.update(text).digest('hex').toUpperCase()
}

/** False also when there is no signature. */
export function isSigned(params: Params, key: string, type: SignType): boolean {
  const [given, own] = [Buffer.from(String(params.sign ?? '')), Buffer.from(signParams(params, key, type))]
  return given.length === own.length && timingSafeEqual(given, own)
}

// internals

function pairs(params: Params): string {
  return Object.entries(params)
    .filter(([name, value]) => name !== 'sign' && value !== undefined && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join('&')
}
