/** Callbacks of Huawei Pay (payment-platforms.md §7.4). */
import sm from 'sm-crypto'
import { huaweiTime, spacedTime } from '../core/beijing-time.ts'
import type { FaultKind } from '../core/fault-kinds.ts'
import type { Fault } from '../core/faults.ts'
import { isObject, type JsonObject, objectAt, parseJson } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import { type NewNotice, type Notice, type NoticeRules, type Outgoing, wechatLadder } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { refundStatus } from './orders.ts'
import { contentOf, signPlatform } from './signature.ts'

export class HuaweiNotices implements NoticeRules {
  readonly timeoutMs = 3000
  readonly #parts: PlatformParts

  constructor(parts: PlatformParts) {
    this.#parts = parts
  }

  report(event: LedgerEvent): NewNotice[] {
    const { order } = event
    if (event.type === 'paid') {
      return [
        this.#notice(order, 'payment', order.notifyUrl, {
          orderStatus: 'TRX_SUCCESS',
          payload: order.attach,
          currency: 'CNY',
          totalAmount: order.total,
          payerAmount: order.paid ?? order.total,
          promotionAmount: 0,
          finishTime: huaweiTime(order.paidAt ?? 0),
          paymentTools: 'ACCT',
        }),
      ]
    }
    if (event.type !== 'refund' || !event.refund.notifyUrl) return []
    const { refund } = event
    return [
      this.#notice(order, 'refund', refund.notifyUrl, {
        mercRefundNo: refund.outRefundNo,
        sysRefundNo: refund.refundId,
        refundAmount: refund.amount,
        payerRefundAmount: refund.amount,
        promotionRefundAmount: 0,
        refundOrderStatus: refundStatus(refund),
      }),
    ]
  }

  /** Huawei publishes none; WeChat's serves. */
  ladder(): readonly number[] {
    return wechatLadder
  }

  plays(): readonly FaultKind[] {
    return [
      'notify.wrongAmount',
      'notify.wrongAppId',
      'notify.wrongMchId',
      'notify.forged',
      'notify.tampered',
      'notify.base64',
    ]
  }

  compose({ content, url }: Notice, fault?: Fault): Outgoing {
    const { sm2PrivateHex, sm2PublicHex } = this.#parts.keys().huawei
    const body = changed(objectAt(content, 'body'), fault)
    const key =
      fault?.fault === 'notify.forged'
        ? sm.sm2.generateKeyPairHex()
        : { privateKey: sm2PrivateHex, publicKey: sm2PublicHex }
    const sign = signPlatform(contentOf(body), key.privateKey, key.publicKey)
    const sent = { ...body, ...(fault?.fault === 'notify.tampered' ? { certNo: 'HWSBX9999' } : {}), sign }
    const type = fault?.fault === 'notify.base64' ? 'application/octet-stream' : 'application/json'
    return { method: 'POST', url, headers: { 'Content-Type': type }, body: JSON.stringify(sent) }
  }

  judge({ status, body }: { status: number; body: string }): string | undefined {
    const answer = parseJson(body)
    if (status === 200 && isObject(answer) && answer.resultCode === '000000') return undefined
    return `Huawei takes {"resultCode":"000000",…} for an acknowledgement, not ${status} ${body.slice(0, 200)}`
  }

  // internals

  #notice(order: Order, kind: 'payment' | 'refund', url: string, about: JsonObject): NewNotice {
    const now = this.#parts.clock.now()
    return {
      provider: 'huawei',
      platform: 'huawei',
      kind,
      orderId: order.id,
      outTradeNo: order.outTradeNo,
      url,
      content: {
        body: {
          callbackId: numbers.huaweiOrder(now),
          callbackTime: spacedTime(now),
          dataType: 'plain',
          signType: 'SM2',
          certNo: 'HWSBX0001',
          mercNo: order.merchantId,
          appId: order.appId,
          sysTransOrderNo: order.transactionId ?? '',
          mercOrderNo: order.outTradeNo,
          ...about,
        },
      },
    }
  }
}

// internals

/** Validly signed, but about something else. */
function changed(body: JsonObject, fault: Fault | undefined): JsonObject {
  switch (fault?.fault) {
    case 'notify.wrongAmount': {
      const total = Number(fault.args.total ?? Number(body.totalAmount ?? body.refundAmount) + 1)
      return body.totalAmount === undefined
        ? { ...body, refundAmount: total, payerRefundAmount: total }
        : { ...body, totalAmount: total, payerAmount: total }
    }
    case 'notify.wrongAppId':
      return { ...body, appId: '5765889999999999999' }
    case 'notify.wrongMchId':
      return { ...body, mercNo: '199999999999' }
    default:
      return body
  }
}
