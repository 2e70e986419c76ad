/** Orders of a period, added up by app, version, platform and channel (spec/uni-pay.md §5.2). */
import { spanOf, type Windows } from './windows.ts'

type Row = UniCloudGuest.Row

export interface GroupKey {
  appid: string
  version: string
  platform: string
  channel: string
}

export interface OrderSum extends GroupKey {
  /** Of the window. */
  index: number
  amount: number
  orders: number
  users: number
  devices: number
}

/** Which orders count: all that were made in the period, those of them that are paid, those that are refunded. */
export type OrderSet = 'create' | 'pay' | 'refund'

/** What is not known. As a condition it holds for absent fields, too. */
export const nothing = [null, '']

/** A field to group by: absent, null or empty, it is one group. As groups of their own each would take the others' row. */
export function textOf(field: string): Row {
  return { $ifNull: [field, ''] }
}

/** Everything counts for the time of the order, payments and refunds too, as the published statistics have it (S2). */
export async function sumOrders(set: OrderSet, windows: Windows): Promise<OrderSum[]> {
  const { start, end, indexOf } = spanOf(windows)
  const { and, gte, lte, gt, in: oneOf, nin } = uniCloud.database().command
  const status = { create: {}, pay: { status: gt?.(0) }, refund: { status: oneOf?.([2, 3]) } }[set]
  const group = {
    _id: {
      index: indexOf('$create_date'),
      appid: '$appid',
      version: textOf('$stat_data.app_version'),
      platform: textOf('$stat_data.platform'),
      channel: textOf('$stat_data.channel'),
    },
    // What was refunded, not what the refunded orders were worth (S1).
    amount: { $sum: set === 'refund' ? '$refund_fee' : '$total_fee' },
    orders: { $sum: 1 },
    users: { $addToSet: '$user_id' },
    devices: { $addToSet: '$device_id' },
  }
  const { data } = await uniCloud
    .database()
    .collection('uni-pay-orders')
    .aggregate()
    .match({ create_date: and?.([gte?.(start), lte?.(end)]), appid: nin?.(nothing), ...status })
    .group(group)
    .limit(100_000)
    .end()
  return data.map(sumOf)
}

// internals

function sumOf({ _id, amount, orders, users, devices }: Row): OrderSum {
  const { index, appid, version, platform, channel } = _id as Row
  return {
    index: Number(index),
    appid: String(appid),
    version: String(version),
    platform: String(platform),
    channel: String(channel),
    amount: Number(amount),
    orders: Number(orders),
    users: present(users),
    devices: present(devices),
  }
}

function present(values: unknown): number {
  return (values as unknown[]).filter((value) => !nothing.includes(value as null)).length
}
