/** Orders and refunds of Huawei Pay in our names (spec/uni-pay.md §2.3). */
import { randomBytes } from 'node:crypto'
import { compactTime } from '../china-time.ts'
import { requireAll, UniPayError } from '../error.ts'
import { feeOf } from '../money.ts'
import { compact, type Fields } from '../naming.ts'
import { type Merchant, provider } from './merchant.ts'
import { signedContent, signMerchant } from './signature.ts'

export interface OrderParams {
  outTradeNo: string
  /** fen */
  totalFee: number
  subject: string
  notifyUrl: string
  /** One of `HuaweiPaymentBizType`. */
  bizType?: string
  /** Further parameters of the platform. */
  [extra: string]: unknown
}

export interface RefundParams {
  /** This or `transactionId`. */
  outTradeNo?: string
  transactionId?: string
  /** Keep it when a refund is tried again. */
  outRefundNo: string
  /** fen */
  refundFee: number
  refundDesc?: string
  notifyUrl: string
  [extra: string]: unknown
}

export function orderRequest(params: OrderParams, { appId, mchId }: Merchant): Fields {
  const { outTradeNo, totalFee, subject, body, notifyUrl, ...rest } = params
  const { tradeType, openid, spbillCreateIp, sceneInfo, ...extra } = rest
  requireAll(provider, 'PARAM_ERROR', { outTradeNo, subject: subject || body, notifyUrl })
  return compact({
    appId,
    mercNo: mchId,
    mercOrderNo: outTradeNo,
    tradeSummary: subject || body,
    totalAmount: feeOf(provider, 'totalFee', totalFee),
    currency: 'CNY',
    callbackUrl: notifyUrl,
    ...extra,
  })
}

/** What `paymentService.requestPayment` takes. */
export function orderString({ prepayId }: Fields, merchant: Merchant): string {
  if (!prepayId) throw new UniPayError({ provider, errCode: 'FORMAT_ERROR', errMsg: '获取prepayId失败' })
  const { appId, mchId, authId, privateKey } = merchant
  const order = {
    app_id: appId,
    merc_no: mchId,
    prepay_id: prepayId,
    timestamp: String(Date.now()),
    noncestr: randomBytes(16).toString('hex'),
    auth_id: authId,
  }
  return JSON.stringify({ ...order, sign: signMerchant(signedContent(order), privateKey) })
}

/** An order as queries and notifications carry it. */
export function orderResult(order: Fields): Fields {
  const { sign, resultCode, resultDesc, ...fields } = order
  const [tradeState, tradeStateDesc] = stateOf(order.orderStatus)
  return compact({
    ...fields,
    appId: order.appId,
    mchId: order.mercNo,
    outTradeNo: order.mercOrderNo,
    transactionId: order.sysTransOrderNo,
    tradeState,
    tradeStateDesc,
    totalFee: order.totalAmount,
    cashFee: order.payerAmount,
    settlementTotalFee: order.totalAmount,
    feeType: order.currency,
    timeEnd: compactTime(order.finishTime),
  })
}

export function refundRequest(params: RefundParams): Fields {
  const { outTradeNo, transactionId, outRefundNo, refundFee, refundDesc, notifyUrl, ...rest } = params
  const { totalFee, refundFeeType, ...extra } = rest
  requireAll(provider, 'PARAM_ERROR', {
    'outTradeNo or transactionId': transactionId || outTradeNo,
    outRefundNo,
    notifyUrl,
  })
  return compact({
    ...(transactionId ? { sysTransOrderNo: transactionId } : { mercOrderNo: outTradeNo }),
    mercRefundOrderNo: outRefundNo,
    refundAmount: feeOf(provider, 'refundFee', refundFee),
    reason: refundDesc,
    callbackUrl: notifyUrl,
    ...extra,
  })
}

/** A refund; notifications name its numbers otherwise than answers do. */
export function refundResult(refund: Fields): Fields {
  const { sign, resultCode, resultDesc, ...fields } = refund
  return compact({
    ...fields,
    mchId: refund.mercNo,
    outTradeNo: refund.mercOrderNo,
    transactionId: refund.sysTransOrderNo,
    outRefundNo: refund.mercRefundOrderNo ?? refund.mercRefundNo,
    refundId: refund.sysRefundOrderNo ?? refund.sysRefundNo,
    totalFee: refund.totalAmount,
    refundFee: refund.refundAmount,
    cashRefundFee: refund.payerRefundAmount,
    settlementRefundFee: refund.payerRefundAmount,
    refundStatus: refundStatus(refund.refundOrderStatus),
    refundDesc: refund.reason,
    successTime: refund.finishTime,
  })
}

// internals

function stateOf(status: unknown): [state: unknown, description: string | undefined] {
  switch (status) {
    case 'TRX_SUCCESS':
      return ['SUCCESS', '支付成功']
    case 'TRX_FAILED':
      return ['FAIL', '支付失败']
    case 'TRX_APPLY':
    case 'TRX_PROC':
      return ['PROCESSING', '支付处理中']
    default:
      return [status, undefined]
  }
}

function refundStatus(status: unknown): unknown {
  switch (status) {
    case 'REFUND_SUCCESS':
      return 'SUCCESS'
    case 'REFUND_FAILED':
      return 'FAIL'
    case 'REFUND_CHL_PROC':
      return 'PROCESSING'
    default:
      return status
  }
}
