import { describe, expect, it } from 'vitest'
import { sharesOf, sumOf } from '../../cloudobjects/uni-stat-cron/figures.ts'
import { dueJobs } from '../../cloudobjects/uni-stat-cron/jobs.ts'
import { type Dimension, windowOf } from '../../cloudobjects/uni-stat-cron/windows.ts'

const china = (text: string): number => Date.parse(`${text}+08:00`)

describe('windows in China', () => {
  it.each<[Dimension, string, number, string, string, string]>([
    ['hour', '2026-01-01T00:30:00', 0, '2026-01-01T00:00:00', '2026-01-01T01:00:00', '2026-01-01'],
    ['hour', '2026-01-01T00:30:00', -1, '2025-12-31T23:00:00', '2026-01-01T00:00:00', '2025-12-31'],
    ['day', '2026-03-01T00:00:00', -1, '2026-02-28T00:00:00', '2026-03-01T00:00:00', '2026-02-28'],
    ['week', '2026-01-04T23:59:59', 0, '2025-12-29T00:00:00', '2026-01-05T00:00:00', '2025-12-29'],
    ['week', '2026-01-05T00:00:00', 0, '2026-01-05T00:00:00', '2026-01-12T00:00:00', '2026-01-05'],
    ['month', '2026-01-31T12:00:00', 1, '2026-02-01T00:00:00', '2026-03-01T00:00:00', '2026-02'],
    ['quarter', '2026-02-10T12:00:00', 0, '2026-01-01T00:00:00', '2026-04-01T00:00:00', '2026-01'],
    ['quarter', '2026-02-10T12:00:00', -1, '2025-10-01T00:00:00', '2026-01-01T00:00:00', '2025-10'],
    ['year', '2026-12-31T23:59:59', 0, '2026-01-01T00:00:00', '2027-01-01T00:00:00', '2026'],
  ])('%s of %s, %i on', (dimension, time, offset, start, next, date_str) => {
    const window = windowOf(dimension, china(time), offset)
    expect([window.start, window.end]).toEqual([china(start), china(next) - 1])
    expect(window.statDate.date_str).toBe(date_str)
  })
})

describe('what is due', () => {
  const item = { type: 'pay-result', time: '* * * 10', dimension: 'hour' as const, timely: true }
  const config = { realtimeStat: true, cronMin: false, cron: [item] }
  const dimensions = (now: string, change: object = {}) =>
    dueJobs({ ...config, ...change }, china(now)).map(({ window, reset }) => [window.dimension, reset])

  it.each([
    [
      '2026-01-05T10:19:00',
      [
        ['hour', false],
        ['day', true],
      ],
    ],
    [
      '2026-01-05T06:19:00',
      [
        ['hour', false],
        ['day', true],
        ['week', true],
        ['month', true],
        ['quarter', true],
        ['year', true],
      ],
    ],
    [
      '2026-01-05T07:19:00',
      [
        ['hour', false],
        ['day', true],
      ],
    ],
  ] as [string, [string, boolean][]][])('%s', (now, jobs) => expect(dimensions(now)).toEqual(jobs))

  it('the hour that has ended', () => {
    const [job] = dueJobs(config, china('2026-01-05T10:19:00'))
    expect(job?.window.start).toBe(china('2026-01-05T09:00:00'))
  })

  it.each([
    ['no realtimeStat', { realtimeStat: false }],
    ['nothing listed', { cron: [] }],
    ['another minute', { cronMin: true }],
    ['another hour', { cron: [{ ...item, time: '* * 3 *' }] }],
    ['another weekday', { cron: [{ ...item, time: '2 * * *' }] }],
    ['other statistics', { cron: [{ ...item, type: 'stat' }] }],
  ])('nothing: %s', (_name, change) => expect(dimensions('2026-01-05T10:19:00', change)).toEqual([]))
})

it('shares', () => {
  const row = { create_total_amount: 500, pay_total_amount: 300, refund_total_amount: 100, pay_user_count: 1 }
  const figures = sumOf([row, { ...row, activity_user_count: 3, activity_device_count: 7 }])
  expect(sharesOf(figures)).toEqual({
    gmv: 1000,
    gpv: 600,
    net: 400,
    user_conversion: 42.86,
    pay_conversion: 66.67,
  })
  expect(sharesOf(sumOf([]))).toEqual({ gmv: 0, gpv: 0, net: 0, user_conversion: 0, pay_conversion: 0 })
})
