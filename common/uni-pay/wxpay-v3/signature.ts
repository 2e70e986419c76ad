/** What is signed, and how it travels (spec/payment-platforms.md §3.1, §3.2, §3.4). */
import { randomBytes } from 'node:crypto'
import { signRsa } from '../rsa.ts'
import type { Merchant } from './merchant.ts'

/** Once per request: the time in seconds, and a random text. */
export interface Stamp {
  timestamp: string
  nonce: string
}

export interface SignedRequest extends Stamp {
  method: string
  /** Path and query, as sent. */
  path: string
  /** Empty for GET. */
  body: string
}

export function newStamp(): Stamp {
  return { timestamp: String(Math.floor(Date.now() / 1000)), nonce: randomBytes(16).toString('hex') }
}

/** Value of the `Authorization` header. */
export function authorization(
  request: SignedRequest,
  { mchId, serial, privateKey }: Pick<Merchant, 'mchId' | 'serial' | 'privateKey'>,
): string {
  const { method, path, body, timestamp, nonce } = request
  const signature = signRsa(lines(method, path, timestamp, nonce, body), privateKey)
  const pairs = { mchid: mchId, nonce_str: nonce, signature, timestamp, serial_no: serial }
  return `WECHATPAY2-SHA256-RSA2048 ${Object.entries(pairs)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}`
}

/** What WeChat signs in answers and notifications. */
export function signedMessage({ timestamp, nonce }: Stamp, body: string): string {
  return lines(timestamp, nonce, body)
}

/** `paySign` of wx.requestPayment, or `sign` of the app SDK; the prepay id goes in as each of them sends it. */
export function clientSignature(
  appId: string,
  { timestamp, nonce }: Stamp,
  prepay: string,
  privateKey: Merchant['privateKey'],
): string {
  return signRsa(lines(appId, timestamp, nonce, prepay), privateKey)
}

// internals

/** Each line is ended, the last too. */
function lines(...values: string[]): string {
  return values.map((value) => `${value}\n`).join('')
}
