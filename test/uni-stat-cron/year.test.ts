/**
 * Every row of a year's statistics against figures added up from the orders. 4,000 orders with every change,
 * `npm run test:slow` 200,000 (`STAT_ORDERS`).
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fireOnce } from '../../runtime/timers.ts'
import { Shop } from '../uni-pay-co/shop.ts'
import { type Figures, figuresOf, groupName, makeYear, type Row, sharesOf, year } from './year.ts'

const count = Number(process.env.STAT_ORDERS ?? 4000)
const made = makeYear(count)
const expected = figuresOf(made)
const china = (text: string): number => Date.parse(`${text}+08:00`)
const config = {
  realtimeStat: true,
  cronMin: false,
  cron: [{ type: 'pay-result', time: '* * * 10', dimension: 'hour', timely: true }],
}

let shop: Shop
beforeAll(async () => {
  const files = { 'common/uni-config-center/uni-stat/config.json': JSON.stringify(config) }
  shop = await Shop.open({ files, now: china(`${year}-12-31T23:59:59`), timeouts: false })
  await insert('uni-pay-orders', made.orders)
  await insert('uni-stat-session-logs', made.deviceLogs)
  await insert('uni-stat-user-session-logs', made.userLogs)
  // As the table of uni-admin has it.
  for (const name of ['uni-stat-session-logs', 'uni-stat-user-session-logs']) {
    await command({ createIndexes: name, indexes: [{ key: { create_time: 1 }, name: 'create_time' }] })
  }
}, 300_000)
afterAll(() => shop.close())

it(`back-fill of the year makes ${expected.size} rows, each right`, async () => {
  const statistics = shop.space.importObject('uni-stat-cron')
  const period = { from: `${year}-01-01T00:00:00+08:00`, to: china(`${year}-12-31T23:59:59.999`) }
  let next: unknown = period.from
  let rows = 0
  while (next !== undefined) {
    const part = (await statistics.backfill!({ ...period, from: next })) as Row
    expect(part).toMatchObject({ errCode: 0 })
    rows += Number(part.rows)
    next = part.next
  }
  // The last hour has not ended yet.
  const ended = [...expected].filter(([key]) => !key.startsWith(`hour ${year}-12-31T23`))
  expect(rows).toBe(ended.length)
  expect(differences(await storedRows(), new Map(ended))).toEqual([])
}, 900_000)

it('back-fill of a day in the middle mends what was spoilt, and changes nothing else', async () => {
  const before = await storedRows()
  const day = { from: china(`${year}-06-15T00:00:00`), to: china(`${year}-06-15T23:59:59.999`) }
  await command({
    update: 'uni-stat-pay-result',
    updates: [
      {
        q: { start_time: { $gte: day.from, $lte: day.to } },
        u: { $inc: { pay_total_amount: 1 } },
        multi: true,
      },
      { q: { dimension: 'year' }, u: { $inc: { create_order_count: 1 } }, multi: true },
    ],
  })
  expect(differences(await storedRows(), before)).not.toEqual([])
  const done = await shop.space.importObject('uni-stat-cron').backfill!(day)
  expect(done).toMatchObject({ errCode: 0, windows: 24 + 5 })
  expect(differences(await storedRows(), before)).toEqual([])
}, 300_000)

it('the job, hour by hour over a new year, makes the same rows', async () => {
  const hours = Array.from({ length: 25 }, (_, n) => china(`${year}-12-31T00:19:00`) + n * 3600_000)
  const last = { $gte: china(`${year}-12-31T00:00:00`) }
  const remake = { $or: [{ start_time: last }, { dimension: { $in: ['week', 'month', 'quarter', 'year'] } }] }
  await command({ delete: 'uni-stat-pay-result', deletes: [{ q: remake, limit: 0 }] })
  const { space } = shop.space
  for (const at of hours) {
    await shop.space.clock.set(new Date(at))
    const outcome = await fireOnce(space, space.manifest.functions['uni-stat-cron']!, { at: new Date(at) })
    expect(outcome.ok).toBe(true)
  }
  const recent = (key: string): boolean =>
    /^(hour|day)/.test(key) ? key.includes(`${year}-12-31T`) : isLatest(key)
  const wanted = new Map([...expected].filter(([key]) => recent(key)))
  const found = new Map([...(await storedRows())].filter(([key]) => recent(key)))
  expect(wanted.size).toBeGreaterThan(10)
  expect(differences(found, wanted)).toEqual([])
  expect(await shop.rows({}, 'uni-stat-run-errors')).toEqual([])
}, 300_000)

it.each([
  ['all', {}],
  ['an app', { appid: 'A' }],
  ['a platform of it', { appid: 'A', platform: 'web' }],
  ['a channel of it', { appid: 'A', platform: 'web', channel: 'store' }],
  ['a version of it', { appid: 'A', platform: 'web', version: '1.1.0' }],
] as [string, Record<string, string>][])('overview: %s', async (_name, filter) => {
  shop.space.clock.set(new Date(china(`${year}-12-31T12:00:00`)))
  const token = shop.token({ role: ['admin'] })
  const object = shop.space
    .as({ clientInfo: { platform: 'web' }, uniIdToken: token })
    .importObject('uni-stat-cron')
  const { data } = (await object.overview!(await idsOf(filter))) as { data: Record<string, Figures> }
  const periods = {
    today: `day ${year}-12-31`,
    yesterday: `day ${year}-12-30`,
    day_before: `day ${year}-12-29`,
    week: `week ${year}-12-28`,
    month: `month ${year}-12-01`,
    quarter: `quarter ${year}-10-01`,
    year: `year ${year}-01-01`,
    total: 'year',
  }
  for (const [name, prefix] of Object.entries(periods)) {
    const sum = summed([...expected].filter(([key]) => key.startsWith(prefix) && belongs(key, filter)))
    expect(data[name], name).toEqual({ ...noFigures, ...sum, ...sharesOf(sum) })
  }
})

it('ranking', async () => {
  const [from, to] = [china(`${year}-03-01T00:00:00`), china(`${year}-08-31T23:59:59.999`)]
  const token = shop.token({ role: ['admin'] })
  const object = shop.space
    .as({ clientInfo: { platform: 'web' }, uniIdToken: token })
    .importObject('uni-stat-cron')
  const { data } = (await object.ranking!({ appid: 'B', from, to, limit: 50 })) as { data: Row[] }
  const users = new Map<
    string,
    { user_id: string; total_fee: number; refund_fee: number; order_count: number }
  >()
  for (const { appid, status, user_id, pay_date = 0, total_fee, refund_fee } of made.orders) {
    if (appid !== 'B' || status <= 0 || !user_id || pay_date < from || pay_date > to) continue
    const user = users.get(user_id) ?? { user_id, total_fee: 0, refund_fee: 0, order_count: 0 }
    user.total_fee += total_fee
    user.refund_fee += refund_fee
    user.order_count++
    users.set(user_id, user)
  }
  const best = [...users.values()].sort(
    (a, b) => b.total_fee - a.total_fee || (a.user_id < b.user_id ? -1 : 1),
  )
  expect(data).toEqual(
    best.slice(0, 50).map((user) => ({ ...user, net_fee: user.total_fee - user.refund_fee })),
  )
})

it.each([
  [{}, 'uni-stat-invalid-period'],
  [{ from: 'yesterday' }, 'uni-stat-invalid-period'],
  [{ from: 2, to: 1 }, 'uni-stat-invalid-period'],
  [{ from: 1, to: 2, dimensions: ['century'] }, 'uni-stat-invalid-period'],
])('no period: %o', async (params, errCode) => {
  const answer = shop.space.importObject('uni-stat-cron').backfill!(params)
  await expect(answer).rejects.toMatchObject({ errCode })
})

it('back-fill is not for clients', async () => {
  const object = shop.space.as({ clientInfo: { platform: 'web' } }).importObject('uni-stat-cron')
  await expect(object.backfill!({ from: 1 })).rejects.toThrow('backfill')
})

// internals

const noFigures: Figures = Object.fromEntries(
  ['create', 'pay', 'refund']
    .flatMap((set) =>
      ['total_amount', 'order_count', 'user_count', 'device_count'].map((name) => `${set}_${name}`),
    )
    .concat('activity_user_count', 'activity_device_count')
    .map((name) => [name, 0]),
)

async function command(document: Row): Promise<Row> {
  const { space } = shop.space
  return (await (await space.database()).command(space.databaseName, document)) as Row
}

async function insert(collection: string, documents: readonly object[]): Promise<void> {
  for (let at = 0; at < documents.length; at += 5000) {
    await command({ insert: collection, documents: documents.slice(at, at + 5000) })
  }
}

async function all(collection: string, filter: Row = {}): Promise<Row[]> {
  const { cursor } = (await command({ find: collection, filter, batchSize: 1_000_000 })) as {
    cursor: { firstBatch: Row[]; id: unknown; ns: string }
  }
  const rows = cursor.firstBatch
  for (let { id } = cursor; Number(id) !== 0; ) {
    const more = (await command({ getMore: id, collection, batchSize: 1_000_000 })) as {
      cursor: { nextBatch: Row[]; id: unknown }
    }
    rows.push(...more.cursor.nextBatch)
    id = more.cursor.id
  }
  return rows
}

/** What is stored, under the names that `figuresOf` gives. */
async function storedRows(): Promise<Map<string, Figures>> {
  const text = async (table: string, field: string): Promise<Map<string, unknown>> =>
    new Map((await all(table)).map((row) => [String(row._id), row[field]]))
  const platforms = await text('uni-stat-app-platforms', 'code')
  const channels = await text('uni-stat-app-channels', 'channel_code')
  const versions = await text('opendb-app-versions', 'version')
  const rows = (await all('uni-stat-pay-result')).map((row): [string, Figures] => {
    const group = groupName(
      row.appid,
      platforms.get(String(row.platform_id)),
      versions.get(String(row.version_id)),
      channels.get(String(row.channel_id)),
    )
    const start = new Date(Number(row.start_time) + 8 * 3600_000).toISOString().slice(0, 16)
    const figures = Object.fromEntries(Object.keys(noFigures).map((name) => [name, Number(row[name])]))
    return [`${row.dimension} ${start} ${group}`, figures]
  })
  const found = new Map(rows)
  // Of each window and group there is one.
  expect(found.size).toBe(rows.length)
  return found
}

/** The first few, for whoever has to find out why. */
function differences(found: Map<string, Figures>, wanted: Map<string, Figures>): unknown[] {
  const keys = new Set([...found.keys(), ...wanted.keys()])
  return [...keys]
    .filter((key) => !same(found.get(key), wanted.get(key)))
    .slice(0, 5)
    .map((key) => ({ key, found: found.get(key), wanted: wanted.get(key) }))
}

function same(a: Figures | undefined, b: Figures | undefined): boolean {
  return a !== undefined && b !== undefined && Object.keys(noFigures).every((name) => a[name] === b[name])
}

function isLatest(key: string): boolean {
  return [`week ${year}-12-28`, `month ${year}-12`, `quarter ${year}-10`, `year ${year}`].some((prefix) =>
    key.startsWith(prefix),
  )
}

function belongs(key: string, filter: Record<string, string>): boolean {
  const [, , appid, platform, version, channel] = key.split(' ')
  return Object.entries(filter).every(
    ([name, value]) => ({ appid, platform, version, channel })[name] === value,
  )
}

function summed(rows: [string, Figures][]): Figures {
  const sum = { ...noFigures }
  for (const [, figures] of rows)
    for (const [name, value] of Object.entries(figures)) sum[name] = (sum[name] ?? 0) + value
  return sum
}

/** The filter as the pages of uni-admin send it. */
async function idsOf({ appid, platform, version, channel }: Record<string, string>): Promise<Row> {
  const id = async (table: string, condition: Row): Promise<unknown> => (await all(table, condition))[0]?._id
  const platform_id = platform && (await id('uni-stat-app-platforms', { code: platform }))
  const ids = {
    platform_id,
    channel_id: channel && (await id('uni-stat-app-channels', { appid, platform_id, channel_code: channel })),
    version_id: version && (await id('opendb-app-versions', { appid, uni_platform: platform, version })),
  }
  const known = Object.entries(ids).filter(([, value]) => value !== undefined)
  return { appid, ...Object.fromEntries(known.map(([name, value]) => [name, String(value)])) }
}
