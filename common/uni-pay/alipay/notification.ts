/** Notifications of Alipay (spec/payment-platforms.md §5.5, spec/uni-pay.md §2.4, D10, D12). */
import { UniPayError } from '../error.ts'
import { camelCased, compact, type Fields } from '../naming.ts'
import { type NotifyEvent, readNotification } from '../notify-event.ts'
import { verifyRsa } from '../rsa.ts'
import { inFen, listInFen } from './amounts.ts'
import { type Merchant, provider } from './merchant.ts'
import { digitsOf, tradeState } from './order.ts'
import { digestOf, notifyContent, type Params } from './signature.ts'

/** The posted form, not checked yet. */
export type Notice = Params

/** @throws UniPayError `FORMAT_ERROR` when it is no form */
export function readNotice(event: NotifyEvent): Notice {
  const { headers, body } = readNotification(provider, event)
  if (!headers['content-type']?.includes('application/x-www-form-urlencoded'))
    throw unreadable('通知格式不正确')
  const params = [...new URLSearchParams(body)]
  if (new Set(params.map(([name]) => name)).size !== params.length)
    throw unreadable('通知格式不正确: a parameter is repeated')
  return Object.fromEntries(params)
}

/** Payments may carry `refund_fee=0.00`. */
export function noticeType(notice: Notice): 'payment' | 'refund' {
  return notice.gmt_refund || Number(notice.refund_fee ?? 0) > 0 ? 'refund' : 'payment'
}

/** Why it is refused; undefined when it is Alipay's, and for this merchant. */
export function whyForged(
  notice: Notice,
  { publicKey, signType, appId, mchId }: Merchant,
): string | undefined {
  const { sign = '', sign_type, app_id, seller_id } = notice
  if (sign_type !== undefined && sign_type !== signType)
    return `its sign_type is ${JSON.stringify(sign_type)}, signType is ${signType}`
  if (!verifyRsa(notifyContent(notice), sign, publicKey, digestOf(signType)))
    return 'its signature is not that of the configured Alipay key'
  if (app_id !== appId) return `appId不匹配: it is for the app ${app_id}`
  if (mchId !== undefined && seller_id !== mchId) return `mchId不匹配: it is for the seller ${seller_id}`
  return undefined
}

export function paymentNotice(notice: Notice): Fields {
  const { fields, resultCode } = commonFields(notice)
  const { buyerPayAmount, gmtPayment, ...rest } = inFen(fields, amounts)
  return compact({
    ...rest,
    totalFee: rest.totalAmount,
    cashFee: buyerPayAmount,
    feeType: 'CNY',
    timeEnd: digitsOf(gmtPayment),
    returnCode: 'SUCCESS',
    resultCode,
    totalAmount: undefined,
  })
}

export function refundNotice(notice: Notice): Fields {
  const { fields, resultCode } = commonFields(notice)
  const { outBizNo, gmtRefund, totalAmount, ...rest } = inFen(fields, [
    ...amounts,
    'refundFee',
    'sendBackFee',
  ])
  return compact({
    ...rest,
    totalFee: totalAmount,
    outRefundNo: outBizNo,
    refundStatus: 'SUCCESS',
    successTime: String(gmtRefund ?? '').replace(/\..*$/, '') || undefined,
    returnCode: 'SUCCESS',
    resultCode,
  })
}

// internals

const amounts = ['totalAmount', 'invoiceAmount', 'receiptAmount', 'buyerPayAmount', 'pointAmount']

function commonFields(notice: Notice): { fields: Fields; resultCode: string | undefined } {
  const { sign, sign_type, ...params } = notice
  const { tradeNo, buyerId, buyerOpenId, ...rest } = camelCased(params) as Record<string, string>
  const fields = {
    ...rest,
    transactionId: tradeNo,
    openid: buyerOpenId ?? buyerId,
    tradeState: tradeState(rest.tradeStatus),
    appId: rest.appId,
    mchId: rest.sellerId,
    fundBillList: listInFen(parsed(rest.fundBillList), ['amount']) ?? [],
  }
  return { fields, resultCode: rest.tradeStatus?.replace(/^TRADE_/, '') }
}

function parsed(json: string | undefined): unknown {
  if (!json) return undefined
  try {
    return JSON.parse(json)
  } catch {
    throw unreadable('通知格式不正确: fund_bill_list is not JSON')
  }
}

function unreadable(errMsg: string): UniPayError {
  return new UniPayError({ provider, errCode: 'FORMAT_ERROR', errMsg, api: 'notification' })
}
