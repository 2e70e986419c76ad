/** Apple's signed data: JWS with a chain of three certificates (payment-platforms.md §6.2). */
import { type KeyObject, sign, verify } from 'node:crypto'
import { isObject, type JsonObject, parseJson } from '../core/json.ts'
import type { KeyRing } from '../keys/key-ring.ts'

/** A leaf's key, and the chain up to the root. */
export type Signer = Pick<KeyRing['apple'], 'leafKey' | 'chain'>

export function signJws(payload: JsonObject, { leafKey, chain }: Signer): string {
  const text = `${part({ alg: 'ES256', x5c: chain })}.${part(payload)}`
  // Raw r and s, not DER.
  return `${text}.${sign('sha256', Buffer.from(text), { key: leafKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

/** @param key public @returns the payload, or undefined when the signature does not fit */
export function openJws(text: string, key: KeyObject): JsonObject | undefined {
  const [head = '', body = '', signature = ''] = text.split('.')
  const fits = verify(
    'sha256',
    Buffer.from(`${head}.${body}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  const payload = parseJson(Buffer.from(body, 'base64url').toString())
  return fits && isObject(payload) ? payload : undefined
}

// internals

function part(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
