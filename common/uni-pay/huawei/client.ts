/** What `initHuawei` gives: Huawei Pay (spec/uni-pay.md §2). */
import { requireAll, UniPayError } from '../error.ts'
import { compact, type Fields, isFields } from '../naming.ts'
import { checkIdentity, type NotifyEvent, readNotification } from '../notify-event.ts'
import { HuaweiApi } from './api.ts'
import { type HuaweiOptions, type Merchant, merchantOf, provider } from './merchant.ts'
import {
  type OrderParams,
  orderRequest,
  orderResult,
  orderString,
  type RefundParams,
  refundRequest,
  refundResult,
} from './order.ts'

/** Calls reject with UniPayError: refusals with the platform's code, forged answers with `SIGN_ERROR`. */
export class Huawei {
  readonly #merchant: Merchant
  readonly #api: HuaweiApi

  /** @throws UniPayError `CONFIG_ERROR` */
  constructor(options: HuaweiOptions) {
    this.#merchant = merchantOf(options)
    this.#api = new HuaweiApi(this.#merchant)
  }

  /** @returns the `orderStr` of `paymentService.requestPayment` */
  async getOrderInfo(params: OrderParams): Promise<string> {
    const kind = this.#merchant.clientType === 'app-harmony' ? 'app' : 'fa'
    const request = orderRequest(params, this.#merchant)
    return orderString(await this.#api.post(`/api/v2/aggr/preorder/create/${kind}`, request), this.#merchant)
  }

  /** @param params one of the two numbers */
  async orderQuery(params: { outTradeNo?: string; transactionId?: string }): Promise<Fields> {
    const { outTradeNo, transactionId } = params
    requireAll(provider, 'PARAM_ERROR', { 'outTradeNo or transactionId': transactionId || outTradeNo })
    const place = transactionId ? `orders/${part(transactionId)}` : `merc-orders/${part(outTradeNo)}`
    return orderResult(await this.#api.get(`/api/v2/aggr/transactions/${place}`))
  }

  /** Accepted; that it is done says the notification. */
  async refund(params: RefundParams): Promise<Fields> {
    return refundResult(await this.#api.post('/api/v1/aggr/transactions/refunds', refundRequest(params)))
  }

  /** @param params one of the two numbers */
  async refundQuery(params: { outRefundNo?: string; refundId?: string }): Promise<Fields> {
    const { outRefundNo, refundId } = params
    requireAll(provider, 'PARAM_ERROR', { 'outRefundNo or refundId': refundId || outRefundNo })
    const place = refundId ? `orders/${part(refundId)}` : `merc-orders/${part(outRefundNo)}`
    return refundResult(await this.#api.get(`/api/v1/aggr/transactions/refunds/${place}`))
  }

  /** Nothing is checked yet. */
  checkNotifyType(event: NotifyEvent): 'payment' | 'refund' {
    return typeOf(readNotice(event))
  }

  /** @returns false when the notification is about a refund */
  async verifyPaymentNotify(event: NotifyEvent): Promise<Fields | false> {
    const notice = readNotice(event)
    if (typeOf(notice) !== 'payment') return false
    const result = orderResult(notice)
    await this.#check(notice, async () => {
      const order = await this.orderQuery(compact({ outTradeNo: result.outTradeNo }))
      return agree(order, result, ['outTradeNo', 'transactionId', 'tradeState', 'totalFee'])
    })
    const resultCode = result.tradeState === 'SUCCESS' ? 'SUCCESS' : 'FAIL'
    return { ...result, returnCode: resultCode, resultCode }
  }

  /** @returns false when the notification is about a payment */
  async verifyRefundNotify(event: NotifyEvent): Promise<Fields | false> {
    const notice = readNotice(event)
    if (typeOf(notice) !== 'refund') return false
    const result = refundResult(notice)
    await this.#check(notice, async () => {
      const refund = await this.refundQuery(compact({ refundId: result.refundId }))
      return agree(refund, result, ['outRefundNo', 'refundId', 'refundStatus', 'refundFee'])
    })
    return result
  }

  // internals

  /** @param confirm asks the platform, where its key is not known */
  async #check(notice: Fields, confirm: () => Promise<boolean>): Promise<void> {
    const genuine = (await this.#api.isGenuine(notice)) ?? (await confirm())
    if (!genuine)
      throw new UniPayError({
        provider,
        errCode: 'SIGN_ERROR',
        errMsg: '通知验签未通过',
        api: 'notification',
      })
    checkIdentity(provider, 'appId', notice.appId, this.#merchant.appId)
    checkIdentity(provider, 'mchId', notice.mercNo, this.#merchant.mchId)
  }
}

// internals

function part(number: unknown): string {
  return encodeURIComponent(String(number))
}

function readNotice(event: NotifyEvent): Fields {
  const { body } = readNotification(provider, event)
  try {
    const value: unknown = JSON.parse(body)
    if (isFields(value)) return value
  } catch {
    // Reported below.
  }
  const errMsg = '通知格式不正确: it is not a JSON object'
  throw new UniPayError({ provider, errCode: 'FORMAT_ERROR', errMsg, api: 'notification' })
}

function typeOf({ mercRefundNo, sysRefundNo }: Fields): 'payment' | 'refund' {
  return mercRefundNo || sysRefundNo ? 'refund' : 'payment'
}

function agree(known: Fields, said: Fields, names: readonly string[]): boolean {
  return names.every((name) => known[name] === said[name])
}
