/**
 * `alipay.trade.pay`: the payer shows a code, the merchant scans it. Paid at once, or (code 10003) once the payer has
 * confirmed; until then the merchant asks with `alipay.trade.query`, and takes back with `alipay.trade.cancel`.
 */
import { spacedTime } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import { type JsonObject, textAt } from '../core/json.ts'
import { yuan } from '../core/money.ts'
import type { Order } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { AlipayError } from './errors.ts'
import { type Addresses, buyerOf, invalid, numbersOf, tradeFor } from './orders.ts'
import { buyerLogonId, fundBills } from './trade.ts'

const PAY = 'alipay.trade.pay'
const scenes = ['bar_code', 'security_code', 'wave_code']
/** 16 to 24 digits that begin with 25 to 30. */
const AUTH_CODE = /^(2[5-9]|30)\d{14,22}$/

export function payByCode(
  parts: PlatformParts,
  biz: JsonObject,
  call: Call,
  addresses: Addresses,
): JsonObject {
  const scene = textAt(biz, 'scene') ?? 'bar_code'
  if (!scenes.includes(scene)) throw invalid('scene')
  const code = textAt(biz, 'auth_code') ?? ''
  const order = orderFor(parts, biz, code, addresses)
  order.details.authCode = code
  parts.ledger.scan(order)
  parts.ledger.changed(order)
  if (call.fault('order.userPaying')) {
    // The space at the beginning is Alipay's.
    return { code: '10003', msg: ' order success pay inprocess', ...account(parts, order) }
  }
  const payer = order.openid || parts.keys().constants.alipay.buyer_id
  parts.ledger.pay(order, { payer, transactionId: order.transactionId ?? '' })
  return {
    ...account(parts, order),
    fund_bill_list: fundBills(yuan(order.paid ?? 0), 'fund_channel'),
    gmt_payment: spacedTime(order.paidAt ?? parts.clock.now()),
  }
}

// internals

/** A code pays one order. @throws AlipayError PAYMENT_AUTH_CODE_INVALID */
function orderFor(parts: PlatformParts, biz: JsonObject, code: string, addresses: Addresses): Order {
  const number = textAt(biz, 'out_trade_no')
  const used = parts.ledger.orders().some(({ provider, details, outTradeNo }) => {
    return provider === 'alipay' && details.authCode === code && outTradeNo !== number
  })
  if (!AUTH_CODE.test(code) || used) throw new AlipayError('ACQ.PAYMENT_AUTH_CODE_INVALID')
  return tradeFor(parts, PAY, biz, addresses)
}

function account(parts: PlatformParts, order: Order): JsonObject {
  const paid = yuan(order.paid ?? 0)
  return {
    ...numbersOf(order),
    buyer_logon_id: buyerLogonId,
    ...buyerOf(parts, order, 'buyer_user_id'),
    buyer_pay_amount: paid,
    invoice_amount: paid,
    point_amount: '0.00',
    receipt_amount: paid,
    total_amount: yuan(order.total),
  }
}
