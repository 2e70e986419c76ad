import { describe, expect, it } from 'vitest'
import { compareVersions } from '../../cloudobjects/uni-upgrade-center/compare-versions.ts'
import { decide, type Platform, platformOf } from '../../cloudobjects/uni-upgrade-center/decide.ts'
import { requestParameters } from '../../cloudobjects/uni-upgrade-center/http-request.ts'
import { argument, cases, compare, expectedAnswer } from './cases.ts'

describe('comparison of versions', () => {
  it('has the vectors it should have', () => expect([compare.length, cases.length]).toEqual([20, 60]))

  it.each(compare)('%j against %j is %i', (first, second, result) => {
    expect(compareVersions(argument(first), argument(second))).toBe(result)
    expect(compareVersions(argument(second), argument(first)) + result).toBe(0)
  })
})

describe('decision', () => {
  it.each(cases)('$id $title', (one) => {
    const http = one.channel === 'http'
    const request = http ? requestParameters(one.event as never) : one.event
    const answer = request
      ? decide(request, platformOf(one.context.OS), one.rows)
      : { code: 500, msg: '请求错误' }
    expect(answer).toEqual(expectedAnswer(one))
  })

  it('does not depend on the order of the rows', () => {
    for (const one of cases.filter(({ channel }) => channel === 'client')) {
      const rows = [...one.rows].reverse()
      expect(decide(one.event, platformOf(one.context.OS), rows), one.id).toEqual(expectedAnswer(one))
    }
  })

  it('counts dates as well as numbers, and offers a row without changing it', () => {
    const row = (version: string, create_date: unknown) => ({
      appid: 'a',
      platform: ['Android'],
      type: 'native_app',
      stable_publish: true,
      version,
      create_date,
    })
    const rows = [row('3.0', 5), row('2.0', new Date(9)), row('4.0', undefined)]
    const before = structuredClone(rows)
    const request = { appid: 'a', appVersion: '1.0', wgtVersion: '1.0' }
    expect(decide(request, 'Android', rows)).toMatchObject({ code: 102, version: '2.0' })
    expect(rows).toEqual(before)
  })

  it('a field of the row wins over code and message', () => {
    const row = {
      appid: 'a',
      platform: 'iOS',
      type: 'native_app',
      stable_publish: true,
      version: '2',
      message: 'm',
    }
    const request = { appid: 'a', appVersion: '1', wgtVersion: '1' }
    expect(decide(request, 'iOS', [row])).toMatchObject({ code: 102, message: 'm' })
  })

  it.each([
    ['android', 'Android'],
    ['ios', 'iOS'],
    ['harmonyos', 'Harmony'],
    ['iOS', 'Android'],
    ['windows', 'Android'],
    [undefined, 'Android'],
  ] as [unknown, Platform][])('the system %s is %s', (os, platform) => expect(platformOf(os)).toBe(platform))
})
