/** Makes X.509 certificates (RSA and P-256) for merchants and platforms that exist on this machine only. */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  GeneralName,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'

/** Common name, organisation and the like, in the order of the certificate. */
export type Distinguished = readonly (readonly ['C' | 'O' | 'OU' | 'CN', string])[]

export interface CertificateWish {
  subject: Distinguished
  /** Whose certificate it is; its public half goes in. */
  key: KeyObject
  /** Who signs; absent: itself. */
  issuer?: { subject: Distinguished; key: KeyObject }
  /** Hexadecimal. */
  serial: string
  /** May sign other certificates. */
  authority?: boolean
  /** OIDs of extensions that are there to be there (Apple's markers); their value is NULL. */
  markers?: readonly string[]
  /** For TLS servers. */
  hosts?: readonly string[]
  validFrom: Date
  validTo: Date
}

/** @returns PEM, with a line break at its end */
export function makeCertificate(wish: CertificateWish): string {
  const issuer = wish.issuer ?? { subject: wish.subject, key: wish.key }
  const signature = new AlgorithmIdentifier(
    issuer.key.asymmetricKeyType === 'ec'
      ? { algorithm: ECDSA_SHA256 }
      : { algorithm: RSA_SHA256, parameters: DER_NULL },
  )
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialBytes(wish.serial),
    signature,
    issuer: nameOf(issuer.subject),
    subject: nameOf(wish.subject),
    validity: new Validity({ notBefore: wish.validFrom, notAfter: wish.validTo }),
    subjectPublicKeyInfo: publicKeyInfo(wish.key),
    extensions: new Extensions(extensionsOf(wish)),
  })
  const signatureValue = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), issuer.key)
  const der = AsnConvert.serialize(
    new Certificate({
      tbsCertificate,
      signatureAlgorithm: signature,
      signatureValue: bufferOf(signatureValue),
    }),
  )
  return pem('CERTIFICATE', Buffer.from(der))
}

/** DER -> PEM, 64 characters a line. */
export function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

// internals

const RSA_SHA256 = '1.2.840.113549.1.1.11'
const ECDSA_SHA256 = '1.2.840.10045.4.3.2'
const DER_NULL = new Uint8Array([5, 0]).buffer
const attributes = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' }
const oid = { basicConstraints: '2.5.29.19', keyUsage: '2.5.29.15', altName: '2.5.29.17' }

function nameOf(subject: Distinguished): Name {
  return new Name(
    subject.map(([type, value]) => {
      const text = new AttributeValue({ printableString: value })
      return new RelativeDistinguishedName([
        new AttributeTypeAndValue({ type: attributes[type], value: text }),
      ])
    }),
  )
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
  const half = key.type === 'private' ? createPublicKey(key) : key
  return AsnConvert.parse(half.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo)
}

function extensionsOf({ authority = false, markers = [], hosts = [] }: CertificateWish): Extension[] {
  const usage = authority ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature
  const list = [
    extension(oid.basicConstraints, true, AsnConvert.serialize(new BasicConstraints({ cA: authority }))),
    extension(oid.keyUsage, true, AsnConvert.serialize(new KeyUsage(usage))),
    ...markers.map((marker) => extension(marker, false, DER_NULL)),
  ]
  if (hosts.length > 0) {
    const names = hosts.map(
      (host) => new GeneralName(/^[\d.:]+$/.test(host) ? { iPAddress: host } : { dNSName: host }),
    )
    list.push(extension(oid.altName, false, AsnConvert.serialize(new SubjectAlternativeName(names))))
  }
  return list
}

function extension(extnID: string, critical: boolean, value: ArrayBuffer): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(value) })
}

/** A leading zero where the number would otherwise read as negative. */
function serialBytes(hex: string): ArrayBuffer {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  const bytes = Buffer.from(even, 'hex')
  return bufferOf((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

function bufferOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
