/** Calls of WeChat Pay V3: signed on the way out, checked on the way in (spec/payment-platforms.md §3). */
import { refusal, UniPayError } from '../error.ts'
import { type HttpAnswer, send } from '../http-client.ts'
import { type Fields, fieldsOf, isFields } from '../naming.ts'
import type { Notification } from '../notify-event.ts'
import { sharedCertificates } from './certificate-cache.ts'
import { type Merchant, provider } from './merchant.ts'
import { PlatformKeys, type Unverified } from './platform-keys.ts'
import { authorization, newStamp } from './signature.ts'
import { checkSignature, checkStamp, isSigned, type Origin, serialOf } from './verification.ts'

export class WeixinV3Api {
  readonly #merchant: Merchant
  readonly #keys: PlatformKeys

  constructor(merchant: Merchant) {
    this.#merchant = merchant
    const origin = { api: 'GET /v3/certificates' }
    this.#keys = new PlatformKeys(
      merchant,
      sharedCertificates,
      () => this.#certificates(),
      (message, find) => {
        checkStamp(message, merchant.tolerance, origin)
        checkSignature(message, find(serialOf(message)), origin)
      },
    )
  }

  get(path: string): Promise<Fields> {
    return this.#call('GET', path)
  }

  /** @param body sent in the order of its members */
  post(path: string, body: Fields): Promise<Fields> {
    return this.#call('POST', path, JSON.stringify(body))
  }

  /**
   * A file. The request is signed like any other; the answer is not, so the caller has to know its hash.
   *
   * @param url as an answer gave it
   */
  async download(url: string): Promise<Buffer> {
    const { origin, pathname, search } = new URL(url)
    const path = pathname + search
    const answer = await this.#exchange('GET', path, '', origin)
    if (answer.status !== 200) throw refused(answer, `GET ${pathname}`)
    return answer.bytes
  }

  /** @throws UniPayError `SIGN_ERROR` when WeChat has not signed it, or too long ago */
  async verify(message: Unverified | Notification, origin: Origin): Promise<void> {
    checkStamp(message, this.#merchant.tolerance, origin)
    checkSignature(message, await this.#keys.find(serialOf(message)), origin)
  }

  // internals

  async #call(method: 'GET' | 'POST', path: string, body = ''): Promise<Fields> {
    const api = `${method} ${withoutQuery(path)}`
    const answer = await this.#exchange(method, path, body)
    const good = answer.status >= 200 && answer.status < 300
    const message = { headers: answer.headers, body: answer.text }
    if (good || isSigned(message)) await this.verify(message, { api, httpStatus: answer.status })
    if (!good) throw refused(answer, api)
    if (answer.text === '') return {}
    const value = parsed(answer, api)
    // Accepted but not done: 202 with an error body, such as USERPAYING.
    if (answer.status === 202 && value.code !== undefined) throw refused(answer, api)
    return value
  }

  async #certificates(): Promise<Unverified> {
    const path = '/v3/certificates'
    const answer = await this.#exchange('GET', path)
    if (answer.status === 200) return { headers: answer.headers, body: answer.text }
    const error = refused(answer, `GET ${path}`)
    if (answer.status !== 404) throw error
    throw new UniPayError({
      provider,
      errCode: error.errCode,
      errMsg: `${error.errMsg}: a merchant in public-key mode has no platform certificates; set wxpayPublicKeyPath and wxpayPublicKeyId`,
      api: `GET ${path}`,
      httpStatus: 404,
      cause: error,
    })
  }

  async #exchange(method: 'GET' | 'POST', path: string, body = '', origin = host): Promise<HttpAnswer> {
    const { publicKey, timeout } = this.#merchant
    return await send(origin + path, {
      provider,
      api: `${method} ${withoutQuery(path)}`,
      method,
      headers: {
        Accept: 'application/json',
        'User-Agent': 'uni-pay',
        Authorization: authorization({ method, path, body, ...newStamp() }, this.#merchant),
        ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
        ...(publicKey?.id === undefined ? {} : { 'Wechatpay-Serial': publicKey.id }),
      },
      ...(method === 'POST' ? { body } : {}),
      timeout,
    })
  }
}

// internals

const host = 'https://api.mch.weixin.qq.com'

function withoutQuery(path: string): string {
  return path.replace(/\?.*$/s, '')
}

/** @throws UniPayError `FORMAT_ERROR` */
function parsed({ text, status }: HttpAnswer, api: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    if (isFields(value)) return value
  } catch {
    // Reported below, as any other text that is no object.
  }
  throw new UniPayError({
    provider,
    errCode: 'FORMAT_ERROR',
    errMsg: `${provider} ${api}: the answer is not a JSON object`,
    api,
    httpStatus: status,
    rawResponse: text,
  })
}

/** `{code, message}` of the platform, or an HTTP error of something before it. */
function refused({ status, text }: HttpAnswer, api: string): UniPayError {
  const { code, message } = fieldsOf(attempt(() => JSON.parse(text)))
  const known = typeof code === 'string'
  return refusal({
    provider,
    errCode: known ? code : 'REQUEST_FAIL',
    errMsg: known ? String(message ?? code) : `${provider} ${api}: HTTP ${status}`,
    api,
    httpStatus: status,
    rawResponse: text,
  })
}

function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch {
    return undefined
  }
}
