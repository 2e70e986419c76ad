/** What `initAppleIapPayment` gives: purchases in the App Store (spec/uni-pay.md §2.3, §3.10). */
import type { X509Certificate } from 'node:crypto'
import { requireAll, UniPayError } from '../error.ts'
import { type Fields, fieldsOf } from '../naming.ts'
import { type NotifyEvent, readNotification } from '../notify-event.ts'
import { type AppleIapPaymentOptions, apiKeyOf, bundleIdsOf, extraRoots, provider } from './options.ts'
import { type ReceiptResult, verifyReceipt } from './receipt.ts'
import { askServer } from './server-api.ts'
import { openSigned } from './signed-data.ts'

/** Calls reject with UniPayError when there is no answer, or when it is forged. */
export class AppleIapPayment {
  readonly #options: AppleIapPaymentOptions

  constructor(options: AppleIapPaymentOptions = {}) {
    this.#options = { ...options }
  }

  /** @param params `receiptData` as the app has it, base64 */
  async verifyReceipt({ receiptData }: { receiptData: string }): Promise<ReceiptResult> {
    return await verifyReceipt(receiptData, this.#options)
  }

  /**
   * A purchase, asked for in the App Store Server API and checked; beyond the documented module.
   *
   * Needs the options `appId`, `issuerId`, `bundleId` and `appCertPath`.
   *
   * @throws UniPayError `4040010` when this environment does not know it: try the other one
   */
  async getTransaction({ transactionId }: { transactionId: string }): Promise<Fields> {
    requireAll(provider, 'PARAM_ERROR', { transactionId })
    const path = `/inApps/v1/transactions/${encodeURIComponent(transactionId)}`
    const answer = await askServer(path, apiKeyOf(this.#options), this.#options)
    const transaction = await this.verifyTransaction(answer.signedTransactionInfo)
    const environment = this.#options.sandbox ? 'Sandbox' : 'Production'
    if (transaction.environment === environment) return transaction
    throw forged(`it is of the environment ${String(transaction.environment)}, asked was ${environment}`)
  }

  /** A signed transaction that came another way; beyond the documented module. */
  async verifyTransaction(signedTransactionInfo: unknown): Promise<Fields> {
    const transaction = await openSigned(signedTransactionInfo, this.#roots())
    this.#checkBundle(transaction)
    return transaction
  }

  /**
   * An App Store Server Notification, version 2, its signed parts opened; beyond the documented module.
   *
   * @returns the notification, with `transactionInfo` and `renewalInfo` in its `data`
   */
  async verifyServerNotification(event: NotifyEvent): Promise<Fields> {
    const { body } = readNotification(provider, event)
    const notification = await openSigned(signedPayload(body), this.#roots())
    const { signedTransactionInfo, signedRenewalInfo, ...data } = fieldsOf(notification.data)
    if (notification.data === undefined) return notification
    this.#checkBundle(data)
    const opened = { ...data }
    if (signedTransactionInfo) opened.transactionInfo = await this.verifyTransaction(signedTransactionInfo)
    if (signedRenewalInfo) opened.renewalInfo = await openSigned(signedRenewalInfo, this.#roots())
    return { ...notification, data: opened }
  }

  // internals

  #roots(): X509Certificate[] {
    return extraRoots(this.#options)
  }

  /** What is bought in another app is as genuine. */
  #checkBundle({ bundleId }: Fields): void {
    const known = bundleIdsOf(this.#options)
    requireAll(provider, 'CONFIG_ERROR', { bundleId: known[0] })
    if (!known.includes(String(bundleId))) throw forged(`bundleId不匹配: it is of ${String(bundleId)}`)
  }
}

// internals

function signedPayload(body: string): unknown {
  try {
    return fieldsOf(JSON.parse(body)).signedPayload
  } catch {
    throw new UniPayError({ provider, errCode: 'FORMAT_ERROR', errMsg: '通知格式不正确: it is not JSON' })
  }
}

function forged(reason: string): UniPayError {
  return new UniPayError({
    provider,
    errCode: 'SIGN_ERROR',
    errMsg: `Apple's signed data is refused: ${reason}`,
  })
}
