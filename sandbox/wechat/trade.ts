/** How WeChat Pay, V2 and V3 alike, calls the states of an order. */
import { DAY_MS } from '../core/beijing-time.ts'
import { isUnpaid, type Order } from '../core/order.ts'

/** A prepaid session can open the cashier this long. */
export const PREPAY_MS = 2 * 3600_000
/** Without `time_expire` an order can be paid this long. */
export const ORDER_MS = 7 * DAY_MS
/** With the strict setting an order cannot be closed earlier. */
export const CLOSE_AFTER_MS = 5 * 60_000
/** No refund later than this after the payment, and no more than 50 of an order. */
export const refundRules = { maxRefunds: 50, maxAge: 365 * DAY_MS }

export type TradeState = 'SUCCESS' | 'NOTPAY' | 'CLOSED' | 'REFUND' | 'PAYERROR' | 'USERPAYING' | 'REVOKED'

export const tradeStateText: Record<TradeState, string> = {
  SUCCESS: '支付成功',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
  REFUND: '订单发生过退款，退款详情请查询退款单',
  PAYERROR: '支付失败',
  USERPAYING: '用户支付中，需要输入密码',
  REVOKED: '订单已撤销',
}

export function tradeStateOf(order: Order): TradeState {
  if (order.status === 'PAID') return order.refunds.length > 0 ? 'REFUND' : 'SUCCESS'
  if (order.status === 'REVOKED') return 'REVOKED'
  if (order.status === 'FAILED') return 'PAYERROR'
  if (order.status === 'SCANNED') return order.tradeType === 'MICROPAY' ? 'USERPAYING' : 'NOTPAY'
  return isUnpaid(order) ? 'NOTPAY' : 'CLOSED'
}

/** What a native order's QR code says. */
export function codeUrl(order: Pick<Order, 'token'>): string {
  return `weixin://wxpay/bizpayurl?pr=${order.token}`
}

export const merchantNumber = { min: 6, max: 32, pattern: /^[\w|*@-]+$/ }
