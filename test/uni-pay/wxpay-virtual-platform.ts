/** The other side of WeChat virtual payment, written from the platform's documentation and not from our client. */
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import type { FakeRequest } from './fake-client.ts'
import { constants, type Row } from './material.ts'

const { appid, offer_id, app_key, sandbox_app_key, token, encoding_aes_key, access_token } =
  constants('wechat_virtual')
export const sessionKey = String(constants('wechat_virtual').session_key)

export const options = {
  appId: String(appid),
  mchId: String(constants('wechat').mchid),
  offerId: String(offer_id),
  appKey: String(app_key),
  sandboxAppKey: String(sandbox_app_key),
  token: String(token),
  encodingAESKey: String(encoding_aes_key),
  accessToken: String(access_token),
}

export function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}

/** The request's body, when it is signed as it has to be. */
export function bodyOf({ url, body }: FakeRequest, appKey = options.appKey): Row {
  const { access_token: given, pay_sig, signature } = Object.fromEntries(url.searchParams)
  if (url.host !== 'api.weixin.qq.com' || given !== options.accessToken)
    throw new Error('wrong address or token')
  if (pay_sig !== hmac(appKey, `${url.pathname}&${body}`)) throw new Error('wrong pay_sig')
  if (signature !== undefined && signature !== hmac(sessionKey, body)) throw new Error('wrong signature')
  return { ...(JSON.parse(body) as Row), signed: signature !== undefined }
}

export interface Pushing {
  mode?: 'plain' | 'compatible' | 'secure'
  format?: 'json' | 'xml'
  appId?: string
  token?: string
  aesKey?: string
  /** In the open, beside the encrypted part. */
  outer?: Row
  base64?: boolean
}

/** The event of a cloud object for a push. */
export function push(event: Row, pushing: Pushing = {}) {
  const { mode = 'compatible', format = 'json', outer = {} } = pushing
  const write = format === 'json' ? JSON.stringify : (value: Row) => `<xml>${elements(value)}</xml>`
  const sealed = encrypted(write(event), pushing)
  const encryptedPart = mode === 'plain' ? {} : { Encrypt: sealed }
  const open = mode === 'secure' ? { ToUserName: event.ToUserName } : event
  const body = write({ ...open, ...outer, ...encryptedPart })
  const [timestamp, nonce] = ['1767225600', '1320562132']
  const msg_signature = sha1(pushing.token ?? options.token, timestamp, nonce, sealed)
  return {
    headers: {},
    body: pushing.base64 ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: pushing.base64 ?? false,
    queryStringParameters: { timestamp, nonce, encrypt_type: 'aes', msg_signature },
  }
}

export function sha1(...parts: string[]): string {
  return createHash('sha1').update(parts.sort().join('')).digest('hex')
}

// internals

function encrypted(
  message: string,
  { appId = options.appId, aesKey = options.encodingAESKey }: Pushing,
): string {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(message))
  const content = Buffer.concat([
    Buffer.from('0123456789abcdef'),
    length,
    Buffer.from(message),
    Buffer.from(appId),
  ])
  const filling = 32 - (content.length % 32)
  const key = Buffer.from(`${aesKey}=`, 'base64')
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  const padded = Buffer.concat([content, Buffer.alloc(filling, filling)])
  return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64')
}

function elements(value: Row): string {
  return Object.entries(value)
    .map(([name, member]) => {
      const content = typeof member === 'object' ? elements(member as Row) : `<![CDATA[${member}]]>`
      return `<${name}>${content}</${name}>`
    })
    .join('\n')
}
