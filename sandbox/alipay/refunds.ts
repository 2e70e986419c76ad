/** Refunds at Alipay: immediate, cumulative, idempotent by `out_request_no` (payment-platforms.md §5.3). */
import { spacedTime } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import { type JsonObject, textAt } from '../core/json.ts'
import { LATE_PAY_MS } from '../core/ledger.ts'
import { yuan } from '../core/money.ts'
import { numbers } from '../core/numbers.ts'
import { isUnpaid, type Order, refundableOf, refundedOf } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { AlipayError, fromRefusal } from './errors.ts'
import { amountAt, buyerOf, existingTrade, findTrade, numbersOf, required } from './orders.ts'
import { buyerLogonId, exists, fundBills, REFUND_MS } from './trade.ts'

export function refund(parts: PlatformParts, biz: JsonObject, call: Call): JsonObject {
  const order = existingTrade(parts, biz)
  const amount = amountAt(biz, 'refund_amount')
  const outRefundNo = textAt(biz, 'out_request_no') || order.outTradeNo
  const before = order.refunds.find((entry) => entry.outRefundNo === outRefundNo)
  try {
    if (!before && call.fault('refund.notEnough')) throw new Refusal('noBalance', 'too little money')
    const reason = textAt(biz, 'refund_reason') ?? ''
    give(parts, order, { outRefundNo, amount, reason })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    call.note(error.message)
    throw fromRefusal(error, { refund_fee: '0.00', send_back_fee: '0.00' })
  }
  return {
    buyer_logon_id: buyerLogonId,
    ...buyerOf(parts, order, 'buyer_user_id'),
    fund_change: before ? 'N' : 'Y',
    gmt_refund_pay: spacedTime(parts.clock.now()),
    ...numbersOf(order),
    refund_detail_item_list: fundBills(yuan(amount), 'fund_channel'),
    // Of the whole trade, not of this refund.
    refund_fee: yuan(refundedOf(order)),
    send_back_fee: before ? '0.00' : yuan(amount),
  }
}

/** An unknown request number is answered with success and without refund members. */
export function queryRefund(parts: PlatformParts, biz: JsonObject): JsonObject {
  const order = existingTrade(parts, biz)
  const outRequestNo = required(biz, 'out_request_no', 64)
  const entry = order.refunds.find(({ outRefundNo }) => outRefundNo === outRequestNo)
  if (!entry) return {}
  return {
    ...numbersOf(order),
    gmt_refund_pay: spacedTime(entry.doneAt ?? entry.createdAt),
    out_request_no: outRequestNo,
    refund_amount: yuan(entry.amount),
    refund_status: 'REFUND_SUCCESS',
    total_amount: yuan(order.total),
  }
}

/** Takes a trade back: closes an unpaid one, refunds a paid one. */
export function cancel(parts: PlatformParts, biz: JsonObject): JsonObject {
  const order = findTrade(parts, biz)
  if (!order) return { out_trade_no: textAt(biz, 'out_trade_no') ?? '', retry_flag: 'N' }
  let action = 'close'
  if (isUnpaid(order)) parts.ledger.close(order, 'REVOKED')
  else if (order.status === 'PAID' && refundableOf(order) > 0) {
    action = 'refund'
    give(parts, order, {
      outRefundNo: `cancel_${order.outTradeNo}`,
      amount: refundableOf(order),
      reason: 'cancel',
    })
  }
  return exists(order)
    ? { ...numbersOf(order), retry_flag: 'N', action }
    : { out_trade_no: order.outTradeNo, retry_flag: 'N', action }
}

export function close(parts: PlatformParts, biz: JsonObject, call: Call): JsonObject {
  const order = existingTrade(parts, biz)
  const payment = {
    payer: order.openid || parts.keys().constants.alipay.buyer_id,
    transactionId: order.transactionId ?? '',
  }
  if (isUnpaid(order) && call.fault('order.closeRace')) parts.ledger.pay(order, payment)
  if (!isUnpaid(order)) throw new AlipayError('ACQ.TRADE_STATUS_ERROR')
  parts.ledger.close(order)
  if (call.fault('order.latePay')) parts.ledger.pay(order, { ...payment, late: true, pauseMs: LATE_PAY_MS })
  return numbersOf(order)
}

// internals

function give(
  parts: PlatformParts,
  order: Order,
  wanted: { outRefundNo: string; amount: number; reason: string },
): void {
  const refundId = numbers.alipayTrade(parts.clock.now())
  parts.ledger.refund(order, { ...wanted, refundId, notifyUrl: '', source: 'API' }, { maxAge: REFUND_MS })
}
