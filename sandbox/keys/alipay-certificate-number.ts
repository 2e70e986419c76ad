/** How Alipay names certificates in requests and answers (payment-platforms.md §5.1). */
import { createHash, X509Certificate } from 'node:crypto'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate } from '@peculiar/asn1-x509'

export function alipayCertificateNumber(certificate: X509Certificate): string {
  // The issuer from the most specific part up, unlike the order in the certificate.
  const issuer = certificate.issuer.split('\n').reverse().join(',')
  return createHash('md5')
    .update(`${issuer}${BigInt(`0x${certificate.serialNumber}`)}`)
    .digest('hex')
}

/** Of a bundle: the numbers of those that were signed with RSA. */
export function alipayRootNumber(bundle: string): string {
  const texts = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return texts
    .map((text) => new X509Certificate(text))
    .filter(isSignedWithRsa)
    .map(alipayCertificateNumber)
    .join('_')
}

// internals

function isSignedWithRsa(certificate: X509Certificate): boolean {
  const { signatureAlgorithm } = AsnConvert.parse(certificate.raw, Certificate)
  return signatureAlgorithm.algorithm.startsWith('1.2.840.113549.1.1')
}
