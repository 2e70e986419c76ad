/** Message pushes of virtual payment, in WeChat's three modes (payment-platforms.md §8.4). */
import { type FaultKind, faultArg } from '../core/fault-kinds.ts'
import type { Fault } from '../core/faults.ts'
import { isObject, type JsonObject, objectAt, parseJson } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import type { NewNotice, Notice, NoticeRules, Outgoing } from '../core/notice.ts'
import { digits } from '../core/numbers.ts'
import type { Order, Refund } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { pushSignature, sealPush } from './signature.ts'
import { provided } from './virtual-orders.ts'

/** 2, 4, 8, 16 … seconds, at most 15 times. */
const ladder = Array.from({ length: 15 }, (_, at) => 2 ** (at + 1) * 1000)

const played: readonly FaultKind[] = [
  'notify.wrongAppId',
  'notify.wrongKey',
  'notify.forged',
  'notify.tampered',
  'notify.stale',
  'notify.base64',
  'notify.secureMode',
  'notify.plainMode',
]

export class PushNotices implements NoticeRules {
  readonly timeoutMs = 5000
  readonly #parts: PlatformParts

  constructor(parts: PlatformParts) {
    this.#parts = parts
  }

  report(event: LedgerEvent): NewNotice[] {
    if (event.type === 'paid') return [this.#notice(event.order, 'payment', paymentEvent(event.order))]
    if (event.type === 'refund') {
      return [this.#notice(event.order, 'refund', refundEvent(event.order, event.refund))]
    }
    return []
  }

  ladder(): readonly number[] {
    return ladder
  }

  plays({ kind }: Notice): readonly FaultKind[] {
    return kind === 'payment' ? [...played, 'notify.wrongAmount'] : played
  }

  compose({ content, url }: Notice, fault?: Fault): Outgoing {
    const event = changed(objectAt(content, 'event'), fault)
    const virtual = this.#parts.keys().constants.wechat_virtual
    const reversed = (text: string): string => [...text].reverse().join('')
    const token = fault?.fault === 'notify.forged' ? reversed(virtual.token) : virtual.token
    const key =
      fault?.fault === 'notify.wrongKey' ? reversed(virtual.encoding_aes_key) : virtual.encoding_aes_key
    const appId = fault?.fault === 'notify.wrongAppId' ? 'wxffffffffffffffff' : virtual.appid
    const late = fault?.fault === 'notify.stale' ? Number(faultArg(fault, 'seconds')) : 0
    const timestamp = String(Math.floor(this.#parts.clock.signing() / 1000) - late)
    const nonce = digits(10)
    const encrypted = sealPush(JSON.stringify(event), key, appId)
    const query = new URLSearchParams({
      signature: pushSignature(token, timestamp, nonce),
      timestamp,
      nonce,
      openid: String(event.OpenId ?? ''),
    })
    const mode = this.#mode(fault)
    if (mode !== 'plain') {
      query.set('encrypt_type', 'aes')
      query.set('msg_signature', pushSignature(token, timestamp, nonce, encrypted))
    }
    const sealed = fault?.fault === 'notify.tampered' ? `${encrypted.slice(0, -4)}AAA=` : encrypted
    const body = {
      plain: event,
      secure: { ToUserName: event.ToUserName ?? '', Encrypt: sealed },
      compatible: { ...event, Encrypt: sealed },
    }[mode]
    return {
      method: 'POST',
      url: `${url}${url.includes('?') ? '&' : '?'}${query}`,
      headers: {
        'Content-Type': fault?.fault === 'notify.base64' ? 'application/octet-stream' : 'application/json',
        'User-Agent': 'Mozilla/4.0',
        Accept: '*/*',
      },
      body: JSON.stringify(body),
    }
  }

  judge({ status, body }: { status: number; body: string }): string | undefined {
    const answer = parseJson(body)
    const zero = isObject(answer) && answer.ErrCode === 0
    const xml = /<ErrCode>\s*(<!\[CDATA\[)?\s*0\s*[\]<]/.test(body)
    if (status === 200 && (body === '' || body === 'success' || zero || xml)) return undefined
    return `WeChat takes {"ErrCode":0,…}, the text success or an empty body for an acknowledgement, not ${status} ${body.slice(0, 200)}`
  }

  /** A delivery that is acknowledged counts as made. */
  acknowledged(notice: Notice): void {
    const order = notice.kind === 'payment' ? this.#parts.ledger.get(notice.orderId) : undefined
    if (order) provided(this.#parts, order)
  }

  // internals

  #mode(fault: Fault | undefined): 'compatible' | 'secure' | 'plain' {
    if (fault?.fault === 'notify.secureMode') return 'secure'
    if (fault?.fault === 'notify.plainMode') return 'plain'
    return this.#parts.settings.values.pushMode
  }

  #notice(order: Order, kind: 'payment' | 'refund', event: JsonObject): NewNotice {
    const head = {
      ToUserName: 'gh_sandbox000001',
      FromUserName: 'o-weixin-official',
      CreateTime: Math.floor(this.#parts.clock.now() / 1000),
      MsgType: 'event',
    }
    return {
      provider: order.provider,
      platform: order.platform,
      kind,
      orderId: order.id,
      outTradeNo: order.outTradeNo,
      url: order.notifyUrl,
      content: { event: { ...head, ...event } },
    }
  }
}

// internals

function paymentEvent(order: Order): JsonObject {
  const { env = 0, quantity = 1, price = order.total, productId = '', mchOrderNo = '' } = order.details
  const amounts = { Quantity: quantity, OrigPrice: price, ActualPrice: price, Attach: order.attach }
  const coin = order.tradeType === 'coin'
  return {
    Event: coin ? 'xpay_coin_pay_notify' : 'xpay_goods_deliver_notify',
    OpenId: order.payer ?? '',
    OutTradeNo: order.outTradeNo,
    Env: env,
    WeChatPayInfo: {
      MchOrderNo: mchOrderNo,
      TransactionId: order.transactionId ?? '',
      PaidTime: Math.floor((order.paidAt ?? 0) / 1000),
    },
    ...(coin ? { CoinInfo: amounts } : { GoodsInfo: { ProductId: productId, ...amounts } }),
  }
}

function refundEvent(order: Order, refund: Refund): JsonObject {
  const done = refund.status === 'SUCCESS'
  return {
    Event: 'xpay_refund_notify',
    OpenId: order.payer ?? '',
    WxRefundId: refund.refundId,
    MchRefundId: refund.outRefundNo,
    WxOrderId: order.details.wxOrderId ?? '',
    MchOrderId: order.outTradeNo,
    RefundFee: refund.amount,
    RetCode: done ? 0 : 1,
    RetMsg: done ? 'OK' : refund.status,
    RefundStartTimestamp: Math.floor(refund.createdAt / 1000),
    RefundSuccTimestamp: done ? Math.floor((refund.doneAt ?? 0) / 1000) : 0,
    WxpayRefundTransactionId: refund.refundId,
    RetryTimes: 0,
  }
}

/** Validly sealed, but about something else. */
function changed(event: JsonObject, fault: Fault | undefined): JsonObject {
  if (fault?.fault !== 'notify.wrongAmount') return event
  const name = event.CoinInfo ? 'CoinInfo' : 'GoodsInfo'
  const info = objectAt(event, name)
  const price = Number(fault.args.total ?? Number(info.OrigPrice) + 1)
  return { ...event, [name]: { ...info, Quantity: 1, OrigPrice: price, ActualPrice: price } }
}
