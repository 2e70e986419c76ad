/** The order that a call means. Numbers come from clients: anything but text could be a condition. */
import type { OrderRow } from '../dao/order-row.ts'
import { findByOutRefundNo, findByOutTradeNo, findByTransactionId } from '../dao/orders.ts'
import { PayError } from '../pay-error.ts'
import { Merchant } from '../providers/merchant.ts'

export interface OrderNumbers {
  out_trade_no?: unknown
  transaction_id?: unknown
  out_refund_no?: unknown
}

/** @throws PayError 51001 without a number, 52001 when there is no such order */
export async function findOrder({ out_trade_no }: OrderNumbers): Promise<OrderRow> {
  const outTradeNo = text(out_trade_no)
  if (!outTradeNo) throw new PayError(51001)
  return found(await findByOutTradeNo(outTradeNo))
}

/** The platform's number comes first. @throws PayError 51010, 52001 */
export async function findByEither({ out_trade_no, transaction_id }: OrderNumbers): Promise<OrderRow> {
  const [transactionId, outTradeNo] = [text(transaction_id), text(out_trade_no)]
  if (transactionId) return found(await findByTransactionId(transactionId))
  if (!outTradeNo) throw new PayError(51010)
  return found(await findByOutTradeNo(outTradeNo))
}

/** By its own number, else by that of one of its refunds (D26). @throws PayError 51001, 52001 */
export async function findToRefund(numbers: OrderNumbers): Promise<OrderRow> {
  const outRefundNo = text(numbers.out_refund_no)
  if (text(numbers.out_trade_no) || !outRefundNo) return await findOrder(numbers)
  return found(await findByOutRefundNo(outRefundNo))
}

/** Who the order is to be paid to. @throws Error when it is not configured (any more) */
export async function merchantOf(order: OrderRow): Promise<Merchant> {
  const { provider, provider_pay_type: payType, uni_platform: clientType } = order
  return await Merchant.open({ provider, payType, ...(clientType ? { clientType } : {}) })
}

/** How platforms are asked about an order. */
export function queryOf({ out_trade_no, openid, provider }: OrderRow): UniCloudGuest.Row {
  return { outTradeNo: out_trade_no, ...(provider === 'wxpay-virtual' ? { openid } : {}) }
}

// internals

function found(order: OrderRow | undefined): OrderRow {
  if (!order) throw new PayError(52001)
  return order
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
