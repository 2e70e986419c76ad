/** Apple: receipts, the App Store Server API and its notifications (payment-platforms.md §6). */
import { jwtVerify } from 'jose'
import type { Call } from '../core/call.ts'
import { type Answer, type ApiRequest, header, jsonAnswer } from '../core/exchange.ts'
import type { FaultFacts } from '../core/faults.ts'
import type { JsonObject } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import type { NewNotice } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import type { Platform, PlatformParts } from '../core/platform.ts'
import { type Signer, signJws } from './jws.ts'
import { AppleNotices } from './notices.ts'
import {
  type Environment,
  find,
  history,
  type PurchaseWish,
  purchase,
  transactionPayload,
} from './purchases.ts'
import { receiptOf, verifyReceipt } from './receipts.ts'

export class Apple implements Platform {
  readonly id = 'apple'
  readonly notices: AppleNotices
  readonly #parts: PlatformParts

  constructor(parts: PlatformParts) {
    this.#parts = parts
    this.notices = new AppleNotices(parts)
  }

  claims(host: string, path: string): boolean {
    const own = path === '/verifyReceipt' || path.startsWith('/inApps/')
    return own && (host === '' || /\.apple\.com$/.test(host))
  }

  describe(request: ApiRequest): FaultFacts {
    const [, version = '', api = request.path, id] =
      /^\/inApps\/(v\d)\/(\w+)\/?([^/]*)/.exec(request.path) ?? []
    return { provider: 'appleiap', api: version ? api : request.path.slice(1), outTradeNo: id || undefined }
  }

  async answer(request: ApiRequest, call: Call): Promise<Answer> {
    const environment = environmentOf(request.host)
    if (request.path === '/verifyReceipt') return verifyReceipt(this.#parts, request, environment, call)
    const refusal = await this.#refusedToken(request, environment)
    call.verified(refusal === undefined ? { ok: true } : { ok: false, reason: refusal })
    if (refusal !== undefined) {
      return { status: 401, headers: { 'Content-Type': 'text/plain' }, body: 'Unauthenticated\n' }
    }
    return await this.#api(request, environment, call)
  }

  refusal(request: ApiRequest, code?: string): Answer {
    if (request.path === '/verifyReceipt') return jsonAnswer(200, { status: Number(code ?? 21009) })
    const errorCode = Number(code ?? 5000000)
    return failure(Math.floor(errorCode / 10_000), errorCode, 'An unknown error occurred.')
  }

  report(event: LedgerEvent): NewNotice[] {
    return this.notices.report(event)
  }

  payment(order: Order): { payer: string; transactionId: string } {
    return { payer: order.openid, transactionId: order.outTradeNo }
  }

  refundNumber(): string {
    return numbers.appleTransaction()
  }

  /** Somebody buys in the App Store. */
  purchase(wish: PurchaseWish): Order {
    return purchase(this.#parts, wish)
  }

  /** What the app gets from StoreKit for a purchase: the signed transaction, and the receipt of older systems. */
  handOut(order: Order): { transactionId: string; jws: string; receipt: string } {
    return {
      transactionId: order.outTradeNo,
      jws: this.#signed(order),
      receipt: receiptOf(this.#parts, order),
    }
  }

  // internals

  /** @returns why the bearer token is refused */
  async #refusedToken(request: ApiRequest, environment: Environment): Promise<string | undefined> {
    const { apple, constants } = this.#parts.keys()
    const token = /^Bearer +(\S+)$/i.exec(header(request, 'authorization'))?.[1]
    if (!token) return 'there is no bearer token'
    try {
      const { payload, protectedHeader } = await jwtVerify(token, apple.apiKey, {
        algorithms: ['ES256'],
        issuer: constants.apple.issuer_id,
        audience: 'appstoreconnect-v1',
        currentDate: new Date(this.#parts.clock.signing()),
        clockTolerance: 60,
        requiredClaims: ['exp', 'bid'],
      })
      if (protectedHeader.kid !== constants.apple.key_id)
        return `kid is ${protectedHeader.kid}, not ${constants.apple.key_id}`
      if (payload.bid !== constants.apple.bundle_id && environment === 'Production') {
        return `bid is ${String(payload.bid)}, not ${constants.apple.bundle_id}`
      }
      if ((payload.exp ?? 0) - (payload.iat ?? 0) > 3600) return 'the token lives longer than an hour'
      return undefined
    } catch (error) {
      return `the token is refused: ${(error as Error).message}`
    }
  }

  async #api(request: ApiRequest, environment: Environment, call: Call): Promise<Answer> {
    const [, version, api, id = ''] = /^\/inApps\/(v\d)\/(\w+)\/([^/]+)$/.exec(request.path) ?? []
    if (request.method === 'POST' && `${version}/${api}/${id}` === 'v1/notifications/test')
      return this.#testNotice()
    if (request.method !== 'GET' || !api) return failure(404, 4040000, 'Resource not found.')
    if (!/^\d+$/.test(id)) return failure(400, 4000006, 'Invalid transaction id.')
    const order = find(this.#parts, id)
    const elsewhere = call.fault('apple.wrongEnvironment') !== undefined
    if (!order || elsewhere || order.details.environment !== environment) {
      return failure(404, 4040010, 'Transaction id not found.')
    }
    switch (`${version}/${api}`) {
      case 'v1/transactions':
        return jsonAnswer(200, {
          signedTransactionInfo: this.#signed(order, this.#changes(call), await this.#signer(call)),
        })
      case 'v2/history':
        return jsonAnswer(200, this.#history(order, environment))
      case 'v1/subscriptions':
        return jsonAnswer(200, this.#subscription(order, environment))
      default:
        return failure(404, 4040000, 'Resource not found.')
    }
  }

  #changes(call: Call): JsonObject {
    switch (call.fault('apple.revoked', 'apple.family')?.fault) {
      case 'apple.revoked':
        return { revocationDate: this.#parts.clock.now(), revocationReason: 0 }
      case 'apple.family':
        return { inAppOwnershipType: 'FAMILY_SHARED' }
      default:
        return {}
    }
  }

  #signed(order: Order, changes: JsonObject = {}, signer: Signer = this.#parts.keys().apple): string {
    return signJws(transactionPayload(order, this.#parts.clock.signing(), changes), signer)
  }

  /** Apple's own, unless a fault wants a key that is not behind the chain, or a chain from another root. */
  async #signer(call: Call): Promise<Signer> {
    const { apple } = this.#parts.keys()
    const fault = call.fault('api.badSignature', 'api.badSerial')
    if (!fault) return apple
    const { strangeApple } = await import('../keys/make-keys.ts')
    const stranger = await strangeApple(this.#parts.clock.signing())
    return fault.fault === 'api.badSerial' ? stranger : { chain: apple.chain, leafKey: stranger.leafKey }
  }

  #history(order: Order, environment: Environment): JsonObject {
    return {
      revision: `${order.outTradeNo}_0`,
      hasMore: false,
      bundleId: order.appId,
      appAppleId: Number(this.#parts.keys().constants.apple.app_apple_id),
      environment,
      signedTransactions: history(this.#parts, order).map((entry) => this.#signed(entry)),
    }
  }

  #subscription(order: Order, environment: Environment): JsonObject {
    const last = history(this.#parts, order).at(-1) ?? order
    const expiresDate = Number(last.details.expiresDate ?? 0)
    const now = this.#parts.clock.now()
    const renewal = {
      originalTransactionId: last.details.originalTransactionId ?? '',
      autoRenewProductId: last.details.productId ?? '',
      productId: last.details.productId ?? '',
      autoRenewStatus: 1,
      renewalDate: expiresDate,
      environment,
      signedDate: this.#parts.clock.signing(),
    }
    return {
      environment,
      bundleId: order.appId,
      appAppleId: Number(this.#parts.keys().constants.apple.app_apple_id),
      data: [
        {
          subscriptionGroupIdentifier: '20000001',
          lastTransactions: [
            {
              originalTransactionId: last.details.originalTransactionId ?? '',
              // 1 active, 2 expired, 5 revoked.
              status: last.refunds.length > 0 ? 5 : expiresDate > now ? 1 : 2,
              signedTransactionInfo: this.#signed(last),
              signedRenewalInfo: signJws(renewal, this.#parts.keys().apple),
            },
          ],
        },
      ],
    }
  }

  #testNotice(): Answer {
    const url = this.#parts.settings.values.appleNotifyUrl
    if (!url) return failure(404, 4040007, 'No App Store Server Notification URL found for provided app.')
    const notice = this.#parts.notify(this.notices.notice(url, 'test', { notificationType: 'TEST' }))
    return jsonAnswer(200, { testNotificationToken: notice })
  }
}

// internals

/** Without a host: what tests and development use. */
function environmentOf(host: string): Environment {
  return host === '' || host.includes('sandbox') ? 'Sandbox' : 'Production'
}

function failure(status: number, errorCode: number, errorMessage: string): Answer {
  return jsonAnswer(status, { errorCode, errorMessage })
}
