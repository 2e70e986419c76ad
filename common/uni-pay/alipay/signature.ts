/** What Alipay and we sign, and how (spec/payment-platforms.md §5.1, §5.5). */
import type { KeyObject } from 'node:crypto'
import { type Digest, signRsa } from '../rsa.ts'

export type Params = Readonly<Record<string, string>>
export type SignType = 'RSA2' | 'RSA'

export function digestOf(type: SignType): Digest {
  return type === 'RSA' ? 'RSA-SHA1' : 'RSA-SHA256'
}

/** All parameters of a request, `sign_type` too, that are not empty. */
export function signRequest(params: Params, key: KeyObject, type: SignType): string {
  const filled = Object.entries(params).filter(([name, value]) => name !== 'sign' && value !== '')
  return signRsa(joined(Object.fromEntries(filled)), key, digestOf(type))
}

/** What the signature of a notification covers: everything else, values as they were before the form encoding. */
export function notifyContent({ sign, sign_type, ...params }: Params): string {
  return joined(params)
}

/** The parameters and their signature, encoded: what the app SDK takes. */
export function signedQuery(params: Params, key: KeyObject, type: SignType): string {
  return encoded({ ...params, sign: signRequest(params, key, type) })
}

/** Sorted by name, `sign` last. */
export function encoded({ sign, ...params }: Params): string {
  const pairs = sorted(params)
  if (sign !== undefined) pairs.push(['sign', sign])
  return pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
}

// internals

function joined(params: Params): string {
  return sorted(params)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function sorted(params: Params): [string, string][] {
  return Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))
}
