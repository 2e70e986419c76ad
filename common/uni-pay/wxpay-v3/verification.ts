/** Whether an answer or a notification is WeChat's own (spec/payment-platforms.md §3.2, spec/uni-pay.md D12). */
import type { KeyObject } from 'node:crypto'
import { UniPayError } from '../error.ts'
import { verifyRsa } from '../rsa.ts'
import { provider } from './merchant.ts'
import type { Unverified } from './platform-keys.ts'
import { signedMessage } from './signature.ts'

/** Where it came from, for errors: the call, or that it is a notification. */
export interface Origin {
  api: string
  httpStatus?: number
}

export function serialOf({ headers }: Unverified): string {
  return headers['wechatpay-serial'] ?? ''
}

/** An error answer may come from something in between, which signs nothing. */
export function isSigned({ headers }: Unverified): boolean {
  return headers['wechatpay-signature'] !== undefined
}

/**
 * What can be told without a key; first of all, so that an old or half message costs no download.
 *
 * @param tolerance seconds; 0: any age
 * @throws UniPayError `SIGN_ERROR`
 */
export function checkStamp(message: Unverified, tolerance: number, origin: Origin): void {
  const { headers } = message
  for (const name of ['Timestamp', 'Nonce', 'Serial', 'Signature']) {
    if (!headers[`wechatpay-${name.toLowerCase()}`]) throw forged(origin, `no header Wechatpay-${name}`)
  }
  if (headers['wechatpay-signature']?.startsWith('WECHATPAY/SIGNTEST/')) {
    throw forged(origin, 'a probe of WeChat, which must be refused')
  }
  const timestamp = Number(headers['wechatpay-timestamp'])
  const age = Math.floor(Date.now() / 1000) - timestamp
  if (tolerance > 0 && !(Math.abs(age) <= tolerance)) {
    throw forged(
      origin,
      `Wechatpay-Timestamp ${headers['wechatpay-timestamp']} is ${age} s old, allowed are ${tolerance} s (notifyTolerance)`,
    )
  }
}

/**
 * @param key of the serial that the message names; undefined when there is none
 * @throws UniPayError `SIGN_ERROR`
 */
export function checkSignature(message: Unverified, key: KeyObject | undefined, origin: Origin): void {
  const { headers, body } = message
  const serial = serialOf(message)
  if (!key) throw forged(origin, unknownSerial(serial))
  const { 'wechatpay-timestamp': timestamp = '', 'wechatpay-nonce': nonce = '' } = headers
  const genuine = verifyRsa(
    signedMessage({ timestamp, nonce }, body),
    headers['wechatpay-signature'] ?? '',
    key,
  )
  if (!genuine) throw forged(origin)
}

// internals

/** The bare message is what old code compares with. */
const published = 'response signature verification failed'

function forged({ api, httpStatus }: Origin, reason?: string): UniPayError {
  const message = reason === undefined ? published : `${published}: ${provider} ${api}: ${reason}`
  return new UniPayError({
    provider,
    errCode: 'SIGN_ERROR',
    errMsg: reason === undefined ? `${published}: ${provider} ${api}` : message,
    message,
    api,
    httpStatus,
  })
}

function unknownSerial(serial: string): string {
  return serial.startsWith('PUB_KEY_ID_')
    ? `signed with public key ${serial}: set wxpayPublicKeyPath and wxpayPublicKeyId to it`
    : `no valid platform certificate has serial ${serial}`
}
