/** RSA signatures (PKCS#1 v1.5, base64), as WeChat Pay V3 and Alipay use them. */
import { type KeyObject, sign, verify } from 'node:crypto'

export type Digest = 'RSA-SHA256' | 'RSA-SHA1'

export function signRsa(text: string, key: KeyObject, digest: Digest = 'RSA-SHA256'): string {
  return sign(digest, Buffer.from(text), key).toString('base64')
}

export function verifyRsa(
  text: string | Buffer,
  signature: string,
  key: KeyObject,
  digest: Digest = 'RSA-SHA256',
): boolean {
  return verify(digest, Buffer.from(text), key, Buffer.from(signature, 'base64'))
}
