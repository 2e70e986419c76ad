/** Orders, notifications and calls as the control API shows them: uni-pay's own member names, times in UTC+8. */

import { rfc3339 } from '../core/beijing-time.ts'
import type { ApiCall } from '../core/call-log.ts'
import { explainFault, type FaultKind, faultKinds } from '../core/fault-kinds.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { Attempt, Notice } from '../core/notice.ts'
import { type Order, publicStatus, type Refund, refundableOf, refundedOf } from '../core/order.ts'
import type { Simulator } from '../core/simulator.ts'
import { codeUrl } from '../wechat/trade.ts'

export function orderView(simulator: Simulator, order: Order): JsonObject {
  return {
    id: order.id,
    provider: order.provider,
    platform: order.platform,
    status: publicStatus(order),
    out_trade_no: order.outTradeNo,
    transaction_id: order.transactionId ?? null,
    appid: order.appId,
    mchid: order.merchantId,
    trade_type: order.tradeType,
    description: order.description,
    attach: order.attach,
    total_fee: order.total,
    paid_fee: order.paid ?? 0,
    refunded_fee: refundedOf(order),
    refundable_fee: refundableOf(order),
    openid: order.openid || null,
    payer: order.payer ?? null,
    notify_url: order.notifyUrl,
    prepay_id: order.prepaid.at(-1)?.id ?? null,
    code_url: scanCode(order),
    pay_url: simulator.cashierUrl(order),
    create_time: rfc3339(order.createdAt),
    expire_time: rfc3339(order.expiresAt),
    pay_time: time(order.paidAt),
    close_time: time(order.closedAt),
    refunds: order.refunds.map((refund) => refundView(order, refund)),
    notifications: simulator.outbox.list({ orderId: order.id }).map(noticeView),
  }
}

export function refundView(order: Order, refund: Refund): JsonObject {
  return {
    id: refund.id,
    order_id: order.id,
    refund_id: refund.refundId,
    out_refund_no: refund.outRefundNo,
    refund_fee: refund.amount,
    status: refund.status,
    reason: refund.reason,
    source: refund.source,
    notify_url: refund.notifyUrl,
    create_time: rfc3339(refund.createdAt),
    success_time: time(refund.doneAt),
  }
}

export function noticeView(notice: Notice): JsonObject {
  return {
    id: notice.id,
    order_id: notice.orderId,
    provider: notice.provider,
    kind: notice.kind,
    out_trade_no: notice.outTradeNo,
    url: notice.url,
    state: notice.state,
    create_time: rfc3339(notice.createdAt),
    next_time: time(notice.nextAt),
    attempts: notice.attempts.map(attemptView),
  }
}

export function attemptView(attempt: Attempt): JsonObject {
  return {
    time: rfc3339(attempt.at),
    verdict: attempt.verdict,
    why: attempt.why,
    status: attempt.status ?? null,
    answer: attempt.answer ?? null,
    took_ms: attempt.took ?? null,
    fault: attempt.fault ?? null,
    request: { ...attempt.request } as JsonObject,
  }
}

export function callView(call: ApiCall): JsonObject {
  return {
    id: call.id,
    time: rfc3339(call.at),
    provider: call.provider,
    api: call.api,
    out_trade_no: call.outTradeNo,
    method: call.method,
    url: call.url,
    headers: call.headers,
    body: call.body,
    verification: { ...(call.verification ?? { ok: null }) } as JsonObject,
    status: call.status ?? null,
    answer: call.answer ?? null,
    notes: call.notes,
  }
}

/** What the order's QR code says, where it has one. */
export function scanCode(order: Order): string | null {
  if (order.provider === 'wxpay' && order.tradeType === 'NATIVE') return codeUrl(order)
  return typeof order.details.qrCode === 'string' ? order.details.qrCode : null
}

/** What each fault does, with usual arguments filled in; their names; whom it can happen to (all, when absent). */
export function kindsView(): Record<string, { text: string; args?: object; at?: readonly string[] }> {
  const kinds = Object.keys(faultKinds) as FaultKind[]
  return Object.fromEntries(
    kinds.map((fault) => {
      const { args, at } = faultKinds[fault]
      const text = explainFault({ fault, args: {} }).slice(fault.length + 2)
      return [fault, { text, ...(args ? { args } : {}), ...(at ? { at } : {}) }]
    }),
  )
}

// internals

function time(ms: number | undefined): Json {
  return ms === undefined ? null : rfc3339(ms)
}
