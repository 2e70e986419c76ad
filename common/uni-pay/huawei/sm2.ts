/** Signatures of Huawei: SM2 with SM3 over the standard user id, which Node's own SM2 leaves out. */

/** The point of a public key in hex, however it is written; undefined when it is none. */
export function sm2PublicKey(text: string): string | undefined {
  const bare = text.replace(/-----[^-]+-----|\s/g, '')
  const bytes = Buffer.from(bare, /^[0-9a-f]+$/i.test(bare) ? 'hex' : 'base64')
  // A SubjectPublicKeyInfo ends with the point; alone it may lack its first byte.
  const point = bytes.length === 64 ? Buffer.concat([Buffer.from([4]), bytes]) : bytes.subarray(-65)
  return point.length === 65 && point[0] === 4 ? point.toString('hex') : undefined
}

/** @param signature DER, base64 */
export async function verifySm2(text: string, signature: unknown, publicKey: string): Promise<boolean> {
  const { default: crypto } = await import('sm-crypto')
  const der = Buffer.from(String(signature ?? ''), 'base64').toString('hex')
  try {
    return crypto.sm2.doVerifySignature([...Buffer.from(text)], der, publicKey, {
      der: true,
      hash: true,
      userId: '1234567812345678',
    })
  } catch {
    // Not DER, or not a point of the curve.
    return false
  }
}
