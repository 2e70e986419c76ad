/** Numbers and names that platforms give out, in their own lengths and prefixes (payment-platforms.md §1.3). */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { compactTime } from './beijing-time.ts'

export const numbers = {
  /** Our own: names a document on disk and in the control API. */
  id: (prefix: string): string => `${prefix}_${randomBytes(8).toString('hex')}`,
  /** Cannot be guessed: opens a cashier page, a bill. */
  token: (): string => randomBytes(12).toString('hex'),
  uuid: (): string => randomUUID(),
  nonce: (): string => randomBytes(16).toString('hex').toUpperCase(),

  wechatTransaction: (now: number): string => `4200000000${day(now)}${digits(10)}`,
  wechatRefund: (now: number): string => `50300000000${day(now)}${digits(10)}`,
  prepay: (now: number): string => `wx${compactTime(now)}${randomBytes(10).toString('hex')}`,
  alipayTrade: (now: number): string => `${day(now)}22001${digits(15)}`,
  alipayNotice: (now: number): string => `${day(now)}00222${digits(21)}`,
  appleTransaction: (): string => `2000000${digits(9)}`,
  huaweiOrder: (now: number): string => `1${compactTime(now).slice(2)}${digits(10)}`,
}

export function digits(length: number): string {
  let text = ''
  while (text.length < length) text += String(randomInt(0, 10))
  return text
}

// internals

function day(now: number): string {
  return compactTime(now).slice(0, 8)
}
