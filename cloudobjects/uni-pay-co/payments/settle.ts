/** What a payment that is known to be genuine does to its order (spec/uni-pay.md §3.5, steps 5 to 8). */
import { setTimeout as sleep } from 'node:timers/promises'
import type { OrderRow } from '../dao/order-row.ts'
import {
  findById,
  findByOutTradeNo,
  finishCallback,
  markPaid,
  noteLatePayment,
  noteOnUnpaid,
} from '../dao/orders.ts'
import { type CallbackContext, isInterrupted, newClaim, rerunCallback, runCallback } from './callback-run.ts'

export interface Payment {
  outTradeNo: string
  transactionId: string
  /** fen; several where the platform does not say which it means. Undefined: the platform names none. */
  amounts: readonly number[] | undefined
  openid?: string | undefined
  provider: string
  payType: string
  /** Kept with the order. */
  originalData: unknown
  /** ms; default: now. */
  paidAt?: number
  context: CallbackContext
}

export type Settlement =
  /** The order is paid, and its callback has come to its end. Or there is nothing to do. */
  | { kind: 'done' }
  /** No order of this space: others may share the merchant number. */
  | { kind: 'unknown' }
  /** It must not count. */
  | { kind: 'refused'; reason: string }
  /** The callback is still running elsewhere: to be told again. */
  | { kind: 'busy' }

export async function settlePayment(payment: Payment): Promise<Settlement> {
  const { outTradeNo, context } = payment
  const row = await findByOutTradeNo(outTradeNo)
  if (!row) return { kind: 'unknown' }
  const reason = wrongAmount(row, payment)
  if (reason !== undefined) {
    console.error(`uni-pay: order ${outTradeNo}: ${reason}`)
    await noteOnUnpaid(row._id, reason)
    return { kind: 'refused', reason }
  }
  const claim = newClaim()
  const paid = row.status === 0 ? await markPaid(outTradeNo, claim, paidFields(payment)) : undefined
  if (paid) {
    await runCallback(paid, claim, context)
    return { kind: 'done' }
  }
  return await settleAgain(row._id, payment)
}

// internals

/** Platforms give up on an answer after 5 s. */
const waitForCallback = { ms: 3500, step: 100 }

function wrongAmount({ total_fee }: OrderRow, { amounts }: Payment): string | undefined {
  if (amounts === undefined || amounts.includes(total_fee)) return undefined
  return `支付金额不一致：订单${total_fee}，通知${amounts.join('或')}`
}

function paidFields(payment: Payment): UniCloudGuest.Row {
  const { transactionId, openid, provider, payType, originalData, paidAt = Date.now() } = payment
  return {
    transaction_id: transactionId,
    pay_date: paidAt,
    notify_date: paidAt,
    ...(openid ? { openid } : {}),
    provider,
    provider_pay_type: payType,
    original_data: originalData,
  }
}

/** The order was not unpaid any more. */
async function settleAgain(id: string, payment: Payment): Promise<Settlement> {
  const row = await findById(id)
  if (!row) return { kind: 'unknown' }
  const { outTradeNo, transactionId, context } = payment
  if (row.status === -1) return await settleLate(row, payment)
  if (isOther(row, payment))
    console.error(
      `uni-pay: order ${outTradeNo} is paid twice: with ${row.transaction_id} and ${transactionId}; refund one`,
    )
  if (isUnapplied(row)) await noteUnapplied(row)
  if (isInterrupted(row)) await rerunCallback(row, context)
  return await finished(row._id)
}

/** Queries and pushes of WeChat's virtual payment name different numbers for the same payment. */
function isOther({ transaction_id }: OrderRow, { transactionId, provider }: Payment): boolean {
  if (provider === 'wxpay-virtual' || !transaction_id || transactionId === '') return false
  return transaction_id !== transactionId
}

/** Refunded before its payment was reported, closed or not: it was never paid here, and there is nothing to deliver. */
function isUnapplied({ status, notify_date, callback_claim, user_order_success }: OrderRow): boolean {
  return status >= 2 && notify_date === undefined && !callback_claim && user_order_success === undefined
}

async function noteUnapplied({ _id, err_msg = '退款后才收到付款通知，不执行回调' }: OrderRow): Promise<void> {
  await finishCallback(_id, undefined, { user_order_success: false, err_msg })
}

async function settleLate(row: OrderRow, payment: Payment): Promise<Settlement> {
  const err_msg = '订单关闭后收到付款'
  console.warn(`uni-pay: order ${payment.outTradeNo}: ${err_msg}; refund it`)
  const { transactionId, originalData, openid, paidAt = Date.now() } = payment
  await noteLatePayment(row._id, {
    transaction_id: transactionId,
    pay_date: paidAt,
    original_data: originalData,
    ...(openid ? { openid } : {}),
    err_msg,
  })
  return { kind: 'done' }
}

/**
 * To acknowledge before the callback has ended would end the platform's notifications, and with them the chance to
 * run it again after a crash.
 */
async function finished(id: string): Promise<Settlement> {
  for (let waited = 0; waited <= waitForCallback.ms; waited += waitForCallback.step) {
    const row = await findById(id)
    if (!row || row.user_order_success !== undefined) return { kind: 'done' }
    await sleep(waitForCallback.step)
  }
  return { kind: 'busy' }
}
