/**
 * Encryption with the `notifyKey` of a uni-pay configuration, for what projects pass around between their own
 * functions (spec/uni-pay.md §3.8). `require('uni-pay/notify-key')`.
 */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'

/** How `notifyKey` encrypts: the first is older and the default. */
export type NotifyKeyMode = 'aes192' | 'aes-256-ecb'

/** @returns hex for `aes192`, base64 for `aes-256-ecb` */
export function encryptWithNotifyKey(
  text: string,
  notifyKey: string,
  mode: NotifyKeyMode = 'aes192',
): string {
  const { algorithm, key, iv, encoding } = cipherOf(notifyKey, mode)
  const cipher = createCipheriv(algorithm, key, iv)
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString(encoding)
}

/** @throws Error of node:crypto when it is not encrypted with this key */
export function decryptWithNotifyKey(
  sealed: string,
  notifyKey: string,
  mode: NotifyKeyMode = 'aes192',
): string {
  const { algorithm, key, iv, encoding } = cipherOf(notifyKey, mode)
  const decipher = createDecipheriv(algorithm, key, iv)
  return Buffer.concat([decipher.update(sealed, encoding), decipher.final()]).toString('utf8')
}

/** What OpenSSL derives from a password: MD5, no salt, one round. `crypto.createCipher`, gone in Node 22, did so. */
export function passwordKey(password: string): { key: Buffer; iv: Buffer } {
  let [bytes, last] = [Buffer.alloc(0), Buffer.alloc(0)]
  while (bytes.length < 24 + 16) {
    last = createHash('md5').update(last).update(password).digest()
    bytes = Buffer.concat([bytes, last])
  }
  return { key: bytes.subarray(0, 24), iv: bytes.subarray(24, 40) }
}

// internals

function cipherOf(notifyKey: string, mode: NotifyKeyMode) {
  if (mode === 'aes192')
    return { algorithm: 'aes-192-cbc', ...passwordKey(notifyKey), encoding: 'hex' } as const
  return { algorithm: 'aes-256-ecb', key: notifyKey.slice(0, 32), iv: null, encoding: 'base64' } as const
}
