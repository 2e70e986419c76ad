/** Refunds over WeChat Pay V2 (payment-platforms.md §4.2). */
import { spacedTime } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import { numbers } from '../core/numbers.ts'
import type { Order, Refund, RefundStatus } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { refundCourse } from '../wechat/refund-course.ts'
import { refundRules } from '../wechat/trade.ts'
import { V2Error } from './errors.ts'
import { existing, feeAt, need, type Params } from './orders.ts'

/** A page of a query. */
const PAGE = 10

export const statusText: Record<RefundStatus, string> = {
  SUCCESS: 'SUCCESS',
  CLOSED: 'REFUNDCLOSE',
  PROCESSING: 'PROCESSING',
  ABNORMAL: 'CHANGE',
}

export function refund(parts: PlatformParts, params: Params, call: Call): Params {
  const order = existing(parts, params)
  const outRefundNo = need(params, 'out_refund_no')
  const taken = parts.ledger.findRefund(
    'wxpay',
    order.merchantId,
    (entry) => entry.outRefundNo === outRefundNo,
  )
  if (taken && taken.order !== order)
    throw new Refusal('refundDifferent', 'the number belongs to another order')
  const wanted = {
    outRefundNo,
    refundId: numbers.wechatRefund(parts.clock.now()),
    amount: feeAt(params, 'refund_fee'),
    total: feeAt(params, 'total_fee'),
    reason: params.refund_desc ?? '',
    notifyUrl: params.notify_url ?? '',
    source: 'API' as const,
  }
  const course = taken ? {} : refundCourse(parts, call)
  const done = parts.ledger.refund(order, { ...wanted, ...course }, refundRules)
  return {
    transaction_id: order.transactionId ?? '',
    out_trade_no: order.outTradeNo,
    out_refund_no: outRefundNo,
    refund_id: done.refundId,
    refund_fee: String(done.amount),
    total_fee: String(order.total),
    fee_type: 'CNY',
    cash_fee: String(order.paid ?? order.total),
    cash_refund_fee: String(done.amount),
    coupon_refund_fee: '0',
    coupon_refund_count: '0',
  }
}

export function refundQuery(parts: PlatformParts, params: Params): Params {
  const { order, refunds } = asked(parts, params)
  const offset = Number(params.offset ?? 0)
  const shown = refunds.slice(offset, offset + PAGE)
  if (shown.length === 0) throw new V2Error('REFUNDNOTEXIST')
  const answer: Params = {
    transaction_id: order.transactionId ?? '',
    out_trade_no: order.outTradeNo,
    total_fee: String(order.total),
    fee_type: 'CNY',
    cash_fee: String(order.paid ?? order.total),
    refund_fee: String(shown.reduce((sum, { amount }) => sum + amount, 0)),
    total_refund_count: String(refunds.length),
    refund_count: String(shown.length),
  }
  for (const [at, entry] of shown.entries()) Object.assign(answer, numbered(entry, at))
  return answer
}

// internals

/** refund_id > out_refund_no > transaction_id > out_trade_no */
function asked(parts: PlatformParts, params: Params): { order: Order; refunds: Refund[] } {
  const { refund_id: refundId, out_refund_no: outRefundNo } = params
  if (!refundId && !outRefundNo) {
    const order = existing(parts, params)
    return { order, refunds: order.refunds }
  }
  const { mchid } = parts.keys().constants.wechat
  const found = parts.ledger.findRefund('wxpay', mchid, (entry) =>
    refundId ? entry.refundId === refundId : entry.outRefundNo === outRefundNo,
  )
  if (!found) throw new V2Error('REFUNDNOTEXIST')
  return { order: found.order, refunds: [found.refund] }
}

function numbered(entry: Refund, at: number): Params {
  const { doneAt } = entry
  return {
    [`out_refund_no_${at}`]: entry.outRefundNo,
    [`refund_id_${at}`]: entry.refundId,
    [`refund_channel_${at}`]: 'ORIGINAL',
    [`refund_fee_${at}`]: String(entry.amount),
    [`settlement_refund_fee_${at}`]: String(entry.amount),
    [`coupon_refund_fee_${at}`]: '0',
    [`coupon_refund_count_${at}`]: '0',
    [`refund_status_${at}`]: statusText[entry.status],
    [`refund_account_${at}`]: 'REFUND_SOURCE_RECHARGE_FUNDS',
    // Spelled so by WeChat.
    [`refund_recv_accout_${at}`]: '支付用户零钱',
    ...(entry.status === 'SUCCESS' && doneAt !== undefined
      ? { [`refund_success_time_${at}`]: spacedTime(doneAt) }
      : {}),
  }
}
