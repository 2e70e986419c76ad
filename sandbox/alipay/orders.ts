/** Making, asking for and ending trades at Alipay (payment-platforms.md §5.3). */
import { spacedTime } from '../core/beijing-time.ts'
import { type JsonObject, textAt } from '../core/json.ts'
import { fenOf, yuan } from '../core/money.ts'
import { numbers } from '../core/numbers.ts'
import { isUnpaid, type Order } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { AlipayError } from './errors.ts'
import type { SignType } from './signature.ts'
import { buyerLogonId, CODE_MS, exists, fundBills, TRADE_MS, timeoutOf, tradeStatus } from './trade.ts'

/** What a request says beside `biz_content`. */
export interface Addresses {
  notifyUrl: string
  returnUrl: string
  /** Notifications are signed as the request was. */
  signType: SignType
}

const PRECREATE = 'alipay.trade.precreate'
const CREATE = 'alipay.trade.create'

/**
 * The trade of this number, made if it is new.
 * @throws AlipayError INVALID_PARAMETER, Refusal paid, closed, different
 */
export function tradeFor(parts: PlatformParts, method: string, biz: JsonObject, addresses: Addresses): Order {
  const { ledger, clock } = parts
  const { app_id, seller_id } = parts.keys().constants.alipay
  const outTradeNo = required(biz, 'out_trade_no', 64)
  const total = amountAt(biz, 'total_amount')
  const subject = required(biz, 'subject', 256)
  const existing = ledger.find('alipay', app_id, { outTradeNo })
  if (existing) {
    checkUnpaid(existing)
    if (existing.total !== total) throw new Refusal('different', 'another amount')
    return existing
  }
  const buyer = textAt(biz, 'buyer_open_id') ?? textAt(biz, 'buyer_id') ?? ''
  if (method === CREATE && !buyer) throw invalid('buyer_id')
  const order = ledger.create({
    provider: 'alipay',
    platform: 'alipay',
    appId: app_id,
    merchantId: app_id,
    outTradeNo,
    tradeType: method,
    description: subject,
    total,
    attach: textAt(biz, 'passback_params') ?? '',
    openid: buyer,
    notifyUrl: addresses.notifyUrl,
    expiresAt: expiry(biz, clock.now(), method),
    transactionId: numbers.alipayTrade(clock.now()),
    details: {
      signType: addresses.signType,
      sellerId: textAt(biz, 'seller_id') || seller_id,
      body: textAt(biz, 'body') ?? '',
      openIdMode: textAt(biz, 'buyer_open_id') !== undefined,
    },
    ...(addresses.returnUrl ? { returnUrl: addresses.returnUrl } : {}),
  })
  if (method === PRECREATE) order.details.qrCode = `https://qr.alipay.com/${order.token}`
  // A mini program's trade is there at once; a code's or a page's when its payer comes.
  if (method === CREATE) ledger.scan(order)
  ledger.changed(order)
  return order
}

/** @throws AlipayError TRADE_NOT_EXIST, also for a code that nobody scanned */
export function existingTrade(parts: PlatformParts, biz: JsonObject): Order {
  const order = findTrade(parts, biz)
  if (!order || !exists(order)) throw new AlipayError('ACQ.TRADE_NOT_EXIST')
  return order
}

export function findTrade(parts: PlatformParts, biz: JsonObject): Order | undefined {
  const outTradeNo = textAt(biz, 'out_trade_no') || undefined
  const transactionId = textAt(biz, 'trade_no') || undefined
  if (!outTradeNo && !transactionId) throw invalid('out_trade_no')
  const { app_id } = parts.keys().constants.alipay
  // The platform's number wins where both are given.
  return parts.ledger.find('alipay', app_id, transactionId ? { transactionId } : { outTradeNo })
}

export function query(parts: PlatformParts, biz: JsonObject): JsonObject {
  const order = existingTrade(parts, biz)
  const amount = yuan(order.paid ?? 0)
  return {
    buyer_logon_id: buyerLogonId,
    ...buyerOf(parts, order, 'buyer_user_id'),
    buyer_pay_amount: amount,
    ...(order.paidAt === undefined ? {} : { fund_bill_list: fundBills(amount, 'fund_channel') }),
    invoice_amount: amount,
    out_trade_no: order.outTradeNo,
    point_amount: '0.00',
    receipt_amount: amount,
    ...(order.paidAt === undefined ? {} : { send_pay_date: spacedTime(order.paidAt) }),
    total_amount: yuan(order.total),
    trade_no: order.transactionId ?? '',
    trade_status: tradeStatus(order, parts.clock),
  }
}

export function numbersOf(order: Order): JsonObject {
  return { out_trade_no: order.outTradeNo, trade_no: order.transactionId ?? '' }
}

/** Who pays: by user id, or by openid where the app works with those. */
export function buyerOf(parts: PlatformParts, order: Order, name: 'buyer_id' | 'buyer_user_id'): JsonObject {
  const buyer = order.payer || order.openid || parts.keys().constants.alipay.buyer_id
  return order.details.openIdMode === true ? { buyer_open_id: buyer } : { [name]: buyer }
}

export function required(biz: JsonObject, name: string, max: number): string {
  const value = textAt(biz, name)
  if (!value || [...value].length > max) throw invalid(name)
  return value
}

/** Yuan, as text or number, to fen. */
export function amountAt(biz: JsonObject, name: string): number {
  const fen = fenOf(biz[name])
  if (fen === undefined || fen < 1) throw invalid(name)
  return fen
}

export function invalid(name: string): AlipayError {
  return new AlipayError('ACQ.INVALID_PARAMETER', `参数有误：${name}`)
}

// internals

function checkUnpaid(order: Order): void {
  if (order.status === 'PAID') throw new Refusal('paid', 'paid')
  if (!isUnpaid(order)) throw new Refusal('closed', 'closed')
}

function expiry(biz: JsonObject, now: number, method: string): number {
  const express = textAt(biz, 'timeout_express') ?? textAt(biz, 'qr_code_timeout_express')
  if (express) {
    const at = timeoutOf(express, now)
    if (at === undefined) throw invalid('timeout_express')
    return at
  }
  const absolute = textAt(biz, 'time_expire')
  if (absolute) {
    const at = Date.parse(`${absolute.replace(' ', 'T')}${absolute.length === 16 ? ':00' : ''}+08:00`)
    if (Number.isNaN(at) || at <= now) throw invalid('time_expire')
    return at
  }
  return now + (method === PRECREATE ? CODE_MS : TRADE_MS)
}
