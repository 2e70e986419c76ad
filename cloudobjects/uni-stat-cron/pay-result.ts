/** Rows of `uni-stat-pay-result` (spec/uni-pay.md §5.1, §5.2). */
import { Activity } from './activity.ts'
import type { Dimensions } from './dimensions.ts'
import { type GroupKey, type OrderSet, type OrderSum, sumOrders } from './orders.ts'
import type { Windows } from './windows.ts'

type Row = UniCloudGuest.Row

export type Made = { code: 0; rows: number } | { code: 1003; msg: string }

/**
 * @param reset makes rows anew that are there already
 * @param dimensions shared by the windows of one run
 */
export async function makePayResult(windows: Windows, reset: boolean, dimensions: Dimensions): Promise<Made> {
  const { in: oneOf } = uniCloud.database().command
  const table = uniCloud.database().collection('uni-stat-pay-result')
  const { dimension } = windows[0]
  const same = { dimension, start_time: oneOf?.(windows.map(({ start }) => start)) }
  if (!reset && (await table.where(same).count()).total > 0)
    return { code: 1003, msg: 'Pay data in this time have already existed' }
  const rows = await rowsOf(windows, dimensions)
  // As late as can be: pages that read meanwhile miss the rows only for a moment.
  await table.where(same).remove()
  for (let at = 0; at < rows.length; at += batch) await table.add(rows.slice(at, at + batch))
  return { code: 0, rows: rows.length }
}

// internals

const batch = 500
const sets: readonly OrderSet[] = ['create', 'pay', 'refund']

interface Group {
  index: number
  key: GroupKey
  sums: Row
}

async function rowsOf(windows: Windows, dimensions: Dimensions): Promise<Row[]> {
  const groups = await groupsOf(windows)
  if (groups.length === 0) return []
  const activity = await Activity.of(windows)
  const rows: Row[] = []
  for (const { index, key, sums } of groups) {
    const { dimension, start, end, statDate } = windows[index] ?? windows[0]
    rows.push({
      appid: key.appid,
      ...(await dimensions.idsOf(key)),
      dimension,
      start_time: start,
      end_time: end,
      stat_date: statDate,
      ...sums,
      activity_user_count: activity.users(index, key),
      activity_device_count: activity.devices(index, key),
      create_date: Date.now(),
    })
  }
  return rows
}

async function groupsOf(windows: Windows): Promise<Group[]> {
  const groups = new Map<string, Group>()
  for (const set of sets) {
    for (const sum of await sumOrders(set, windows)) {
      const { index, appid, version, platform, channel } = sum
      const name = JSON.stringify([index, appid, version, platform, channel])
      const group = groups.get(name) ?? { index, key: { appid, version, platform, channel }, sums: noSums() }
      Object.assign(group.sums, figuresOf(set, sum))
      groups.set(name, group)
    }
  }
  return [...groups.values()]
}

function noSums(): Row {
  const none = { amount: 0, orders: 0, users: 0, devices: 0 }
  return Object.assign({}, ...sets.map((set) => figuresOf(set, none)))
}

function figuresOf(set: OrderSet, sum: Omit<OrderSum, keyof GroupKey | 'index'>): Row {
  return {
    [`${set}_total_amount`]: sum.amount,
    [`${set}_order_count`]: sum.orders,
    [`${set}_user_count`]: sum.users,
    [`${set}_device_count`]: sum.devices,
  }
}
