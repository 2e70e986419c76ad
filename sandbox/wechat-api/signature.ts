/** Signatures and sealing of `api.weixin.qq.com`: virtual payment and message push (payment-platforms.md §8.2, §8.4). */
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto'

/** @param uri path without query; `requestVirtualPayment` in the client @param body as posted */
export function paySignature(appKey: string, uri: string, body: string): string {
  return createHmac('sha256', appKey).update(`${uri}&${body}`).digest('hex')
}

/** @param sessionKey used as the text it is */
export function userSignature(sessionKey: string, body: string): string {
  return createHmac('sha256', sessionKey).update(body).digest('hex')
}

export function pushSignature(...parts: string[]): string {
  return createHash('sha1').update(parts.sort().join('')).digest('hex')
}

/** @param encodingKey 43 characters @param random 16 bytes */
export function sealPush(
  message: string,
  encodingKey: string,
  appId: string,
  random = randomBytes(16),
): string {
  const key = Buffer.from(`${encodingKey}=`, 'base64')
  const content = Buffer.from(message)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const plain = Buffer.concat([random, length, content, Buffer.from(appId)])
  // PKCS#7, but with blocks of 32 bytes.
  const missing = 32 - (plain.length % 32)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([
    cipher.update(plain),
    cipher.update(Buffer.alloc(missing, missing)),
    cipher.final(),
  ]).toString('base64')
}
