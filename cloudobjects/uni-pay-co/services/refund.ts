/** refund and getRefund (spec/uni-pay.md §3.6). */
import type { Caller } from '../caller.ts'
import { notifyUrl } from '../config/config.ts'
import type { OrderRow } from '../dao/order-row.ts'
import { addRefund } from '../dao/orders.ts'
import { PayError, reasonOf } from '../pay-error.ts'
import { Merchant } from '../providers/merchant.ts'
import { findOrder, findToRefund, merchantOf, type OrderNumbers } from './find-order.ts'
import { chinaTime, yuanText } from './numbers.ts'

type Row = UniCloudGuest.Row

export interface RefundParams extends OrderNumbers {
  /** fen; default: all of it. */
  refund_fee?: unknown
  refund_desc?: unknown
  refund_fee_type?: unknown
}

/** Whether there is something to refund, the platform decides. */
export async function refund(params: RefundParams, caller: Caller): Promise<Row> {
  const order = await findToRefund(params)
  const outRefundNo = text(params.out_refund_no) ?? `${order.out_trade_no}-${(order.refund_count ?? 0) + 1}`
  const refundFee = params.refund_fee === undefined ? order.total_fee : params.refund_fee
  const refundDesc = text(params.refund_desc) ?? '用户申请退款'
  await checkMerchant(order)
  const reporting = reportingOf(order, caller)
  let result: Row
  try {
    const merchant = await merchantOf(order)
    if (!merchant.has('refund')) throw new Error(`${order.provider}不支持退款`)
    result = await merchant.call('refund', {
      outTradeNo: order.out_trade_no,
      outRefundNo,
      totalFee: order.total_fee,
      refundFee,
      refundDesc,
      refundFeeType: text(params.refund_fee_type) ?? 'CNY',
      ...reporting,
      ...virtualOf(order),
    })
  } catch (error) {
    return refusedRefund(error)
  }
  if (!result?.refundFee) throw new PayError(53002, { detail: String(result?.subMsg ?? '') })
  // Alipay's figure is that of all refunds of the trade so far; ours is what was asked for and granted.
  const entry = { refund_date: Date.now(), refund_fee: Number(refundFee), out_refund_no: outRefundNo }
  await addRefund(order._id, { ...entry, refund_desc: refundDesc })
  return { errCode: 0, errMsg: 'ok', result }
}

/** The newest refund, as the platform sees it, and all of them in words. */
export async function getRefund(params: OrderNumbers): Promise<Row> {
  const order = await findOrder(params)
  const newest = order.refund_list?.[0]
  if (!newest) throw new PayError(53003)
  const merchant = await merchantOf(order)
  if (!merchant.has('refundQuery')) throw new PayError(53003)
  const { provider, openid, out_trade_no } = order
  const numbers = { outTradeNo: out_trade_no, outRefundNo: newest.out_refund_no }
  const result = await merchant.call(
    'refundQuery',
    provider === 'wxpay-virtual' ? { ...numbers, openid } : numbers,
  )
  if (!(Number(result?.refundFee) > 0)) throw new PayError(53003)
  return { errCode: 0, errMsg: summary(order), pay_order: publicPart(order), result }
}

// internals

/**
 * What is wrong with the configuration is no refusal of the platform's.
 *
 * @throws PayError 53005 for a certificate that is none, Error for anything else
 */
async function checkMerchant({ provider, provider_pay_type: payType }: OrderRow): Promise<void> {
  try {
    await Merchant.open({ provider, payType, offline: true })
  } catch (error) {
    throw certificateTrouble.test(reasonOf(error)) ? new PayError(53005) : error
  }
}

/** Platforms that report refunds where they are told to; Alipay does so where the payment was reported. */
function reportingOf({ provider, provider_pay_type }: OrderRow, { cloudInfo }: Caller): Row {
  if (provider !== 'wxpay' && provider !== 'huawei') return {}
  return { notifyUrl: notifyUrl(cloudInfo.spaceId, provider, provider_pay_type) }
}

function virtualOf({ provider, openid, total_fee, refund_fee }: OrderRow): Row {
  if (provider !== 'wxpay-virtual') return {}
  return { openid, refundReason: '3', reqFrom: '2', leftFee: total_fee - (refund_fee ?? 0) }
}

/** What the platform refuses is an answer; a certificate that does not work is not. */
function refusedRefund(error: unknown): Row {
  const reason = reasonOf(error)
  if (certificateTrouble.test(reason)) throw new PayError(53005)
  const { errCode, errMsg, provider, api, httpStatus } = error as Row
  const err = { errCode, errMsg: errMsg ?? reason, provider, api, httpStatus }
  return { errCode: -1, errMsg: reason, err }
}

const certificateTrouble =
  /verify failure|header too long|invalid base64 body|does not hold a (certificate|private key)|mac verify/i

function publicPart(order: OrderRow): Row {
  const { total_fee, refund_fee, refund_count, refund_list, provider, provider_pay_type } = order
  const { status, type, out_trade_no, transaction_id } = order
  const refunds = { total_fee, refund_fee, refund_count, refund_list }
  return { ...refunds, provider, provider_pay_type, status, type, out_trade_no, transaction_id }
}

function summary({ refund_fee, refund_list = [] }: OrderRow): string {
  const lines = refund_list.map(
    (entry, index) =>
      `${index + 1}、 ${chinaTime(entry.refund_date)} \r\n退款 ${yuanText(entry.refund_fee)} \r\n`,
  )
  return `合计退款 ${yuanText(refund_fee)}\r\n${lines.join('')}`
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
