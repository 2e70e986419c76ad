/** The error that `uniCloud` members reject with (spec/runtime.md §6.1). */

/** What an error is made of; the short names are the aliases of older code. */
export interface UniCloudErrorFields {
  errCode?: string | number
  code?: string | number
  errMsg?: string
  message?: string
  errSubject?: string
  subject?: string
  cause?: unknown
  requestId?: string
  /** The whole answer of a cloud object that carried an `errCode`. */
  detail?: unknown
}

/** How deep `toJson` follows causes. */
const maxCauses = 10

export class UniCloudError extends Error {
  errCode: string | number
  errMsg: string
  declare errSubject?: string
  declare requestId?: string
  declare detail?: unknown

  constructor(fields: UniCloudErrorFields) {
    const errMsg = fields.errMsg || fields.message || 'unknown system error'
    super(errMsg, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.errMsg = errMsg
    this.errCode = fields.errCode || fields.code || 'SYSTEM_ERROR'
    const errSubject = fields.errSubject ?? fields.subject
    if (errSubject !== undefined) this.errSubject = errSubject
    if (fields.requestId !== undefined) this.requestId = fields.requestId
    if (fields.detail !== undefined) this.detail = fields.detail
  }

  override get name(): string {
    return 'UniCloudError'
  }

  /** Alias of `errCode`, as `subject` is of `errSubject` (and `message` of `errMsg`). */
  get code(): string | number {
    return this.errCode
  }

  set code(code: string | number) {
    this.errCode = code
  }

  get subject(): string | undefined {
    return this.errSubject
  }

  set subject(subject: string | undefined) {
    if (subject === undefined) delete this.errSubject
    else this.errSubject = subject
  }

  /** Plain data, causes included down to ten levels. */
  toJson(depth = 0): Record<string, unknown> | undefined {
    if (depth >= maxCauses) return undefined
    const { errCode, errMsg, errSubject, cause } = this
    return { errCode, errMsg, errSubject, cause: hasToJson(cause) ? cause.toJson(depth + 1) : cause }
  }
}

/**
 * An error of a wrong parameter, with the code and text of the client SDK (spec/runtime.md §11).
 * @param errMsg what is wrong with it
 */
export function invalidParam(errMsg: string): UniCloudError {
  return new UniCloudError({ errCode: 'INVALID_PARAM', errMsg })
}

/** A member that exists, for something this runtime or this provider does not offer. */
export function notSupported(errMsg: string): UniCloudError {
  return new UniCloudError({ errCode: 'NOT_SUPPORTED', errMsg })
}

// internals

function hasToJson(value: unknown): value is { toJson(depth: number): unknown } {
  return typeof (value as { toJson?: unknown } | null | undefined)?.toJson === 'function'
}
