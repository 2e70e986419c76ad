/** What the figures of a period amount to (spec/uni-pay.md §5.4). Amounts are integers in fen. */

export const counted = [
  ...['create_total_amount', 'create_order_count', 'create_user_count', 'create_device_count'],
  ...['pay_total_amount', 'pay_order_count', 'pay_user_count', 'pay_device_count'],
  ...['refund_total_amount', 'refund_order_count', 'refund_user_count', 'refund_device_count'],
  ...['activity_user_count', 'activity_device_count'],
] as const

export type Figures = Record<string, number>

/** The sums of several rows of `uni-stat-pay-result`. */
export function sumOf(rows: readonly UniCloudGuest.Row[]): Figures {
  return Object.fromEntries(
    counted.map((name) => [name, rows.reduce((sum, row) => sum + Number(row[name] ?? 0), 0)]),
  )
}

export interface Shares {
  /** Ordered, fen. */
  gmv: number
  /** Paid, fen. */
  gpv: number
  /** Paid and not refunded, fen. */
  net: number
  /** Users among active devices, percent. */
  user_conversion: number
  /** Payers among active users, percent. */
  pay_conversion: number
}

export function sharesOf(figures: Figures): Shares {
  const of = (name: (typeof counted)[number]): number => figures[name] ?? 0
  return {
    gmv: of('create_total_amount'),
    gpv: of('pay_total_amount'),
    net: of('pay_total_amount') - of('refund_total_amount'),
    user_conversion: percent(of('activity_user_count'), of('activity_device_count')),
    pay_conversion: percent(of('pay_user_count'), of('activity_user_count')),
  }
}

// internals

/** Two decimals; of nothing it is 0. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part * 10_000) / whole) / 100
}
