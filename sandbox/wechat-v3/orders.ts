/** Orders over WeChat Pay V3: placing, asking, closing (payment-platforms.md §3.4, §3.5). */
import { rfc3339 } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import { type Answer, jsonAnswer } from '../core/exchange.ts'
import type { JsonObject } from '../core/json.ts'
import { numbers } from '../core/numbers.ts'
import { isUnpaid, type Order } from '../core/order.ts'
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
import { paramError, V3Error } from './errors.ts'
import { Fields } from './fields.ts'

export type TradeType = 'JSAPI' | 'APP' | 'NATIVE' | 'MWEB'

/** @param publicKeyMode whether the request asked to be answered in it; notifications of the order follow */
export function placeOrder(
  parts: PlatformParts,
  request: { body: JsonObject; mchid: string; tradeType: TradeType; publicKeyMode: boolean },
): Answer {
  const wanted = readOrder(parts, request)
  const existing = parts.ledger.find('wxpay', request.mchid, { outTradeNo: wanted.outTradeNo })
  if (existing) checkSame(existing, wanted)
  const order = existing ?? parts.ledger.create(wanted)
  const prepayId = numbers.prepay(parts.clock.now())
  order.prepaid.push({ id: prepayId, until: parts.clock.now() + PREPAY_MS })
  order.details.publicKeyMode = request.publicKeyMode
  parts.ledger.changed(order)
  switch (request.tradeType) {
    case 'NATIVE':
      return jsonAnswer(200, { code_url: codeUrl(order) })
    case 'MWEB':
      // Merchants append `&redirect_url=…`, as WeChat tells them to.
      return jsonAnswer(200, { h5_url: `${parts.cashierUrl(order)}?prepay_id=${prepayId}` })
    default:
      return jsonAnswer(200, { prepay_id: prepayId })
  }
}

/** @param which `{outTradeNo}` or `{transactionId}` */
export function queryOrder(
  parts: PlatformParts,
  mchid: string,
  which: { outTradeNo?: string | undefined; transactionId?: string | undefined },
): Answer {
  const order = parts.ledger.find('wxpay', mchid, which)
  if (!order) throw new V3Error('ORDER_NOT_EXIST')
  return jsonAnswer(200, orderBody(order))
}

export function close(parts: PlatformParts, mchid: string, outTradeNo: string, call: Call): Answer {
  const order = parts.ledger.find('wxpay', mchid, { outTradeNo })
  if (!order) throw new V3Error('ORDER_NOT_EXIST')
  // Closing twice is no mistake.
  if (isUnpaid(order) || order.status === 'PAID') closeOrder(parts, order, call)
  return { status: 204, headers: {}, body: '' }
}

/** The same members in a query's answer and, less a few, in the payment notification. */
export function orderBody(order: Order): JsonObject {
  const state = tradeStateOf(order)
  const head = {
    appid: order.appId,
    attach: order.attach,
    mchid: order.merchantId,
    out_trade_no: order.outTradeNo,
  }
  if (order.paidAt === undefined) {
    return {
      amount: { currency: 'CNY', total: order.total },
      ...head,
      payer: {},
      promotion_detail: [],
      trade_state: state,
      trade_state_desc: tradeStateText[state],
    }
  }
  return {
    amount: {
      currency: 'CNY',
      payer_currency: 'CNY',
      payer_total: order.paid ?? order.total,
      total: order.total,
    },
    appid: order.appId,
    attach: order.attach,
    bank_type: 'OTHERS',
    mchid: order.merchantId,
    out_trade_no: order.outTradeNo,
    payer: { openid: order.payer ?? '' },
    promotion_detail: [],
    success_time: rfc3339(order.paidAt),
    trade_state: state,
    trade_state_desc: tradeStateText[state],
    trade_type: order.tradeType,
    transaction_id: order.transactionId ?? '',
  }
}

// internals

type Wanted = Parameters<PlatformParts['ledger']['create']>[0]

function readOrder(
  parts: PlatformParts,
  { body, mchid, tradeType }: { body: JsonObject; mchid: string; tradeType: TradeType },
): Wanted {
  const fields = new Fields(body)
  const appId = fields.text('appid', { max: 32 })
  const named = fields.text('mchid', { max: 32 })
  if (named !== mchid) {
    throw paramError('/mchid', named, '与Http头Authorization中的mchid不一致')
  }
  if (appId !== parts.keys().constants.wechat.appid) {
    throw new V3Error('APPID_MCHID_NOT_MATCH', `商户号${mchid}与appid ${appId}不匹配`)
  }
  const amount = fields.object('amount')
  const currency = amount.optionalText('currency', { max: 16 }) ?? 'CNY'
  if (currency !== 'CNY') throw paramError('/amount/currency', currency, '仅支持CNY')
  if (tradeType === 'MWEB') checkH5(fields)
  return {
    provider: 'wxpay',
    platform: 'wechat-v3',
    appId,
    merchantId: mchid,
    tradeType,
    description: fields.text('description', { max: 127 }),
    outTradeNo: fields.text('out_trade_no', merchantNumber),
    notifyUrl: notifyUrl(fields),
    total: amount.amount('total'),
    attach: fields.optionalText('attach', { max: 128 }) ?? '',
    openid: tradeType === 'JSAPI' ? fields.object('payer').text('openid', { max: 128 }) : '',
    expiresAt: expiry(fields, parts.clock.now()),
    details: {},
  }
}

function checkH5(fields: Fields): void {
  const scene = fields.object('scene_info')
  scene.text('payer_client_ip', { max: 45 })
  scene.object('h5_info').text('type', { max: 32 })
}

/** https in production; plain http is what this machine speaks. No query, as WeChat has it. */
export function notifyUrl(fields: Fields): string {
  const url = fields.text('notify_url', { max: 255 })
  if (!/^https?:\/\/[^\s?#]+$/.test(url)) {
    throw paramError('/notify_url', url, '必须以http(s)://开头，且不能携带参数')
  }
  return url
}

function expiry(fields: Fields, now: number): number {
  const text = fields.optionalText('time_expire', { max: 64 })
  if (text === undefined) return now + ORDER_MS
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(at)) throw paramError('/time_expire', text, '格式应为yyyy-MM-DDTHH:mm:ss+TIMEZONE')
  if (at <= now) throw paramError('/time_expire', text, '不能早于当前时间')
  return Math.min(at, now + ORDER_MS)
}

/** @throws Refusal paid, closed, different */
function checkSame(order: Order, wanted: Wanted): void {
  if (order.status === 'PAID') throw new Refusal('paid', 'paid')
  if (!isUnpaid(order)) throw new Refusal('closed', 'closed')
  const same =
    order.platform === wanted.platform &&
    order.tradeType === wanted.tradeType &&
    order.appId === wanted.appId &&
    order.total === wanted.total &&
    order.description === wanted.description &&
    order.attach === wanted.attach &&
    order.openid === wanted.openid
  if (!same) throw new Refusal('different', 'the number is taken by an order with other data')
}
