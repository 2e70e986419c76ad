import { ObjectId, Timestamp } from 'bson'
import { describe, expect, test } from 'vitest'
import {
  addToDate,
  type DateUnit,
  dateDifference,
  truncateDate,
} from '../../../database/engine/aggregate/date-arithmetic.ts'
import {
  civilOf,
  DAY,
  dayNumber,
  HOUR,
  isoWeekOf,
  localOf,
  weekOfYear,
} from '../../../database/engine/aggregate/dates.ts'
import { TimeZones, UTC } from '../../../database/engine/aggregate/zones.ts'
import { codeOf, evaluate } from './support.ts'

const zones = new TimeZones()
const at = (text: string) => new Date(text).getTime()
const NEW_YORK = 'America/New_York'

test('calendar agrees with JavaScript over four centuries and before', () => {
  for (let day = dayNumber(-50, 1, 1); day < dayNumber(2450, 1, 1); day += 17) {
    const { year, month, day: ofMonth } = civilOf(day * DAY)
    expect(dayNumber(year, month, ofMonth)).toBe(day)
  }
  expect(dayNumber(1970, 1, 1)).toBe(0)
  expect(dayNumber(2020, 14, 1)).toBe(dayNumber(2021, 2, 1))
  expect(dayNumber(2020, -1, 31)).toBe(dayNumber(2019, 12, 1))
  expect(localOf(2020, 1, 1, 25, -1)).toBe(at('2020-01-02T00:59:00Z'))
})

test.each([
  // date, ISO year, ISO week, ISO weekday, week from Sunday
  ['2018-12-31', 2019, 1, 1, 52],
  ['2020-12-31', 2020, 53, 4, 52],
  ['2021-01-01', 2020, 53, 5, 0],
  ['2021-01-03', 2020, 53, 7, 1],
  ['2021-01-04', 2021, 1, 1, 1],
  ['2022-01-01', 2021, 52, 6, 0],
  ['2023-01-01', 2022, 52, 7, 1],
  ['2024-12-30', 2025, 1, 1, 52],
  ['2026-12-31', 2026, 53, 4, 52],
])('weeks at the end of a year: %s', (date, year, week, weekday, fromSunday) => {
  expect(isoWeekOf(at(date))).toEqual({ year, week, weekday })
  expect(weekOfYear(at(date))).toBe(fromSunday)
})

describe('zones', () => {
  test.each([
    ['+08', '2020-06-01T00:00:00Z', 8],
    ['+0830', '2020-06-01T00:00:00Z', 8.5],
    ['-03:30', '2020-06-01T00:00:00Z', -3.5],
    ['UTC', '2020-06-01T00:00:00Z', 0],
    ['Asia/Shanghai', '2020-06-01T00:00:00Z', 8],
    ['Asia/Kolkata', '2020-06-01T00:00:00Z', 5.5],
    [NEW_YORK, '2020-03-08T06:59:59Z', -5],
    [NEW_YORK, '2020-03-08T07:00:00Z', -4],
    [NEW_YORK, '2020-11-01T05:59:59Z', -4],
    [NEW_YORK, '2020-11-01T06:00:00Z', -5],
    ['Australia/Lord_Howe', '2020-01-01T00:00:00Z', 11],
    ['Australia/Lord_Howe', '2020-07-01T00:00:00Z', 10.5],
    ['Asia/Shanghai', '1900-01-01T00:00:00Z', 8 + 5 / 60 + 43 / 3600],
  ])('%s at %s', (zone, instant, hours) => {
    expect(zones.get(zone).offsetAt(at(instant))).toBe(Math.round(hours * HOUR))
  })

  test.each([
    ['an ordinary time', '2020-07-01T12:00:00Z', '2020-07-01T16:00:00Z'],
    ['a time that is skipped', '2020-03-08T02:30:00Z', '2020-03-08T07:30:00Z'],
    ['a time that comes twice', '2020-11-01T01:30:00Z', '2020-11-01T05:30:00Z'],
    ['just before the gap', '2020-03-08T01:59:59Z', '2020-03-08T06:59:59Z'],
    ['just after the gap', '2020-03-08T03:00:00Z', '2020-03-08T07:00:00Z'],
    ['after the repetition', '2020-11-01T02:00:00Z', '2020-11-01T07:00:00Z'],
  ])('wall clock to instant in New York: %s', (_name, local, instant) => {
    expect(new Date(zones.get(NEW_YORK).toInstant(at(local)))).toEqual(new Date(instant))
  })

  test.each(['Nope/Zone', '+8', '8', '+08:0', ''])('%s is none', (name) => {
    expect(codeOf(() => zones.get(name))).toBe(40485)
  })
})

describe('$dateAdd', () => {
  test.each<[string, DateUnit, number, string, string]>([
    ['2020-01-31T00:00:00Z', 'month', 1, 'UTC', '2020-02-29T00:00:00Z'],
    ['2020-03-31T00:00:00Z', 'month', -1, 'UTC', '2020-02-29T00:00:00Z'],
    ['2020-02-29T00:00:00Z', 'year', 1, 'UTC', '2021-02-28T00:00:00Z'],
    ['2020-11-30T00:00:00Z', 'quarter', 1, 'UTC', '2021-02-28T00:00:00Z'],
    ['2020-12-31T23:59:59Z', 'second', 1, 'UTC', '2021-01-01T00:00:00Z'],
    ['2020-01-01T00:00:00Z', 'week', -1, 'UTC', '2019-12-25T00:00:00Z'],
    // A day keeps the wall clock, 24 hours do not.
    ['2020-03-07T12:00:00Z', 'day', 1, NEW_YORK, '2020-03-08T11:00:00Z'],
    ['2020-03-07T12:00:00Z', 'hour', 24, NEW_YORK, '2020-03-08T12:00:00Z'],
    ['2020-10-31T12:00:00Z', 'day', 1, NEW_YORK, '2020-11-01T13:00:00Z'],
    // The month's end is the one of the zone.
    ['2020-01-31T23:00:00Z', 'month', 1, 'Asia/Shanghai', '2020-02-29T23:00:00Z'],
  ])('%s + %s × %i in %s', (start, unit, amount, zone, result) => {
    expect(new Date(addToDate(at(start), unit, amount, zones.get(zone)))).toEqual(new Date(result))
  })
})

describe('$dateDiff', () => {
  test.each<[string, string, DateUnit, string, number]>([
    ['2020-01-31T23:59:59Z', '2020-02-01T00:00:00Z', 'month', 'UTC', 1],
    ['2019-12-31T23:00:00Z', '2020-01-01T00:00:00Z', 'year', 'UTC', 1],
    ['2020-03-31T23:00:00Z', '2020-04-01T00:00:00Z', 'quarter', 'UTC', 1],
    ['2020-03-01T00:00:00Z', '2020-01-01T00:00:00Z', 'month', 'UTC', -2],
    ['2020-01-01T00:00:00Z', '2020-01-01T23:59:59Z', 'day', 'UTC', 0],
    ['2020-01-01T15:00:00Z', '2020-01-01T17:00:00Z', 'day', 'Asia/Shanghai', 1],
    ['2020-03-08T05:00:00Z', '2020-03-09T04:00:00Z', 'day', NEW_YORK, 1],
    ['2020-03-08T05:00:00Z', '2020-03-09T04:00:00Z', 'hour', NEW_YORK, 23],
    ['2020-11-01T04:00:00Z', '2020-11-02T05:00:00Z', 'hour', NEW_YORK, 25],
    ['2020-01-04T00:00:00Z', '2020-01-05T00:00:00Z', 'week', 'UTC', 1],
    ['2020-01-01T00:59:59Z', '2020-01-01T01:00:00Z', 'minute', 'UTC', 1],
    ['2020-01-01T00:00:00.999Z', '2020-01-01T00:00:01Z', 'second', 'UTC', 1],
    ['2020-01-01T00:00:00Z', '2020-01-01T00:00:01Z', 'millisecond', 'UTC', 1000],
  ])('%s to %s in %s, %s', (start, end, unit, zone, result) => {
    expect(dateDifference(at(start), at(end), unit, zones.get(zone), 0)).toBe(result)
  })

  test('a week may begin on any day', () => {
    const [saturday, sunday, monday] = [4, 5, 6].map((day) => at(`2020-01-0${day}T00:00:00Z`))
    expect(dateDifference(saturday!, sunday!, 'week', UTC, 1)).toBe(0)
    expect(dateDifference(sunday!, monday!, 'week', UTC, 1)).toBe(1)
  })
})

describe('$dateTrunc', () => {
  test.each<[string, DateUnit, number, string, string]>([
    ['2020-05-17T13:14:15Z', 'month', 1, 'UTC', '2020-05-01T00:00:00Z'],
    ['2020-05-17T13:14:15Z', 'quarter', 1, 'UTC', '2020-04-01T00:00:00Z'],
    ['2020-05-17T13:14:15Z', 'year', 10, 'UTC', '2020-01-01T00:00:00Z'],
    ['1999-05-17T13:14:15Z', 'year', 10, 'UTC', '1990-01-01T00:00:00Z'],
    ['2020-05-17T13:14:15Z', 'hour', 6, 'UTC', '2020-05-17T12:00:00Z'],
    ['2020-05-17T13:14:15Z', 'minute', 15, 'UTC', '2020-05-17T13:00:00Z'],
    ['2020-01-01T20:00:00Z', 'day', 1, 'Asia/Shanghai', '2020-01-01T16:00:00Z'],
    ['2020-03-08T12:00:00Z', 'day', 1, NEW_YORK, '2020-03-08T05:00:00Z'],
    ['2020-03-08T12:00:00Z', 'month', 1, NEW_YORK, '2020-03-01T05:00:00Z'],
    ['2020-07-04T12:00:00Z', 'year', 1, NEW_YORK, '2020-01-01T05:00:00Z'],
    ['2020-05-20T00:00:00Z', 'week', 1, 'UTC', '2020-05-17T00:00:00Z'],
    ['2000-01-20T00:00:00Z', 'week', 2, 'UTC', '2000-01-16T00:00:00Z'],
    ['2000-01-05T00:00:00Z', 'day', 3, 'UTC', '2000-01-04T00:00:00Z'],
    ['1999-12-31T00:00:00Z', 'day', 3, 'UTC', '1999-12-29T00:00:00Z'],
  ])('%s to %s × %i in %s', (date, unit, binSize, zone, result) => {
    expect(new Date(truncateDate(at(date), unit, binSize, zones.get(zone), 0))).toEqual(new Date(result))
  })
})

describe('operators', () => {
  const d = new Date('2019-05-14T09:38:51.686Z')
  test.each<[string, unknown, unknown]>([
    ['$year of an ObjectId', { $year: new ObjectId('5e0be1000000000000000000') }, 2020],
    ['$year of a Timestamp', { $year: new Timestamp({ t: 1577836800, i: 1 }) }, 2020],
    ['$dayOfWeek', { $dayOfWeek: d }, 3],
    ['$dayOfYear', { $dayOfYear: [d] }, 134],
    ['$hour in a zone', { $hour: { date: d, timezone: NEW_YORK } }, 5],
    ['$minute in a zone', { $minute: { date: d, timezone: '+05:45' } }, 23],
    ['$millisecond', { $millisecond: d }, 686],
    ['$isoWeekYear', { $isoWeekYear: new Date('2021-01-03') }, 2020],
    [
      '$dateToParts',
      { $dateToParts: { date: d } },
      { year: 2019, month: 5, day: 14, hour: 9, minute: 38, second: 51, millisecond: 686 },
    ],
    [
      '$dateToParts ISO',
      { $dateToParts: { date: new Date('2021-01-03T01:02:03Z'), iso8601: true } },
      { isoWeekYear: 2020, isoWeek: 53, isoDayOfWeek: 7, hour: 1, minute: 2, second: 3, millisecond: 0 },
    ],
    [
      '$dateFromParts',
      { $dateFromParts: { year: 2020, month: 1, day: 1, timezone: 'Asia/Shanghai' } },
      new Date('2019-12-31T16:00:00Z'),
    ],
    [
      '$dateFromParts carries',
      { $dateFromParts: { year: 2020, month: 14, day: 0, hour: 25 } },
      new Date('2021-02-01T01:00:00Z'),
    ],
    [
      '$dateFromParts ISO',
      { $dateFromParts: { isoWeekYear: 2020, isoWeek: 53, isoDayOfWeek: 7 } },
      new Date('2021-01-03'),
    ],
    ['$dateToString', { $dateToString: { date: d } }, '2019-05-14T09:38:51.686Z'],
    [
      '$dateToString letters',
      { $dateToString: { date: d, format: '%d %G %H %j %L %m %M %S %w %u %U %V %Y %z %Z %% %b %B' } },
      '14 2019 09 134 686 05 38 51 3 2 19 20 2019 +0000 0 % May May',
    ],
    [
      '$dateToString zone',
      { $dateToString: { date: d, format: '%H:%M %z %Z', timezone: '-03:30' } },
      '06:08 -0330 -210',
    ],
    [
      '$dateToString year',
      { $dateToString: { date: new Date('0032-01-01T00:00:00Z'), format: '%Y' } },
      '0032',
    ],
    ['format from a field', { $dateToString: { date: d, format: '$f' } }, null],
    [
      '$dateTrunc startOfWeek',
      { $dateTrunc: { date: d, unit: 'week', startOfWeek: 'Mon' } },
      new Date('2019-05-13'),
    ],
  ])('%s', (_name, expression, result) => {
    expect(evaluate(expression)).toEqual(result)
  })

  test.each<[string, unknown, number]>([
    ['a number is no date', { $year: 5 }, 16006],
    ['a text is no date', { $month: '2020-01-01' }, 16006],
    ['two arguments', { $year: [d, d] }, 40536],
    ['unknown member', { $year: { date: d, zone: 'UTC' } }, 40535],
    ['no date', { $year: { timezone: 'UTC' } }, 40539],
    ['unknown zone', { $hour: { date: d, timezone: 'Nope/Zone' } }, 40485],
    ['zone is a number', { $hour: { date: d, timezone: 8 } }, 40517],
    ['format letter', { $dateToString: { date: d, format: '%Q' } }, 18536],
    ['format end', { $dateToString: { date: d, format: '50%' } }, 18535],
    ['format type', { $dateToString: { date: d, format: 5 } }, 18533],
    ['year range', { $dateToString: { date: new Date('+012000-01-01T00:00:00Z') } }, 18537],
    ['$dateFromParts without a year', { $dateFromParts: { month: 1 } }, 40516],
    ['$dateFromParts mixed', { $dateFromParts: { year: 2020, isoWeek: 1 } }, 40489],
    ['$dateFromParts fraction', { $dateFromParts: { year: 2020.5 } }, 40515],
    ['$dateFromParts range', { $dateFromParts: { year: 12000 } }, 40523],
    ['$dateAdd unit', { $dateAdd: { startDate: d, unit: 'century', amount: 1 } }, 9],
    ['$dateAdd amount', { $dateAdd: { startDate: d, unit: 'day', amount: 1.5 } }, 5166405],
    ['$dateAdd no date', { $dateAdd: { startDate: 5, unit: 'day', amount: 1 } }, 5166403],
    ['$dateDiff unit', { $dateDiff: { startDate: d, endDate: d, unit: 'century' } }, 5439014],
    ['$dateDiff no date', { $dateDiff: { startDate: 1, endDate: d, unit: 'day' } }, 5166307],
    ['$dateTrunc size', { $dateTrunc: { date: d, unit: 'day', binSize: 0 } }, 5439018],
    ['$dateTrunc week day', { $dateTrunc: { date: d, unit: 'week', startOfWeek: 'Foo' } }, 5439016],
  ])('refused: %s', (_name, expression, code) => {
    expect(codeOf(() => evaluate(expression))).toBe(code)
  })
})

describe('$dateFromString', () => {
  test.each([
    ['2020-01-02', '2020-01-02T00:00:00Z'],
    ['2020-01-02T03:04:05.678Z', '2020-01-02T03:04:05.678Z'],
    ['2020-01-02 03:04:05', '2020-01-02T03:04:05Z'],
    ['2020-01-02T03:04', '2020-01-02T03:04:00Z'],
    ['2020-01-02T03:04:05.6789+08:00', '2020-01-01T19:04:05.678Z'],
    ['2020-01-02T03:04:05+0800', '2020-01-01T19:04:05Z'],
    ['2020-01-02T03:04:05+08', '2020-01-01T19:04:05Z'],
    ['20200102T030405Z', '2020-01-02T03:04:05Z'],
    ['20200102', '2020-01-02T00:00:00Z'],
    ['2020-7', undefined],
    ['2020-07', '2020-07-01T00:00:00Z'],
    ['2020/1/2', '2020-01-02T00:00:00Z'],
    ['7/4/2017', '2017-07-04T00:00:00Z'],
    ['04.07.2017', '2017-07-04T00:00:00Z'],
    ['2020-W01-1', '2019-12-30T00:00:00Z'],
    ['2020-060', '2020-02-29T00:00:00Z'],
    ['July 4th, 2017', '2017-07-04T00:00:00Z'],
    ['July 4th, 2017 11am', '2017-07-04T11:00:00Z'],
    ['4 Jul 2017 12:39:30 BST', '2017-07-04T11:39:30Z'],
    ['Tue, 04 Jul 2017 10:00:00 GMT', '2017-07-04T10:00:00Z'],
    ['2017-Jul-04 noon', '2017-07-04T12:00:00Z'],
    ['2017-07-04T11:56:02 GMT+02:00', '2017-07-04T09:56:02Z'],
    ['2020-02-30', undefined],
    ['2020-13-01', undefined],
    ['12:30', undefined],
    ['2020-01-02T25:00', undefined],
    ['2020-01-02 America/New_York', undefined],
    ['tomorrow', undefined],
    ['zzz', undefined],
    ['', undefined],
  ])('%s', (dateString, result) => {
    const run = () => evaluate({ $dateFromString: { dateString } })
    if (result === undefined) expect(codeOf(run)).toBe(241)
    else expect(run()).toEqual(new Date(result))
  })

  test.each<[string, string, string | undefined]>([
    ['15/03/2020', '%d/%m/%Y', '2020-03-15T00:00:00Z'],
    ['2020-03-15 1:02:03.5', '%Y-%m-%d %H:%M:%S.%L', '2020-03-15T01:02:03.500Z'],
    ['2020 060', '%Y %j', '2020-02-29T00:00:00Z'],
    ['53.7.2020', '%V.%u.%G', '2021-01-03T00:00:00Z'],
    ['mar 5 2020', '%b %d %Y', '2020-03-05T00:00:00Z'],
    ['2020-03-15+0800', '%Y-%m-%d%z', '2020-03-14T16:00:00Z'],
    ['2020-03-15 +480', '%Y-%m-%d %Z', '2020-03-14T16:00:00Z'],
    ['100% 2020-03-15', '100%% %Y-%m-%d', '2020-03-15T00:00:00Z'],
    ['2020-03', '%Y-%m', undefined],
    ['2020-02-30', '%Y-%m-%d', undefined],
    ['2020-03-15x', '%Y-%m-%d', undefined],
    ['x2020-03-15', '%Y-%m-%d', undefined],
  ])('%s by %s', (dateString, format, result) => {
    const run = () => evaluate({ $dateFromString: { dateString, format } })
    if (result === undefined) expect(codeOf(run)).toBe(241)
    else expect(run()).toEqual(new Date(result))
  })

  test('zones of the argument and of the text', () => {
    const run = (dateString: string, more: object) => evaluate({ $dateFromString: { dateString, ...more } })
    expect(run('2020-01-02', { timezone: 'Asia/Shanghai' })).toEqual(new Date('2020-01-01T16:00:00Z'))
    expect(codeOf(() => run('2020-01-02T00:00:00Z', { timezone: 'Asia/Shanghai' }))).toBe(241)
    expect(run('zzz', { onError: 'bad' })).toBe('bad')
    expect(codeOf(() => evaluate({ $dateFromString: { dateString: 5 } }))).toBe(241)
  })
})
