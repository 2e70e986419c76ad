/** What `initWeixinVirtualPayment` gives: virtual payment of WeChat mini programs (spec/uni-pay.md §2). */
import { paramError, UniPayError } from '../error.ts'
import { feeOf } from '../money.ts'
import { camelCased, compact, type Fields } from '../naming.ts'
import { type NotifyEvent, readNotification } from '../notify-event.ts'
import { VirtualPaymentApi } from './api.ts'
import { type Merchant, merchantOf, provider, type WeixinVirtualPaymentOptions } from './merchant.ts'
import { isOfEnvironment, type NotifyType, paymentNotice, refundNotice, typeOf } from './notification.ts'
import {
  clientParams,
  type OrderParams,
  orderNumber,
  orderResult,
  type RefundParams,
  refundQueryResult,
  refundRequest,
  refundResult,
} from './order.ts'
import { claimedEvent, isAddressCheck, openPush } from './push.ts'
import { isSame, pushSignature } from './signature.ts'

/** Of one who has coins. */
export interface CoinParams {
  openid: string
  userIp?: string
  /** Coins. */
  amount?: number
  outTradeNo?: string
  outRefundNo?: string
  deviceType?: string
  /** Signs what spends coins. */
  sessionKey?: string
  /** JSON. */
  payitem?: string
  remark?: string
  [extra: string]: unknown
}

/** Calls reject with UniPayError, with WeChat's `errcode`. */
export class WeixinVirtualPayment {
  readonly #merchant: Merchant
  readonly #api: VirtualPaymentApi

  /** @throws UniPayError `CONFIG_ERROR` */
  constructor(options: WeixinVirtualPaymentOptions) {
    this.#merchant = merchantOf(options)
    this.#api = new VirtualPaymentApi(this.#merchant)
  }

  /** Signed parameters for the client; the platform hears of the order from there. */
  async getOrderInfo(params: OrderParams): Promise<Fields> {
    return clientParams(params, this.#merchant)
  }

  async orderQuery(params: { openid: string; outTradeNo?: string; transactionId?: string }): Promise<Fields> {
    const { openid } = required(params, 'openid')
    const answer = await this.#api.post('query_order', { openid, ...orderNumber(params) })
    return { ...this.#standing(answer), ...orderResult(answer) }
  }

  /** There is nothing to close: an order is known to the platform once it is paid. */
  async closeOrder(_params?: { outTradeNo?: string }): Promise<Fields> {
    return {}
  }

  async refund(params: RefundParams): Promise<Fields> {
    const answer = await this.#api.post('refund_order', refundRequest(params))
    return { ...this.#standing(answer), ...refundResult(answer, params) }
  }

  async refundQuery(params: { openid: string; outRefundNo: string }): Promise<Fields> {
    const { openid, outRefundNo } = required(params, 'openid', 'outRefundNo')
    const answer = await this.#api.post('query_order', { openid, order_id: outRefundNo })
    return { ...this.#standing(answer), ...refundQueryResult(answer) }
  }

  async queryUserBalance(params: CoinParams): Promise<Fields> {
    const { openid, userIp } = required(params, 'openid', 'userIp')
    return this.#result(await this.#api.post('query_user_balance', { openid, user_ip: userIp }))
  }

  /** Spends coins of the user. */
  async currencyPay(params: CoinParams): Promise<Fields> {
    if (!params?.sessionKey) throw paramError(provider, '接口 currencyPay 的参数 sessionKey 必填')
    const { sessionKey, payitem, remark } = params
    const { openid, userIp, outTradeNo, deviceType } = required(
      params,
      'openid',
      'userIp',
      'amount',
      'outTradeNo',
      'deviceType',
    )
    const request = {
      openid,
      user_ip: userIp,
      amount: coinsOf(params),
      order_id: outTradeNo,
      payitem,
      remark,
    }
    const answer = await this.#api.post('currency_pay', { ...request, device_type: deviceType }, sessionKey)
    return { outTradeNo, ...this.#result(answer, 'outTradeNo') }
  }

  /** Gives back what `currencyPay` took. */
  async cancelCurrencyPay(params: CoinParams): Promise<Fields> {
    const { openid, userIp, outTradeNo, outRefundNo, deviceType } = required(
      params,
      'openid',
      'userIp',
      'amount',
      'outTradeNo',
      'outRefundNo',
      'deviceType',
    )
    const answer = await this.#api.post('cancel_currency_pay', {
      openid,
      user_ip: userIp,
      pay_order_id: outTradeNo,
      order_id: outRefundNo,
      amount: coinsOf(params),
      device_type: deviceType,
    })
    return { outRefundNo, ...this.#result(answer, 'outRefundNo') }
  }

  async presentCurrency(params: CoinParams): Promise<Fields> {
    const { openid, outTradeNo, deviceType } = required(
      params,
      'openid',
      'userIp',
      'outTradeNo',
      'amount',
      'deviceType',
    )
    const request = { openid, order_id: outTradeNo, amount: coinsOf(params), device_type: deviceType }
    const answer = await this.#api.post('present_currency', request)
    return { outTradeNo, ...this.#result(answer, 'outTradeNo') }
  }

  /** Says that goods have been delivered, where the answer to the push was lost. */
  async notifyProvideGoods(params: { outTradeNo?: string; transactionId?: string }): Promise<Fields> {
    if (!params?.outTradeNo && !params?.transactionId) throw missing('outTradeNo')
    return this.#result(await this.#api.post('notify_provide_goods', orderNumber(params)))
  }

  /** @throws UniPayError when the push is encrypted, and not for us to read: a payment may be in it */
  checkNotifyType(event: NotifyEvent): NotifyType {
    const notification = readNotification(provider, event)
    if (isAddressCheck(notification)) return 'token'
    const push = openPush(notification, this.#merchant)
    if ('event' in push) return typeOf(push.event.Event)
    const claimed = typeOf(claimedEvent(notification))
    // What says itself what it is gets refused by the method for it.
    if (claimed !== 'unknown') return claimed
    const errMsg = `通知验签未通过: ${push.refused}`
    throw new UniPayError({ provider, errCode: 'SIGN_ERROR', errMsg, api: 'notification' })
  }

  /** @returns false when the push is about something else, null when it is forged or not for us */
  async verifyPaymentNotify(event: NotifyEvent): Promise<Fields | false | null> {
    return this.#verified(event, 'payment', paymentNotice)
  }

  /** @returns false when the push is about something else, null when it is forged or not for us */
  async verifyRefundNotify(event: NotifyEvent): Promise<Fields | false | null> {
    return this.#verified(event, 'refund', refundNotice)
  }

  /** @returns what to answer WeChat's check of the address with; null when it is not WeChat's */
  async verifyTokenNotify(
    event: NotifyEvent,
  ): Promise<{ appId: string; mchId: string; echostr: string } | null> {
    const { query } = readNotification(provider, event)
    const { signature, timestamp = '', nonce = '', echostr } = query
    const { appId, mchId, token } = this.#merchant
    const genuine = isSame(signature, pushSignature(token, timestamp, nonce))
    return genuine && echostr !== undefined ? { appId, mchId, echostr } : null
  }

  // internals

  #verified(
    event: NotifyEvent,
    wanted: NotifyType,
    translate: (event: Fields, merchant: Merchant) => Fields,
  ): Fields | false | null {
    const notification = readNotification(provider, event)
    if (isAddressCheck(notification)) return false
    const push = openPush(notification, this.#merchant)
    if ('refused' in push) return refuse(push.refused)
    if (typeOf(push.event.Event) !== wanted) return false
    if (isOfEnvironment(push.event, this.#merchant)) return translate(push.event, this.#merchant)
    return refuse(`its Env is ${Number(push.event.Env)}, sandbox is ${this.#merchant.env === 1}`)
  }

  /** Members that every result has. */
  #standing({ errmsg = 'OK' }: Fields): Fields {
    const { appId, mchId } = this.#merchant
    return { errCode: 0, errMsg: errmsg, code: 0, msg: errmsg, appId, mchId }
  }

  /** @param numberName what `order_id` is in this answer */
  #result(answer: Fields, numberName = 'orderId'): Fields {
    const { errcode, errmsg, order_id, ...fields } = answer
    return compact({ ...this.#standing(answer), ...(camelCased(fields) as Fields), [numberName]: order_id })
  }
}

// internals

/** The parameters, when all that are named are there; the error names the first that is not. */
function required<T extends object>(params: T, ...names: (keyof T & string)[]): T {
  const absent = names.find((name) => [undefined, null, ''].includes(params?.[name] as undefined))
  if (absent !== undefined) throw missing(absent)
  return params
}

function missing(name: string): UniPayError {
  return paramError(provider, `参数 ${name} 必填`)
}

function coinsOf({ amount }: CoinParams): number {
  return feeOf(provider, 'amount', amount)
}

/** Callers only learn that it is refused; why, stands in the log. */
function refuse(reason: string): null {
  console.warn(`uni-pay: a push of WeChat virtual payment is refused: ${reason}`)
  return null
}
