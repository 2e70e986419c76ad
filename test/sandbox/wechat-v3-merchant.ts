/** A WeChat Pay V3 merchant built on `wechatpay-node-v3`, pointed at a sandbox; checks what it gets as that SDK does. */
import { createRequire } from 'node:module'
import type WechatPayV3 from 'wechatpay-node-v3'
import { pem } from '../../sandbox/keys/certificate.ts'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import type { Received, Started } from './start-sandbox.ts'

type Pay = WechatPayV3
const require = createRequire(import.meta.url)

export const wechat = vectors.constants.wechat

interface Output {
  status: number
  data?: unknown
  error?: string
}

/** What the SDK needs of HTTP: real origins are replaced by the sandbox's, everything else stays. */
export function wechatMerchant({ origin }: Started, extraHeaders: Record<string, string> = {}): Pay {
  const Sdk = require('wechatpay-node-v3') as new (options: object) => Pay
  const pay = new Sdk({
    appid: wechat.appid,
    mchid: wechat.mchid,
    publicKey: Buffer.from(vectors.keys.wechat_merchant_cert),
    privateKey: Buffer.from(
      pem('PRIVATE KEY', Buffer.from(vectors.keys.wechat_merchant_private_pkcs8, 'base64')),
    ),
    key: wechat.v3_key,
    userAgent: 'test',
  })
  const ask = async (method: string, url: string, headers: object, body?: string): Promise<Output> => {
    const response = await fetch(url.replace('https://api.mch.weixin.qq.com', origin), {
      method,
      headers: { ...headers, ...extraHeaders } as Record<string, string>,
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    return { status: response.status, data: parsed(text) }
  }
  pay.createHttp({
    get: (url: string, headers: object) => ask('GET', url, headers),
    post: (url: string, params: object, headers: object) => ask('POST', url, headers, JSON.stringify(params)),
    upload: () => Promise.reject(new Error('not used')),
  } as Parameters<Pay['createHttp']>[0])
  return pay
}

/** Whether a notification is from WeChat, as the SDK sees it; and what it says. */
export async function openNotice(
  pay: Pay,
  { headers, body }: Received,
): Promise<{ genuine: boolean; plain: unknown }> {
  const genuine = await pay.verifySign({
    timestamp: headers['wechatpay-timestamp'] ?? '',
    nonce: headers['wechatpay-nonce'] ?? '',
    serial: headers['wechatpay-serial'] ?? '',
    signature: headers['wechatpay-signature'] ?? '',
    body,
  })
  const { ciphertext, associated_data, nonce } = JSON.parse(body).resource
  return { genuine, plain: pay.decipher_gcm(ciphertext, associated_data, nonce, wechat.v3_key) }
}

/** A request signed by hand, for what the SDK would not send. */
export async function signedRequest(
  started: Started,
  pay: Pay,
  method: string,
  target: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const text = body === undefined ? '' : JSON.stringify(body)
  const timestamp = String(Math.floor(started.clock.now() / 1000))
  const nonce = 'NONCE'
  const signature = pay.getSignature(method, nonce, timestamp, target, text || undefined)
  const response = await fetch(`${started.origin}${target}`, {
    method,
    headers: {
      authorization: pay.getAuthorization(nonce, timestamp, signature),
      'user-agent': 'test',
      'content-type': 'application/json',
      ...headers,
    },
    ...(text ? { body: text } : {}),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

// internals

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
