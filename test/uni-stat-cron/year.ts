/**
 * A year of orders, the same every time, and what its statistics must be: added up here from the orders themselves, in
 * another way than the object under test does (texts of times in place of windows, sets in place of pipelines).
 */

export type Row = Record<string, unknown>

export interface Year {
  orders: Order[]
  deviceLogs: Row[]
  userLogs: Row[]
}

export interface Order extends Row {
  status: number
  total_fee: number
  refund_fee: number
  create_date: number
  pay_date?: number
  appid?: string | null
  user_id?: string | null
  device_id?: string
  stat_data?: { platform?: string; app_version?: string | null; channel?: string | null }
}

export const year = 2026

/** @param count of orders; of log lines there are half as many each */
export function makeYear(count: number): Year {
  const random = randomFrom(20_260_101)
  const many = Math.ceil(count / 8)
  const orders = Array.from({ length: count }, (_, n) => orderOf(n, many, random))
  const logs = (who: 'device_id' | 'uid', prefix: string): Row[] =>
    Array.from({ length: count >> 1 }, () => logOf(who, `${prefix}${random.below(many * 2)}`, random))
  return { orders, deviceLogs: logs('device_id', 'd'), userLogs: logs('uid', 'u') }
}

export type Figures = Record<string, number>

/** `<dimension> <start of the window> <group>` -> figures. */
export function figuresOf({ orders, deviceLogs, userLogs }: Year): Map<string, Figures> {
  const tallies = new Map<string, Tally>()
  for (const order of orders) {
    if (!order.appid) continue
    const { platform, app_version, channel } = order.stat_data ?? {}
    const group = groupName(order.appid, platform, app_version, channel)
    for (const [name, start] of startsOf(order.create_date)) {
      const key = `${name} ${start} ${group}`
      const tally = tallies.get(key) ?? newTally()
      tallies.set(key, tally)
      count(tally.create, order, order.total_fee)
      if (order.status > 0) count(tally.pay, order, order.total_fee)
      if (order.status >= 2) count(tally.refund, order, order.refund_fee)
    }
  }
  const here = { devices: activeIn(deviceLogs, 'device_id'), users: activeIn(userLogs, 'uid') }
  return new Map([...tallies].map(([key, tally]) => [key, flat(tally, key, here)]))
}

/** Apart by blanks: none of the names has one. */
export function groupName(appid: unknown, platform: unknown, version: unknown, channel: unknown): string {
  return [appid, platform, version, channel].map((part) => part || '-').join(' ')
}

/** What of these figures an administrator is shown, worked out by hand (spec/uni-pay.md §5.4). */
export function sharesOf(f: Figures): Figures {
  const percent = (part = 0, whole = 0): number =>
    whole === 0 ? 0 : Number(((part / whole) * 100).toFixed(2))
  return {
    gmv: f.create_total_amount ?? 0,
    gpv: f.pay_total_amount ?? 0,
    net: (f.pay_total_amount ?? 0) - (f.refund_total_amount ?? 0),
    user_conversion: percent(f.activity_user_count, f.activity_device_count),
    pay_conversion: percent(f.pay_user_count, f.activity_user_count),
  }
}

// internals

interface Random {
  (): number
  /** 0 to limit − 1 */
  below(limit: number): number
  of<T>(values: readonly T[]): T
}

/** mulberry32 */
function randomFrom(seed: number): Random {
  let state = seed
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(random() * limit)
  return Object.assign(random, { below, of: <T>(values: readonly T[]) => values[below(values.length)] as T })
}

const apps = ['A', 'A', 'A', 'B'] as const
const platforms = ['mp-weixin', 'mp-weixin', 'web', 'android', 'ios'] as const
const versions = ['1.0.0', '1.1.0'] as const
const channels = ['1001', 'store'] as const
const start = Date.parse(`${year}-01-01T00:00:00+08:00`)
const length = 365 * 24 * 3600_000

/** Any instant, and often one beside which another hour, day, month or year begins. */
function instant(random: Random): number {
  const time = start + random.below(length)
  if (random() > 0.02) return time
  const hour = time - (time % 3600_000)
  const month = Date.parse(`${year}-${String(1 + random.below(12)).padStart(2, '0')}-01T00:00:00+08:00`)
  const edge = random.of([hour, month, start, start + length])
  return Math.min(Math.max(edge - random.below(2), start), start + length - 1)
}

function orderOf(n: number, users: number, random: Random): Order {
  const status = random.of([-1, 0, 0, 1, 1, 1, 1, 1, 2, 3])
  const total_fee = 1 + random.below(100_000)
  const create_date = instant(random)
  const pay_date = create_date + random.below(3600_000)
  return {
    provider: 'wxpay',
    type: 'goods',
    order_no: `N${n}`,
    out_trade_no: `O${n}`,
    status,
    total_fee,
    refund_fee: status === 3 ? total_fee : status === 2 ? 1 + random.below(total_fee) : 0,
    create_date,
    ...(status > 0 ? { pay_date } : {}),
    ...unlessRare(random, { appid: random.of(apps) }, [{}, { appid: '' }, { appid: null }]),
    // Few buy much.
    ...unlessRare(random, { user_id: `u${Math.floor(users * random() ** 2)}` }, [{}, { user_id: null }]),
    ...unlessRare(random, { device_id: `d${Math.floor(users * random() ** 2)}` }, [{}]),
    ...statData(random),
  }
}

function statData(random: Random): Row {
  const platform = random.of(platforms)
  const known = { platform, app_version: random.of(versions), channel: random.of(channels) }
  return unlessRare(random, { stat_data: known }, [
    {},
    { stat_data: { platform } },
    { stat_data: { ...known, channel: null } },
    { stat_data: { ...known, channel: '' } },
    { stat_data: { ...known, app_version: null } },
  ])
}

function unlessRare(random: Random, usual: Row, rare: readonly Row[]): Row {
  return random() < 0.03 ? random.of(rare) : usual
}

function logOf(who: string, id: string, random: Random): Row {
  const platform = random.of([...platforms, 'h5'] as const)
  return {
    appid: random.of(apps),
    platform,
    version: random.of(versions),
    channel: random.of(channels),
    create_time: instant(random),
    ...unlessRare(random, { [who]: id }, [{}, { [who]: '' }]),
  }
}

/** Windows of all kinds, by the text of their start in China. */
function startsOf(time: number): [name: string, start: string][] {
  const text = new Date(time + 8 * 3600_000).toISOString()
  const month = text.slice(0, 7)
  const quarter = Math.ceil(Number(text.slice(5, 7)) / 3)
  const monday = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  while (monday.getUTCDay() !== 1) monday.setUTCDate(monday.getUTCDate() - 1)
  return [
    ['hour', `${text.slice(0, 13)}:00`],
    ['day', `${text.slice(0, 10)}T00:00`],
    ['week', monday.toISOString().slice(0, 16)],
    ['month', `${month}-01T00:00`],
    ['quarter', `${month.slice(0, 4)}-${['01', '04', '07', '10'][quarter - 1]}-01T00:00`],
    ['year', `${month.slice(0, 4)}-01-01T00:00`],
  ]
}

interface Set_ {
  amount: number
  orders: number
  users: Set<string>
  devices: Set<string>
}
type Tally = Record<'create' | 'pay' | 'refund', Set_>

function newTally(): Tally {
  const none = (): Set_ => ({ amount: 0, orders: 0, users: new Set(), devices: new Set() })
  return { create: none(), pay: none(), refund: none() }
}

function count(set: Set_, { user_id, device_id }: Order, amount: number): void {
  set.amount += amount
  set.orders++
  if (user_id) set.users.add(user_id)
  if (device_id) set.devices.add(device_id)
}

function flat(
  tally: Tally,
  key: string,
  here: Record<'devices' | 'users', Map<string, Set<unknown>>>,
): Figures {
  const figures: Figures = {
    activity_device_count: here.devices.get(key)?.size ?? 0,
    activity_user_count: here.users.get(key)?.size ?? 0,
  }
  for (const [name, { amount, orders, users, devices }] of Object.entries(tally)) {
    figures[`${name}_total_amount`] = amount
    figures[`${name}_order_count`] = orders
    figures[`${name}_user_count`] = users.size
    figures[`${name}_device_count`] = devices.size
  }
  return figures
}

function activeIn(logs: readonly Row[], who: string): Map<string, Set<unknown>> {
  const found = new Map<string, Set<unknown>>()
  for (const log of logs) {
    if (!log[who]) continue
    const platform = log.platform === 'h5' ? 'web' : log.platform
    const group = groupName(log.appid, platform, log.version, log.channel)
    for (const [name, start] of startsOf(Number(log.create_time))) {
      const key = `${name} ${start} ${group}`
      found.set(key, (found.get(key) ?? new Set()).add(log[who]))
    }
  }
  return found
}
