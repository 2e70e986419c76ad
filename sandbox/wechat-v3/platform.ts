/** WeChat Pay V3 (payment-platforms.md §3): certificate mode and public-key mode, side by side. */
import { rfc3339 } from '../core/beijing-time.ts'
import type { Call } from '../core/call.ts'
import { type Answer, type ApiRequest, header, jsonAnswer } from '../core/exchange.ts'
import type { FaultFacts } from '../core/faults.ts'
import { isObject, type Json, type JsonObject, parseJson, textAt } from '../core/json.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import type { NewNotice } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import type { Platform, PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { RouteTable } from '../core/route-table.ts'
import { openByWechatClient } from '../wechat/client.ts'
import { authenticate } from './authentication.ts'
import { Bills } from './bills.ts'
import { answerForCode, errorAnswer, fromRefusal, V3Error } from './errors.ts'
import { V3Notices } from './notices.ts'
import { close, placeOrder, queryOrder, type TradeType } from './orders.ts'
import { queryRefund, refund } from './refunds.ts'
import { type Signer, Signers, seal, signedHeaders } from './seal.ts'

interface Handling {
  /** As faults and the call log name it. */
  name: string
  run(asked: Asked): Answer
}

interface Asked {
  request: ApiRequest
  mchid: string
  body: JsonObject
  params: Record<string, string>
  call: Call
}

export class WechatV3 implements Platform {
  readonly id = 'wechat-v3'
  readonly notices: V3Notices
  readonly #parts: PlatformParts
  readonly #signers: Signers
  readonly #bills: Bills
  readonly #routes = new RouteTable<Handling>()

  constructor(parts: PlatformParts) {
    this.#parts = parts
    this.#signers = new Signers(parts.keys)
    this.#bills = new Bills(parts)
    this.notices = new V3Notices(parts, this.#signers)
    this.#addRoutes()
  }

  claims(host: string, path: string): boolean {
    return (host === '' || /^api2?\.mch\.weixin\.qq\.com$/.test(host)) && path.startsWith('/v3/')
  }

  describe(request: ApiRequest): FaultFacts {
    const hit = this.#routes.match(request.method, request.path)
    const body = parseJson(request.body)
    const named = isObject(body) ? textAt(body, 'out_trade_no') : undefined
    return {
      provider: 'wxpay',
      api: hit?.value.name ?? request.path,
      outTradeNo: hit?.params.out_trade_no ?? named ?? this.#numberBehind(hit?.params, body),
    }
  }

  answer(request: ApiRequest, call: Call): Answer {
    try {
      const mchid = authenticate(request, call, this.#parts)
      return this.#signed(this.#handle(request, mchid, call), request, call)
    } catch (error) {
      const refused = error instanceof Refusal ? fromRefusal(error) : error
      if (!(refused instanceof V3Error)) throw error
      if (error instanceof Refusal) call.note(error.message)
      const answer = errorAnswer(refused)
      // Whoever is not known is answered without a signature.
      return refused.code === 'SIGN_ERROR' ? answer : this.#signed(answer, request, call)
    }
  }

  refusal(_request: ApiRequest, code = 'SYSTEM_ERROR'): Answer {
    return answerForCode(code)
  }

  report(event: LedgerEvent): NewNotice[] {
    return this.notices.report(event)
  }

  payment(order: Order): { payer: string; transactionId: string } {
    return {
      payer: order.openid || this.#parts.keys().constants.wechat.openid,
      transactionId: numbers.wechatTransaction(this.#parts.clock.now()),
    }
  }

  refundNumber(): string {
    return numbers.wechatRefund(this.#parts.clock.now())
  }

  openByClient(client: Json): Order | undefined {
    return openByWechatClient(this.#parts, client)
  }

  reset(): void {
    this.#signers.forget()
  }

  // internals

  #addRoutes(): void {
    const parts = this.#parts
    const add = (method: string, pattern: string, name: string, run: Handling['run']): void =>
      void this.#routes.add(method, pattern, { name, run })
    const place = (path: string, tradeType: TradeType): void =>
      add('POST', `/v3/pay/transactions/${path}`, `transactions/${path}`, (asked) =>
        placeOrder(parts, { ...asked, tradeType, publicKeyMode: this.#inPublicKeyMode(asked.request) }),
      )
    place('jsapi', 'JSAPI')
    place('app', 'APP')
    place('native', 'NATIVE')
    place('h5', 'MWEB')
    add('GET', '/v3/pay/transactions/out-trade-no/:out_trade_no', 'query', (asked) =>
      queryOrder(parts, namedMerchant(asked), { outTradeNo: asked.params.out_trade_no }),
    )
    add('GET', '/v3/pay/transactions/id/:transaction_id', 'query', (asked) =>
      queryOrder(parts, namedMerchant(asked), { transactionId: asked.params.transaction_id }),
    )
    add('POST', '/v3/pay/transactions/out-trade-no/:out_trade_no/close', 'close', (asked) =>
      close(parts, namedMerchant(asked), asked.params.out_trade_no ?? '', asked.call),
    )
    add('POST', '/v3/refund/domestic/refunds', 'refund', ({ mchid, body, call }) =>
      refund(parts, mchid, body, call),
    )
    add('GET', '/v3/refund/domestic/refunds/:out_refund_no', 'refundQuery', ({ mchid, params }) =>
      queryRefund(parts, mchid, params.out_refund_no ?? ''),
    )
    add('GET', '/v3/certificates', 'certificates', () => this.#certificates())
    add('GET', '/v3/bill/tradebill', 'tradebill', ({ mchid, request }) =>
      this.#bills.trade(mchid, request.query),
    )
    add('GET', '/v3/bill/fundflowbill', 'fundflowbill', ({ mchid, request }) =>
      this.#bills.fundFlow(mchid, request.query),
    )
    add('GET', '/v3/billdownload/file', 'billdownload', ({ request }) =>
      this.#bills.file(request.query.get('token') ?? ''),
    )
  }

  #handle(request: ApiRequest, mchid: string, call: Call): Answer {
    const hit = this.#routes.match(request.method, request.path)
    if (!hit) throw new V3Error('RESOURCE_NOT_EXISTS', `没有接口 ${request.method} ${request.path}`)
    const body = request.method === 'GET' ? {} : parseJson(request.body)
    if (!isObject(body)) throw new V3Error('PARAM_ERROR', '请求体不是合法的JSON对象')
    return hit.value.run({ request, mchid, body, params: hit.params, call })
  }

  #certificates(): Answer {
    if (this.#parts.settings.values.wechatVerification === 'publicKey') {
      throw new V3Error('RESOURCE_NOT_EXISTS', '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥')
    }
    const { v3_key } = this.#parts.keys().constants.wechat
    const data = this.#signers.listed().map(({ serial, certificate, validFrom, validTo }) => {
      const { algorithm, nonce, associated_data, ciphertext } = seal(certificate, v3_key, 'certificate')
      return {
        serial_no: serial,
        effective_time: rfc3339(validFrom),
        expire_time: rfc3339(validTo),
        encrypt_certificate: { algorithm, nonce, associated_data, ciphertext },
      }
    })
    return jsonAnswer(200, { data })
  }

  /** Every JSON answer is signed, errors too; files are not. */
  #signed(answer: Answer, request: ApiRequest, call: Call): Answer {
    if (typeof answer.body !== 'string') return answer
    const { clock } = this.#parts
    const headers = signedHeaders(clock, this.#signer(request, call), answer.body)
    return { ...answer, headers: { ...answer.headers, ...headers, 'Request-ID': numbers.nonce() } }
  }

  #signer(request: ApiRequest, call: Call): Signer {
    const usual = this.#inPublicKeyMode(request) ? this.#signers.publicKey() : this.#signers.certificate()
    const fault = call.fault('api.badSignature', 'api.badSerial')
    if (!fault) return usual
    const serial = fault.fault === 'api.badSerial' ? `7${numbers.nonce()}0000000`.slice(0, 40) : usual.serial
    return { serial, key: this.#signers.stranger() }
  }

  #inPublicKeyMode(request: ApiRequest): boolean {
    const { wechatVerification } = this.#parts.settings.values
    if (wechatVerification !== 'both') return wechatVerification === 'publicKey'
    return header(request, 'wechatpay-serial') === this.#parts.keys().wechat.publicKeyMode.id
  }

  /** The order that a request means without naming it by the merchant's number. */
  #numberBehind(params: Record<string, string> | undefined, body: Json | undefined): string | undefined {
    const { ledger } = this.#parts
    const { mchid } = this.#parts.keys().constants.wechat
    const refundNo = params?.out_refund_no
    if (refundNo) {
      return ledger.findRefund('wxpay', mchid, (entry) => entry.outRefundNo === refundNo)?.order.outTradeNo
    }
    const transactionId =
      params?.transaction_id ?? (isObject(body) ? textAt(body, 'transaction_id') : undefined)
    return ledger.find('wxpay', mchid, { transactionId })?.outTradeNo
  }
}

// internals

/** Queries and closing name the merchant once more, who must be the one that signed. */
function namedMerchant({ request, mchid, body }: Asked): string {
  const named = request.method === 'GET' ? request.query.get('mchid') : textAt(body, 'mchid')
  if (named === mchid) return mchid
  throw new V3Error('PARAM_ERROR', `参数错误：mchid ${named ?? ''} 与Http头Authorization中的mchid不一致`)
}
