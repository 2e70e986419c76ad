/** How Alipay sees an order: when it exists, what state it is in. */
import { DAY_MS } from '../core/beijing-time.ts'
import type { BusinessClock } from '../core/business-clock.ts'
import { isUnpaid, type Order, settledOf } from '../core/order.ts'

/** A QR code works this long. */
export const CODE_MS = 2 * 3600_000
/** An unpaid trade is closed after this, unless the request says otherwise. */
export const TRADE_MS = 15 * DAY_MS
/** Afterwards nothing can be refunded any more. */
export const REFUND_MS = 365 * DAY_MS

export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED' | 'TRADE_FINISHED'

/** A code that nobody scanned is no trade yet (payment-platforms.md §5.3). */
export function exists(order: Order): boolean {
  return order.scannedAt !== undefined
}

export function tradeStatus(order: Order, clock: BusinessClock): TradeStatus {
  if (isUnpaid(order)) return 'WAIT_BUYER_PAY'
  if (order.status !== 'PAID' || settledOf(order) >= (order.paid ?? 0)) return 'TRADE_CLOSED'
  return clock.now() - (order.paidAt ?? 0) > REFUND_MS ? 'TRADE_FINISHED' : 'TRADE_SUCCESS'
}

/** `90m`, `2h`, `1d`, `1c` (until the end of the day). @returns undefined when it is none of these */
export function timeoutOf(text: string, now: number): number | undefined {
  const [, count = '', unit = ''] = /^(\d{1,4})([mhdc])$/.exec(text) ?? []
  if (unit === '') return undefined
  if (unit === 'c') return now + DAY_MS - ((now + 8 * 3600_000) % DAY_MS)
  const size = { m: 60_000, h: 3600_000, d: DAY_MS }[unit] ?? DAY_MS
  return now + Number(count) * size
}

export const buyerLogonId = 'san***@example.com'

/** Where the money came from, in Alipay's two spellings. */
export function fundBills(
  amount: string,
  spelling: 'fund_channel' | 'fundChannel',
): { [key: string]: string }[] {
  return [{ amount, [spelling]: 'ALIPAYACCOUNT' }]
}
