/** Refunds over WeChat Pay V3 (payment-platforms.md §3.4, §3.5). */
import { rfc3339 } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import { type Answer, jsonAnswer } from '../core/exchange.ts'
import type { JsonObject } from '../core/json.ts'
import { numbers } from '../core/numbers.ts'
import type { Order, Refund } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { refundCourse } from '../wechat/refund-course.ts'
import { refundRules } from '../wechat/trade.ts'
import { paramError, V3Error } from './errors.ts'
import { Fields } from './fields.ts'
import { notifyUrl } from './orders.ts'

export function refund(parts: PlatformParts, mchid: string, body: JsonObject, call: Call): Answer {
  const fields = new Fields(body)
  const outTradeNo = fields.optionalText('out_trade_no', { max: 32 })
  const transactionId = fields.optionalText('transaction_id', { max: 32 })
  if (!outTradeNo && !transactionId) throw paramError('/out_trade_no', null, '与transaction_id不能同时为空')
  const outRefundNo = fields.text('out_refund_no', { max: 64, pattern: /^[\w|*@-]+$/ })
  const amount = fields.object('amount')
  const wanted = {
    outRefundNo,
    refundId: numbers.wechatRefund(parts.clock.now()),
    amount: amount.amount('refund'),
    total: amount.amount('total'),
    reason: fields.optionalText('reason', { max: 80 }) ?? '',
    notifyUrl: fields.raw('notify_url') ? notifyUrl(fields) : '',
    source: 'API' as const,
  }
  amount.text('currency', { max: 16, pattern: /^CNY$/ })
  const order = parts.ledger.find('wxpay', mchid, { outTradeNo, transactionId })
  if (!order) throw new V3Error('RESOURCE_NOT_EXISTS', '订单不存在')
  const taken = parts.ledger.findRefund('wxpay', mchid, (entry) => entry.outRefundNo === outRefundNo)
  if (taken && taken.order !== order)
    throw new Refusal('refundDifferent', 'the number belongs to another order')
  const course = taken ? {} : refundCourse(parts, call)
  const done = parts.ledger.refund(order, { ...wanted, ...course }, refundRules)
  return jsonAnswer(200, refundBody(order, done))
}

export function queryRefund(parts: PlatformParts, mchid: string, outRefundNo: string): Answer {
  const found = parts.ledger.findRefund('wxpay', mchid, (entry) => entry.outRefundNo === outRefundNo)
  if (!found) throw new V3Error('RESOURCE_NOT_EXISTS', '退款单不存在')
  return jsonAnswer(200, refundBody(found.order, found.refund))
}

// internals

function refundBody(order: Order, refund: Refund): JsonObject {
  return {
    amount: {
      currency: 'CNY',
      discount_refund: 0,
      from: [],
      payer_refund: refund.amount,
      payer_total: order.total,
      refund: refund.amount,
      settlement_refund: refund.amount,
      settlement_total: order.total,
      total: order.total,
    },
    channel: 'ORIGINAL',
    create_time: rfc3339(refund.createdAt),
    funds_account: 'AVAILABLE',
    out_refund_no: refund.outRefundNo,
    out_trade_no: order.outTradeNo,
    promotion_detail: [],
    refund_id: refund.refundId,
    status: refund.status,
    ...(refund.status === 'SUCCESS' && refund.doneAt !== undefined
      ? { success_time: rfc3339(refund.doneAt) }
      : {}),
    transaction_id: order.transactionId ?? '',
    user_received_account: '支付用户零钱',
  }
}
