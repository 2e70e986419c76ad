/** What the pages of an administrator show (spec/uni-pay.md §5.4). */
import { type Figures, type Shares, sharesOf, sumOf } from './figures.ts'
import { nothing } from './orders.ts'
import { type Window, windowOf } from './windows.ts'

type Row = UniCloudGuest.Row

export interface ReportFilter {
  appid?: string
  platform_id?: string
  channel_id?: string
  version_id?: string
}

export type Period = Figures & Shares

export interface RankingFilter {
  appid?: string
  /** Of the payment, ms, both inclusive. */
  from?: number
  to?: number
  limit?: number
}

/** Figures of each period, and of all years together. */
export async function overview(filter: ReportFilter, now: number): Promise<Record<string, Period>> {
  const result: Record<string, Period> = {}
  for (const [name, window] of Object.entries(periods(now))) {
    const { start: start_time, dimension } = window
    result[name] = await periodOf({ ...known(filter), start_time, dimension })
  }
  result.total = await periodOf({ ...known(filter), dimension: 'year' })
  return result
}

/** Who has paid most. */
export async function ranking({ appid, from, to, limit = 20 }: RankingFilter): Promise<Row[]> {
  const { gt, gte, lte, and, nin } = uniCloud.database().command
  const paid = [...(from ? [gte?.(from)] : []), ...(to ? [lte?.(to)] : [])]
  const { data } = await uniCloud
    .database()
    .collection('uni-pay-orders')
    .aggregate()
    .match({
      status: gt?.(0),
      user_id: nin?.(nothing),
      ...(appid ? { appid: String(appid) } : {}),
      ...(paid.length > 0 ? { pay_date: and?.(paid) } : {}),
    })
    .group({
      _id: '$user_id',
      total_fee: { $sum: '$total_fee' },
      refund_fee: { $sum: '$refund_fee' },
      order_count: { $sum: 1 },
    })
    .sort({ total_fee: -1, _id: 1 })
    .limit(Math.min(Math.max(Number(limit) || 20, 1), 1000))
    .end()
  return data.map(({ _id, total_fee, refund_fee, order_count }) => ({
    user_id: _id,
    total_fee,
    refund_fee,
    net_fee: Number(total_fee) - Number(refund_fee),
    order_count,
  }))
}

// internals

function periods(now: number): Record<string, Window> {
  return {
    today: windowOf('day', now),
    yesterday: windowOf('day', now, -1),
    day_before: windowOf('day', now, -2),
    week: windowOf('week', now),
    month: windowOf('month', now),
    quarter: windowOf('quarter', now),
    year: windowOf('year', now),
  }
}

async function periodOf(condition: Row): Promise<Period> {
  const group = Object.fromEntries(Object.keys(sumOf([])).map((name) => [name, { $sum: `$${name}` }]))
  const { data } = await uniCloud
    .database()
    .collection('uni-stat-pay-result')
    .aggregate()
    .match(condition)
    .group({ _id: null, ...group })
    .end()
  const figures = sumOf(data)
  return { ...figures, ...sharesOf(figures) }
}

function known({ appid, platform_id, channel_id, version_id }: ReportFilter): Row {
  const fields = Object.entries({ appid, platform_id, channel_id, version_id })
  return Object.fromEntries(fields.filter(([, value]) => typeof value === 'string' && value !== ''))
}
