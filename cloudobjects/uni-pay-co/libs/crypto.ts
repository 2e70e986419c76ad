/**
 * `aes` of uni-pay-co, for callbacks: what one side encrypts with `notifyKey` the other can read
 * (spec/uni-pay.md §3.8). Callbacks get it as `libs.crypto`.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import { payConfig } from '../config/config.ts'

export type AesMode = 'aes192' | 'aes-256-ecb'

export interface AesOptions {
  data: unknown
  /** Default: `notifyKey` of the configuration. */
  key?: string
  /** Default aes192. */
  mode?: AesMode
}

export const aes = { encrypt, decrypt }

/** Objects go as JSON. @returns hex (aes192) or base64 (aes-256-ecb) */
function encrypt({ data, key = configuredKey(), mode = 'aes192' }: AesOptions): string {
  const text = typeof data === 'object' && data !== null ? JSON.stringify(data) : String(data)
  const cipher = mode === 'aes-256-ecb' ? ecb(key) : cbc(key)
  const making = createCipheriv(cipher.name, cipher.key, cipher.iv)
  return Buffer.concat([making.update(text, 'utf8'), making.final()]).toString(cipher.encoding)
}

/** @throws the texts `待解密原文不能为空` and `解密失败`, as the published helper does */
function decrypt({ data, key = configuredKey(), mode = 'aes192' }: AesOptions): unknown {
  if (data === undefined || data === null || data === '') throw '待解密原文不能为空'
  const cipher = mode === 'aes-256-ecb' ? ecb(key) : cbc(key)
  try {
    const opening = createDecipheriv(cipher.name, cipher.key, cipher.iv)
    const bytes = Buffer.concat([opening.update(String(data), cipher.encoding), opening.final()])
    return contentOf(bytes.toString('utf8'))
  } catch {
    throw '解密失败'
  }
}

// internals

function configuredKey(): string {
  return String(payConfig().notifyKey ?? '')
}

function ecb(key: string) {
  return { name: 'aes-256-ecb', key: Buffer.from(key.slice(0, 32)), iv: null, encoding: 'base64' } as const
}

/** Key and vector as OpenSSL derives them from a password, which Node 22 no longer does by itself. */
function cbc(password: string) {
  let derived = Buffer.alloc(0)
  let block = Buffer.alloc(0)
  while (derived.length < 24 + 16) {
    block = createHash('md5').update(block).update(password).digest()
    derived = Buffer.concat([derived, block])
  }
  const [key, iv] = [derived.subarray(0, 24), derived.subarray(24, 40)]
  return { name: 'aes-192-cbc', key, iv, encoding: 'hex' } as const
}

function contentOf(text: string): unknown {
  try {
    const content: unknown = JSON.parse(text)
    return typeof content === 'object' ? content : text
  } catch {
    return text
  }
}
