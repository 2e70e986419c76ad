/** How a failed call rejects in a test: as the client SDK does, with the stack of the user's own code as its cause. */
import type { CallFailure } from '../runtime/invocation.ts'

export class TestCallError extends Error {
  override readonly name = 'UniCloudError'
  readonly errCode: string | number
  readonly errMsg: string
  readonly errSubject: string | undefined
  readonly requestId: string
  /** The whole result, when a cloud object answered with an `errCode` of its own (spec/runtime.md §6.1). */
  readonly detail: unknown

  constructor(
    requestId: string,
    failure: Pick<CallFailure, 'errCode' | 'errMsg' | 'errSubject' | 'stack'>,
    detail?: unknown,
  ) {
    super(failure.errMsg, failure.stack === undefined ? undefined : { cause: failure.stack })
    this.errCode = failure.errCode
    this.errMsg = failure.errMsg
    this.errSubject = failure.errSubject
    this.requestId = requestId
    this.detail = detail
  }
}
