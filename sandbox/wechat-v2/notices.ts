/** Notifications of WeChat Pay V2: signed XML for payments, sealed XML for refunds (payment-platforms.md §4.4). */
import { createCipheriv, createHash } from 'node:crypto'
import { spacedTime } from '../core/beijing-time.ts'
import type { FaultKind } from '../core/fault-kinds.ts'
import type { Fault } from '../core/faults.ts'
import { type JsonObject, objectAt } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import { type NewNotice, type Notice, type NoticeRules, type Outgoing, wechatLadder } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order, Refund } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { signV2, type V2SignType } from '../wechat/signature-v2.ts'
import { type Params, paidParams } from './orders.ts'
import { statusText } from './refunds.ts'
import { writeXml } from './xml.ts'

const played: readonly FaultKind[] = [
  'notify.wrongAmount',
  'notify.wrongAppId',
  'notify.wrongMchId',
  'notify.wrongKey',
  'notify.forged',
  'notify.tampered',
  'notify.base64',
]

export class V2Notices implements NoticeRules {
  readonly timeoutMs = 5000
  readonly #parts: PlatformParts

  constructor(parts: PlatformParts) {
    this.#parts = parts
  }

  report(event: LedgerEvent): NewNotice[] {
    const { order } = event
    if (event.type === 'paid') {
      // Payments by the payer's code are answered, not reported.
      return order.notifyUrl ? [notice(order, 'payment', order.notifyUrl, paymentParams(order))] : []
    }
    if (event.type !== 'refund' || !event.refund.notifyUrl) return []
    return [notice(order, 'refund', event.refund.notifyUrl, refundParams(order, event.refund))]
  }

  ladder(): readonly number[] {
    return wechatLadder
  }

  plays(): readonly FaultKind[] {
    return played
  }

  compose({ content, kind, url }: Notice, fault?: Fault): Outgoing {
    const params = changed(objectAt(content, 'params') as Params, fault)
    const key = this.#key(fault)
    const body = kind === 'payment' ? this.#signed(params, key) : this.#sealed(params, key)
    const type = fault?.fault === 'notify.base64' ? 'application/octet-stream' : 'text/xml'
    return {
      method: 'POST',
      url,
      headers: { 'Content-Type': type, 'User-Agent': 'Mozilla/4.0', Accept: '*/*' },
      body: fault?.fault === 'notify.tampered' ? tampered(body) : body,
    }
  }

  judge({ status, body }: { status: number; body: string }): string | undefined {
    if (status === 200 && /<return_code>\s*(<!\[CDATA\[)?\s*SUCCESS/.test(body)) return undefined
    return `WeChat Pay V2 takes <return_code>SUCCESS for an acknowledgement, not ${status} ${body.slice(0, 200)}`
  }

  // internals

  #key(fault: Fault | undefined): string {
    const { v2_key } = this.#parts.keys().constants.wechat
    const wrong = fault?.fault === 'notify.forged' || fault?.fault === 'notify.wrongKey'
    return wrong ? [...v2_key].reverse().join('') : v2_key
  }

  #signed(params: Params, key: string): string {
    const type = (params.sign_type ?? 'MD5') as V2SignType
    const full: Params = { ...params, nonce_str: numbers.nonce() }
    const sorted = Object.fromEntries(Object.entries(full).sort(([a], [b]) => (a < b ? -1 : 1)))
    return writeXml({ ...sorted, sign: signV2(full, key, type) })
  }

  /** No signature: whoever cannot read it was not meant. */
  #sealed({ appid = '', mch_id = '', ...inner }: Params, key: string): string {
    const outer = {
      appid,
      mch_id,
      nonce_str: numbers.nonce(),
      req_info: sealV2(writeXml(inner, 'root'), key),
    }
    return writeXml(outer).replace('<xml>', '<xml><return_code>SUCCESS</return_code>')
  }
}

/** AES-256-ECB; the key is the lower-case hex MD5 of the API key, taken as text. */
export function sealV2(xml: string, apiKey: string): string {
  const key = createHash('md5').update(apiKey).digest('hex')
  const cipher = createCipheriv('aes-256-ecb', key, null)
  return Buffer.concat([cipher.update(xml, 'utf8'), cipher.final()]).toString('base64')
}

// internals

function notice(order: Order, kind: 'payment' | 'refund', url: string, params: Params): NewNotice {
  return {
    provider: order.provider,
    platform: order.platform,
    kind,
    orderId: order.id,
    outTradeNo: order.outTradeNo,
    url,
    content: { params } satisfies JsonObject,
  }
}

function paymentParams(order: Order): Params {
  const { signType } = order.details
  return {
    appid: order.appId,
    mch_id: order.merchantId,
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    ...paidParams(order),
    ...(signType === 'HMAC-SHA256' ? { sign_type: signType } : {}),
  }
}

function refundParams(order: Order, refund: Refund): Params {
  return {
    appid: order.appId,
    mch_id: order.merchantId,
    out_refund_no: refund.outRefundNo,
    out_trade_no: order.outTradeNo,
    refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS',
    refund_fee: String(refund.amount),
    refund_id: refund.refundId,
    refund_recv_accout: '支付用户零钱',
    refund_request_source: refund.source === 'API' ? 'API' : 'VENDOR_PLATFORM',
    refund_status: statusText[refund.status],
    settlement_refund_fee: String(refund.amount),
    settlement_total_fee: String(order.total),
    ...(refund.doneAt === undefined ? {} : { success_time: spacedTime(refund.doneAt) }),
    total_fee: String(order.total),
    transaction_id: order.transactionId ?? '',
  }
}

/** Validly signed, but about something else. */
function changed(params: Params, fault: Fault | undefined): Params {
  switch (fault?.fault) {
    case 'notify.wrongAmount': {
      const total = String(fault.args.total ?? Number(params.total_fee) + 1)
      return { ...params, total_fee: total, ...(params.cash_fee ? { cash_fee: total } : {}) }
    }
    case 'notify.wrongAppId':
      return { ...params, appid: 'wxffffffffffffffff' }
    case 'notify.wrongMchId':
      return { ...params, mch_id: '1999999999' }
    default:
      return params
  }
}

function tampered(body: string): string {
  return body.replace(/<(nonce_str|req_info)><!\[CDATA\[./, (text) => `${text.slice(0, -1)}*`)
}
