/** Refunds of Alipay in our names (spec/uni-pay.md §2.3 refund, refundQuery). */
import { compact, type Fields, snakeCased } from '../naming.ts'
import { inFen, listInFen, listInYuan, yuanFor } from './amounts.ts'

export interface RefundParams {
  /** This or `transactionId`. */
  outTradeNo?: string
  transactionId?: string
  /** Needed for partial refunds; keep it when a refund is tried again. */
  outRefundNo?: string
  /** fen */
  refundFee: number
  refundDesc?: string
  [extra: string]: unknown
}

/** `biz_content`, without the order's number. Alipay notifies where the payment said, and knows the order's amount. */
export function refundContent(params: RefundParams): Fields {
  const { outTradeNo, transactionId, outRefundNo, refundFee, refundDesc, ...rest } = params
  const { totalFee, refundFeeType, notifyUrl, goodsDetail, refundRoyaltyParameters, ...extra } = rest
  return compact({
    refund_amount: yuanFor('refundFee', refundFee),
    refund_reason: refundDesc,
    out_request_no: outRefundNo,
    ...(snakeCased({
      ...extra,
      goodsDetail: listInYuan(goodsDetail, 'price'),
      refundRoyaltyParameters: listInYuan(refundRoyaltyParameters, 'amount'),
    }) as Fields),
  })
}

/** `refundFee` is what the trade has been refunded in all; 0 in a refusal. */
export function refundResult(answer: Fields, outRefundNo: string | undefined): Fields {
  const { tradeNo, buyerUserId, buyerOpenId, presentRefundBuyerAmount, refundSettlementId, ...rest } = inFen(
    answer,
    [
      'refundFee',
      'sendBackFee',
      'presentRefundBuyerAmount',
      'presentRefundDiscountAmount',
      'presentRefundMdiscountAmount',
    ],
  )
  return compact({
    ...rest,
    transactionId: tradeNo,
    openid: buyerOpenId ?? buyerUserId,
    outRefundNo,
    refundId: refundSettlementId,
    refundFee: answer.code === '10000' ? rest.refundFee : 0,
    cashRefundFee: presentRefundBuyerAmount,
    refundDetailItemList: listInFen(answer.refundDetailItemList, ['amount', 'realAmount']),
    refundPresetPaytoolList: listInFen(answer.refundPresetPaytoolList, ['amount']),
  })
}

export function refundQueryResult(answer: Fields): Fields {
  const { tradeNo, outRequestNo, totalAmount, refundAmount, refundReason, ...rest } = inFen(answer, [
    'totalAmount',
    'refundAmount',
    'sendBackFee',
    'presentRefundBuyerAmount',
    'presentRefundDiscountAmount',
    'presentRefundMdiscountAmount',
  ])
  const { refundSettlementId, gmtRefundPay, ...others } = rest
  return compact({
    ...others,
    transactionId: tradeNo,
    outRefundNo: outRequestNo,
    totalFee: totalAmount,
    refundFee: refundAmount,
    refundDesc: refundReason,
    refundId: refundSettlementId,
    refundSuccessTime: gmtRefundPay,
    refundRoyaltys: listInFen(answer.refundRoyaltys, ['refundAmount']) ?? [],
    refundDetailItemList: listInFen(answer.refundDetailItemList, ['amount', 'realAmount']),
  })
}
