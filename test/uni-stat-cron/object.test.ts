/** Statistics of orders that are there, as a job makes them. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fireOnce } from '../../runtime/timers.ts'
import { Shop } from '../uni-pay-co/shop.ts'

type Row = Record<string, unknown>

const china = (text: string): number => Date.parse(`${text}+08:00`)
const now = china('2026-01-05T10:19:00')
const config = {
  realtimeStat: true,
  cronMin: false,
  cron: [{ type: 'pay-result', time: '* * * 10', dimension: 'hour', timely: true }],
}
const stat_data = { platform: 'web', app_version: '1.0', channel: 'c' }
let number = 0
const order = (change: Row): Row => ({
  out_trade_no: `O${++number}`,
  appid: 'A',
  stat_data,
  total_fee: 100,
  refund_fee: 0,
  create_date: china('2026-01-05T09:30:00'),
  ...change,
})

let shop: Shop
beforeAll(async () => {
  const files = { 'common/uni-config-center/uni-stat/config.json': JSON.stringify(config) }
  shop = await Shop.open({ files, now })
  await shop.space.seed({
    'uni-pay-orders': [
      order({ status: 0, user_id: 'u1', device_id: 'd1' }),
      order({ status: 1, user_id: 'u1', device_id: 'd1', pay_date: now }),
      order({ status: 2, user_id: 'u2', device_id: 'd1', refund_fee: 30, pay_date: now }),
      order({ status: 3, total_fee: 1000, refund_fee: 1000, pay_date: now }),
      order({ status: 1, stat_data: { ...stat_data, platform: 'mp-weixin' } }),
      order({ status: 1, appid: undefined }),
      order({ status: 1, create_date: china('2026-01-05T08:59:59') }),
      order({ status: 1, create_date: china('2026-01-05T10:00:00') }),
    ].map((row) => JSON.parse(JSON.stringify(row)) as Row),
    'uni-stat-session-logs': ['d1', 'd1', 'd2'].map((device_id, at) => ({
      appid: 'A',
      version: '1.0',
      platform: at === 0 ? 'h5' : 'web',
      channel: 'c',
      device_id,
      create_time: china('2026-01-05T09:10:00'),
    })),
    'uni-stat-user-session-logs': [
      {
        appid: 'A',
        version: '1.0',
        platform: 'web',
        channel: 'c',
        uid: 'u1',
        create_time: china('2026-01-05T09:10:00'),
      },
    ],
  })
})
afterAll(() => shop.close())

async function run(): Promise<unknown> {
  const { space } = shop.space
  const outcome = await fireOnce(space, space.manifest.functions['uni-stat-cron']!, { at: new Date(now) })
  return outcome.ok
}

it('the hour that has ended, and its day', async () => {
  expect(await run()).toBe(true)
  const rows = await shop.rows({ dimension: 'hour' }, 'uni-stat-pay-result')
  expect(rows).toHaveLength(2)
  const web = rows.find((row) => row.create_order_count === 4)
  expect(web).toMatchObject({
    appid: 'A',
    start_time: china('2026-01-05T09:00:00'),
    end_time: china('2026-01-05T10:00:00') - 1,
    stat_date: { date_str: '2026-01-05', year: 2026, month: 1, day: 5, hour: 9 },
    create_total_amount: 1300,
    create_user_count: 2,
    create_device_count: 1,
    pay_total_amount: 1200,
    pay_order_count: 3,
    pay_user_count: 2,
    refund_total_amount: 1030,
    refund_order_count: 2,
    refund_user_count: 1,
    activity_device_count: 2,
    activity_user_count: 1,
  })
  const [platform] = await shop.rows({ _id: web?.platform_id }, 'uni-stat-app-platforms')
  expect(platform).toMatchObject({ code: 'web' })
  const [version] = await shop.rows({ _id: web?.version_id }, 'opendb-app-versions')
  expect(version).toMatchObject({ version: '1.0', create_env: 'uni-stat', stable_publish: false })
})

it('again: the hour stays, the day is made anew', async () => {
  const before = await shop.rows({}, 'uni-stat-pay-result')
  expect(await run()).toBe(true)
  const after = await shop.rows({}, 'uni-stat-pay-result')
  expect(after).toHaveLength(before.length)
  const hours = (rows: Row[]) => rows.filter(({ dimension }) => dimension === 'hour')
  expect(hours(after)).toEqual(hours(before))
  expect(await shop.rows({}, 'uni-stat-app-platforms')).toHaveLength(2)
  expect(await shop.rows({}, 'uni-stat-run-errors')).toEqual([])
})

it('what administrators see, and nobody else', async () => {
  const ask = (role: string[], permission: string[] = []) =>
    shop.space
      .as({ clientInfo: { platform: 'web' }, uniIdToken: shop.token({ role, permission }) })
      .importObject('uni-stat-cron')
  const { data } = (await ask(['admin']).overview!({ appid: 'A' })) as { data: Record<string, Row> }
  expect(data.today).toMatchObject({ gmv: 1600, gpv: 1500, net: 470 })
  expect(data.yesterday).toMatchObject({ gmv: 0 })
  const ranking = (await ask([], ['READ_UNI_STAT_PAY']).ranking!({ from: now })) as { data: Row[] }
  expect(ranking.data).toEqual([
    { user_id: 'u1', total_fee: 100, refund_fee: 0, net_fee: 100, order_count: 1 },
    { user_id: 'u2', total_fee: 100, refund_fee: 30, net_fee: 70, order_count: 1 },
  ])
  await expect(ask([]).overview!({})).rejects.toMatchObject({ errCode: 50403 })
  const anonymous = shop.space.as({ clientInfo: { platform: 'web' } }).importObject('uni-stat-cron')
  await expect(anonymous.ranking!({})).rejects.toMatchObject({ errCode: 'uni-id-check-token-failed' })
})
