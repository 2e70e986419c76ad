/** What `initAlipay` gives (spec/uni-pay.md §2). */
import { paramError } from '../error.ts'
import { compact, type Fields, isFields, snakeCased } from '../naming.ts'
import type { NotifyEvent } from '../notify-event.ts'
import { AlipayGateway } from './gateway.ts'
import { type AlipayOptions, type Merchant, merchantOf, provider } from './merchant.ts'
import { noticeType, paymentNotice, readNotice, refundNotice, whyForged } from './notification.ts'
import { type OrderParams, orderContent, orderResult, tradeTypeOf } from './order.ts'
import { type RefundParams, refundContent, refundQueryResult, refundResult } from './refund.ts'

/** Of an order: one of the two. */
export interface OrderNumbers {
  outTradeNo?: string
  transactionId?: string
}

/**
 * A business refusal is an answer, with another `code` than `10000` and `subCode`, `subMsg`. Calls reject with
 * UniPayError when there is no answer, or when it is forged.
 */
export class Alipay {
  readonly #merchant: Merchant
  readonly #gateway: AlipayGateway

  /** @throws UniPayError `CONFIG_ERROR` */
  constructor(options: AlipayOptions) {
    this.#merchant = merchantOf(options)
    this.#gateway = new AlipayGateway(this.#merchant)
  }

  /** What the client needs to pay: JSAPI a trade number, APP a signed text, NATIVE `codeUrl` in the answer. */
  async getOrderInfo(params: OrderParams): Promise<string | Fields> {
    const tradeType = tradeTypeOf(params, this.#merchant)
    const request = {
      biz_content: JSON.stringify(orderContent(params, tradeType, this.#merchant)),
      ...(params.notifyUrl ? { notify_url: params.notifyUrl } : {}),
    }
    if (tradeType === 'APP') return await this.#gateway.orderString('alipay.trade.app.pay', request)
    if (tradeType === 'JSAPI') {
      const { tradeNo, ...answer } = await this.#gateway.call('alipay.trade.create', request)
      return answer.code === '10000' && typeof tradeNo === 'string' ? tradeNo : answer
    }
    const { qrCode, ...answer } = await this.#gateway.call('alipay.trade.precreate', request)
    return compact({ ...answer, codeUrl: qrCode })
  }

  /** Before the payer has opened the cashier there is no trade: `{code: '40004', subCode: 'ACQ.TRADE_NOT_EXIST'}`. */
  async orderQuery(params: OrderNumbers): Promise<Fields> {
    const answer = await this.#call('alipay.trade.query', numbersOf(params))
    return answer.code === '10000' ? orderResult(answer, this.#merchant) : answer
  }

  /** Ends a trade that may have been paid: it is closed, or the money goes back. */
  async cancelOrder(params: OrderNumbers): Promise<Fields> {
    return withTransactionId(await this.#call('alipay.trade.cancel', numbersOf(params)))
  }

  async closeOrder(params: OrderNumbers): Promise<Fields> {
    return withTransactionId(await this.#call('alipay.trade.close', numbersOf(params)))
  }

  async refund(params: RefundParams): Promise<Fields> {
    const content = { ...numbersOf(params), ...refundContent(params) }
    return refundResult(await this.#call('alipay.trade.refund', content), params.outRefundNo)
  }

  /** @param params `outRefundNo` is the order's own number where the refund had none */
  async refundQuery(params: OrderNumbers & { outRefundNo?: string }): Promise<Fields> {
    const numbers = numbersOf(params)
    const out_request_no = params.outRefundNo || params.outTradeNo
    return refundQueryResult(
      await this.#call('alipay.trade.fastpay.refund.query', compact({ ...numbers, out_request_no })),
    )
  }

  /** Nothing is checked yet. */
  checkNotifyType(event: NotifyEvent): 'payment' | 'refund' {
    return noticeType(readNotice(event))
  }

  /** @returns false when it is forged, for somebody else, or about a refund */
  async verifyPaymentNotify(event: NotifyEvent): Promise<Fields | false> {
    const notice = readNotice(event)
    return noticeType(notice) === 'payment' && this.#isGenuine(notice) && paymentNotice(notice)
  }

  /** @returns false when it is forged, for somebody else, or about a payment */
  async verifyRefundNotify(event: NotifyEvent): Promise<Fields | false> {
    const notice = readNotice(event)
    return noticeType(notice) === 'refund' && this.#isGenuine(notice) && refundNotice(notice)
  }

  /**
   * Any method of the gateway, in camelCase both ways.
   *
   * @param params `bizContent` as an object; others, such as `grantType`, as texts
   */
  async exec(method: string, params: Fields = {}): Promise<Fields> {
    const texts = Object.entries(snakeCased(params) as Fields)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, isFields(value) ? JSON.stringify(value) : String(value)])
    return await this.#gateway.call(method, Object.fromEntries(texts))
  }

  // internals

  async #call(method: string, content: Fields): Promise<Fields> {
    return await this.#gateway.call(method, { biz_content: JSON.stringify(content) })
  }

  /** Callers only learn that it is refused; why, stands in the log. */
  #isGenuine(notice: ReturnType<typeof readNotice>): boolean {
    const reason = whyForged(notice, this.#merchant)
    if (reason === undefined) return true
    const order = JSON.stringify(notice.out_trade_no)
    console.warn(`uni-pay: an Alipay notification of order ${order} is refused: ${reason}`)
    return false
  }
}

// internals

function numbersOf({ outTradeNo, transactionId }: OrderNumbers): Fields {
  if (transactionId) return { trade_no: transactionId }
  if (outTradeNo) return { out_trade_no: outTradeNo }
  throw paramError(provider, 'outTradeNo or transactionId required')
}

function withTransactionId({ tradeNo, ...answer }: Fields): Fields {
  return compact({ ...answer, transactionId: tradeNo })
}
