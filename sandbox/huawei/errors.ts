/** Failures of Huawei Pay (payment-platforms.md §7.3). */
import type { JsonObject } from '../core/json.ts'
import type { Refusal, RefusalReason } from '../core/refusal.ts'

const results: Record<string, string> = {
  '100000': 'System error.',
  '200000': 'Missing parameter.',
  '200001': 'Invalid parameter.',
  '200002': 'Invalid signature.',
  '300000': 'No permission.',
  '400000': 'Business error.',
  '500000': 'Internal error.',
}

const subResults: Record<string, string> = {
  INVALID_DUPLICATE_REQUEST: '200001',
  INVALID_SIGNATURE: '200002',
  CHECK_ORDER_STATUS: '400000',
  MERC_ORDER_NOT_EXIST: '400000',
  PAY_ORDER_NOT_EXIST: '400000',
  REFUND_ORDER_NOT_EXIST: '400000',
  CHECK_AMOUNT_INVALID: '400000',
  ORDER_CONCURRENT_ERROR: '400000',
  RETRY_TOO_MANY: '400000',
  NOT_IN_VALIDITY_PERIOD: '400000',
  BALANCE_NOT_ENOUGH: '400000',
}

export class HuaweiError extends Error {
  override readonly name = 'HuaweiError'
  readonly subCode: string

  /** @param subCode `MISSING_…` and `INVALID_…` of any member, or one of the business codes */
  constructor(subCode: string, message?: string) {
    super(message ?? subCode)
    this.subCode = subCode
  }
}

export function errorBody({ subCode, message }: HuaweiError): JsonObject {
  const resultCode = resultOf(subCode)
  return { resultCode, resultDesc: results[resultCode] ?? '', subCode, subDesc: message }
}

const refusals: Partial<Record<RefusalReason, string>> = {
  unknown: 'MERC_ORDER_NOT_EXIST',
  paid: 'CHECK_ORDER_STATUS',
  closed: 'CHECK_ORDER_STATUS',
  unpaid: 'CHECK_ORDER_STATUS',
  different: 'INVALID_MERC_ORDER_NO',
  tooMuch: 'CHECK_AMOUNT_INVALID',
  refundDifferent: 'CHECK_AMOUNT_INVALID',
  tooSoon: 'ORDER_CONCURRENT_ERROR',
  tooLate: 'NOT_IN_VALIDITY_PERIOD',
  noBalance: 'BALANCE_NOT_ENOUGH',
}

export function fromRefusal({ reason, message }: Refusal): HuaweiError {
  return new HuaweiError(refusals[reason] ?? 'CHECK_ORDER_STATUS', message)
}

// internals

function resultOf(subCode: string): string {
  if (results[subCode]) return subCode
  const known = subResults[subCode]
  if (known) return known
  if (subCode.startsWith('MISSING_')) return '200000'
  return subCode.startsWith('INVALID_') ? '200001' : '400000'
}
