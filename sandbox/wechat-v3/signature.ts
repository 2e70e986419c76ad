/** Signatures of WeChat Pay V3: RSA-SHA256 over lines (payment-platforms.md §3.1, §3.2). */
import { createVerify, type KeyObject, sign } from 'node:crypto'

/** Every line ends with a line break, the last too. */
export function messageOf(...lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

export function rsaSign(message: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(message), key).toString('base64')
}

/** @param key public */
export function rsaVerify(message: string, signature: string, key: KeyObject): boolean {
  return createVerify('sha256').update(message).verify(key, signature, 'base64')
}

export interface Authorization {
  scheme: string
  mchid: string
  nonce_str: string
  signature: string
  timestamp: string
  serial_no: string
}

/** `SCHEME a="b",c="d"`; the order of pairs is free. @returns undefined when a pair is missing */
export function parseAuthorization(text: string): Authorization | undefined {
  const [, scheme = '', rest = ''] = /^(\S+)\s+(.*)$/s.exec(text.trim()) ?? []
  const pairs: Record<string, string> = {}
  for (const [, name = '', value = ''] of rest.matchAll(/(\w+)="([^"]*)"/g)) pairs[name] = value
  const { mchid, nonce_str, signature, timestamp, serial_no } = pairs
  if (!mchid || !nonce_str || !signature || !timestamp || !serial_no) return undefined
  return { scheme, mchid, nonce_str, signature, timestamp, serial_no }
}
