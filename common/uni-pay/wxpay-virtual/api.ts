/** Server calls of virtual payment (spec/payment-platforms.md §8.3). */
import { refusal, type UniPayError } from '../error.ts'
import { type HttpAnswer, send } from '../http-client.ts'
import { compact, type Fields, fieldsOf } from '../naming.ts'
import { type Merchant, provider } from './merchant.ts'
import { paySignature, userSignature } from './signature.ts'

export class VirtualPaymentApi {
  readonly #merchant: Merchant

  constructor(merchant: Merchant) {
    this.#merchant = merchant
  }

  /**
   * @param sessionKey of the user, for the calls that spend coins
   * @returns the answer. That the same was asked before and is done is no failure.
   */
  async post(name: string, fields: Fields, sessionKey?: string): Promise<Fields> {
    const { env, appKey, accessToken, timeout } = this.#merchant
    const uri = `/xpay/${name}`
    const body = JSON.stringify({ env, ...compact(fields) })
    const query = {
      access_token: accessToken,
      pay_sig: paySignature(uri, body, appKey),
      ...(sessionKey === undefined ? {} : { signature: userSignature(body, sessionKey) }),
    }
    const answer = await send(`https://api.weixin.qq.com${uri}?${new URLSearchParams(query)}`, {
      provider,
      api: uri,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      timeout,
      secretUrl: true,
    })
    return this.#read(answer, uri)
  }

  // internals

  #read(answer: HttpAnswer, uri: string): Fields {
    if (answer.status !== 200) throw failure(answer, uri, 'REQUEST_FAIL', `HTTP ${answer.status}`)
    const fields = parsed(answer.text)
    const { errcode } = fields
    if (typeof errcode !== 'number') throw failure(answer, uri, 'FORMAT_ERROR', 'the answer has no errcode')
    if (errcode === 0 || errcode === alreadyDone) return fields
    throw refusal({ ...placeOf(answer, uri), errCode: errcode, errMsg: String(fields.errmsg ?? '') })
  }
}

// internals

const alreadyDone = 268490004

function failure(answer: HttpAnswer, uri: string, errCode: string, why: string): UniPayError {
  return refusal({ ...placeOf(answer, uri), errCode, errMsg: `${provider} ${uri}: ${why}` })
}

function placeOf({ status, text }: HttpAnswer, api: string) {
  return { provider, api, httpStatus: status, rawResponse: text } as const
}

function parsed(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    return {}
  }
}
