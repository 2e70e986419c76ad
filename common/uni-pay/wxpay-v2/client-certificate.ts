/** The merchant certificate that some calls of V2 need (spec/payment-platforms.md §4.2). */
import { createSecureContext } from 'node:tls'
import { configError, paramError } from '../error.ts'
import { type Merchant, provider } from './merchant.ts'

/**
 * Options of the HTTP client: the file as it is; or its key and certificate, when it is encrypted with RC2 as those
 * from WeChat are, which OpenSSL 3 does not read any more.
 *
 * @throws UniPayError without `pfx`, or when it cannot be opened with the merchant number
 */
export async function clientCertificate({
  pfx,
  mchId,
}: Pick<Merchant, 'pfx' | 'mchId'>): Promise<Record<string, string | Buffer>> {
  if (!pfx || pfx.length === 0) throw paramError(provider, '此接口需要微信支付证书（请传入pfx字段）')
  const file = bytesOf(pfx)
  try {
    createSecureContext({ pfx: file, passphrase: mchId })
    return { pfx: file, passphrase: mchId }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (code !== 'ERR_CRYPTO_UNSUPPORTED_OPERATION' && !/unsupported/i.test(message)) throw unusable(message)
  }
  return await decrypted(file, mchId)
}

// internals

async function decrypted(file: Buffer, passphrase: string): Promise<{ key: string; cert: string }> {
  const { default: forge } = await import('node-forge')
  const { certBag, keyBag, pkcs8ShroudedKeyBag } = forge.pki.oids
  try {
    const asn1 = forge.asn1.fromDer(forge.util.createBuffer(file.toString('binary')))
    const p12 = forge.pkcs12.pkcs12FromAsn1(asn1, passphrase)
    const first = (type: string | undefined) => (type ? p12.getBags({ bagType: type })[type]?.[0] : undefined)
    const key = (first(pkcs8ShroudedKeyBag) ?? first(keyBag))?.key
    const certificate = first(certBag)?.cert
    if (key && certificate)
      return { key: forge.pki.privateKeyToPem(key), cert: forge.pki.certificateToPem(certificate) }
  } catch (error) {
    throw unusable((error as Error).message)
  }
  throw unusable('there is no key with a certificate in it')
}

function unusable(why: string) {
  return configError(provider, `pfx cannot be opened with mchId as its passphrase: ${why}`)
}

/** Text is base64, or bytes as characters, which is what reading the file as `binary` gives. */
function bytesOf(pfx: Buffer | string): Buffer {
  if (typeof pfx !== 'string') return pfx
  const decoded = Buffer.from(pfx, 'base64')
  // A DER sequence.
  return /^[\w+/=\s-]+$/.test(pfx) && decoded[0] === 0x30 ? decoded : Buffer.from(pfx, 'latin1')
}
