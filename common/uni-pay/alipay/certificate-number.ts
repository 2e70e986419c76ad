/** The numbers by which Alipay names certificates (spec/payment-platforms.md §5.1). */
import { createHash, X509Certificate } from 'node:crypto'
import { configError } from '../error.ts'

/** MD5 of the issuer, most specific part first, and the serial in decimal. */
export function certificateNumber({ issuer, serialNumber }: X509Certificate): string {
  const name = issuer.trim().split('\n').reverse().join(',')
  return createHash('md5')
    .update(name + BigInt(`0x${serialNumber}`))
    .digest('hex')
}

/** Numbers of the bundle's certificates that are signed with RSA, joined; there are others in it. */
export async function rootNumber(bundle: string): Promise<string> {
  const numbers = []
  for (const der of certificatesIn(bundle)) {
    if ((await signatureAlgorithm(der)).startsWith(rsa))
      numbers.push(certificateNumber(new X509Certificate(der)))
  }
  if (numbers.length > 0) return numbers.join('_')
  throw configError('alipay', 'alipayRootCert holds no certificate that is signed with RSA')
}

// internals

/** Of PKCS #1. */
const rsa = '1.2.840.113549.1.1.'

function certificatesIn(bundle: string): Buffer[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  return (blocks ?? [bundle]).map((block) => Buffer.from(block.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
}

/** Node tells it from version 24 on. */
async function signatureAlgorithm(der: Buffer): Promise<string> {
  const [{ AsnConvert }, { Certificate }] = await Promise.all([
    import('@peculiar/asn1-schema'),
    import('@peculiar/asn1-x509'),
  ])
  try {
    return AsnConvert.parse(der, Certificate).signatureAlgorithm.algorithm
  } catch {
    throw configError('alipay', 'alipayRootCert holds something that is not a certificate')
  }
}
