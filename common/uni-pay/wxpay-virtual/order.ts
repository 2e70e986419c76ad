/** Orders and refunds of virtual payment in our names (spec/uni-pay.md §2.3). */
import { paramError, requireAll } from '../error.ts'
import { feeOf } from '../money.ts'
import { compact, type Fields, fieldsOf } from '../naming.ts'
import { type Merchant, provider } from './merchant.ts'
import { paySignature, userSignature } from './signature.ts'

export interface OrderParams {
  mode: 'short_series_coin' | 'short_series_goods'
  outTradeNo: string
  /** Of coins or goods. */
  buyQuantity: number
  /** Of the user, from the login. */
  sessionKey: string
  /** For goods. */
  productId?: string
  /** For goods: of one, fen. */
  goodsPrice?: number
  attach?: string
  [extra: string]: unknown
}

export interface RefundParams {
  outTradeNo?: string
  transactionId?: string
  openid: string
  /** 8 to 32 characters; keep it when a refund is tried again. */
  outRefundNo: string
  /** fen */
  refundFee: number
  /** What can still be refunded, fen. */
  leftFee: number
  refundReason: '0' | '1' | '2' | '3' | '4' | '5'
  reqFrom: '1' | '2' | '3'
  bizMeta?: string
  [extra: string]: unknown
}

/** What wx.requestVirtualPayment takes; WeChat signs nothing of it. */
export function clientParams(params: OrderParams, { offerId, env, currencyType, appKey }: Merchant): Fields {
  const { mode, productId, goodsPrice, sessionKey, outTradeNo, buyQuantity, attach } = params
  const goods = mode === 'short_series_goods' ? { productId, goodsPrice } : {}
  requireAll(provider, 'PARAM_ERROR', { mode, ...goods, sessionKey, outTradeNo, buyQuantity })
  if (mode !== 'short_series_coin' && mode !== 'short_series_goods')
    throw paramError(provider, `mode must be short_series_coin or short_series_goods, not ${String(mode)}`)
  const price = goodsPrice === undefined ? undefined : feeOf(provider, 'goodsPrice', goodsPrice)
  const quantity = feeOf(provider, 'buyQuantity', buyQuantity)
  const order = { buyQuantity: quantity, outTradeNo, productId, goodsPrice: price, attach }
  const signData = JSON.stringify({ offerId, env, currencyType, ...order })
  return {
    signData,
    mode,
    paySig: paySignature('requestVirtualPayment', signData, appKey),
    signature: userSignature(signData, sessionKey),
  }
}

/** @param answer of query_order */
export function orderResult(answer: Fields): Fields {
  const order = fieldsOf(answer.order)
  const [tradeState, tradeStateDesc] = stateOf(order.status)
  return compact({
    outTradeNo: order.order_id,
    transactionId: order.wx_order_id,
    totalFee: order.order_fee,
    cashFee: order.paid_fee,
    leftFee: order.left_fee,
    couponFee: order.coupon_fee,
    refundFee: order.refund_fee,
    tradeState,
    tradeStateDesc,
    originalResult: answer,
  })
}

export function refundRequest(params: RefundParams): Fields {
  const { openid, outRefundNo, refundFee, leftFee, refundReason, reqFrom, bizMeta } = params
  requireAll(provider, 'PARAM_ERROR', { openid, outRefundNo, refundReason, reqFrom })
  return {
    openid,
    ...orderNumber(params),
    refund_order_id: outRefundNo,
    left_fee: feeOf(provider, 'leftFee', leftFee),
    refund_fee: feeOf(provider, 'refundFee', refundFee),
    biz_meta: bizMeta,
    refund_reason: refundReason,
    req_from: reqFrom,
  }
}

/** Accepted is refunded (D8). */
export function refundResult(answer: Fields, params: RefundParams): Fields {
  const { outTradeNo, transactionId, outRefundNo } = params
  const refundFee = feeOf(provider, 'refundFee', params.refundFee)
  return compact({
    outTradeNo: answer.pay_order_id ?? outTradeNo,
    transactionId: answer.pay_wx_order_id ?? transactionId,
    outRefundNo: answer.refund_order_id ?? outRefundNo,
    refundId: answer.refund_wx_order_id,
    refundFee,
    cashRefundFee: refundFee,
  })
}

/** A refund is an order of its own, found by the refund's number. */
export function refundQueryResult(answer: Fields): Fields {
  const order = fieldsOf(answer.order)
  return compact({
    outRefundNo: order.order_id,
    refundId: order.wx_order_id,
    totalFee: order.order_fee,
    refundFee: order.refund_fee,
    refundDesc: stateOf(order.status)[1],
    originalResult: answer,
  })
}

/** The merchant's number of an order, or WeChat's. */
export function orderNumber(params: { outTradeNo?: string; transactionId?: string }): Fields {
  const { outTradeNo, transactionId } = params
  requireAll(provider, 'PARAM_ERROR', { 'outTradeNo or transactionId': outTradeNo || transactionId })
  return outTradeNo ? { order_id: outTradeNo } : { wx_order_id: transactionId }
}

// internals

function stateOf(status: unknown): [state: string, description: string] {
  switch (status) {
    case 2:
    case 3:
    case 4:
      return ['SUCCESS', '支付成功']
    case 5:
    case 8:
    case 9:
    case 10:
      return ['REFUND', '订单发生过退款']
    case 6:
      return ['PAYERROR', '支付失败']
    case 7:
      // Spelled so by the published module.
      return ['REFUNDRROR', '订单退款失败']
    default:
      return ['NOTPAY', '未支付']
  }
}
