/** The closed tables of what can be wrong, or odd, with a cron expression (spec/triggers.md §2, §3). */

export type CronErrorCode =
  | 'FIELD_COUNT'
  | 'BAD_TOKEN'
  | 'OUT_OF_RANGE'
  | 'BAD_RANGE'
  | 'BAD_STEP'
  | 'EMPTY_ITEM'
  | 'ALIYUN_SECOND'
  | 'DOM_DOW_CONFLICT'
  | 'NEVER_FIRES'

export type CronWarningCode = 'YEAR_IGNORED' | 'STEP_TOO_LARGE'

export type CronFieldName = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'weekday' | 'year'

/** Something accepted that does less than it seems to. */
export interface CronWarning {
  code: CronWarningCode
  field: CronFieldName
  /** The text of the item or field it is about. */
  value: string
  message: string
}

/** Where in the expression an error lies; absent members do not apply to the code. */
export interface CronErrorPlace {
  field?: CronFieldName
  /** The offending text. */
  value?: string
  /** What may stand there instead, in words. */
  allowed: string
}

/** A cron expression that is refused. The message names expression, field, value and what is allowed. */
export class CronError extends Error {
  override readonly name = 'CronError'
  readonly code: CronErrorCode
  readonly expression: string
  readonly field?: CronFieldName
  readonly value?: string
  readonly allowed: string

  /**
   * @param code one of the closed table
   * @param expression the whole expression as written
   * @param problem what is wrong, without expression and remedy
   * @param place where, and what is allowed there
   */
  constructor(code: CronErrorCode, expression: string, problem: string, place: CronErrorPlace) {
    super(`${code}: cron expression "${expression}": ${problem}; allowed: ${place.allowed}`)
    this.code = code
    this.expression = expression
    this.allowed = place.allowed
    if (place.field !== undefined) this.field = place.field
    if (place.value !== undefined) this.value = place.value
  }
}
