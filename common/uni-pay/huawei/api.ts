/** Calls of Huawei Pay (spec/payment-platforms.md §7). */
import { randomInt } from 'node:crypto'
import { refusal, UniPayError } from '../error.ts'
import { type HttpAnswer, send } from '../http-client.ts'
import { type Fields, isFields } from '../naming.ts'
import { type Merchant, provider } from './merchant.ts'
import { authorization, signedContent } from './signature.ts'
import { verifySm2 } from './sm2.ts'

export class HuaweiApi {
  readonly #merchant: Merchant

  constructor(merchant: Merchant) {
    this.#merchant = merchant
  }

  get(path: string): Promise<Fields> {
    return this.#call('GET', path, path)
  }

  post(path: string, body: Fields): Promise<Fields> {
    return this.#call('POST', path, signedContent(body), JSON.stringify(body))
  }

  /** Whether the platform has signed it; undefined when its key is not known. */
  async isGenuine(fields: Fields): Promise<boolean | undefined> {
    const { platformKey } = this.#merchant
    if (platformKey === undefined) return undefined
    return await verifySm2(signedContent(fields), fields.sign, platformKey)
  }

  // internals

  async #call(method: 'GET' | 'POST', path: string, signed: string, body?: string): Promise<Fields> {
    const { mchId, authId, privateKey, timeout } = this.#merchant
    const auth = { callerId: mchId, traceId: newTraceId(), time: Date.now(), authId }
    const answer = await send(`https://petalpay-developer.cloud.huawei.com.cn${path}`, {
      provider,
      api: `${method} ${path}`,
      method,
      headers: {
        'Content-Type': 'application/json; charset=UTF-8',
        Accept: 'application/json',
        PayMercAuth: authorization(auth, signed, privateKey),
      },
      ...(body === undefined ? {} : { body }),
      timeout,
    })
    return await this.#read(answer, `${method} ${path}`)
  }

  async #read(answer: HttpAnswer, api: string): Promise<Fields> {
    const place = { provider, api, httpStatus: answer.status, rawResponse: answer.text } as const
    const fields = parsed(answer.text)
    if (typeof fields?.resultCode !== 'string') {
      const [errCode, why] =
        answer.status === 200
          ? ['FORMAT_ERROR', 'the answer has no resultCode']
          : ['REQUEST_FAIL', `HTTP ${answer.status}`]
      throw new UniPayError({ ...place, errCode, errMsg: `${provider} ${api}: ${why}` })
    }
    const { resultCode, resultDesc, subCode = resultCode, subDesc = resultDesc } = fields
    const succeeded = resultCode === '000000'
    // A refusal may come from before there was anything to sign with.
    if ((succeeded || fields.sign !== undefined) && (await this.isGenuine(fields)) === false)
      throw new UniPayError({
        ...place,
        errCode: 'SIGN_ERROR',
        errMsg: `返回结果签名错误: ${provider} ${api}: it is not signed with platformPublicKey`,
      })
    if (!succeeded)
      throw refusal({
        ...place,
        errCode: String(subCode || resultCode),
        errMsg: String(subDesc || resultDesc),
      })
    return fields
  }
}

// internals

/** 22 digits, never the same twice. */
function newTraceId(): string {
  return `${Date.now()}${String(randomInt(1e9)).padStart(9, '0')}`
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}
