/** Alipay (payment-platforms.md §5): one gateway, key mode and certificate mode. */
import { generateKeyPairSync } from 'node:crypto'
import { spacedTime } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import type { Answer, ApiRequest } from '../core/exchange.ts'
import type { FaultFacts } from '../core/faults.ts'
import { type Json, type JsonObject, textAt } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import { yuan } from '../core/money.ts'
import type { NewNotice } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import type { Platform, PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { payByCode } from './bar-code.ts'
import { BILL_HOST, BILL_PATH, Bills } from './bills.ts'
import { openByAlipayClient } from './client.ts'
import { AlipayError, errorNode, fromRefusal } from './errors.ts'
import { authenticate, type GatewayRequest, gatewayAnswer, readGatewayRequest } from './gateway.ts'
import { AlipayNotices } from './notices.ts'
import { type Addresses, findTrade, numbersOf, query, tradeFor } from './orders.ts'
import { cancel, close, queryRefund, refund } from './refunds.ts'
import { signAlipay, signTypeOf, stringToSign } from './signature.ts'

type Handler = (biz: JsonObject, call: Call, addresses: Addresses) => JsonObject

/** These answer with a page, not with JSON. */
const pages = ['alipay.trade.page.pay', 'alipay.trade.wap.pay']

export class Alipay implements Platform {
  readonly id = 'alipay'
  readonly notices: AlipayNotices
  readonly #parts: PlatformParts
  readonly #bills: Bills
  readonly #methods: Record<string, Handler>

  constructor(parts: PlatformParts) {
    this.#parts = parts
    this.notices = new AlipayNotices(parts)
    this.#bills = new Bills(parts)
    const place =
      (method: string): Handler =>
      (biz, _call, addresses) =>
        placed(method, tradeFor(parts, method, biz, addresses))
    this.#methods = {
      'alipay.trade.create': place('alipay.trade.create'),
      'alipay.trade.precreate': place('alipay.trade.precreate'),
      'alipay.trade.pay': (biz, call, addresses) => payByCode(parts, biz, call, addresses),
      'alipay.trade.query': (biz) => query(parts, biz),
      'alipay.trade.close': (biz, call) => close(parts, biz, call),
      'alipay.trade.cancel': (biz) => cancel(parts, biz),
      'alipay.trade.refund': (biz, call) => refund(parts, biz, call),
      'alipay.trade.fastpay.refund.query': (biz) => queryRefund(parts, biz),
      'alipay.data.dataservice.bill.downloadurl.query': (biz) => this.#bills.offer(biz),
    }
  }

  claims(host: string, path: string): boolean {
    if (host === BILL_HOST || (host === '' && path === BILL_PATH)) return path === BILL_PATH
    return path === '/gateway.do' && (host === '' || host.includes('.alipay'))
  }

  describe(request: ApiRequest): FaultFacts {
    if (request.path === BILL_PATH) return { provider: 'alipay', api: 'downloadBillFile' }
    const { method, biz } = readGatewayRequest(request)
    return { provider: 'alipay', api: method || request.path, outTradeNo: this.#numberOf(biz) }
  }

  answer(request: ApiRequest, call: Call): Answer | Promise<Answer> {
    if (request.path === BILL_PATH) return this.#bills.file(request.query, call)
    const asked = readGatewayRequest(request)
    try {
      authenticate(asked, call, this.#parts)
      if (pages.includes(asked.method)) return this.#page(asked)
      return this.#sealed(asked, call, this.#handle(asked, call), true)
    } catch (error) {
      const refused = error instanceof Refusal ? fromRefusal(error) : error
      if (!(refused instanceof AlipayError)) throw error
      if (error instanceof Refusal) call.note(error.message)
      const known = call.entry.verification?.ok === true
      return this.#sealed(asked, call, errorNode(refused), known)
    }
  }

  refusal(request: ApiRequest, code = 'ACQ.SYSTEM_ERROR'): Answer {
    const asked = readGatewayRequest(request)
    const keys = this.#parts.keys()
    const { certificateMode, params } = asked
    const sealing = { certificateMode, keys, signType: signTypeOf(params.sign_type), signed: true }
    return gatewayAnswer(asked.method, errorNode(new AlipayError(code)), sealing)
  }

  report(event: LedgerEvent): NewNotice[] {
    return this.notices.report(event)
  }

  payment(order: Order): { payer: string; transactionId: string } {
    const payer = order.openid || this.#parts.keys().constants.alipay.buyer_id
    return { payer, transactionId: numbers.alipayTrade(this.#parts.clock.now()) }
  }

  refundNumber(): string {
    return numbers.alipayTrade(this.#parts.clock.now())
  }

  openByClient(client: Json): Order | undefined {
    return openByAlipayClient(this.#parts, client)
  }

  /** The payer goes back with a signed account of what happened; it is no proof of payment. */
  returnAddress(order: Order): string | undefined {
    if (!order.returnUrl) return undefined
    const signType = signTypeOf(order.details.signType)
    const params: Record<string, string> = {
      charset: 'utf-8',
      out_trade_no: order.outTradeNo,
      method: `${order.tradeType}.return`,
      total_amount: yuan(order.total),
      trade_no: order.transactionId ?? '',
      auth_app_id: order.appId,
      version: '1.0',
      app_id: order.appId,
      sign_type: signType,
      seller_id: String(order.details.sellerId),
      timestamp: spacedTime(this.#parts.clock.now()),
    }
    const { platformKey } = this.#parts.keys().alipay
    params.sign = signAlipay(stringToSign(params, ['sign_type']), platformKey, signType)
    return `${order.returnUrl}${order.returnUrl.includes('?') ? '&' : '?'}${new URLSearchParams(params)}`
  }

  // internals

  #handle(asked: GatewayRequest, call: Call): JsonObject {
    const { method, params, biz } = asked
    if (method === 'alipay.system.oauth.token') return this.#token(params)
    const handler = Object.hasOwn(this.#methods, method) ? this.#methods[method] : undefined
    if (!handler) throw new AlipayError('isv.invalid-method')
    return { code: '10000', msg: 'Success', ...handler(biz, call, addressesOf(params)) }
  }

  /** Has no code member when it succeeds. */
  #token(params: Record<string, string>): JsonObject {
    const kind = params.grant_type
    if (kind !== 'authorization_code')
      throw new AlipayError('isv.invalid-parameter', `grant_type ${kind ?? ''}`)
    const redeemed = this.#parts.codes.redeem('alipay', params.code ?? '')
    if (typeof redeemed === 'string') throw new AlipayError('isv.code-invalid')
    return {
      user_id: redeemed.openid,
      open_id: redeemed.openid,
      access_token: `authusrB${numbers.token()}`,
      expires_in: 1_296_000,
      refresh_token: `authusrB${numbers.token()}`,
      re_expires_in: 2_592_000,
    }
  }

  #page({ method, params, biz }: GatewayRequest): Answer {
    const order = tradeFor(this.#parts, method, biz, addressesOf(params))
    return { status: 302, headers: { Location: this.#parts.cashierUrl(order) }, body: '' }
  }

  #sealed(
    { method, certificateMode, params }: GatewayRequest,
    call: Call,
    node: JsonObject,
    signed: boolean,
  ): Answer {
    const signType = signTypeOf(params.sign_type)
    const sealing = { certificateMode, keys: this.#parts.keys(), signType, signed }
    if (!call.fault('api.badSignature', 'api.badSerial')) return gatewayAnswer(method, node, sealing)
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    return gatewayAnswer(method, node, { ...sealing, key })
  }

  #numberOf(biz: JsonObject): string | undefined {
    const named = textAt(biz, 'out_trade_no')
    if (named || !textAt(biz, 'trade_no')) return named
    return findTrade(this.#parts, biz)?.outTradeNo
  }
}

// internals

function addressesOf(params: Record<string, string>): Addresses {
  const { notify_url: notifyUrl = '', return_url: returnUrl = '' } = params
  return { notifyUrl, returnUrl, signType: signTypeOf(params.sign_type) }
}

function placed(method: string, order: Order): JsonObject {
  if (method !== 'alipay.trade.precreate') return numbersOf(order)
  return { out_trade_no: order.outTradeNo, qr_code: order.details.qrCode ?? '' }
}
