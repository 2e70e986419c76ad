/** The other side of Alipay, written from the platform's documentation and not from our client. */
import { type KeyObject, sign, verify } from 'node:crypto'
import type { FakeAnswer, FakeRequest } from './fake-client.ts'
import { bare, constants, key, privateKey, publicKey, type Row, vector } from './material.ts'

const { app_id, seller_id } = constants('alipay')
const numbers = vector('alipay-cert-sn').expected

export const byCertificates = {
  appId: String(app_id),
  mchId: String(seller_id),
  privateKey: key('alipay_app_private_pkcs8'),
  appCertContent: key('alipay_app_cert'),
  alipayPublicCertContent: key('alipay_platform_cert'),
  alipayRootCertContent: key('alipay_root_bundle'),
}

export const byPublicKey = {
  appId: String(app_id),
  privateKey: key('alipay_app_private_pkcs8'),
  alipayPublicKey: bare(String(publicKey('alipay_platform_cert').export({ type: 'spki', format: 'pem' }))),
}

export interface Signing {
  key?: KeyObject
  digest?: string
  /** What is signed in place of the node. */
  signed?: string
  certificate?: unknown
}

/** The answer to a method; a text is the node as it is. */
export function answer(method: string, value: Row | string, signing: Signing = {}): FakeAnswer {
  const { signed, certificate = numbers.alipay_cert_sn } = signing
  const node = typeof value === 'string' ? value : JSON.stringify({ code: '10000', msg: 'Success', ...value })
  const name = `${method.replaceAll('.', '_')}_response`
  const sn = certificate === null ? '' : `"alipay_cert_sn":"${certificate}",`
  return {
    status: 200,
    data: Buffer.from(`{"${name}":${node},${sn}"sign":"${signature(signed ?? node, signing)}"}`),
  }
}

/** What was asked, when its signature is good. */
export function fieldsOf(request: FakeRequest): Record<string, string> {
  const { sign: given = '', ...fields } = Object.fromEntries([
    ...request.url.searchParams,
    ...new URLSearchParams(request.body),
  ])
  checkSigned(fields, given)
  return fields
}

export function checkSigned(fields: Record<string, string>, given: string): void {
  const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
  const digest = fields.sign_type === 'RSA' ? 'RSA-SHA1' : 'RSA-SHA256'
  const good = verify(
    digest,
    Buffer.from(joined(filled)),
    publicKey('alipay_app_cert'),
    Buffer.from(given, 'base64'),
  )
  if (!good) throw new Error(`wrong signature, expected one over ${joined(filled)}`)
}

/** The event of a notification with these parameters. */
export function notice(
  params: Record<string, string>,
  signing: Signing & { after?: Record<string, string> } = {},
) {
  const all = {
    charset: 'utf-8',
    version: '1.0',
    app_id: String(app_id),
    seller_id: String(seller_id),
    ...params,
  }
  const sign = signature(signing.signed ?? joined(all), signing)
  const form = { ...all, sign_type: 'RSA2', sign, ...signing.after }
  return {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams(form).toString(),
    isBase64Encoded: false,
  }
}

// internals

function signature(text: string, { key: signer, digest = 'RSA-SHA256' }: Signing): string {
  return sign(digest, Buffer.from(text), signer ?? privateKey('alipay_platform_private_pkcs8')).toString(
    'base64',
  )
}

function joined(fields: Record<string, string>): string {
  return Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')
}
