/** What `initWeixinV3` gives: WeChat Pay V3 (spec/uni-pay.md §2). */
import { requireAll } from '../error.ts'
import { compact, type Fields } from '../naming.ts'
import type { NotifyEvent } from '../notify-event.ts'
import { WeixinV3Api } from './api.ts'
import {
  type BillParams,
  billText,
  billUrl,
  type FundflowParams,
  fundflowBillPath,
  tradeBillPath,
} from './bill.ts'
import { type Merchant, merchantOf, provider, type WeixinV3Options } from './merchant.ts'
import { type NotifyType, openNotice } from './notification.ts'
import { clientParams, type OrderParams, orderPath, orderRequest, orderResult } from './order.ts'
import { type RefundParams, refundNotice, refundRequest, refundResult } from './refund.ts'

/** Calls reject with UniPayError: the platform's refusals with its code, forged answers with `SIGN_ERROR`. */
export class WeixinV3 {
  readonly #merchant: Merchant
  readonly #api: WeixinV3Api

  /** @throws UniPayError `CONFIG_ERROR` */
  constructor(options: WeixinV3Options) {
    this.#merchant = merchantOf(options)
    this.#api = new WeixinV3Api(this.#merchant)
  }

  /** Makes an order, and what the client needs to pay it. */
  async getOrderInfo(params: OrderParams): Promise<Fields> {
    const path = orderPath(params.tradeType)
    const answer = await this.#api.post(path, orderRequest(params, this.#merchant))
    return clientParams(params.tradeType, answer, this.#merchant)
  }

  /** @param params one of the two numbers */
  async orderQuery(params: { outTradeNo?: string; transactionId?: string }): Promise<Fields> {
    const { outTradeNo, transactionId } = params
    requireAll(provider, 'PARAM_ERROR', { 'outTradeNo or transactionId': transactionId || outTradeNo })
    const place = transactionId
      ? `id/${encodeURIComponent(transactionId)}`
      : `out-trade-no/${encodeURIComponent(String(outTradeNo))}`
    const { mchId } = this.#merchant
    return orderResult(await this.#api.get(`/v3/pay/transactions/${place}?mchid=${mchId}`))
  }

  /** The platform answers nothing; `resultCode` is what callers look for (D7). */
  async closeOrder({ outTradeNo }: { outTradeNo: string }): Promise<Fields> {
    requireAll(provider, 'PARAM_ERROR', { outTradeNo })
    const { appId, mchId } = this.#merchant
    const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(outTradeNo)}/close`
    await this.#api.post(path, { mchid: mchId })
    return { appId, mchId, outTradeNo, resultCode: 'SUCCESS' }
  }

  async refund(params: RefundParams): Promise<Fields> {
    return refundResult(await this.#api.post('/v3/refund/domestic/refunds', refundRequest(params)))
  }

  async refundQuery({ outRefundNo }: { outRefundNo: string }): Promise<Fields> {
    requireAll(provider, 'PARAM_ERROR', { outRefundNo })
    return refundResult(await this.#api.get(`/v3/refund/domestic/refunds/${encodeURIComponent(outRefundNo)}`))
  }

  async downloadBill(params: BillParams): Promise<{ content: string }> {
    return await this.#bill(tradeBillPath(params))
  }

  async downloadFundflow(params: FundflowParams): Promise<{ content: string }> {
    return await this.#bill(fundflowBillPath(params))
  }

  async checkNotifyType(event: NotifyEvent): Promise<NotifyType> {
    return (await openNotice(event, this.#merchant, this.#api)).type
  }

  /** @returns false when the notification is about something else */
  async verifyPaymentNotify(event: NotifyEvent): Promise<Fields | false> {
    const { type, content } = await openNotice(event, this.#merchant, this.#api)
    if (type !== 'payment' || !content) return false
    const resultCode = content.trade_state === 'SUCCESS' ? 'SUCCESS' : 'FAIL'
    return { ...orderResult(content), returnCode: resultCode, resultCode }
  }

  /** @returns false when the notification is about something else */
  async verifyRefundNotify(event: NotifyEvent): Promise<Fields | false> {
    const { type, content } = await openNotice(event, this.#merchant, this.#api)
    return type === 'refund' && content ? compact(refundNotice(content)) : false
  }

  // internals

  async #bill(path: string): Promise<{ content: string }> {
    const answer = await this.#api.get(path)
    const api = `GET ${path.replace(/\?.*/, '')}`
    return { content: billText(await this.#api.download(billUrl(answer, api)), answer, api) }
  }
}
