/**
 * Makes good what notifications did not do: payments that were never reported, and callbacks that were cut off. Off
 * unless somebody calls for it: `reconcile: true` in config.js for orders that are asked about (D24), `_timing` for
 * all of them.
 */
import type { Caller } from '../caller.ts'
import type { OrderRow } from '../dao/order-row.ts'
import { findInterrupted, findUnpaid, noteQuery } from '../dao/orders.ts'
import { reasonOf } from '../pay-error.ts'
import { claimLifetime, isInterrupted, rerunCallback } from '../payments/callback-run.ts'
import { amountsOf, isPaid, textOf } from '../payments/payment-state.ts'
import { settlePayment } from '../payments/settle.ts'
import { merchantOf, queryOf } from './find-order.ts'

type Row = UniCloudGuest.Row

export interface Reconciled {
  /** Orders whose platform was asked. */
  asked: number
  /** Of those, how many turned out to be paid. */
  paid: number
  /** Callbacks that were run again. */
  rerun: number
  failed: number
}

/** One round; what does not fit into it is for the next. */
export async function reconcileAll(now: number = Date.now()): Promise<Reconciled> {
  const end = now + roundLimit
  const done: Reconciled = { asked: 0, paid: 0, rerun: 0, failed: 0 }
  for (const order of await findInterrupted(now, claimLifetime, batch)) {
    if (Date.now() > end) return done
    if (await attempt(order, done, () => rerun(order))) done.rerun++
  }
  for (const order of await findUnpaid(now - window.from, now - window.to, batch)) {
    if (Date.now() > end) return done
    done.asked++
    if (await attempt(order, done, () => askPlatform(order))) done.paid++
  }
  return done
}

/** What a platform says of an order counts as a notification does. */
export async function settleByQuery(
  order: OrderRow,
  result: Row,
  caller?: Pick<Caller, 'clientInfo' | 'cloudInfo'>,
): Promise<boolean> {
  if (!isPaid(result)) return false
  const settlement = await settlePayment({
    outTradeNo: order.out_trade_no,
    transactionId: textOf(result.transactionId),
    amounts: amountsOf('', result),
    openid: textOf(result.openid) || undefined,
    provider: order.provider,
    payType: order.provider_pay_type,
    originalData: { source: 'orderQuery', result },
    context: { verifyResult: result, clientInfo: caller?.clientInfo, cloudInfo: caller?.cloudInfo },
  })
  return settlement.kind === 'done'
}

// internals

const batch = 100
/** ms; well below the time limit of this object. */
const roundLimit = 40_000
/** Younger orders are being paid; older ones nobody pays any more. ms before now. */
const window = { from: 3 * 24 * 3600_000, to: 3 * 60_000 }

async function rerun(order: OrderRow): Promise<boolean> {
  if (!isInterrupted(order)) return false
  await rerunCallback(order, { verifyResult: await verifyResultOf(order) })
  return true
}

/** The notification is too old to be checked again; the platform still knows the payment. */
async function verifyResultOf(order: OrderRow): Promise<Row> {
  const { out_trade_no, transaction_id, openid, total_fee, provider } = order
  // Of the App Store the purchase itself was kept.
  if (provider === 'appleiap') return (order.original_data ?? {}) as Row
  const paid = { resultCode: 'SUCCESS', tradeState: 'SUCCESS' }
  const known = { outTradeNo: out_trade_no, transactionId: transaction_id, totalFee: total_fee, openid }
  try {
    const result = await (await merchantOf(order)).call('orderQuery', queryOf(order))
    return isPaid(result) ? result : { ...known, ...paid }
  } catch (error) {
    console.warn(`uni-pay: order ${out_trade_no}: the platform cannot be asked: ${reasonOf(error)}`)
    return { ...known, ...paid }
  }
}

async function askPlatform(order: OrderRow): Promise<boolean> {
  await noteQuery(order._id, Date.now())
  const merchant = await merchantOf(order)
  if (!merchant.has('orderQuery')) return false
  return await settleByQuery(order, await merchant.call('orderQuery', queryOf(order)))
}

/** One order that fails must not keep the others waiting. */
async function attempt(order: OrderRow, done: Reconciled, work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work()
  } catch (error) {
    // Nobody has begun to pay: platforms do not know the order yet.
    if (/NOT_?EXIST/.test(String((error as { errCode?: unknown }).errCode))) return false
    done.failed++
    console.warn(`uni-pay: order ${order.out_trade_no} cannot be reconciled: ${reasonOf(error)}`)
    return false
  }
}
