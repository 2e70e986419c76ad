/** Closing an order at WeChat Pay, with the races that tests want to see. */
import type { Call } from '../core/call.ts'
import { LATE_PAY_MS } from '../core/ledger.ts'
import { numbers } from '../core/numbers.ts'
import { isUnpaid, type Order } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { CLOSE_AFTER_MS } from './trade.ts'

/** @throws Refusal paid, closed, tooSoon (strict setting) */
export function closeOrder(parts: PlatformParts, order: Order, call: Call): void {
  const { ledger, clock, settings } = parts
  const payment = {
    payer: order.openid || parts.keys().constants.wechat.openid,
    transactionId: numbers.wechatTransaction(clock.now()),
  }
  if (isUnpaid(order) && call.fault('order.closeRace')) ledger.pay(order, payment)
  if (settings.values.strictClose && isUnpaid(order) && clock.now() - order.createdAt < CLOSE_AFTER_MS) {
    throw new Refusal('tooSoon', 'the order is less than five minutes old')
  }
  ledger.close(order)
  if (call.fault('order.latePay')) ledger.pay(order, { ...payment, late: true, pauseMs: LATE_PAY_MS })
}
