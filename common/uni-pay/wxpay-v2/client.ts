/** What `initWeixin` gives: WeChat Pay V2 (spec/uni-pay.md §2). */
import { gunzipSync } from 'node:zlib'
import { paramError, requireAll } from '../error.ts'
import { feeOf } from '../money.ts'
import { compact, type Fields } from '../naming.ts'
import type { NotifyEvent } from '../notify-event.ts'
import { WeixinV2Api } from './api.ts'
import { type Merchant, merchantOf, provider, type WeixinOptions } from './merchant.ts'
import { notifyType, paymentNotice, refundNotice } from './notification.ts'
import { clientParams, flat, type OrderParams, orderRequest, tradeTypeOf } from './order.ts'
import { resultOf } from './result.ts'
import type { SignType } from './signature.ts'

/** Numbers of an order or a refund; which one counts is the platform's rule. */
export interface Numbers {
  outTradeNo?: string
  transactionId?: string
  outRefundNo?: string
  refundId?: string
  [extra: string]: unknown
}

export interface RefundParams {
  /** This or `transactionId`. */
  outTradeNo?: string
  transactionId?: string
  /** Keep it when a refund is tried again. */
  outRefundNo: string
  /** Of the order, fen. */
  totalFee: number
  /** fen */
  refundFee: number
  refundDesc?: string
  notifyUrl?: string
  [extra: string]: unknown
}

export interface BillParams {
  /** `yyyyMMdd`, or with dashes. */
  billDate: string
  [extra: string]: unknown
}

/** Calls reject with UniPayError: refusals with the platform's code, forged answers with `SIGN_ERROR`. */
export class Weixin {
  readonly #merchant: Merchant
  readonly #api: WeixinV2Api

  /** @throws UniPayError `CONFIG_ERROR` */
  constructor(options: WeixinOptions) {
    this.#merchant = merchantOf(options)
    this.#api = new WeixinV2Api(this.#merchant)
  }

  /** Makes an order, and what the client needs to pay it; the whole answer for NATIVE and MWEB. */
  async getOrderInfo(params: OrderParams): Promise<Fields> {
    const tradeType = tradeTypeOf(params, this.#merchant)
    const signType = params.signType ?? this.#merchant.signType
    const request = orderRequest(params, tradeType, this.#merchant)
    const answer = await this.#api.post('/pay/unifiedorder', request, { signType })
    if (tradeType === 'NATIVE' || tradeType === 'MWEB') return resultOf(answer, undefined, 'unifiedOrder')
    return clientParams(tradeType, answer.prepay_id, this.#merchant, signType)
  }

  async orderQuery(params: Numbers): Promise<Fields> {
    const answer = await this.#api.post('/pay/orderquery', numbersOf(params, 'transactionId', 'outTradeNo'))
    const result = resultOf(answer, 'couponList', 'orderQuery')
    // The platform leaves it out where no coupon makes it differ.
    return { settlementTotalFee: result.totalFee, ...result }
  }

  async closeOrder(params: { outTradeNo: string; [extra: string]: unknown }): Promise<Fields> {
    const answer = await this.#api.post('/pay/closeorder', numbersOf(params, 'outTradeNo'))
    return resultOf(answer, undefined, 'closeOrder')
  }

  /** Needs the option `pfx`. */
  async refund(params: RefundParams): Promise<Fields> {
    const { outRefundNo, totalFee, refundFee } = params
    const numbers = numbersOf(params, 'transactionId', 'outTradeNo')
    requireAll(provider, 'PARAM_ERROR', { outRefundNo })
    const fees = {
      total_fee: feeOf(provider, 'totalFee', totalFee),
      refund_fee: feeOf(provider, 'refundFee', refundFee),
    }
    const answer = await this.#api.post('/secapi/pay/refund', { ...numbers, ...fees }, { certificate: true })
    return resultOf(answer, 'couponList', 'refund')
  }

  async refundQuery(params: Numbers): Promise<Fields> {
    const numbers = numbersOf(params, 'refundId', 'outRefundNo', 'transactionId', 'outTradeNo')
    return resultOf(await this.#api.post('/pay/refundquery', numbers), 'refundList', 'refundQuery')
  }

  async downloadBill(params: BillParams & { billType?: string }): Promise<{ content: string }> {
    const { billType = 'ALL', ...rest } = params
    return textOf(await this.#api.download('/pay/downloadbill', billRequest(rest, { bill_type: billType })))
  }

  /** Needs the option `pfx`. */
  async downloadFundflow(params: BillParams & { accountType?: string }): Promise<{ content: string }> {
    const { accountType = 'Basic', ...rest } = params
    const request = billRequest(rest, { account_type: accountType })
    const options = { certificate: true, signType: fundflowSignType }
    return textOf(await this.#api.download('/pay/downloadfundflow', request, options))
  }

  /** Nothing is checked yet. */
  checkNotifyType(event: NotifyEvent): 'payment' | 'refund' {
    return notifyType(event)
  }

  /** @returns false when the notification is about a refund */
  async verifyPaymentNotify(event: NotifyEvent): Promise<Fields | false> {
    return notifyType(event) === 'payment' && paymentNotice(event, this.#merchant)
  }

  /** @returns false when the notification is about a payment */
  async verifyRefundNotify(event: NotifyEvent): Promise<Fields | false> {
    return notifyType(event) === 'refund' && refundNotice(event, this.#merchant)
  }
}

// internals

/** The only one that this call knows. */
const fundflowSignType: SignType = 'HMAC-SHA256'

/** The parameters with the first number that is given, of those in question; the platform wants just one. */
function numbersOf(params: Numbers, ...names: string[]): Fields {
  const name = names.find((candidate) => params[candidate])
  if (name === undefined) throw paramError(provider, `${names.join(' or ')} required`)
  const others = names.filter((candidate) => candidate !== name)
  return compact(flat(Object.fromEntries(Object.entries(params).filter(([key]) => !others.includes(key)))))
}

function billRequest({ billDate, ...extra }: BillParams, kind: Fields): Fields {
  requireAll(provider, 'PARAM_ERROR', { billDate })
  return compact({ ...flat(extra), bill_date: String(billDate).replaceAll('-', ''), ...kind })
}

function textOf(file: Buffer): { content: string } {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file
  return { content: bytes.toString('utf8') }
}
