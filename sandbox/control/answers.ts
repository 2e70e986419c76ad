/** Outcomes of the control API that are no success, and how they are said over HTTP. */
import { LocalError } from '../../errors/errors.ts'
import { type Answer, jsonAnswer } from '../core/exchange.ts'
import { ClientRefused } from '../core/platform.ts'
import { Refusal, type RefusalReason } from '../core/refusal.ts'
import { wholeStory } from '../core/unusable.ts'

export class NotFound extends Error {
  override readonly name = 'NotFound'
}

const refusalCodes: Partial<Record<RefusalReason, string>> = {
  unknown: 'ORDER_NOT_EXIST',
  paid: 'ORDERPAID',
  closed: 'ORDER_CLOSED',
  unpaid: 'ORDER_NOT_PAID',
  wrongPayer: 'PAYER_MISMATCH',
  tooMuch: 'REFUND_TOO_MUCH',
  settled: 'REFUND_SETTLED',
}

/** @returns undefined for a bug of ours */
export function failureAnswer(error: unknown): Answer | undefined {
  const { message } = error as Error
  if (error instanceof NotFound) return jsonAnswer(404, { errCode: 'NOT_FOUND', errMsg: message })
  if (error instanceof Refusal) {
    return jsonAnswer(409, { errCode: refusalCodes[error.reason] ?? 'REFUSED', errMsg: message })
  }
  if (error instanceof ClientRefused) {
    const { expected } = error
    return jsonAnswer(400, {
      errCode: 'CLIENT_REFUSED',
      errMsg: message,
      ...(expected === undefined ? {} : { expected }),
    })
  }
  if (error instanceof LocalError && error.userError) {
    const status = error.code === 'DATA_UNUSABLE' ? 503 : 400
    return jsonAnswer(status, { errCode: error.code, errMsg: wholeStory(error) })
  }
  return undefined
}
