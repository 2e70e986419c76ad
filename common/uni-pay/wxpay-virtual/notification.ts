/** Events of virtual payment in our names (spec/uni-pay.md §2.4). */
import { chinaTime } from '../china-time.ts'
import { feeOf } from '../money.ts'
import { compact, type Fields, fieldsOf } from '../naming.ts'
import { type Merchant, provider } from './merchant.ts'
import { pascalToCamel } from './push.ts'

export type NotifyType = 'payment' | 'refund' | 'token' | 'unknown'

export function typeOf(event: unknown): NotifyType {
  if (event === 'xpay_goods_deliver_notify' || event === 'xpay_coin_pay_notify') return 'payment'
  return event === 'xpay_refund_notify' ? 'refund' : 'unknown'
}

/** Money of the sandbox environment must not pay orders of the live one. */
export function isOfEnvironment({ Env }: Fields, { env }: Merchant): boolean {
  return Env === undefined || Number(Env) === env
}

export function paymentNotice(event: Fields, { appId, mchId }: Merchant): Fields {
  const pay = fieldsOf(event.WeChatPayInfo)
  const bought = fieldsOf(event.GoodsInfo ?? event.CoinInfo)
  const paidTime = Number(pay.PaidTime)
  return compact({
    ...(pascalToCamel(event) as Fields),
    appId,
    mchId,
    outTradeNo: event.OutTradeNo,
    transactionId: pay.MchOrderNo,
    openid: event.OpenId,
    totalFee: priceOf(bought, 'OrigPrice'),
    cashFee: bought.ActualPrice === undefined ? undefined : priceOf(bought, 'ActualPrice'),
    feeType: 'CNY',
    timeEnd: paidTime > 0 ? chinaTime(paidTime * 1000).replace(/\D/g, '') : undefined,
    attach: bought.Attach,
    env: event.Env === undefined ? undefined : Number(event.Env),
    returnCode: 'SUCCESS',
    resultCode: 'SUCCESS',
    tradeState: 'SUCCESS',
  })
}

export function refundNotice(event: Fields, { appId, mchId }: Merchant): Fields {
  return compact({
    ...(pascalToCamel(event) as Fields),
    appId,
    mchId,
    outTradeNo: event.MchOrderId,
    transactionId: event.WxOrderId,
    outRefundNo: event.MchRefundId,
    refundId: event.WxRefundId,
    openid: event.OpenId,
    refundFee: feeOf(provider, 'RefundFee', textIfText(event.RefundFee)),
    refundStatus: Number(event.RetCode ?? 0) === 0 ? 'SUCCESS' : 'CHANGE',
  })
}

// internals

/** WeChat does not say whether a price is that of one or of all; this takes it for one (spec/payment-platforms.md §8.4). */
function priceOf(bought: Fields, name: 'OrigPrice' | 'ActualPrice'): number {
  const quantity = feeOf(provider, 'Quantity', textIfText(bought.Quantity))
  return quantity * feeOf(provider, name, textIfText(bought[name]))
}

/** In XML everything is text. */
function textIfText(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value
}
