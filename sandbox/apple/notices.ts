/** App Store Server Notifications, version 2 (payment-platforms.md §6.3). */
import { generateKeyPairSync } from 'node:crypto'
import { type FaultKind, faultArg } from '../core/fault-kinds.ts'
import type { Fault } from '../core/faults.ts'
import { type JsonObject, objectAt } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import type { NewNotice, Notice, NoticeRules, Outgoing } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import type { PlatformParts } from '../core/platform.ts'
import { signJws } from './jws.ts'
import { isRenewal, transactionPayload } from './purchases.ts'

const HOUR = 3600_000
const productionLadder = [1, 12, 24, 48, 72].map((hours) => hours * HOUR)

export class AppleNotices implements NoticeRules {
  readonly timeoutMs = 10_000
  readonly #parts: PlatformParts

  constructor(parts: PlatformParts) {
    this.#parts = parts
  }

  report(event: LedgerEvent): NewNotice[] {
    const { order } = event
    const url = this.#parts.settings.values.appleNotifyUrl
    if (!url) return []
    if (event.type === 'paid') return [this.notice(url, 'payment', kindOf(order), order)]
    if (event.type === 'refund') return [this.notice(url, 'refund', { notificationType: 'REFUND' }, order)]
    return []
  }

  /** @param kind `notificationType` and, where it has one, `subtype` */
  notice(url: string, about: string, kind: JsonObject, order?: Order): NewNotice {
    return {
      provider: 'appleiap',
      platform: 'apple',
      kind: about,
      orderId: order?.id ?? '',
      outTradeNo: order?.outTradeNo ?? '',
      url,
      content: {
        kind,
        notificationUUID: numbers.uuid(),
        environment: order?.details.environment ?? 'Sandbox',
      },
    }
  }

  /** The sandbox environment tries once only. */
  ladder({ content }: Notice): readonly number[] {
    return content.environment === 'Production' ? productionLadder : []
  }

  plays(): readonly FaultKind[] {
    return ['notify.forged', 'notify.tampered', 'notify.wrongAppId', 'notify.stale']
  }

  compose({ content, url, orderId }: Notice, fault?: Fault): Outgoing {
    const { clock, keys, ledger } = this.#parts
    const { apple, constants } = keys()
    const signing =
      fault?.fault === 'notify.forged'
        ? { ...apple, leafKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }
        : apple
    const order = ledger.get(orderId)
    const bundleId = fault?.fault === 'notify.wrongAppId' ? 'com.example.other' : constants.apple.bundle_id
    const signedDate =
      clock.signing() - (fault?.fault === 'notify.stale' ? Number(faultArg(fault, 'seconds')) * 1000 : 0)
    const payload: JsonObject = {
      ...objectAt(content, 'kind'),
      notificationUUID: content.notificationUUID ?? '',
      data: {
        appAppleId: Number(constants.apple.app_apple_id),
        bundleId,
        bundleVersion: '1',
        environment: content.environment ?? 'Sandbox',
        ...(order
          ? { signedTransactionInfo: signJws(transactionPayload(order, signedDate, { bundleId }), signing) }
          : {}),
      },
      version: '2.0',
      signedDate,
    }
    const signed = signJws(payload, signing)
    const body = JSON.stringify({
      signedPayload: fault?.fault === 'notify.tampered' ? tampered(signed) : signed,
    })
    return { method: 'POST', url, headers: { 'Content-Type': 'application/json' }, body }
  }

  judge({ status }: { status: number }): string | undefined {
    return status >= 200 && status <= 206
      ? undefined
      : `Apple takes 200 to 206 for an acknowledgement, not ${status}`
  }
}

// internals

function kindOf(order: Order): JsonObject {
  if (order.tradeType !== 'Auto-Renewable Subscription') return { notificationType: 'ONE_TIME_CHARGE' }
  if (isRenewal(order)) return { notificationType: 'DID_RENEW' }
  return { notificationType: 'SUBSCRIBED', subtype: 'INITIAL_BUY' }
}

/** One character of the payload. */
function tampered(jws: string): string {
  const [head, body = '', signature] = jws.split('.')
  const at = Math.floor(body.length / 2)
  return [head, `${body.slice(0, at)}${body[at] === 'A' ? 'B' : 'A'}${body.slice(at + 1)}`, signature].join(
    '.',
  )
}
