/** WeChat Pay V2 (payment-platforms.md §4): XML, MD5 or HMAC-SHA256, a client certificate for what gives money away. */
import type { Call } from '../core/call.ts'
import type { Answer, ApiRequest } from '../core/exchange.ts'
import type { FaultFacts } from '../core/faults.ts'
import type { LedgerEvent } from '../core/ledger.ts'
import type { NewNotice } from '../core/notice.ts'
import { numbers } from '../core/numbers.ts'
import type { Order } from '../core/order.ts'
import type { Platform, PlatformParts } from '../core/platform.ts'
import { Refusal } from '../core/refusal.ts'
import { signV2, stringToSignV2, type V2SignType } from '../wechat/signature-v2.ts'
import { downloadBill, downloadFundFlow } from './bills.ts'
import { fromRefusal, V2Error, V2Failure } from './errors.ts'
import { V2Notices } from './notices.ts'
import { close, micropay, orderQuery, type Params, reverse, unifiedOrder } from './orders.ts'
import { refund, refundQuery } from './refunds.ts'
import { parseXml, writeXml } from './xml.ts'

/** Members of an answer, or (bills) the answer itself. */
type Handler = (params: Params, call: Call) => Params | Answer

export class WechatV2 implements Platform {
  readonly id = 'wechat-v2'
  readonly notices: V2Notices
  readonly #parts: PlatformParts
  readonly #handlers: Record<string, Handler>

  constructor(parts: PlatformParts) {
    this.#parts = parts
    this.notices = new V2Notices(parts)
    this.#handlers = {
      '/pay/unifiedorder': (params) => unifiedOrder(parts, params),
      '/pay/micropay': (params, call) => micropay(parts, params, call),
      '/pay/orderquery': (params) => orderQuery(parts, params),
      '/pay/closeorder': (params, call) => close(parts, params, call),
      '/pay/refundquery': (params) => refundQuery(parts, params),
      '/pay/downloadbill': (params) => downloadBill(parts, params),
      '/pay/downloadfundflow': (params) => downloadFundFlow(parts, params),
      '/secapi/pay/refund': (params, call) => refund(parts, params, call),
      '/secapi/pay/reverse': (params) => reverse(parts, params),
    }
  }

  claims(host: string, path: string): boolean {
    if (host === '') return Object.hasOwn(this.#handlers, path)
    return /^api2?\.mch\.weixin\.qq\.com$/.test(host) && !path.startsWith('/v3/')
  }

  describe(request: ApiRequest): FaultFacts {
    const params = parseXml(request.body) ?? {}
    const { mchid } = this.#parts.keys().constants.wechat
    const transactionId = params.transaction_id
    const behind = transactionId ? this.#parts.ledger.find('wxpay', mchid, { transactionId }) : undefined
    const api = request.path.split('/').at(-1) ?? ''
    return { provider: 'wxpay', api, outTradeNo: params.out_trade_no ?? behind?.outTradeNo }
  }

  answer(request: ApiRequest, call: Call): Answer {
    try {
      const params = this.#authenticate(request, call)
      const result = this.#handle(request, params, call)
      if (isAnswer(result)) return result
      return this.#signed({ result_code: 'SUCCESS', ...result }, params, call)
    } catch (error) {
      return this.#refused(error, request, call)
    }
  }

  refusal(request: ApiRequest, code = 'SYSTEMERROR'): Answer {
    return this.#failed(new V2Error(code), parseXml(request.body) ?? {})
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

  // internals

  #authenticate(request: ApiRequest, call: Call): Params {
    const refuse = (
      message: string,
      reason: string,
      more: { expected?: string; given?: string } = {},
    ): V2Failure => {
      call.verified({ ok: false, reason, ...more })
      return new V2Failure(message)
    }
    if (!this.#handlers[request.path]) throw refuse('请求地址不存在', `there is no ${request.path}`)
    if (request.method !== 'POST') throw refuse('请使用post方法', `the method is ${request.method}`)
    const params = parseXml(request.body)
    if (!params) throw refuse('XML格式错误', 'the body is no XML, or brings a document type')
    const { mchid, v2_key } = this.#parts.keys().constants.wechat
    for (const name of ['mch_id', 'nonce_str', 'sign']) {
      if (!params[name]) throw refuse(`缺少参数${name}`, `there is no ${name}`)
    }
    if (params.mch_id !== mchid) {
      throw refuse('商户号mch_id不存在', `merchant ${params.mch_id} is unknown; this sandbox has ${mchid}`)
    }
    const type = signTypeOf(params)
    if (!type) throw refuse('签名类型错误', `sign_type is ${params.sign_type}`)
    if (params.sign !== signV2(params, v2_key, type)) {
      const reason = `the ${type} signature does not fit the text below and the API key`
      throw refuse('签名错误', reason, { expected: stringToSignV2(params, '***'), given: params.sign ?? '' })
    }
    call.verified({ ok: true })
    return params
  }

  #handle(request: ApiRequest, params: Params, call: Call): Params | Answer {
    const { appid, mchid } = this.#parts.keys().constants.wechat
    const asksForCertificate = request.path.startsWith('/secapi/') || request.path === '/pay/downloadfundflow'
    if (asksForCertificate && request.clientCertificate === 'missing') {
      call.note('no client certificate of the merchant was shown')
      throw new V2Error('CERT_ERROR')
    }
    if (!params.appid) throw new V2Error('LACK_PARAMS', '缺少参数appid')
    if (params.appid !== appid) {
      throw new V2Error('APPID_MCHID_NOT_MATCH', `appid ${params.appid}与mch_id ${mchid}不匹配`)
    }
    return this.#handlers[request.path]?.(params, call) ?? {}
  }

  #refused(error: unknown, request: ApiRequest, call: Call): Answer {
    if (error instanceof V2Failure) {
      return xml(writeXml({ return_code: 'FAIL', return_msg: error.message }))
    }
    const refused = error instanceof Refusal ? fromRefusal(error) : error
    if (!(refused instanceof V2Error)) throw error
    if (error instanceof Refusal) call.note(error.message)
    return this.#failed(refused, parseXml(request.body) ?? {}, call)
  }

  #failed({ code, message }: V2Error, params: Params, call?: Call): Answer {
    return this.#signed({ result_code: 'FAIL', err_code: code, err_code_des: message }, params, call)
  }

  /** Signed as the request was. */
  #signed(members: Params, request: Params, call?: Call): Answer {
    const { appid, mchid, v2_key } = this.#parts.keys().constants.wechat
    const head = {
      return_code: 'SUCCESS',
      return_msg: 'OK',
      appid,
      mch_id: mchid,
      nonce_str: numbers.nonce(),
    }
    const params = { ...head, ...members }
    const wrong = call?.fault('api.badSignature', 'api.badSerial')
    const key = wrong ? [...v2_key].reverse().join('') : v2_key
    return xml(writeXml({ ...params, sign: signV2(params, key, signTypeOf(request) ?? 'MD5') }))
  }
}

// internals

function signTypeOf({ sign_type: type = 'MD5' }: Params): V2SignType | undefined {
  return type === 'MD5' || type === 'HMAC-SHA256' ? type : undefined
}

function isAnswer(result: Params | Answer): result is Answer {
  return typeof result.headers === 'object'
}

function xml(body: string): Answer {
  return { status: 200, headers: { 'Content-Type': 'text/xml; charset=utf-8' }, body }
}
