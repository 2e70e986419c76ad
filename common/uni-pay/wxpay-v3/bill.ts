/** Bills of WeChat Pay V3 (spec/payment-platforms.md §3.7). */
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { requireAll, UniPayError } from '../error.ts'
import { compact, type Fields, snakeCased } from '../naming.ts'
import { provider } from './merchant.ts'

export interface BillParams {
  /** `yyyy-MM-dd`; without dashes, as V2 has it, too. */
  billDate: string
  /** ALL (default), SUCCESS, REFUND. */
  billType?: string
  /** GZIP: travels compressed; the content is text in any case. */
  tarType?: string
  [extra: string]: unknown
}

export interface FundflowParams {
  billDate: string
  /** Basic (default), Operation, Fees. */
  accountType?: string
  tarType?: string
  [extra: string]: unknown
}

export function tradeBillPath({ billDate, billType = 'ALL', ...extra }: BillParams): string {
  return `/v3/bill/tradebill?${query({ bill_date: dayOf(billDate), bill_type: billType }, extra)}`
}

export function fundflowBillPath({ billDate, accountType = 'Basic', ...extra }: FundflowParams): string {
  const account = { bill_date: dayOf(billDate), account_type: accountType.toUpperCase() }
  return `/v3/bill/fundflowbill?${query(account, extra)}`
}

/** @throws UniPayError `FORMAT_ERROR` when the answer names no file */
export function billUrl({ download_url: url }: Fields, api: string): string {
  if (typeof url === 'string' && URL.canParse(url)) return url
  throw new UniPayError({
    provider,
    errCode: 'FORMAT_ERROR',
    errMsg: `${provider} ${api}: the answer has no download_url`,
    api,
  })
}

/**
 * The text of a bill; the hash is of what is compressed (D9).
 *
 * @throws UniPayError `SIGN_ERROR` when the file is not the one that the signed answer announced
 */
export function billText(
  file: Buffer,
  { hash_type: type, hash_value: expected }: Fields,
  api: string,
): string {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file
  const found = createHash('sha1').update(bytes).digest('hex')
  if (type === 'SHA1' && found === String(expected).toLowerCase()) return bytes.toString('utf8')
  throw new UniPayError({
    provider,
    errCode: 'SIGN_ERROR',
    errMsg: `${provider} ${api}: the bill's ${String(type)} is ${found}, announced was ${String(expected)}`,
    api,
  })
}

// internals

function dayOf(billDate: unknown): string {
  requireAll(provider, 'PARAM_ERROR', { billDate })
  return String(billDate).replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3')
}

function query(fields: Fields, extra: Fields): string {
  const all = compact({ ...fields, ...(snakeCased(extra) as Fields) })
  return Object.entries(all)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')
}
