/** An order as the platform keeps it, with its refunds. Amounts are fen, instants are business time in epoch ms. */
import type { JsonObject } from './json.ts'

/** As uni-pay names them. */
export type Provider = 'wxpay' | 'alipay' | 'appleiap' | 'wxpay-virtual' | 'huawei'

/** The protocol an order was made over, which is also the one that its notifications speak. */
export type PlatformId = 'wechat-v3' | 'wechat-v2' | 'alipay' | 'wechat-api' | 'apple' | 'huawei'

/**
 * CREATED: known to the platform, nobody has looked at it yet. SCANNED: its payer has the cashier open. REVOKED: taken
 * back by the merchant. What was refunded is told by the refunds.
 */
export type OrderStatus = 'CREATED' | 'SCANNED' | 'PAID' | 'FAILED' | 'CLOSED' | 'EXPIRED' | 'REVOKED'

export type RefundStatus = 'PROCESSING' | 'SUCCESS' | 'ABNORMAL' | 'CLOSED'

export interface Order {
  id: string
  /** Counts up: which of two came first, even within a millisecond. */
  serial: number
  provider: Provider
  platform: PlatformId
  appId: string
  merchantId: string
  /** The merchant's own number, unique for this merchant. */
  outTradeNo: string
  /** JSAPI, APP, NATIVE, MWEB, or the platform's own word. */
  tradeType: string
  description: string
  total: number
  attach: string
  /** Who may pay it (JSAPI and the like); empty: anyone. */
  openid: string
  notifyUrl: string
  createdAt: number
  expiresAt: number
  /** When its payer first had it before him. */
  scannedAt?: number
  status: OrderStatus
  /** Opens its cashier page; part of its QR code. */
  token: string
  /** Prepaid sessions of WeChat and Huawei; each works for its own time. */
  prepaid: { id: string; until: number }[]
  /** Where the cashier sends the payer afterwards. */
  returnUrl?: string
  transactionId?: string
  paidAt?: number
  /** What the payer paid; differs from `total` never, unless a test says so. */
  paid?: number
  payer?: string
  closedAt?: number
  refunds: Refund[]
  /** What only its own platform knows about it. */
  details: JsonObject
}

export interface Refund {
  id: string
  /** The platform's number. */
  refundId: string
  /** The merchant's number; unique for this merchant. */
  outRefundNo: string
  amount: number
  reason: string
  notifyUrl: string
  status: RefundStatus
  createdAt: number
  /** When a PROCESSING one ends by itself, and how. */
  settleAt?: number
  settleAs?: Exclude<RefundStatus, 'PROCESSING'>
  doneAt?: number
  source: 'API' | 'MERCHANT'
  details: JsonObject
}

/** Gone back to the payer, or on the way. */
export function refundedOf(order: Order): number {
  return sum(order.refunds.filter((refund) => refund.status !== 'CLOSED'))
}

/** Gone back to the payer for good. */
export function settledOf(order: Order): number {
  return sum(order.refunds.filter((refund) => refund.status === 'SUCCESS'))
}

export function refundableOf(order: Order): number {
  return (order.paid ?? 0) - refundedOf(order)
}

export type PublicStatus = OrderStatus | 'REFUND_PART' | 'REFUND_FULL'

export function publicStatus(order: Order): PublicStatus {
  if (order.status !== 'PAID') return order.status
  const refunded = refundedOf(order)
  if (refunded === 0) return 'PAID'
  return refunded < (order.paid ?? 0) ? 'REFUND_PART' : 'REFUND_FULL'
}

export function isUnpaid(order: Order): boolean {
  return order.status === 'CREATED' || order.status === 'SCANNED' || order.status === 'FAILED'
}

// internals

function sum(refunds: Refund[]): number {
  return refunds.reduce((total, refund) => total + refund.amount, 0)
}
