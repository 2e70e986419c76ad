/** Orders of Alipay in our names (spec/uni-pay.md §2.3 getOrderInfo, orderQuery). */
import { isApp } from '../client-type.ts'
import { paramError, requireAll } from '../error.ts'
import { compact, type Fields, snakeCased, textOf } from '../naming.ts'
import { inFen, listInFen, yuanFor } from './amounts.ts'
import { type Merchant, provider } from './merchant.ts'

export type TradeType = 'JSAPI' | 'APP' | 'NATIVE'

export interface OrderParams {
  outTradeNo: string
  /** fen */
  totalFee: number
  subject: string
  body?: string
  notifyUrl: string
  /** Without one the client's type decides. */
  tradeType?: string
  /** Of the payer, for JSAPI: a user id (`2088…`) or an openid. */
  openid?: string
  /** Further parameters of the platform, in camelCase. */
  [extra: string]: unknown
}

export function tradeTypeOf({ tradeType }: OrderParams, { clientType }: Merchant): TradeType {
  if (tradeType === 'JSAPI' || tradeType === 'APP' || tradeType === 'NATIVE') return tradeType
  if (!tradeType) return isApp(clientType) ? 'APP' : 'JSAPI'
  throw paramError(provider, `tradeType must be JSAPI, APP or NATIVE, not ${tradeType}`)
}

/** `biz_content` of an order. */
export function orderContent(params: OrderParams, tradeType: TradeType, { mchId }: Merchant): Fields {
  const { outTradeNo, totalFee, openid, notifyUrl, tradeType: given, ...rest } = params
  const { spbillCreateIp, sceneInfo, bizType, ...extra } = rest
  requireAll(provider, 'PARAM_ERROR', { outTradeNo })
  return compact({
    out_trade_no: outTradeNo,
    total_amount: yuanFor('totalFee', totalFee),
    seller_id: mchId,
    product_code: tradeType === 'APP' ? 'QUICK_MSECURITY_PAY' : undefined,
    ...(tradeType === 'JSAPI' ? buyerOf(openid) : {}),
    ...(snakeCased(extra) as Fields),
  })
}

export function orderResult(answer: Fields, { appId, mchId }: Merchant): Fields {
  const { tradeStatus, tradeNo, totalAmount, settleAmount, buyerPayAmount, ...rest } = inFen(answer, amounts)
  const { buyerUserId, buyerOpenId, sendPayDate, transCurrency, payCurrency, ...others } = rest
  return compact({
    ...others,
    appId,
    mchId,
    transactionId: tradeNo,
    openid: buyerOpenId ?? buyerUserId,
    tradeState: tradeState(tradeStatus),
    totalFee: totalAmount,
    settlementTotalFee: settleAmount ?? others.receiptAmount,
    cashFee: buyerPayAmount,
    feeType: transCurrency,
    cashFeeType: payCurrency,
    timeEnd: digitsOf(sendPayDate),
    fundBillList: listInFen(answer.fundBillList, ['amount', 'realAmount']) ?? [],
    tradeSettleDetailList: listInFen(answer.tradeSettleDetailList, ['amount']),
  })
}

/** The states have WeChat's names where there is such a one. */
export function tradeState(status: unknown): unknown {
  if (status === 'WAIT_BUYER_PAY') return 'USERPAYING'
  return textOf(status)?.replace(/^TRADE_/, '')
}

/** `2026-01-01 08:00:00` -> `20260101080000` */
export function digitsOf(time: unknown): string | undefined {
  return textOf(time)?.replace(/\..*$/, '').replace(/\D/g, '')
}

// internals

const amounts = [
  'totalAmount',
  'settleAmount',
  'buyerPayAmount',
  'payAmount',
  'pointAmount',
  'invoiceAmount',
  'receiptAmount',
  'chargeAmount',
  'mdiscountAmount',
  'discountAmount',
]

/** User ids are 16 digits that begin with 2088; merchants in openid mode get another kind of text. */
function buyerOf(openid: unknown): Fields {
  if (openid === undefined) return {}
  return /^2088\d{12}$/.test(String(openid)) ? { buyer_id: openid } : { buyer_open_id: openid }
}
