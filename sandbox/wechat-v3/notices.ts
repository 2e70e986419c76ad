/** Notifications of WeChat Pay V3: sealed, signed anew for each attempt (payment-platforms.md §3.6). */
import { rfc3339 } from '../core/beijing-time.ts'
import { type FaultKind, faultArg } from '../core/fault-kinds.ts'
import type { Fault } from '../core/faults.ts'
import { isObject, type JsonObject, objectAt, parseJson, textAt } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import { type NewNotice, type Notice, type NoticeRules, type Outgoing, wechatLadder } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order, Refund } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { orderBody } from './orders.ts'
import { type Signer, type Signers, seal, signedHeaders } from './seal.ts'

const played: readonly FaultKind[] = [
  'notify.wrongAmount',
  'notify.wrongAppId',
  'notify.wrongMchId',
  'notify.wrongKey',
  'notify.forged',
  'notify.tampered',
  'notify.stale',
  'notify.probe',
  'notify.unknownSerial',
  'notify.rotated',
  'notify.base64',
]

export class V3Notices implements NoticeRules {
  readonly timeoutMs = 5000
  readonly #parts: PlatformParts
  readonly #signers: Signers

  constructor(parts: PlatformParts, signers: Signers) {
    this.#parts = parts
    this.#signers = signers
  }

  report(event: LedgerEvent): NewNotice[] {
    const { order } = event
    if (event.type === 'paid') {
      return [this.#notice(order, 'payment', order.notifyUrl, paymentContent(order))]
    }
    // Refunds are reported where the refund says, or not at all.
    if (event.type !== 'refund' || !event.refund.notifyUrl) return []
    return [this.#notice(order, 'refund', event.refund.notifyUrl, refundContent(order, event.refund))]
  }

  ladder(): readonly number[] {
    return wechatLadder
  }

  plays(): readonly FaultKind[] {
    return played
  }

  async compose(notice: Notice, fault?: Fault): Promise<Outgoing> {
    const { clock, keys } = this.#parts
    const { content } = notice
    const original = textAt(content, 'original_type') ?? ''
    const plain = JSON.stringify(changed(objectAt(content, 'plain'), fault))
    const v3Key = keys().constants.wechat.v3_key
    const key = fault?.fault === 'notify.wrongKey' ? [...v3Key].reverse().join('') : v3Key
    const { algorithm, ciphertext, associated_data, nonce } = seal(plain, key, original)
    const body = JSON.stringify({
      id: content.id,
      create_time: content.create_time,
      resource_type: 'encrypt-resource',
      event_type: content.event_type,
      summary: content.summary,
      resource: { original_type: original, algorithm, ciphertext, associated_data, nonce },
    })
    const seconds = fault?.fault === 'notify.stale' ? Number(faultArg(fault, 'seconds')) : 0
    const at = Math.floor(clock.signing() / 1000) - seconds
    const headers = signedHeaders(clock, await this.#signer(content, fault), body, at)
    if (fault?.fault === 'notify.probe') {
      headers['Wechatpay-Signature'] = `WECHATPAY/SIGNTEST/${headers['Wechatpay-Signature']}`
    }
    return {
      method: 'POST',
      url: notice.url,
      headers: {
        'Content-Type': fault?.fault === 'notify.base64' ? 'application/octet-stream' : 'application/json',
        'User-Agent': 'Mozilla/4.0',
        Accept: '*/*',
        ...headers,
      },
      body: fault?.fault === 'notify.tampered' ? body.replace('"summary":"', '"summary":"*') : body,
    }
  }

  judge({ status, body }: { status: number; body: string }): string | undefined {
    if (status === 200 || status === 204) return undefined
    return `WeChat Pay takes 200 or 204 for an acknowledgement, not ${status}${body ? ` ${body.slice(0, 200)}` : ''}`
  }

  /** The body is not read (§3.6): an error that a gateway sends with status 200 ends the notification. */
  doubt({ body }: { body: string }): string | undefined {
    const answer = parseJson(body)
    if (!isObject(answer) || answer.code === 'SUCCESS') return undefined
    return `the status counts, and WeChat Pay sends nothing more; the body says ${body.slice(0, 200)}`
  }

  // internals

  async #signer(content: JsonObject, fault: Fault | undefined): Promise<Signer> {
    const usual = content.publicKeyMode === true ? this.#signers.publicKey() : this.#signers.certificate()
    switch (fault?.fault) {
      case 'notify.forged':
        return { serial: usual.serial, key: this.#signers.stranger() }
      case 'notify.unknownSerial':
        return { serial: `7${numbers.nonce()}0000000`.slice(0, 40), key: this.#signers.stranger() }
      case 'notify.rotated':
        return await this.#signers.rotate(this.#parts.clock.signing())
      default:
        return usual
    }
  }

  #notice(order: Order, kind: 'payment' | 'refund', url: string, content: JsonObject): NewNotice {
    return {
      provider: order.provider,
      platform: order.platform,
      kind,
      orderId: order.id,
      outTradeNo: order.outTradeNo,
      url,
      content: {
        id: numbers.uuid(),
        create_time: rfc3339(this.#parts.clock.now()),
        publicKeyMode: this.#inPublicKeyMode(order),
        ...content,
      },
    }
  }

  #inPublicKeyMode(order: Order): boolean {
    const { wechatVerification } = this.#parts.settings.values
    if (wechatVerification === 'both') return order.details.publicKeyMode === true
    return wechatVerification === 'publicKey'
  }
}

// internals

function paymentContent(order: Order): JsonObject {
  const { promotion_detail: _, ...plain } = orderBody(order)
  return {
    event_type: 'TRANSACTION.SUCCESS',
    summary: '支付成功',
    original_type: 'transaction',
    plain: { ...plain, trade_state: 'SUCCESS', trade_state_desc: '支付成功' },
  }
}

const refundSummary = {
  SUCCESS: '退款成功',
  ABNORMAL: '退款异常',
  CLOSED: '退款关闭',
  PROCESSING: '退款处理中',
}

function refundContent(order: Order, refund: Refund): JsonObject {
  return {
    event_type: `REFUND.${refund.status}`,
    summary: refundSummary[refund.status],
    original_type: 'refund',
    plain: {
      mchid: order.merchantId,
      out_trade_no: order.outTradeNo,
      transaction_id: order.transactionId ?? '',
      out_refund_no: refund.outRefundNo,
      refund_id: refund.refundId,
      refund_status: refund.status,
      ...(refund.doneAt === undefined ? {} : { success_time: rfc3339(refund.doneAt) }),
      user_received_account: '支付用户零钱',
      amount: {
        total: order.total,
        refund: refund.amount,
        payer_total: order.paid ?? order.total,
        payer_refund: refund.amount,
      },
    },
  }
}

/** Validly sealed and signed, but about something else. */
function changed(plain: JsonObject, fault: Fault | undefined): JsonObject {
  const amount = objectAt(plain, 'amount')
  switch (fault?.fault) {
    case 'notify.wrongAmount': {
      const total = Number(fault.args.total ?? Number(amount.total) + 1)
      return { ...plain, amount: { ...amount, total, payer_total: total } }
    }
    case 'notify.wrongAppId':
      return { ...plain, appid: 'wxffffffffffffffff' }
    case 'notify.wrongMchId':
      return { ...plain, mchid: '1999999999' }
    default:
      return plain
  }
}
