/** Amounts are integers in fen, 1/100 yuan; they never pass through a fraction (spec/uni-pay.md, D5). */
import { type Provider, paramError, UniPayError } from './error.ts'

/**
 * An amount that the caller gave.
 *
 * @throws UniPayError `PARAM_ERROR` when it is not a whole number of fen
 */
export function feeOf(provider: Provider, name: string, value: unknown): number {
  const fee = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof fee === 'number' && Number.isSafeInteger(fee) && fee >= 0) return fee
  if (value === undefined) throw paramError(provider, `${name} required`)
  throw paramError(provider, `${name} must be a whole number of fen (1 yuan = 100), not ${String(value)}`)
}

/** 100 -> `1.00` */
export function yuanText(fen: number): string {
  const digits = String(fen).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/**
 * `1.00` -> 100; numbers are read by their text. Undefined and empty stay undefined.
 *
 * @throws UniPayError `FORMAT_ERROR` when it is not an amount with whole fen
 */
export function fenFromYuan(provider: Provider, name: string, yuan: unknown): number | undefined {
  if (yuan === undefined || yuan === null || yuan === '') return undefined
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,2})0*)?$/.exec(String(yuan)) ?? []
  const fen = Number(whole + fraction.padEnd(2, '0'))
  if (whole !== '' && Number.isSafeInteger(fen)) return sign === '' || fen === 0 ? fen : -fen
  throw new UniPayError({
    provider,
    errCode: 'FORMAT_ERROR',
    errMsg: `${name} is not an amount in yuan: ${String(yuan)}`,
  })
}
