/** Orders over WeChat Pay V2: placing, asking, closing, taking back, and paying by the payer's code (§4.2). */
import { compactTime } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import { numbers } from '../core/numbers.ts'
import { isUnpaid, type Order, refundableOf } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { closeOrder } from '../wechat/close.ts'
import {
  codeUrl,
  merchantNumber,
  ORDER_MS,
  PREPAY_MS,
  tradeStateOf,
  tradeStateText,
} from '../wechat/trade.ts'
import { V2Error } from './errors.ts'

export type Params = Record<string, string>

const tradeTypes = ['JSAPI', 'NATIVE', 'APP', 'MWEB']

export function unifiedOrder(parts: PlatformParts, params: Params): Params {
  const tradeType = need(params, 'trade_type')
  if (!tradeTypes.includes(tradeType)) throw new V2Error('PARAM_ERROR', `trade_type ${tradeType}`)
  if (tradeType === 'JSAPI') need(params, 'openid')
  if (tradeType === 'MWEB') need(params, 'scene_info')
  need(params, 'spbill_create_ip')
  const order = place(parts, params, tradeType, need(params, 'notify_url'))
  const prepayId = numbers.prepay(parts.clock.now())
  order.prepaid.push({ id: prepayId, until: parts.clock.now() + PREPAY_MS })
  parts.ledger.changed(order)
  const answer: Params = { trade_type: tradeType, prepay_id: prepayId }
  if (tradeType === 'NATIVE') answer.code_url = codeUrl(order)
  // Merchants append `&redirect_url=…`, as WeChat tells them to.
  if (tradeType === 'MWEB') answer.mweb_url = `${parts.cashierUrl(order)}?prepay_id=${prepayId}`
  return answer
}

/** The payer shows a code, the merchant scans it: paid at once, unless he must confirm; reported to nobody. */
export function micropay(parts: PlatformParts, params: Params, call: Call): Params {
  const code = need(params, 'auth_code')
  if (!/^1[0-5]\d{16}$/.test(code)) throw new V2Error('AUTH_CODE_INVALID')
  const order = place(parts, params, 'MICROPAY', '')
  if (call.fault('order.userPaying')) {
    parts.ledger.scan(order)
    throw new V2Error('USERPAYING')
  }
  parts.ledger.pay(order, {
    payer: parts.keys().constants.wechat.openid,
    transactionId: numbers.wechatTransaction(parts.clock.now()),
  })
  return paidParams(order)
}

export function orderQuery(parts: PlatformParts, params: Params): Params {
  const order = existing(parts, params)
  const state = tradeStateOf(order)
  const common = {
    out_trade_no: order.outTradeNo,
    trade_state: state,
    trade_state_desc: tradeStateText[state],
  }
  if (order.paidAt === undefined) return { ...common, total_fee: String(order.total) }
  return { ...paidParams(order), ...common }
}

export function close(parts: PlatformParts, params: Params, call: Call): Params {
  const order = existing(parts, { out_trade_no: need(params, 'out_trade_no') })
  closeOrder(parts, order, call)
  return { result_msg: 'OK' }
}

/** Closes what is unpaid, gives back what is paid. */
export function reverse(parts: PlatformParts, params: Params): Params {
  const order = existing(parts, params)
  if (isUnpaid(order)) parts.ledger.close(order, 'REVOKED')
  else if (order.status === 'PAID' && refundableOf(order) > 0) {
    parts.ledger.refund(order, {
      outRefundNo: `reverse_${order.outTradeNo}`,
      refundId: numbers.wechatRefund(parts.clock.now()),
      amount: refundableOf(order),
      reason: 'reverse',
      notifyUrl: '',
      source: 'API',
    })
  }
  return { recall: 'N' }
}

/** @throws V2Error ORDERNOTEXIST, LACK_PARAMS */
export function existing(parts: PlatformParts, params: Params): Order {
  const { mchid } = parts.keys().constants.wechat
  const { transaction_id: transactionId, out_trade_no: outTradeNo } = params
  if (!transactionId && !outTradeNo) throw new V2Error('LACK_PARAMS', '缺少参数out_trade_no')
  // The platform's number wins where both are given.
  const order = parts.ledger.find('wxpay', mchid, transactionId ? { transactionId } : { outTradeNo })
  if (!order) throw new V2Error('ORDERNOTEXIST')
  return order
}

export function need(params: Params, name: string): string {
  const value = params[name]
  if (!value) throw new V2Error('LACK_PARAMS', `缺少参数${name}`)
  return value
}

/** Whole fen, at least one. */
export function feeAt(params: Params, name: string): number {
  const text = need(params, name)
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new V2Error('PARAM_ERROR', `参数错误：${name} ${text}`)
  return Number(text)
}

/** What a paid order looks like in answers and in its notification. */
export function paidParams(order: Order): Params {
  return {
    bank_type: 'OTHERS',
    cash_fee: String(order.paid ?? order.total),
    fee_type: 'CNY',
    is_subscribe: 'N',
    openid: order.payer ?? '',
    out_trade_no: order.outTradeNo,
    time_end: compactTime(order.paidAt ?? 0),
    total_fee: String(order.total),
    trade_type: order.tradeType,
    transaction_id: order.transactionId ?? '',
    ...(order.attach ? { attach: order.attach } : {}),
  }
}

// internals

function place(parts: PlatformParts, params: Params, tradeType: string, notifyUrl: string): Order {
  const { appid, mchid } = parts.keys().constants.wechat
  const outTradeNo = need(params, 'out_trade_no')
  if (!merchantNumber.pattern.test(outTradeNo) || outTradeNo.length > merchantNumber.max) {
    throw new V2Error('PARAM_ERROR', `参数错误：out_trade_no ${outTradeNo}`)
  }
  const wanted = {
    provider: 'wxpay',
    platform: 'wechat-v2',
    appId: appid,
    merchantId: mchid,
    outTradeNo,
    tradeType,
    description: need(params, 'body'),
    total: feeAt(params, 'total_fee'),
    attach: params.attach ?? '',
    openid: tradeType === 'JSAPI' ? need(params, 'openid') : '',
    notifyUrl,
    expiresAt: expiry(params.time_expire, parts.clock.now()),
    details: { signType: params.sign_type ?? 'MD5' },
  } as const
  const before = parts.ledger.find('wxpay', mchid, { outTradeNo })
  if (!before) return parts.ledger.create(wanted)
  if (before.status === 'PAID') throw new Refusal('paid', 'paid')
  if (!isUnpaid(before)) throw new Refusal('closed', 'closed')
  const compared = ['platform', 'tradeType', 'description', 'total', 'attach', 'openid'] as const
  if (compared.some((name) => before[name] !== wanted[name])) {
    throw new Refusal('different', 'the number is taken by an order with other data')
  }
  return before
}

/** `yyyyMMddHHmmss` */
function expiry(text: string | undefined, now: number): number {
  if (!text) return now + ORDER_MS
  const at = Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6+08:00'))
  if (Number.isNaN(at) || at <= now) throw new V2Error('PARAM_ERROR', `time_expire ${text} 时间过期`)
  return Math.min(at, now + ORDER_MS)
}
