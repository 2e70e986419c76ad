/** Huawei Pay (payment-platforms.md §7): RSA-PSS or SM2 from the merchant, SM2 from the platform. */
import type { Call } from '../core/call.ts'
import { type Answer, type ApiRequest, header, jsonAnswer } from '../core/exchange.ts'
import type { FaultFacts } from '../core/faults.ts'
import { isObject, type Json, type JsonObject, numberAt, parseJson, textAt } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import type { NewNotice } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import { ClientRefused, type Platform, type PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { RouteTable } from '../core/route-table.ts'
import { errorBody, fromRefusal, HuaweiError } from './errors.ts'
import { HuaweiNotices } from './notices.ts'
import { existing, findRefund, orderBody, preorder, refund, refundBody } from './orders.ts'
import { contentOf, merchantSeal, signPlatform } from './signature.ts'

const TOLERANCE_MS = 300_000
/** Trace ids that are remembered. */
const TRACES = 10_000

interface Handling {
  name: string
  run(asked: { body: JsonObject; params: Record<string, string>; call: Call }): JsonObject
}

export class Huawei implements Platform {
  readonly id = 'huawei'
  readonly notices: HuaweiNotices
  readonly #parts: PlatformParts
  readonly #routes = new RouteTable<Handling>()
  readonly #traces = new Set<string>()

  constructor(parts: PlatformParts) {
    this.#parts = parts
    this.notices = new HuaweiNotices(parts)
    const add = (method: string, path: string, name: string, run: Handling['run']): void =>
      void this.#routes.add(method, path, { name, run })
    for (const kind of ['app', 'fa']) {
      add('POST', `/api/v2/aggr/preorder/create/${kind}`, 'create', ({ body }) => preorder(parts, body))
    }
    add('GET', '/api/v2/aggr/transactions/merc-orders/:mercOrderNo', 'query', ({ params }) =>
      orderBody(existing(parts, params)),
    )
    add('GET', '/api/v2/aggr/transactions/orders/:sysTransOrderNo', 'query', ({ params }) =>
      orderBody(existing(parts, params)),
    )
    add('POST', '/api/v1/aggr/transactions/refunds', 'refund', ({ body, call }) => refund(parts, body, call))
    add('GET', '/api/v1/aggr/transactions/refunds/orders/:no', 'refundQuery', ({ params }) => {
      const found = findRefund(parts, ({ refundId }) => refundId === params.no)
      return refundBody(found.order, found.refund)
    })
    add('GET', '/api/v1/aggr/transactions/refunds/merc-orders/:no', 'refundQuery', ({ params }) => {
      const found = findRefund(parts, ({ outRefundNo }) => outRefundNo === params.no)
      return refundBody(found.order, found.refund)
    })
  }

  claims(host: string, path: string): boolean {
    return /^\/api\/v[12]\/aggr\//.test(path) && (host === '' || host.startsWith('petalpay-developer.'))
  }

  describe(request: ApiRequest): FaultFacts {
    const hit = this.#routes.match(request.method, request.path)
    const body = parseJson(request.body)
    const named = isObject(body) ? textAt(body, 'mercOrderNo') : undefined
    return {
      provider: 'huawei',
      api: hit?.value.name ?? request.path,
      outTradeNo: hit?.params.mercOrderNo ?? named,
    }
  }

  answer(request: ApiRequest, call: Call): Answer {
    try {
      const body = this.#authenticate(request, call)
      const hit = this.#routes.match(request.method, request.path)
      if (!hit) throw new HuaweiError('INVALID_URL', `there is no ${request.method} ${request.path}`)
      const result = hit.value.run({ body, params: hit.params, call })
      return this.#signed({ resultCode: '000000', resultDesc: 'Success.', ...result }, call)
    } catch (error) {
      const refused = error instanceof Refusal ? fromRefusal(error) : error
      if (!(refused instanceof HuaweiError)) throw error
      return this.#signed(errorBody(refused), call)
    }
  }

  refusal(_request: ApiRequest, code = '100000'): Answer {
    return this.#signed(errorBody(new HuaweiError(code)))
  }

  report(event: LedgerEvent): NewNotice[] {
    return this.notices.report(event)
  }

  payment(): { payer: string; transactionId: string } {
    return { payer: 'huawei-test-payer', transactionId: numbers.huaweiOrder(this.#parts.clock.now()) }
  }

  refundNumber(): string {
    return numbers.huaweiOrder(this.#parts.clock.now())
  }

  /** `orderStr` of `paymentService.requestPayment`. */
  openByClient(client: Json): Order | undefined {
    const order = typeof client === 'string' ? parseJson(client) : client
    if (!isObject(order) || !textAt(order, 'prepay_id') || !textAt(order, 'merc_no')) return undefined
    const expected = contentOf(order)
    const seal = merchantSeal(this.#parts.keys(), textAt(order, 'auth_id') ?? '')
    if (!seal) throw new ClientRefused(`auth_id ${order.auth_id} is none of the merchant's certificates`)
    if (!seal.fits(expected, textAt(order, 'sign') ?? '')) {
      throw new ClientRefused(`sign does not fit the merchant's ${seal.key}`, expected)
    }
    const prepayId = textAt(order, 'prepay_id') ?? ''
    const found = this.#parts.ledger.byPrepaid(prepayId)
    const session = found?.prepaid.find(({ id }) => id === prepayId)
    if (!found || !session) throw new ClientRefused(`prepay_id ${prepayId} is unknown`)
    if (session.until < this.#parts.clock.now())
      throw new ClientRefused(`prepay_id ${prepayId} is older than ten minutes`)
    return found
  }

  reset(): void {
    this.#traces.clear()
  }

  // internals

  /** @returns the body @throws HuaweiError; the call log shows what should have been signed */
  #authenticate(request: ApiRequest, call: Call): JsonObject {
    const refuse = (
      subCode: string,
      reason: string,
      more: { expected?: string; given?: string } = {},
    ): HuaweiError => {
      call.verified({ ok: false, reason, ...more })
      return new HuaweiError(subCode, reason)
    }
    const auth = parseJson(header(request, 'paymercauth'))
    if (!isObject(auth)) throw refuse('MISSING_PAY_MERC_AUTH', 'the header PayMercAuth is missing or no JSON')
    const { constants, huawei } = this.#parts.keys()
    const seal = merchantSeal(this.#parts.keys(), textAt(auth, 'authId') ?? '')
    if (!seal) {
      const known = `${constants.huawei.auth_id} (RSA), ${huawei.sm2Merchant.authId} (SM2)`
      throw refuse('INVALID_AUTH_ID', `authId is ${auth.authId}, the merchant's are ${known}`)
    }
    const traceId = textAt(auth, 'traceId') ?? ''
    if (!traceId) throw refuse('MISSING_TRACE_ID', 'there is no traceId')
    if (this.#traces.has(traceId))
      throw refuse('INVALID_DUPLICATE_REQUEST', `traceId ${traceId} was used before`)
    const now = this.#parts.clock.signing()
    if (!(Math.abs(now - (numberAt(auth, 'time') ?? 0)) <= TOLERANCE_MS)) {
      throw refuse('INVALID_TIME', `time ${auth.time} is more than five minutes from now (${now})`)
    }
    const body = request.method === 'GET' ? {} : parseJson(request.body)
    if (!isObject(body)) throw refuse('INVALID_BODY', 'the body is no JSON object')
    const signed = request.method === 'GET' ? request.target : contentOf(body)
    const check = (name: 'bodySign' | 'headerSign', expected: string): void => {
      const given = textAt(auth, name) ?? ''
      if (seal.fits(expected, given)) return
      const reason = `${name} does not fit the text below and the merchant's ${seal.key}`
      throw refuse('INVALID_SIGNATURE', reason, { expected, given })
    }
    check('bodySign', signed)
    check('headerSign', contentOf(auth))
    this.#remember(traceId)
    call.verified({ ok: true })
    return body
  }

  #remember(traceId: string): void {
    this.#traces.add(traceId)
    const [oldest] = this.#traces
    if (this.#traces.size > TRACES && oldest !== undefined) this.#traces.delete(oldest)
  }

  #signed(body: JsonObject, call?: Call): Answer {
    const { sm2PrivateHex, sm2PublicHex } = this.#parts.keys().huawei
    const wrong = call?.fault('api.badSignature', 'api.badSerial')
    const sign = signPlatform(contentOf(wrong ? { ...body, wrong: 1 } : body), sm2PrivateHex, sm2PublicHex)
    return jsonAnswer(200, { ...body, sign })
  }
}
