/** `api.weixin.qq.com`: signing in, tokens, and virtual payment (payment-platforms.md §8). */
import type { Call } from '../core/call.ts'
import { type Answer, type ApiRequest, jsonAnswer } from '../core/exchange.ts'
import type { FaultFacts } from '../core/faults.ts'
import { isObject, type Json, type JsonObject, numberAt, parseJson, textAt } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import type { NewNotice } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import type { Platform, PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { BILL_PATH, VirtualBills } from './bills.ts'
import { balanceOf, Coins } from './coins.ts'
import { errorAnswer, fromRefusal, WechatApiError } from './errors.ts'
import { jscode2session, oauthToken, plainToken, stableToken } from './login.ts'
import { PushNotices } from './push.ts'
import { Sessions } from './sessions.ts'
import { paySignature, userSignature } from './signature.ts'
import { appKeyOf, openVirtual, provideGoods, queryOrder, refundOrderOf } from './virtual-orders.ts'

type Virtual = (body: JsonObject, call: Call, env: number) => JsonObject

export class WechatApi implements Platform {
  readonly id = 'wechat-api'
  readonly notices: PushNotices
  readonly #parts: PlatformParts
  readonly #sessions: Sessions
  readonly #coins: Coins
  readonly #bills: VirtualBills
  readonly #plain: Record<string, (request: ApiRequest) => Answer>
  readonly #virtual: Record<string, Virtual>

  constructor(parts: PlatformParts) {
    this.#parts = parts
    this.notices = new PushNotices(parts)
    const sessions = new Sessions(parts)
    this.#sessions = sessions
    this.#coins = new Coins(parts.store)
    this.#bills = new VirtualBills(parts)
    this.#plain = {
      'GET /sns/jscode2session': (request) => jscode2session(parts, sessions, request),
      'GET /sns/oauth2/access_token': (request) => oauthToken(parts, sessions, request),
      'POST /cgi-bin/stable_token': (request) => stableToken(parts, sessions, request),
      'GET /cgi-bin/token': (request) => plainToken(parts, sessions, request),
    }
    this.#virtual = {
      query_user_balance: (body) => balanceOf(this.#account(body)),
      currency_pay: (body) => this.#currencyPay(body),
      cancel_currency_pay: (body) => this.#cancelCurrencyPay(body),
      present_currency: (body) => this.#presentCurrency(body),
      notify_provide_goods: (body) => provideGoods(parts, body),
      download_bill: (body, _call, env) => this.#bills.download(body, env),
      query_order: (body) => queryOrder(parts, body),
      refund_order: (body, call) => refundOrderOf(parts, body, call),
    }
  }

  async load(): Promise<void> {
    await this.#sessions.load()
    await this.#coins.load()
  }

  async reset(): Promise<void> {
    await this.#sessions.clear()
    await this.#coins.clear()
    this.#bills.clear()
  }

  claims(host: string, path: string): boolean {
    return host === 'api.weixin.qq.com' || (host === '' && /^\/(sns|cgi-bin|xpay)\//.test(path))
  }

  describe(request: ApiRequest): FaultFacts {
    const body = parseJson(request.body)
    const outTradeNo = isObject(body) ? (textAt(body, 'pay_order_id') ?? textAt(body, 'order_id')) : undefined
    return { provider: 'wxpay-virtual', api: request.path.split('/').at(-1) ?? '', outTradeNo }
  }

  answer(request: ApiRequest, call: Call): Answer {
    try {
      const plain = this.#plain[`${request.method} ${request.path}`]
      if (plain) return plain(request)
      if (request.method === 'GET' && request.path === BILL_PATH) return this.#bills.file(request.query, call)
      return jsonAnswer(200, { errcode: 0, errmsg: 'OK', ...this.#xpay(request, call) })
    } catch (error) {
      const refused = error instanceof Refusal ? fromRefusal(error) : error
      if (!(refused instanceof WechatApiError)) throw error
      if (error instanceof Refusal) call.note(error.message)
      return errorAnswer(refused)
    }
  }

  refusal(_request: ApiRequest, code = '-1'): Answer {
    return errorAnswer(new WechatApiError(Number(code)))
  }

  /** Coins are in the user's purse as soon as they are paid, whether the merchant knows or not. */
  happened({ type, order }: LedgerEvent): void {
    if (type !== 'paid' || order.tradeType !== 'coin') return
    const account = this.#coins.account(order.payer ?? '', Number(order.details.env))
    this.#coins.bought(account, Number(order.details.quantity))
  }

  report(event: LedgerEvent): NewNotice[] {
    return this.notices.report(event)
  }

  payment(order: Order): { payer: string; transactionId: string } {
    return { payer: order.openid, transactionId: numbers.wechatTransaction(this.#parts.clock.now()) }
  }

  refundNumber(): string {
    return numbers.wechatRefund(this.#parts.clock.now())
  }

  openByClient(client: Json): Order | undefined {
    return openVirtual(this.#parts, this.#sessions, client)
  }

  // internals

  #xpay(request: ApiRequest, call: Call): JsonObject {
    const name = /^\/xpay\/(\w+)$/.exec(request.path)?.[1] ?? ''
    const handler = Object.hasOwn(this.#virtual, name) ? this.#virtual[name] : undefined
    if (!handler) throw new WechatApiError(268490002, `there is no ${request.path}`)
    if (request.method !== 'POST') throw new WechatApiError(43002)
    this.#checkToken(request, call)
    const body = parseJson(request.body)
    if (!isObject(body)) throw new WechatApiError(47001)
    return handler(body, call, this.#checkSignatures(request, body, name, call))
  }

  #checkToken(request: ApiRequest, call: Call): void {
    if (call.fault('token.expired')) throw new WechatApiError(40001)
    const state = this.#sessions.tokenState(request.query.get('access_token') ?? '')
    if (state === 'valid') return
    call.verified({ ok: false, reason: `the access token is ${state}` })
    throw new WechatApiError(state === 'expired' ? 42001 : 40001)
  }

  /** @returns the environment whose key signed */
  #checkSignatures(request: ApiRequest, body: JsonObject, name: string, call: Call): number {
    const refuse: Refuse = (reason, expected, given) => {
      call.verified({ ok: false, reason, expected, given: given ?? '' })
      return new WechatApiError(268490003)
    }
    const paySig = request.query.get('pay_sig')
    // A bill is asked for without saying of which environment: that is told by the key.
    const envs = name === 'download_bill' ? [0, 1] : [numberAt(body, 'env') ?? 0]
    const env = envs.find(
      (candidate) => paySig === paySignature(appKeyOf(this.#parts, candidate), request.path, request.body),
    )
    if (env === undefined) {
      throw refuse(
        'pay_sig does not fit the text below and the app key',
        `${request.path}&${request.body}`,
        paySig,
      )
    }
    if (name === 'currency_pay') this.#checkSession(request, body, call, refuse)
    call.verified({ ok: true })
    return env
  }

  /** Spending a user's coins needs the user's session, too. */
  #checkSession(request: ApiRequest, body: JsonObject, call: Call, refuse: Refuse): void {
    if (call.fault('session.expired')) throw new WechatApiError(268490009)
    const signature = request.query.get('signature')
    const sessionKey = this.#sessions.sessionKey(textAt(body, 'openid') ?? '')
    if (signature === userSignature(sessionKey, request.body)) return
    throw refuse('signature does not fit the body and the session_key', request.body, signature)
  }

  #account(body: JsonObject): ReturnType<Coins['account']> {
    const openid = textAt(body, 'openid')
    if (!openid) throw new WechatApiError(268490001)
    return this.#coins.account(openid, numberAt(body, 'env') ?? 0)
  }

  #currencyPay(body: JsonObject): JsonObject {
    const account = this.#account(body)
    const orderId = need(body, 'order_id')
    const usedPresent = this.#coins.pay(account, orderId, amountOf(body))
    return { order_id: orderId, balance: account.balance + account.present, used_present_amount: usedPresent }
  }

  #cancelCurrencyPay(body: JsonObject): JsonObject {
    const orderId = need(body, 'order_id')
    this.#coins.cancel(this.#account(body), need(body, 'pay_order_id'), amountOf(body))
    return { order_id: orderId }
  }

  #presentCurrency(body: JsonObject): JsonObject {
    const account = this.#account(body)
    const orderId = need(body, 'order_id')
    this.#coins.give(account, orderId, amountOf(body))
    return {
      order_id: orderId,
      balance: account.balance + account.present,
      present_balance: account.present,
    }
  }
}

// internals

type Refuse = (reason: string, expected: string, given: string | null) => WechatApiError

function need(body: JsonObject, name: string): string {
  const value = textAt(body, name)
  if (!value) throw new WechatApiError(268490002, name)
  return value
}

function amountOf(body: JsonObject): number {
  const amount = numberAt(body, 'amount')
  if (amount === undefined || !Number.isInteger(amount) || amount < 1)
    throw new WechatApiError(268490002, 'amount')
  return amount
}
