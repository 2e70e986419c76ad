/** Receipts, which Apple has retired and uni-pay 2.x still uses (spec/payment-platforms.md §6.1). */
import { requireAll, UniPayError } from '../error.ts'
import { send } from '../http-client.ts'
import { compact, type Fields, fieldsOf, isFields } from '../naming.ts'
import { type AppleIapPaymentOptions, bundleIdsOf, provider } from './options.ts'

/** Apple has no amount. */
export interface ReceiptResult {
  tradeState: 'SUCCESS' | 'NOTPAY' | 'PAYERROR'
  /** As Apple has it. */
  receipt?: Fields
  transactionId?: string
  errMsg?: string
}

/** @throws UniPayError when Apple does not answer, or without a receipt */
export async function verifyReceipt(
  receiptData: string,
  options: AppleIapPaymentOptions,
): Promise<ReceiptResult> {
  requireAll(provider, 'PARAM_ERROR', { receiptData })
  const answer = await ask(receiptData, options)
  const { status } = answer
  if (status === -1) return { tradeState: 'NOTPAY' }
  if (status !== 0) return { tradeState: 'PAYERROR', errMsg: `Error status [${String(status)}]` }
  const receipt = fieldsOf(answer.receipt)
  const known = bundleIdsOf(options)
  // A receipt of any app is genuine; whose it is, nobody else looks at.
  if (known.length > 0 && !known.includes(String(receipt.bundle_id ?? receipt.bid)))
    return { tradeState: 'PAYERROR', errMsg: `bundleId不匹配: ${String(receipt.bundle_id ?? receipt.bid)}` }
  const transactionId = transactionOf(receipt)
  return { tradeState: 'SUCCESS', receipt, ...(transactionId === undefined ? {} : { transactionId }) }
}

// internals

async function ask(receiptData: string, options: AppleIapPaymentOptions): Promise<Fields> {
  const { sandbox, password, gateway, timeout = 5000 } = options
  const host = sandbox ? 'sandbox.itunes.apple.com' : 'buy.itunes.apple.com'
  const { status, text } = await send(gateway || `https://${host}/verifyReceipt`, {
    provider,
    api: '/verifyReceipt',
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(compact({ 'receipt-data': receiptData, password: password || undefined })),
    timeout,
  })
  const answer: unknown = status === 200 ? attempt(() => JSON.parse(text)) : undefined
  if (isFields(answer) && typeof answer.status === 'number') return answer
  throw new UniPayError({
    provider,
    api: '/verifyReceipt',
    errCode: status === 200 ? 'FORMAT_ERROR' : 'REQUEST_FAIL',
    errMsg: `${provider} /verifyReceipt: ${status === 200 ? 'the answer has no status' : `HTTP ${status}`}`,
    httpStatus: status,
  })
}

/** Receipts of an app hold its purchases; the latest is the one that is asked about. */
function transactionOf({ transaction_id, in_app }: Fields): string | undefined {
  if (typeof transaction_id === 'string') return transaction_id
  const purchases = (Array.isArray(in_app) ? in_app : []).map(fieldsOf)
  const at = ({ purchase_date_ms }: Fields) => Number(purchase_date_ms ?? 0)
  const latest = purchases.reduce<Fields>((last, entry) => (at(entry) >= at(last) ? entry : last), {})
  return typeof latest.transaction_id === 'string' ? latest.transaction_id : undefined
}

function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch {
    return undefined
  }
}
