/** getOrder: whether an order is paid, as the platform sees it (spec/uni-pay.md §3.6). */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Caller } from '../caller.ts'
import { payConfig } from '../config/config.ts'
import type { OrderRow } from '../dao/order-row.ts'
import { findById } from '../dao/orders.ts'
import { isPaid } from '../payments/payment-state.ts'
import { findByEither, merchantOf, type OrderNumbers, queryOf } from './find-order.ts'
import { settleByQuery } from './reconcile.ts'

type Row = UniCloudGuest.Row

export interface GetOrderParams extends OrderNumbers {
  /** Waits, up to 20 s, until the notification has come and the callback has run. */
  await_notify?: unknown
}

export async function getOrder(params: GetOrderParams, caller: Caller): Promise<Row> {
  const order = await findByEither(params)
  const state = await stateOf(order)
  if (!state.paid) return unpaid(order, state.why)
  if (payConfig().reconcile === true && state.result) await settleByQuery(order, state.result, caller)
  const current = params.await_notify === true ? await whenCalledBack(order) : await findById(order._id)
  return paid(current ?? order)
}

export function paid(order: OrderRow): Row {
  const { out_trade_no, transaction_id, status, user_order_success } = order
  return {
    errCode: 0,
    errMsg: 'ok',
    has_paid: true,
    out_trade_no,
    transaction_id,
    status,
    user_order_success,
    pay_order: publicOrder(order),
  }
}

// internals

interface State {
  paid: boolean
  why?: string
  /** Of the platform; absent where the order itself tells. */
  result?: Row
}

async function stateOf(order: OrderRow): Promise<State> {
  const merchant = await merchantOf(order)
  if (!merchant.has('orderQuery')) return stateByRow(order)
  const result = await merchant.call('orderQuery', queryOf(order))
  // WeChat says REFUND after a partial refund as well (D25).
  if (isPaid(result) || (result.tradeState === 'REFUND' && order.status === 2)) return { paid: true, result }
  const why = typeof result.tradeStateDesc === 'string' ? result.tradeStateDesc : undefined
  return { paid: false, ...(why ? { why } : {}) }
}

/** The App Store cannot be asked by our number. */
function stateByRow({ status }: OrderRow): State {
  if (status === 1 || status === 2) return { paid: true }
  return { paid: false, why: status === 3 ? '订单已退款' : '订单未支付' }
}

function unpaid({ out_trade_no, transaction_id }: OrderRow, why = '未支付或已退款'): Row {
  const errMsg = why === '订单发生过退款' ? '订单已退款' : why
  return { errCode: -1, errMsg, has_paid: false, out_trade_no, transaction_id }
}

async function whenCalledBack(order: OrderRow): Promise<OrderRow> {
  let current = order
  for (let reads = 0; reads < 41 && current.user_order_success === undefined; reads++) {
    if (reads > 0) await sleep(500)
    current = (await findById(order._id)) ?? current
  }
  return current
}

/** Without what is for us alone. */
function publicOrder({ callback_claim: _, ...order }: OrderRow): Row {
  return order
}
