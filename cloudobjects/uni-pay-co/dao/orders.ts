/** The table `uni-pay-orders`. Every change of a state names the state it starts from, so two never both win. */
import type { CallbackClaim, NewOrderRow, OrderRow, RefundEntry } from './order-row.ts'

type Row = UniCloudGuest.Row

export async function findByOutTradeNo(outTradeNo: string): Promise<OrderRow | undefined> {
  return await findOne({ out_trade_no: outTradeNo })
}

export async function findByTransactionId(transactionId: string): Promise<OrderRow | undefined> {
  return await findOne({ transaction_id: transactionId })
}

/** By the number of one of its refunds. */
export async function findByOutRefundNo(outRefundNo: string): Promise<OrderRow | undefined> {
  return await findOne({ 'refund_list.out_refund_no': outRefundNo })
}

/** The first order of this token: renewals of a subscription are later ones. */
export async function findByAccountToken(token: string): Promise<OrderRow | undefined> {
  const { data } = await table()
    .where({ provider: 'appleiap', appleiap_account_token: token })
    .orderBy('create_date', 'asc')
    .limit(1)
    .get()
  return data[0]
}

export async function findById(id: string): Promise<OrderRow | undefined> {
  return await findOne({ _id: id })
}

/** @returns false when there is an order of this out_trade_no already */
export async function insertOrder(row: NewOrderRow): Promise<boolean> {
  try {
    await uniCloud.database().collection(tableName).add(row)
    return true
  } catch (error) {
    if (await findByOutTradeNo(row.out_trade_no)) return false
    throw error
  }
}

/** An unpaid order may be paid another way. */
export async function updateUnpaid(id: string, change: Row): Promise<void> {
  await table().where({ _id: id, status: 0 }).update(change)
}

/**
 * 0 -> 1, with the right to run the callback.
 *
 * @returns the row as it is now, to the one caller that made the change
 */
export async function markPaid(
  outTradeNo: string,
  claim: CallbackClaim,
  change: Row,
): Promise<OrderRow | undefined> {
  const { remove } = uniCloud.database().command
  return await changeOne(
    { out_trade_no: outTradeNo, status: 0 },
    { ...change, status: 1, callback_claim: claim, err_msg: remove?.() },
  )
}

/**
 * The right to run a callback that was cut off; to one caller only.
 *
 * @param former claim that has run out; undefined: the row has none
 */
export async function takeOver(
  id: string,
  former: CallbackClaim | undefined,
  claim: CallbackClaim,
  err_msg: string,
): Promise<OrderRow | undefined> {
  return await changeOne(unfinished(id, former), { callback_claim: claim, err_msg })
}

/** Ends the callback of an order for good. @returns false when somebody else has the right to it */
export async function finishCallback(
  id: string,
  claim: CallbackClaim | undefined,
  change: { user_order_success: boolean; err_msg?: unknown },
): Promise<boolean> {
  const { remove } = uniCloud.database().command
  const done = await table()
    .where(unfinished(id, claim))
    .update({ ...change, callback_claim: remove?.() })
  return done.updated > 0
}

export async function noteOnUnpaid(id: string, err_msg: string): Promise<void> {
  await table().where({ _id: id, status: 0 }).update({ err_msg })
}

/** Money for an order that was closed: kept for whoever refunds it (D22). */
export async function noteLatePayment(id: string, change: Row): Promise<void> {
  const { exists } = uniCloud.database().command
  await table()
    .where({ _id: id, status: -1, transaction_id: exists?.(false) })
    .update(change)
}

export async function markClosed(id: string): Promise<void> {
  await table().where({ _id: id, status: 0 }).update({ status: -1, cancel_date: Date.now() })
}

/**
 * Adds a refund that the platform has taken; one of the same number only once.
 *
 * @throws Error when others keep changing the order
 */
export async function addRefund(id: string, entry: RefundEntry): Promise<void> {
  const { neq } = uniCloud.database().command
  for (let tries = 0; tries < 20; tries++) {
    const row = await findById(id)
    if (!row || row.refund_list?.some(({ out_refund_no }) => out_refund_no === entry.out_refund_no)) return
    const { updated } = await table()
      .where({
        _id: id,
        refund_count: row.refund_count ?? neverRefunded(),
        'refund_list.out_refund_no': neq?.(entry.out_refund_no),
      })
      .update(refunded(row, entry))
    if (updated > 0) return
  }
  throw new Error(`order ${id}: refund ${entry.out_refund_no} is done but could not be noted, try it again`)
}

/** Paid orders whose callback is neither done nor running, oldest first. */
export async function findInterrupted(now: number, lease: number, limit: number): Promise<OrderRow[]> {
  const { in: oneOf, exists, lt, or } = uniCloud.database().command
  const condition = {
    status: oneOf?.([1, 2, 3]),
    user_order_success: exists?.(false),
    notify_date: lt?.(now),
  }
  const dead = or?.([
    { ...condition, 'callback_claim.until': lt?.(now) },
    { ...condition, callback_claim: exists?.(false), notify_date: lt?.(now - lease) },
  ])
  const { data } = await table().where(dead).orderBy('notify_date', 'asc').limit(limit).get()
  return data
}

/** Unpaid orders to ask the platform about: those not asked about for longest first. */
export async function findUnpaid(from: number, to: number, limit: number): Promise<OrderRow[]> {
  const { gte, lt, and, neq } = uniCloud.database().command
  const created = and?.([gte?.(from), lt?.(to)])
  const { data } = await table()
    .where({ status: 0, create_date: created, provider: neq?.('appleiap') })
    .orderBy('query_date', 'asc')
    .limit(limit)
    .get()
  return data
}

export async function noteQuery(id: string, query_date: number): Promise<void> {
  await table().where({ _id: id }).update({ query_date })
}

// internals

const tableName = 'uni-pay-orders'

function table(): UniCloudGuest.Collection<OrderRow> {
  return uniCloud.database().collection(tableName) as UniCloudGuest.Collection<OrderRow>
}

async function findOne(condition: Row): Promise<OrderRow | undefined> {
  const { data } = await table().where(condition).limit(1).get()
  return data[0]
}

async function changeOne(condition: Row, change: Row): Promise<OrderRow | undefined> {
  const { doc } = await table().where(condition).updateAndReturn(change)
  return doc ?? undefined
}

function unfinished(id: string, claim: CallbackClaim | undefined): Row {
  const { exists } = uniCloud.database().command
  const owner = claim ? { 'callback_claim.id': claim.id } : { callback_claim: exists?.(false) }
  return { _id: id, user_order_success: exists?.(false), ...owner }
}

function neverRefunded(): unknown {
  return uniCloud.database().command.exists?.(false)
}

function refunded(row: OrderRow, entry: RefundEntry): Row {
  const { unshift } = uniCloud.database().command
  const sum = (row.refund_fee ?? 0) + entry.refund_fee
  const whole = sum >= row.total_fee
  return {
    status: whole ? 3 : 2,
    refund_fee: whole ? row.total_fee : sum,
    refund_count: (row.refund_count ?? 0) + 1,
    refund_date: entry.refund_date,
    refund_list: row.refund_list ? unshift?.([entry]) : [entry],
  }
}
