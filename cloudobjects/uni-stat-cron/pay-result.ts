/** Rows of `uni-stat-pay-result` (spec/uni-pay.md §5.1, §5.2). */
import { idsOf } from './dimensions.ts'
import { countActive, type GroupKey, type OrderSet, type OrderSum, sumOrders } from './orders.ts'
import type { Window } from './windows.ts'

type Row = UniCloudGuest.Row

export type Made = { code: 0; rows: number } | { code: 1003; msg: string }

/** @param reset makes rows anew that are there already */
export async function makePayResult(window: Window, reset: boolean): Promise<Made> {
  const { start: start_time, end: end_time, dimension } = window
  const table = uniCloud.database().collection('uni-stat-pay-result')
  const same = { start_time, end_time, dimension }
  if (!reset && (await table.where(same).count()).total > 0)
    return { code: 1003, msg: 'Pay data in this time have already existed' }
  const rows = await rowsOf(window)
  // As late as can be: pages that read meanwhile miss the rows only for a moment.
  await table.where(same).remove()
  for (let at = 0; at < rows.length; at += batch) await table.add(rows.slice(at, at + batch))
  return { code: 0, rows: rows.length }
}

// internals

const batch = 500
const sets: readonly OrderSet[] = ['create', 'pay', 'refund']

async function rowsOf(window: Window): Promise<Row[]> {
  const groups = new Map<string, { key: GroupKey; sums: Row }>()
  for (const set of sets) {
    for (const sum of await sumOrders(set, window)) {
      const { appid, version, platform, channel } = sum
      const name = JSON.stringify([appid, version, platform, channel])
      const group = groups.get(name) ?? { key: { appid, version, platform, channel }, sums: noSums() }
      Object.assign(group.sums, figuresOf(set, sum))
      groups.set(name, group)
    }
  }
  const rows: Row[] = []
  for (const { key, sums } of groups.values()) rows.push(await rowOf(key, sums, window))
  return rows
}

async function rowOf(key: GroupKey, sums: Row, window: Window): Promise<Row> {
  return {
    appid: key.appid,
    ...(await idsOf(key)),
    dimension: window.dimension,
    start_time: window.start,
    end_time: window.end,
    stat_date: window.statDate,
    ...sums,
    activity_user_count: await countActive('user', key, window),
    activity_device_count: await countActive('device', key, window),
    create_date: Date.now(),
  }
}

function noSums(): Row {
  const none = { amount: 0, orders: 0, users: 0, devices: 0 }
  return Object.assign({}, ...sets.map((set) => figuresOf(set, none)))
}

function figuresOf(set: OrderSet, sum: Omit<OrderSum, keyof GroupKey>): Row {
  return {
    [`${set}_total_amount`]: sum.amount,
    [`${set}_order_count`]: sum.orders,
    [`${set}_user_count`]: sum.users,
    [`${set}_device_count`]: sum.devices,
  }
}
