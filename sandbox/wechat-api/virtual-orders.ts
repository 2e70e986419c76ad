/** Orders of virtual payment: WeChat learns of them from the client, merchants ask and refund (payment-platforms.md §8.3). */
import type { Call } from '../core/call.ts'
import { isObject, type Json, type JsonObject, numberAt, parseJson, textAt } from '../core/json.ts'
import { numbers } from '../core/numbers.ts'
import { isUnpaid, type Order, type Refund, refundableOf, settledOf } from '../core/order.ts'
import { ClientRefused, type PlatformParts } from '../core/platform.ts'
import { refundCourse } from '../wechat/refund-course.ts'
import { ORDER_MS } from '../wechat/trade.ts'
import { WechatApiError } from './errors.ts'
import type { Sessions } from './sessions.ts'
import { paySignature, userSignature } from './signature.ts'

/** Coins for one yuan. */
const RATE = 100

/** Live and sandbox have keys of their own. */
export function appKeyOf(parts: PlatformParts, env: number): string {
  const { app_key, sandbox_app_key } = parts.keys().constants.wechat_virtual
  return env === 1 ? sandbox_app_key : app_key
}

/**
 * What `wx.requestVirtualPayment` is handed; whose session signed it is who pays.
 * @returns undefined for what is for something else @throws ClientRefused
 */
export function openVirtual(parts: PlatformParts, sessions: Sessions, client: Json): Order | undefined {
  if (!isObject(client) || typeof client.signData !== 'string') return undefined
  const { signData, mode, paySig, signature } = client
  const data = parseJson(signData)
  if (!isObject(data)) throw new ClientRefused('signData is no JSON')
  const env = numberAt(data, 'env') ?? 0
  if (paySig !== paySignature(appKeyOf(parts, env), 'requestVirtualPayment', signData)) {
    throw new ClientRefused('-15005 paySig does not fit', `requestVirtualPayment&${signData}`)
  }
  const openid = sessions
    .users()
    .find((user) => signature === userSignature(sessions.sessionKey(user), signData))
  if (!openid)
    throw new ClientRefused('-15007 signature fits no session_key of a user who signed in', signData)
  return orderFor(parts, data, mode === 'short_series_coin' ? 'coin' : 'goods', openid)
}

export function queryOrder(parts: PlatformParts, body: JsonObject): JsonObject {
  const number = textAt(body, 'order_id')
  const wxNumber = textAt(body, 'wx_order_id')
  const refund = parts.ledger.findRefund(
    'wxpay-virtual',
    merchantOf(parts),
    ({ outRefundNo, refundId }) =>
      outRefundNo === number || (wxNumber !== undefined && refundId === wxNumber),
  )
  // A refund is an order of its own.
  if (refund) return { order: refundOrder(refund.order, refund.refund) }
  return { order: payOrder(existing(parts, body)) }
}

export function refundOrderOf(parts: PlatformParts, body: JsonObject, call: Call): JsonObject {
  const order = existing(parts, body)
  const outRefundNo = textAt(body, 'refund_order_id') ?? ''
  if (!/^[\w-]{8,32}$/.test(outRefundNo)) throw new WechatApiError(268490002, 'refund_order_id 长度为8到32')
  const amount = numberAt(body, 'refund_fee')
  if (amount === undefined || !Number.isInteger(amount) || amount < 1) {
    throw new WechatApiError(268490002, 'refund_fee')
  }
  const taken = order.refunds.find((entry) => entry.outRefundNo === outRefundNo)
  if (taken) throw new WechatApiError(268490004)
  if (order.status !== 'PAID') throw new WechatApiError(268490002, '订单未支付')
  if (numberAt(body, 'left_fee') !== refundableOf(order)) throw new WechatApiError(268490016)
  const refundId = numbers.wechatRefund(parts.clock.now())
  const wanted = { outRefundNo, refundId, amount, reason: textAt(body, 'refund_reason') ?? '', notifyUrl: '' }
  parts.ledger.refund(order, { ...wanted, source: 'API', ...refundCourse(parts, call) })
  return {
    refund_order_id: outRefundNo,
    refund_wx_order_id: refundId,
    pay_order_id: order.outTradeNo,
    pay_wx_order_id: String(order.details.wxOrderId),
  }
}

export function provideGoods(parts: PlatformParts, body: JsonObject): JsonObject {
  provided(parts, existing(parts, body))
  return {}
}

/** The merchant has delivered. */
export function provided(parts: PlatformParts, order: Order): void {
  order.details.providedAt ??= parts.clock.now()
  parts.ledger.changed(order)
}

// internals

function merchantOf(parts: PlatformParts): string {
  return parts.keys().constants.wechat_virtual.offer_id
}

function existing(parts: PlatformParts, body: JsonObject): Order {
  const outTradeNo = textAt(body, 'order_id')
  const wxOrderId = textAt(body, 'wx_order_id')
  const order = outTradeNo
    ? parts.ledger.find('wxpay-virtual', merchantOf(parts), { outTradeNo })
    : parts.ledger.orders().find(({ details }) => wxOrderId !== undefined && details.wxOrderId === wxOrderId)
  if (!order) throw new WechatApiError(268490002, '订单不存在')
  const openid = textAt(body, 'openid')
  if (openid !== undefined && openid !== order.openid) throw new WechatApiError(268490001)
  return order
}

function orderFor(parts: PlatformParts, data: JsonObject, kind: 'coin' | 'goods', openid: string): Order {
  const { offer_id, appid } = parts.keys().constants.wechat_virtual
  if (data.offerId !== offer_id)
    throw new ClientRefused(`-15005 offerId is ${data.offerId}, the app's ${offer_id}`)
  const outTradeNo = textAt(data, 'outTradeNo') ?? ''
  const quantity = numberAt(data, 'buyQuantity') ?? 0
  const price = kind === 'coin' ? 100 / RATE : (numberAt(data, 'goodsPrice') ?? 0)
  const total = Math.round(quantity * price)
  if (!/^[\w-]{8,32}$/.test(outTradeNo))
    throw new ClientRefused('outTradeNo must have 8 to 32 letters, digits, _ or -')
  if (!Number.isInteger(quantity) || quantity < 1 || total < 1) {
    throw new ClientRefused('buyQuantity and goodsPrice must be whole numbers above 0')
  }
  const before = parts.ledger.find('wxpay-virtual', offer_id, { outTradeNo })
  if (before) {
    if (isUnpaid(before) && before.openid === openid && before.total === total) return before
    throw new ClientRefused(`-15002 outTradeNo ${outTradeNo} was used already`)
  }
  const now = parts.clock.now()
  return parts.ledger.create({
    provider: 'wxpay-virtual',
    platform: 'wechat-api',
    appId: appid,
    merchantId: offer_id,
    outTradeNo,
    tradeType: kind,
    description: kind === 'coin' ? `代币 × ${quantity}` : `${textAt(data, 'productId')} × ${quantity}`,
    total,
    attach: textAt(data, 'attach') ?? '',
    openid,
    notifyUrl: parts.settings.values.pushUrl || `${parts.notifyUrl()}/wxpayVirtualNotify`,
    expiresAt: now + ORDER_MS,
    details: {
      env: numberAt(data, 'env') ?? 0,
      quantity,
      price: Number.isInteger(price) ? price : total,
      productId: textAt(data, 'productId') ?? '',
      wxOrderId: numbers.wechatTransaction(now),
      mchOrderNo: `MCH${numbers.wechatTransaction(now).slice(10)}`,
    },
  })
}

function payOrder(order: Order): JsonObject {
  const refunded = settledOf(order)
  return {
    ...common(order),
    order_id: order.outTradeNo,
    wx_order_id: String(order.details.wxOrderId),
    channel_order_id: order.transactionId ?? '',
    wxpay_order_id: order.transactionId ?? '',
    create_time: seconds(order.createdAt),
    update_time: seconds(order.paidAt ?? order.createdAt),
    paid_time: seconds(order.paidAt ?? 0),
    provide_time: seconds(Number(order.details.providedAt ?? 0)),
    status: statusOf(order),
    order_type: 0,
    refund_fee: refunded,
    left_fee: refundableOf(order),
  }
}

function refundOrder(order: Order, refund: Refund): JsonObject {
  const status = { SUCCESS: 8, PROCESSING: 1, ABNORMAL: 7, CLOSED: 6 }[refund.status]
  return {
    ...common(order),
    order_id: refund.outRefundNo,
    wx_order_id: refund.refundId,
    channel_order_id: refund.refundId,
    wxpay_order_id: refund.refundId,
    create_time: seconds(refund.createdAt),
    update_time: seconds(refund.doneAt ?? refund.createdAt),
    paid_time: seconds(refund.doneAt ?? 0),
    provide_time: 0,
    status,
    order_type: 1,
    refund_fee: refund.amount,
    left_fee: refundableOf(order),
  }
}

function common(order: Order): JsonObject {
  return {
    biz_type: order.tradeType === 'coin' ? 1 : 2,
    order_fee: order.total,
    coupon_fee: 0,
    paid_fee: order.paid ?? 0,
    biz_meta: '',
    env_type: order.details.env === 1 ? 2 : 1,
    token: '',
  }
}

/** 1 created, 2 paid and to be delivered, 4 delivered, 5 refunded, 6 closed. */
function statusOf(order: Order): number {
  if (isUnpaid(order)) return 1
  if (order.status !== 'PAID') return 6
  if (settledOf(order) >= (order.paid ?? 0)) return 5
  return order.details.providedAt === undefined ? 2 : 4
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
