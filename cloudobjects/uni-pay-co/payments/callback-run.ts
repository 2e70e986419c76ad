/**
 * Runs a callback once, however many notifications, instances and crashes there are.
 *
 * Who makes an order paid gets a claim on its callback, in the same write. The claim ends with the callback, whose
 * result is the end of it; or it runs out, when the instance is gone: then the next notification or reconciliation
 * takes it over. It outlives the time limit of this object, so a claim that has run out has nobody behind it.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CallbackClaim, OrderRow } from '../dao/order-row.ts'
import { finishCallback, takeOver } from '../dao/orders.ts'
import { aes } from '../libs/crypto.ts'
import { reasonOf } from '../pay-error.ts'
import { type CallbackArguments, findCallback } from './callback.ts'

/** What the callback gets besides the order. */
export type CallbackContext = Pick<CallbackArguments, 'verifyResult' | 'clientInfo' | 'cloudInfo'>

/** ms; longer than `timeout` in package.json, at which an instance is ended. */
export const claimLifetime = 65_000

export function newClaim(attempts = 1): CallbackClaim {
  return { id: randomUUID(), until: Date.now() + claimLifetime, attempts }
}

/**
 * Runs the callback of an order that was just paid, and notes how it ended.
 *
 * @param claim held by the caller
 * @throws Error when the end cannot be noted; the callback will be run again then
 */
export async function runCallback(
  order: OrderRow,
  claim: CallbackClaim,
  context: CallbackContext,
): Promise<boolean> {
  const { callback_claim: _, ...data } = order
  const end = await endOf(data as OrderRow, context)
  const { remove } = uniCloud.database().command
  // What was noted of an attempt that was cut off goes with it.
  const err_msg = end.reason ?? (claim.attempts > 1 ? remove?.() : undefined)
  const change = { user_order_success: end.success, ...(err_msg === undefined ? {} : { err_msg }) }
  const noted = await persistently(() => finishCallback(order._id, claim, change))
  if (!noted) console.warn(`uni-pay: order ${order.out_trade_no}: its callback was run elsewhere as well`)
  return end.success
}

/** Whether the callback has not come to its end, and nobody is at it. */
export function isInterrupted(order: OrderRow): boolean {
  const { status, user_order_success, callback_claim, notify_date } = order
  if (status < 1 || user_order_success !== undefined) return false
  // Rows of the published uni-pay-co have no claim.
  const until = callback_claim?.until ?? (notify_date === undefined ? undefined : notify_date + claimLifetime)
  return until !== undefined && Date.now() > until
}

/** Runs a callback that was cut off, unless another caller is faster. */
export async function rerunCallback(order: OrderRow, context: CallbackContext): Promise<void> {
  const { _id, out_trade_no, callback_claim: former } = order
  const before = former?.attempts ?? 1
  const why = order.status === 3 ? '订单已全额退款，不再执行回调' : before >= patience ? givenUp : undefined
  if (why !== undefined) {
    console.error(`uni-pay: order ${out_trade_no}: ${why}`)
    await finishCallback(_id, former, { user_order_success: false, err_msg: why })
    return
  }
  const claim = newClaim(before + 1)
  const note = `第${before}次回调被中断，开始第${before + 1}次`
  const taken = await takeOver(_id, former, claim, note)
  if (!taken) return
  console.warn(`uni-pay: order ${out_trade_no}: callback notify/${order.type} was cut off, run it again`)
  await runCallback(taken, claim, context)
}

// internals

/** Attempts that may be cut off: what ends the instance each time would do so for ever. */
const patience = 5
const givenUp = `回调连续${patience}次被中断（超时或进程退出），不再执行`

interface End {
  success: boolean
  /** Why not, where it is not the callback's own answer. */
  reason?: string
}

/** An exception is an end as well: whether it is safe to try again, nobody knows (D21). */
async function endOf(order: OrderRow, context: CallbackContext): Promise<End> {
  const name = `notify/${order.type}`
  try {
    const callback = findCallback(order.type)
    if (!callback) {
      const reason = `没有回调文件：${name}`
      console.error(`uni-pay: order ${order.out_trade_no}: ${reason}; put it into uni-config-center/uni-pay/`)
      return { success: false, reason }
    }
    return { success: Boolean(await callback({ ...context, data: order, libs: { crypto: { aes } } })) }
  } catch (error) {
    console.error(`uni-pay: order ${order.out_trade_no}: callback ${name} failed`, error)
    return { success: false, reason: `回调${name}出错：${reasonOf(error)}` }
  }
}

/** The callback has run: that this is known is worth a few tries. */
async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (const pause of [100, 400, 1000]) {
    try {
      return await work()
    } catch (error) {
      console.warn(`uni-pay: the end of a callback could not be noted: ${reasonOf(error)}`)
      await sleep(pause)
    }
  }
  return await work()
}
