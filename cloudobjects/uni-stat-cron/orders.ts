/** Orders of a period, added up by app, version, platform and channel (spec/uni-pay.md §5.2). */
import type { Window } from './windows.ts'

type Row = UniCloudGuest.Row

export interface GroupKey {
  appid: string
  version: string
  platform: string
  channel: string
}

export interface OrderSum extends GroupKey {
  amount: number
  orders: number
  users: number
  devices: number
}

/** Which orders count: all that were made in the period, those of them that are paid, those that are refunded. */
export type OrderSet = 'create' | 'pay' | 'refund'

/** Everything counts for the time of the order, payments and refunds too, as the published statistics have it (S2). */
export async function sumOrders(set: OrderSet, { start, end }: Window): Promise<OrderSum[]> {
  const { and, gte, lte, gt, in: oneOf, exists } = uniCloud.database().command
  const status = { create: {}, pay: { status: gt?.(0) }, refund: { status: oneOf?.([2, 3]) } }[set]
  const group = {
    _id: {
      appid: '$appid',
      version: '$stat_data.app_version',
      platform: '$stat_data.platform',
      channel: '$stat_data.channel',
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
    .match({ create_date: and?.([gte?.(start), lte?.(end)]), appid: exists?.(true), ...status })
    .group(group)
    .limit(10_000)
    .end()
  return data.map(sumOf)
}

/** Devices or users that were there in the period. */
export async function countActive(
  what: 'device' | 'user',
  { appid, version, platform, channel }: GroupKey,
  { start, end }: Window,
): Promise<number> {
  const { and, gte, lte, in: oneOf } = uniCloud.database().command
  const { data } = await uniCloud
    .database()
    .collection(what === 'device' ? 'uni-stat-session-logs' : 'uni-stat-user-session-logs')
    .aggregate()
    .match({
      create_time: and?.([gte?.(start), lte?.(end)]),
      appid,
      version,
      platform: oneOf?.(alsoCalled(platform)),
      channel,
    })
    .group({ _id: what === 'device' ? '$device_id' : '$uid' })
    .count('total')
    .end()
  return Number(data[0]?.total ?? 0)
}

// internals

function sumOf({ _id, amount, orders, users, devices }: Row): OrderSum {
  const { appid, version, platform, channel } = _id as Row
  const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value))
  return {
    appid: text(appid),
    version: text(version),
    platform: text(platform),
    channel: text(channel),
    amount: Number(amount),
    orders: Number(orders),
    users: present(users),
    devices: present(devices),
  }
}

function present(values: unknown): number {
  return (values as unknown[]).filter((value) => value !== null && value !== undefined && value !== '').length
}

/** Older clients say it otherwise. */
function alsoCalled(platform: string): string[] {
  if (platform === 'h5' || platform === 'web') return ['h5', 'web']
  return platform === 'app' || platform === 'app-plus' ? ['app', 'app-plus'] : [platform]
}
