/** Notifications of Alipay: a signed form, the very same bytes at each attempt (payment-platforms.md §5.5). */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { spacedMillis, spacedTime } from '../core/beijing-time.ts'
import { type FaultKind, faultArg } from '../core/fault-kinds.ts'
import type { Fault } from '../core/faults.ts'
import { type JsonObject, objectAt } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import { fenOf, yuan } from '../core/money.ts'
import type { NewNotice, Notice, NoticeRules, Outgoing } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import { type Order, settledOf } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { buyerOf } from './orders.ts'
import { signAlipay, signTypeOf, stringToSign } from './signature.ts'
import { buyerLogonId, exists, fundBills, tradeStatus } from './trade.ts'

const MINUTE = 60_000
const form = 'application/x-www-form-urlencoded'
const ladder = [4, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * MINUTE)

const played: readonly FaultKind[] = [
  'notify.wrongAmount',
  'notify.wrongAppId',
  'notify.wrongMchId',
  'notify.forged',
  'notify.tampered',
  'notify.stale',
  'notify.base64',
]

export class AlipayNotices implements NoticeRules {
  readonly timeoutMs = 10_000
  readonly #parts: PlatformParts
  #stranger: KeyObject | undefined

  constructor(parts: PlatformParts) {
    this.#parts = parts
  }

  /** Everything goes to the payment's own address. A trade that was closed unpaid by the merchant is not reported. */
  report(event: LedgerEvent): NewNotice[] {
    const { order } = event
    if (!order.notifyUrl) return []
    switch (event.type) {
      case 'paid':
        return [this.#notice(order, 'payment', {})]
      case 'refund': {
        const { outRefundNo, doneAt } = event.refund
        return [
          this.#notice(order, 'refund', {
            refund_fee: yuan(settledOf(order)),
            gmt_refund: spacedMillis(doneAt ?? this.#parts.clock.now()),
            out_biz_no: outRefundNo,
            ...(tradeStatus(order, this.#parts.clock) === 'TRADE_CLOSED' ? { gmt_close: this.#now() } : {}),
          }),
        ]
      }
      case 'expired':
        return exists(order) ? [this.#notice(order, 'closed', { gmt_close: this.#now() })] : []
      default:
        return []
    }
  }

  ladder(): readonly number[] {
    return ladder
  }

  plays({ kind }: Notice): readonly FaultKind[] {
    return kind === 'payment' ? [...played, 'notify.zeroRefundFee', 'notify.finished'] : played
  }

  compose(notice: Notice, fault?: Fault): Outgoing {
    const params = changed(texts(objectAt(notice.content, 'params')), fault)
    const key = fault?.fault === 'notify.forged' ? this.#anyKey() : this.#parts.keys().alipay.platformKey
    params.sign = signAlipay(stringToSign(params, ['sign_type']), key, signTypeOf(params.sign_type))
    if (fault?.fault === 'notify.tampered') params.subject = `${params.subject}*`
    // Still a form to who looks for one, which receivers must; to a gateway it is bytes.
    const type =
      fault?.fault === 'notify.base64' ? `application/octet-stream; of="${form}"` : `${form}; charset=UTF-8`
    return {
      method: 'POST',
      url: notice.url,
      headers: { 'Content-Type': type, 'User-Agent': 'Mozilla/4.0', Accept: '*/*' },
      body: new URLSearchParams(params).toString(),
    }
  }

  judge({ status, body }: { status: number; body: string }): string | undefined {
    if (status === 200 && body === 'success') return undefined
    return `Alipay takes HTTP 200 with exactly the text success for an acknowledgement, not ${status} "${body.slice(0, 100)}"`
  }

  // internals

  #now(): string {
    return spacedTime(this.#parts.clock.now())
  }

  #anyKey(): KeyObject {
    this.#stranger ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    return this.#stranger
  }

  #notice(order: Order, kind: 'payment' | 'refund' | 'closed', more: JsonObject): NewNotice {
    const paid = yuan(order.paid ?? 0)
    const params: JsonObject = {
      gmt_create: spacedTime(order.scannedAt ?? order.createdAt),
      charset: 'utf-8',
      seller_email: 'sandbox@example.com',
      subject: order.description,
      ...(order.details.body ? { body: order.details.body } : {}),
      ...buyerOf(this.#parts, order, 'buyer_id'),
      invoice_amount: paid,
      notify_id: numbers.alipayNotice(this.#parts.clock.now()),
      fund_bill_list: JSON.stringify(fundBills(paid, 'fundChannel')),
      notify_type: 'trade_status_sync',
      trade_status: tradeStatus(order, this.#parts.clock),
      receipt_amount: paid,
      buyer_pay_amount: paid,
      app_id: order.appId,
      sign_type: signTypeOf(order.details.signType),
      seller_id: String(order.details.sellerId),
      ...(order.paidAt === undefined ? {} : { gmt_payment: spacedTime(order.paidAt) }),
      notify_time: this.#now(),
      version: '1.0',
      out_trade_no: order.outTradeNo,
      total_amount: yuan(order.total),
      trade_no: order.transactionId ?? '',
      auth_app_id: order.appId,
      buyer_logon_id: buyerLogonId,
      point_amount: '0.00',
      ...(order.attach ? { passback_params: order.attach } : {}),
      ...more,
    }
    return {
      provider: 'alipay',
      platform: 'alipay',
      kind,
      orderId: order.id,
      outTradeNo: order.outTradeNo,
      url: order.notifyUrl,
      content: { params },
    }
  }
}

// internals

function texts(params: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
}

/** Validly signed, but about something else. */
function changed(params: Record<string, string>, fault: Fault | undefined): Record<string, string> {
  switch (fault?.fault) {
    case 'notify.wrongAmount': {
      const amount = yuan(Number(fault.args.total ?? (fenOf(params.total_amount) ?? 0) + 1))
      return { ...params, total_amount: amount, receipt_amount: amount, buyer_pay_amount: amount }
    }
    case 'notify.wrongAppId':
      return { ...params, app_id: '2021999999999999', auth_app_id: '2021999999999999' }
    case 'notify.wrongMchId':
      return { ...params, seller_id: '2088999999999999' }
    case 'notify.zeroRefundFee':
      return { ...params, refund_fee: '0.00' }
    case 'notify.finished':
      return { ...params, trade_status: 'TRADE_FINISHED' }
    case 'notify.stale': {
      const seconds = Number(faultArg(fault, 'seconds'))
      const at = Date.parse(`${params.notify_time?.replace(' ', 'T')}+08:00`)
      return { ...params, notify_time: spacedTime(at - seconds * 1000) }
    }
    default:
      return { ...params }
  }
}
