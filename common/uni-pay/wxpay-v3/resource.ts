/** Data that WeChat encrypts with the APIv3 key: notifications, platform certificates (spec/payment-platforms.md §3.3). */
import { createDecipheriv } from 'node:crypto'
import { UniPayError } from '../error.ts'
import { fieldsOf } from '../naming.ts'
import { provider } from './merchant.ts'

/**
 * @param resource `{algorithm, nonce, associated_data, ciphertext}`
 * @throws UniPayError `SIGN_ERROR`: a wrong key and a changed text look alike, and the key is the likelier cause
 */
export function decryptResource(resource: unknown, v3Key: string): string {
  const { algorithm, nonce, associated_data: associated = '', ciphertext } = fieldsOf(resource)
  if (algorithm !== 'AEAD_AES_256_GCM' || typeof nonce !== 'string' || typeof ciphertext !== 'string') {
    throw new UniPayError({
      provider,
      errCode: 'FORMAT_ERROR',
      errMsg: `encrypted resource with algorithm ${String(algorithm)}: expected AEAD_AES_256_GCM, nonce and ciphertext`,
    })
  }
  try {
    const sealed = Buffer.from(ciphertext, 'base64')
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(v3Key), Buffer.from(nonce), {
      authTagLength: 16,
    })
    decipher.setAuthTag(sealed.subarray(-16)).setAAD(Buffer.from(String(associated ?? '')))
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString('utf8')
  } catch {
    throw new UniPayError({
      provider,
      errCode: 'SIGN_ERROR',
      errMsg: 'decryption failed: v3Key is probably not the APIv3 key of this merchant',
    })
  }
}
