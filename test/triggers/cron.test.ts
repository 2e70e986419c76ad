import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CronError, type CronProvider, parseCron } from '../../triggers/cron.ts'

interface Vectors {
  errorCodes: string[]
  valid: {
    id: string
    provider: CronProvider
    expr: string
    ref: string
    next: string[]
    warnings: string[]
  }[]
  invalid: { id: string; provider: CronProvider; expr: string; code: string }[]
}

const vectors = JSON.parse(
  readFileSync(new URL('../conformance/cron-vectors.json', import.meta.url), 'utf8'),
) as Vectors

describe('conformance vectors', () => {
  it.each(vectors.valid)('$id $provider "$expr"', ({ provider, expr, ref, next, warnings }) => {
    const cron = parseCron(expr, provider)
    const found = cron.upcoming(new Date(ref), next.length < 3 ? next.length + 1 : 3)
    expect(found.map((date) => date.toISOString())).toEqual(next)
    expect(cron.warnings.map((warning) => warning.code)).toEqual(warnings)
  })

  it.each(vectors.invalid)('$id $provider "$expr" is refused', ({ provider, expr, code }) => {
    const error = refusal(expr, provider)
    expect(error.code).toBe(code)
    expect(vectors.errorCodes).toContain(error.code)
    expect(error.message).toContain(`"${expr}"`)
    expect(error.message).toContain('; allowed: ')
  })
})

describe('what the vectors leave open', () => {
  it.each([
    ['tencent', '0 */1.5 * * * * *', 'BAD_STEP'],
    ['tencent', '0 1-2-3 * * * * *', 'BAD_RANGE'],
    ['tencent', '0 +5 * * * * *', 'BAD_TOKEN'],
    ['tencent', '0 70/0 * * * * *', 'BAD_STEP'],
    ['tencent', '0 99999999999999999999 * * * * *', 'OUT_OF_RANGE'],
    ['tencent', 'x y * * * * *', 'BAD_TOKEN'],
    ['aliyun', '* 99 * * * *', 'ALIYUN_SECOND'],
    ['aliyun', 'L * * * * * *', 'ALIYUN_SECOND'],
    ['dcloud', '* * * * *', 'FIELD_COUNT'],
    ['dcloud', '0 0 0 29 2 * 2025', 'NEVER_FIRES'],
  ] as const)('%s "%s" -> %s', (provider, expr, code) => {
    expect(refusal(expr, provider).code).toBe(code)
  })

  it('names field, value and what is allowed', () => {
    const error = refusal('0 0 0 * 1,13 * *', 'tencent')
    expect(error).toMatchObject({ field: 'month', value: '13', allowed: '1-12' })
    expect(error.message).toBe(
      'OUT_OF_RANGE: cron expression "0 0 0 * 1,13 * *": month (field 5) "13" is out of range; allowed: 1-12',
    )
  })

  it('dcloud takes six fields and a year that counts', () => {
    expect(parseCron('*/5 * * * * *', 'dcloud').nextAfter(new Date('2025-03-10T01:02:03Z'))).toEqual(
      new Date('2025-03-10T01:02:05Z'),
    )
    expect(parseCron('0 0 0 1 1 * 2030', 'dcloud').upcoming(new Date('2025-03-10'), 3)).toHaveLength(1)
  })

  it('takes tabs and line breaks for blanks, and references before 1970 and after 2099', () => {
    const cron = parseCron(' 0\t0 0\n1 1 * * ', 'tencent')
    expect(cron.nextAfter(new Date('1900-01-01'))).toEqual(new Date('1969-12-31T16:00:00Z'))
    expect(cron.nextAfter(new Date('2100-01-01'))).toBeUndefined()
    expect(() => cron.nextAfter(new Date(Number.NaN))).toThrow(RangeError)
  })
})

// internals

function refusal(expr: string, provider: CronProvider): CronError {
  try {
    parseCron(expr, provider)
  } catch (error) {
    if (error instanceof CronError) return error
    throw error
  }
  throw new Error(`"${expr}" was accepted`)
}
