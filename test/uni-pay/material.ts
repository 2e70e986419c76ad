/** The vectors' merchants and keys, in the forms that options take. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'

export type Row = Record<string, unknown>

export interface Vector {
  id: string
  mode: 'exact' | 'verify'
  input: Row
  steps?: Row
  expected: Row
}

interface VectorFile {
  clock: { unix_seconds: number }
  constants: Record<string, Record<string, string>>
  keys: Record<string, string>
  vectors: Vector[]
}

const file = JSON.parse(
  readFileSync(new URL('../conformance/payment-vectors.json', import.meta.url), 'utf8'),
) as VectorFile

export const { vectors, keys } = file
/** ms: when everything in the file was signed. */
export const signedAt = file.clock.unix_seconds * 1000

export function constants(provider: string): Record<string, string> {
  const found = file.constants[provider]
  if (!found) throw new Error(`no constants of ${provider}`)
  return found
}

export function vector(id: string): Vector {
  const found = vectors.find((entry) => entry.id === id)
  if (!found) throw new Error(`no vector ${id}`)
  return found
}

/** PKCS#8, base64 without PEM lines. */
export function privateKey(name: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(key(name), 'base64'), format: 'der', type: 'pkcs8' })
}

export function publicKey(certificate: string): KeyObject {
  return new X509Certificate(key(certificate)).publicKey
}

export function key(name: string): string {
  const found = keys[name]
  if (!found) throw new Error(`no key ${name}`)
  return found
}

/** PEM -> base64 without lines, as `…Content` options take it. */
export function bare(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '')
}
