/** Refunds of WeChat Pay V3 in our names (spec/uni-pay.md §2.3 refund, refundQuery; §2.4 verifyRefundNotify). */
import { requireAll } from '../error.ts'
import { feeOf } from '../money.ts'
import { camelCased, compact, type Fields, fieldsOf, snakeCased } from '../naming.ts'
import { provider } from './merchant.ts'

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
  /** Default CNY. */
  refundFeeType?: string
  refundDesc?: string
  notifyUrl?: string
  [extra: string]: unknown
}

export function refundRequest(params: RefundParams): Fields {
  const { outTradeNo, transactionId, outRefundNo, totalFee, refundFee, ...rest } = params
  const { refundFeeType = 'CNY', refundDesc, notifyUrl, ...extra } = rest
  requireAll(provider, 'PARAM_ERROR', {
    'outTradeNo or transactionId': transactionId ?? outTradeNo,
    outRefundNo,
  })
  return compact({
    ...(transactionId ? { transaction_id: transactionId } : { out_trade_no: outTradeNo }),
    out_refund_no: outRefundNo,
    reason: refundDesc,
    notify_url: notifyUrl,
    amount: {
      refund: feeOf(provider, 'refundFee', refundFee),
      total: feeOf(provider, 'totalFee', totalFee),
      currency: refundFeeType,
    },
    ...(snakeCased(extra) as Fields),
  })
}

/** A refund as the platform answers it; `refundFee` is there while `status` is still PROCESSING. */
export function refundResult(refund: Fields): Fields {
  const { total, refund: fee, payer_refund, settlement_total, settlement_refund } = fieldsOf(refund.amount)
  return compact({
    ...(camelCased(refund) as Fields),
    totalFee: total,
    refundFee: fee,
    cashRefundFee: payer_refund,
    settlementTotalFee: settlement_total,
    settlementRefundFee: settlement_refund,
    refundDesc: refund.reason,
    refundStatus: refund.status === undefined ? undefined : publishedStatus(refund.status),
    refundRecvAccout: refund.user_received_account,
  })
}

/** A refund as a notification carries it. */
export function refundNotice(refund: Fields): Fields {
  const { total, refund: fee, payer_total, payer_refund } = fieldsOf(refund.amount)
  return compact({
    ...(camelCased(refund) as Fields),
    appId: refund.appid,
    mchId: refund.mchid,
    totalFee: total,
    refundFee: fee,
    settlementTotalFee: payer_total,
    settlementRefundFee: payer_refund,
    refundStatus: publishedStatus(refund.refund_status),
    refundAccount: refund.funds_account,
    // Spelled so since V2.
    refundRecvAccout: refund.user_received_account,
  })
}

// internals

/** The names of V2, which the documentation of uni-pay uses for both. */
function publishedStatus(status: unknown): unknown {
  if (status === 'ABNORMAL') return 'CHANGE'
  return status === 'CLOSED' ? 'REFUNDCLOSE' : status
}
