/** Data that Apple signs: a JWS with the certificates it comes from (spec/payment-platforms.md §6.2). */
import { X509Certificate } from 'node:crypto'
import { UniPayError } from '../error.ts'
import { type Fields, fieldsOf } from '../naming.ts'
import { provider } from './options.ts'

/**
 * What is signed.
 *
 * @param roots that count beside Apple Root CA - G3
 * @throws UniPayError `SIGN_ERROR` when Apple has not signed it
 */
export async function openSigned(jws: unknown, roots: readonly X509Certificate[]): Promise<Fields> {
  const { compactVerify, decodeJwt, decodeProtectedHeader } = await import('jose')
  const text = String(jws)
  const [header, claimed] = read(() => [fieldsOf(decodeProtectedHeader(text)), fieldsOf(decodeJwt(text))])
  // Certificates last for years, data longer: they must have been valid when it was signed.
  const signedAt = typeof claimed.signedDate === 'number' ? claimed.signedDate : Date.now()
  const leaf = await trustedLeaf(header.x5c, roots, signedAt)
  await compactVerify(text, leaf.publicKey, { algorithms: ['ES256'] }).catch((error: Error) => {
    throw forged(`the signature is wrong (${error.message})`)
  })
  return claimed
}

// internals

/** SHA-256 of Apple Root CA - G3, as apple.com/certificateauthority has it. */
const appleRoot = '63343ABFB89A6A03EBB57E9B3F5FA7BE7C4F5C756F3017B3A8C488C3653E9179'

/** Extensions that mark what a certificate of Apple is for. */
const signsReceipts = '1.2.840.113635.100.6.11.1'
const isDeveloperRelations = '1.2.840.113635.100.6.2.1'

async function trustedLeaf(
  x5c: unknown,
  roots: readonly X509Certificate[],
  time: number,
): Promise<X509Certificate> {
  const chain = read(() =>
    (x5c as string[]).map((entry) => new X509Certificate(Buffer.from(entry, 'base64'))),
  )
  const [leaf, intermediate, root, ...more] = chain
  if (!leaf || !intermediate || !root || more.length > 0) throw forged('x5c must hold three certificates')
  const trusted = [appleRoot, ...roots.map(fingerprint)]
  if (!trusted.includes(fingerprint(root)))
    throw forged(`it comes from ${nameOf(root)}, which is neither Apple's root nor in rootCertPath`)
  for (const [certificate, issuer] of [
    [leaf, intermediate],
    [intermediate, root],
  ] as const) {
    const signed = issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
    if (!signed) throw forged(`${nameOf(certificate)} is not issued by ${nameOf(issuer)}`)
  }
  const expired = chain.find(
    ({ validFrom, validTo }) => time < Date.parse(validFrom) || time > Date.parse(validTo),
  )
  if (expired) throw forged(`${nameOf(expired)} was not valid when it was signed`)
  await checkMark(leaf, signsReceipts)
  await checkMark(intermediate, isDeveloperRelations)
  return leaf
}

async function checkMark(certificate: X509Certificate, mark: string): Promise<void> {
  const [{ AsnConvert }, { Certificate }] = await Promise.all([
    import('@peculiar/asn1-schema'),
    import('@peculiar/asn1-x509'),
  ])
  const { extensions = [] } = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate
  if (extensions.some(({ extnID }) => extnID === mark)) return
  throw forged(`${nameOf(certificate)} lacks the extension ${mark}`)
}

function fingerprint({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '')
}

function nameOf({ subject }: X509Certificate): string {
  return JSON.stringify(/^CN=(.*)$/m.exec(subject)?.[1] ?? subject)
}

function read<T>(work: () => T): T {
  try {
    return work()
  } catch {
    throw forged('it is not a JWS with certificates')
  }
}

function forged(reason: string): UniPayError {
  return new UniPayError({
    provider,
    errCode: 'SIGN_ERROR',
    errMsg: `Apple's signed data is refused: ${reason}`,
  })
}
