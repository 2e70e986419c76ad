/** The other side of WeChat Pay V3, written from the platform's documentation and not from our client. */
import { createCipheriv, type KeyObject, sign, verify } from 'node:crypto'
import type { FakeAnswer, FakeRequest, Respond } from './fake-client.ts'
import { constants, key, privateKey, publicKey, type Row, vector } from './material.ts'

const { mchid, merchant_serial, platform_serial, v3_key } = constants('wechat')
const nonce = '593BEC0C930BF1AFEB40B4A08C8FB242'

export interface Signing {
  key?: KeyObject
  serial?: string | undefined
  /** Seconds from now. */
  age?: number
  /** What is signed in place of the body. */
  signed?: string
  signature?: string
}

export function platformHeaders(body: string, signing: Signing = {}): Record<string, string> {
  const { key: signer = privateKey('wechat_platform_private_pkcs8'), serial = platform_serial } = signing
  const timestamp = String(Math.floor(Date.now() / 1000) - (signing.age ?? 0))
  const text = `${timestamp}\n${nonce}\n${signing.signed ?? body}\n`
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': String(serial),
    'Wechatpay-Signature':
      signing.signature ?? sign('RSA-SHA256', Buffer.from(text), signer).toString('base64'),
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  }
}

export function answer(status: number, value: unknown, signing: Signing = {}): FakeAnswer {
  const body = value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return { status, headers: lower(platformHeaders(body, signing)), data: Buffer.from(body) }
}

/** Answers certificates by itself and everything else by `respond`, once the request's signature is found good. */
export function platform(respond: Respond, certificates: () => FakeAnswer = certificateList): Respond {
  return (request) => {
    if (!isAuthorized(request)) {
      return { status: 401, data: Buffer.from('{"code":"SIGN_ERROR","message":"错误的签名，验签失败"}') }
    }
    return request.path === '/v3/certificates' ? certificates() : respond(request)
  }
}

export function certificateList(signing: Signing = {}): FakeAnswer {
  return answer(200, vector('wx-v3-certificates').expected.body, signing)
}

/** The event that a cloud object gets for a notification with this content. */
export function notice(content: Row, { type = 'transaction', ...signing }: Signing & { type?: string } = {}) {
  const body = JSON.stringify({
    id: 'EV-1',
    resource_type: 'encrypt-resource',
    event_type: type === 'refund' ? 'REFUND.SUCCESS' : 'TRANSACTION.SUCCESS',
    resource: encrypted(content, type),
  })
  return { headers: platformHeaders(body, signing), body, isBase64Encoded: false }
}

// internals

function isAuthorized({ method, path, headers, body }: FakeRequest): boolean {
  const [scheme, pairs = ''] = (headers.authorization ?? '').split(/ (.*)/s)
  const field = Object.fromEntries(
    [...pairs.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  )
  const text = [method, path, field.timestamp, field.nonce_str, body].map((line) => `${line}\n`).join('')
  return (
    scheme === 'WECHATPAY2-SHA256-RSA2048' &&
    field.mchid === mchid &&
    field.serial_no === merchant_serial &&
    Math.abs(Number(field.timestamp) - Date.now() / 1000) < 300 &&
    verify(
      'RSA-SHA256',
      Buffer.from(text),
      publicKey('wechat_merchant_cert'),
      Buffer.from(String(field.signature), 'base64'),
    )
  )
}

function encrypted(content: Row, type: string): Row {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(String(v3_key)), 'fdasflkja484')
  cipher.setAAD(Buffer.from(type))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final(), cipher.getAuthTag()])
  return {
    original_type: type,
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: sealed.toString('base64'),
    associated_data: type,
    nonce: 'fdasflkja484',
  }
}

/** Clients answer with lower-case names. */
function lower(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** `initWeixinV3` with the vectors' merchant. */
export const merchantOptions = {
  appId: String(constants('wechat').appid),
  mchId: String(mchid),
  v3Key: String(v3_key),
  appCertContent: key('wechat_merchant_cert').replace(/-----[^-]+-----|\s/g, ''),
  appPrivateKeyContent: key('wechat_merchant_private_pkcs8'),
}
