/** Orders and refunds at Huawei Pay (payment-platforms.md §7.3). */
import { DAY_MS, huaweiTime } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import { type JsonObject, numberAt, textAt } from '../core/json.ts'
import { numbers } from '../core/numbers.ts'
import { isUnpaid, type Order, type Refund } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { HuaweiError } from './errors.ts'

const PREPAY_MS = 10 * 60_000
const ORDER_MS = 2 * 3600_000
const refundRules = { pause: 60_000, maxAge: 180 * DAY_MS }

export function preorder(parts: PlatformParts, body: JsonObject): JsonObject {
  const { merc_no, app_id } = parts.keys().constants.huawei
  const now = parts.clock.now()
  const wanted = {
    provider: 'huawei',
    platform: 'huawei',
    appId: need(body, 'appId', 'APP_ID'),
    merchantId: need(body, 'mercNo', 'MERC_NO'),
    outTradeNo: need(body, 'mercOrderNo', 'MERC_ORDER_NO', 46),
    tradeType: 'APP',
    description: need(body, 'tradeSummary', 'TRADE_SUMMARY', 128),
    total: amountAt(body, 'totalAmount', 'TOTAL_AMOUNT'),
    attach: textAt(body, 'payload') ?? '',
    openid: '',
    notifyUrl: need(body, 'callbackUrl', 'CALLBACK_URL', 512),
    expiresAt: expiry(textAt(body, 'expireTime'), now),
    transactionId: numbers.huaweiOrder(now),
    details: {},
  } as const
  if (wanted.merchantId !== merc_no) throw new HuaweiError('INVALID_MERC_NO', `mercNo ${wanted.merchantId}`)
  if (wanted.appId !== app_id) throw new HuaweiError('INVALID_APP_ID', `appId ${wanted.appId}`)
  if (body.currency !== 'CNY') throw new HuaweiError('INVALID_CURRENCY', 'currency must be CNY')
  const before = parts.ledger.find('huawei', merc_no, { outTradeNo: wanted.outTradeNo })
  if (before && !isUnpaid(before))
    throw new Refusal(before.status === 'PAID' ? 'paid' : 'closed', 'not unpaid')
  if (before && (before.total !== wanted.total || before.description !== wanted.description)) {
    throw new Refusal('different', 'the number is taken by an order with other data')
  }
  const order = before ?? parts.ledger.create(wanted)
  const prepayId = numbers.huaweiOrder(now)
  order.prepaid.push({ id: prepayId, until: now + PREPAY_MS })
  parts.ledger.changed(order)
  return { prepayId, mercOrderNo: order.outTradeNo }
}

export function orderBody(order: Order): JsonObject {
  return {
    mercNo: order.merchantId,
    appId: order.appId,
    mercOrderNo: order.outTradeNo,
    sysTransOrderNo: order.transactionId ?? '',
    orderStatus: statusOf(order),
    totalAmount: order.total,
    payerAmount: order.paid ?? 0,
    promotionAmount: 0,
    currency: 'CNY',
    ...(order.paidAt === undefined ? {} : { finishTime: huaweiTime(order.paidAt), paymentTools: 'ACCT' }),
    payload: order.attach,
  }
}

/** @throws HuaweiError MERC_ORDER_NOT_EXIST, PAY_ORDER_NOT_EXIST */
export function existing(parts: PlatformParts, body: JsonObject): Order {
  const { merc_no } = parts.keys().constants.huawei
  const outTradeNo = textAt(body, 'mercOrderNo')
  const transactionId = textAt(body, 'sysTransOrderNo')
  if (!outTradeNo && !transactionId) throw new HuaweiError('MISSING_MERC_ORDER_NO')
  const order = parts.ledger.find('huawei', merc_no, outTradeNo ? { outTradeNo } : { transactionId })
  if (!order) throw new HuaweiError(outTradeNo ? 'MERC_ORDER_NOT_EXIST' : 'PAY_ORDER_NOT_EXIST')
  return order
}

export function refund(parts: PlatformParts, body: JsonObject, call: Call): JsonObject {
  const order = existing(parts, body)
  const outRefundNo = need(body, 'mercRefundOrderNo', 'MERC_REFUND_ORDER_NO', 64)
  const amount = amountAt(body, 'refundAmount', 'REFUND_AMOUNT')
  const fault = order.refunds.some((entry) => entry.outRefundNo === outRefundNo)
    ? undefined
    : call.fault(
        'refund.tooSoon',
        'refund.notEnough',
        'refund.processing',
        'refund.abnormal',
        'refund.closed',
      )
  if (fault?.fault === 'refund.tooSoon')
    throw new Refusal('tooSoon', 'the last refund was less than a minute ago')
  if (fault?.fault === 'refund.notEnough') throw new Refusal('noBalance', 'the merchant has too little money')
  const done = parts.ledger.refund(
    order,
    {
      outRefundNo,
      amount,
      refundId: numbers.huaweiOrder(parts.clock.now()),
      reason: textAt(body, 'reason') ?? '',
      notifyUrl: need(body, 'callbackUrl', 'CALLBACK_URL', 512),
      source: 'API',
      settleAfter: fault?.fault === 'refund.processing' ? 365 * DAY_MS : 0,
      // However it fails, Huawei has one word for it, and the money can be refunded again.
      ...(fault?.fault === 'refund.abnormal' || fault?.fault === 'refund.closed'
        ? { settleAs: 'CLOSED' as const }
        : {}),
    },
    refundRules,
  )
  return refundNumbers(order, done)
}

export function refundBody(order: Order, entry: Refund): JsonObject {
  return {
    mercNo: order.merchantId,
    appId: order.appId,
    mercOrderNo: order.outTradeNo,
    ...refundNumbers(order, entry),
    totalAmount: order.total,
    currency: 'CNY',
    refundOrderStatus: refundStatus(entry),
    ...(entry.doneAt === undefined ? {} : { finishTime: huaweiTime(entry.doneAt) }),
  }
}

export function findRefund(
  parts: PlatformParts,
  fits: (refund: Refund) => boolean,
): { order: Order; refund: Refund } {
  const found = parts.ledger.findRefund('huawei', parts.keys().constants.huawei.merc_no, fits)
  if (!found) throw new HuaweiError('REFUND_ORDER_NOT_EXIST')
  return found
}

export function refundStatus({ status }: Refund): string {
  if (status === 'SUCCESS') return 'REFUND_SUCCESS'
  return status === 'PROCESSING' ? 'REFUND_CHL_PROC' : 'REFUND_FAILED'
}

// internals

function refundNumbers(order: Order, entry: Refund): JsonObject {
  return {
    sysRefundOrderNo: entry.refundId,
    mercRefundOrderNo: entry.outRefundNo,
    sysTransOrderNo: order.transactionId ?? '',
    refundAmount: entry.amount,
    payerRefundAmount: entry.amount,
  }
}

function statusOf(order: Order): string {
  if (order.status === 'PAID') return 'TRX_SUCCESS'
  if (order.status === 'CREATED') return 'TRX_APPLY'
  return order.status === 'SCANNED' ? 'TRX_PROC' : 'TRX_FAILED'
}

function need(body: JsonObject, name: string, word: string, max = 64): string {
  const value = textAt(body, name)
  if (!value) throw new HuaweiError(`MISSING_${word}`, `${name} is missing`)
  if ([...value].length > max) throw new HuaweiError(`INVALID_${word}`, `${name} is longer than ${max}`)
  return value
}

function amountAt(body: JsonObject, name: string, word: string): number {
  if (body[name] === undefined) throw new HuaweiError(`MISSING_${word}`, `${name} is missing`)
  const amount = numberAt(body, name)
  if (amount === undefined || !Number.isSafeInteger(amount) || amount < 1) {
    throw new HuaweiError(`INVALID_${word}`, `${name} must be a whole number of fen`)
  }
  return amount
}

function expiry(text: string | undefined, now: number): number {
  if (!text) return now + ORDER_MS
  const at = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  if (Number.isNaN(at) || at <= now) throw new HuaweiError('INVALID_EXPIRE_TIME', `expireTime ${text}`)
  return at
}
