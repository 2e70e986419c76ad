/** Calls of the Alipay gateway (spec/payment-platforms.md §5, spec/uni-pay.md §2.5). */
import { chinaTime } from '../china-time.ts'
import { UniPayError } from '../error.ts'
import { type HttpAnswer, send } from '../http-client.ts'
import { camelCased, type Fields } from '../naming.ts'
import { verifyRsa } from '../rsa.ts'
import { type GatewayAnswer, objectIn, readAnswer } from './answer.ts'
import { rootNumber } from './certificate-number.ts'
import { type Merchant, provider } from './merchant.ts'
import { digestOf, encoded, type Params, signedQuery, signRequest } from './signature.ts'

export class AlipayGateway {
  readonly #merchant: Merchant
  #rootNumber: Promise<string> | undefined

  constructor(merchant: Merchant) {
    this.#merchant = merchant
  }

  /**
   * @param params beside those that every call has, in the platform's names
   * @returns the answer in camelCase: a refusal, which has another `code` than 10000, is an answer too
   */
  async call(method: string, params: Params): Promise<Fields> {
    const { biz_content, ...query } = await this.#signed(method, params)
    const answer = await this.#exchange(method, encoded(query), biz_content)
    if (answer.status !== 200) throw failed(method, answer, 'REQUEST_FAIL', `HTTP ${answer.status}`)
    const read = attempt(() => readAnswer(answer.text, method))
    const node = attempt(() => objectIn(read?.node ?? ''))
    if (!read || !node) throw failed(method, answer, 'FORMAT_ERROR', 'the answer cannot be read')
    if (read.isError) {
      const { code, msg, sub_code = code, sub_msg = msg } = node
      throw failed(method, answer, String(sub_code), String(sub_msg))
    }
    this.#check(read, node, method, answer)
    return camelCased(node) as Fields
  }

  /** A call that somebody else makes: the text that the app SDK takes. */
  async orderString(method: string, params: Params): Promise<string> {
    const all = await this.#common(method, params)
    return signedQuery(all, this.#merchant.privateKey, this.#merchant.signType)
  }

  // internals

  async #signed(method: string, params: Params): Promise<Params> {
    const all = await this.#common(method, params)
    return { ...all, sign: signRequest(all, this.#merchant.privateKey, this.#merchant.signType) }
  }

  async #common(method: string, params: Params): Promise<Params> {
    const { appId, signType, certificates } = this.#merchant
    if (certificates) this.#rootNumber ??= rootNumber(certificates.rootBundle)
    return {
      app_id: appId,
      method,
      format: 'JSON',
      charset: 'utf-8',
      version: '1.0',
      sign_type: signType,
      timestamp: chinaTime(Date.now()),
      ...(certificates
        ? { app_cert_sn: certificates.app, alipay_root_cert_sn: String(await this.#rootNumber) }
        : {}),
      ...params,
    }
  }

  async #exchange(method: string, query: string, content: string | undefined): Promise<HttpAnswer> {
    const { gateway, timeout } = this.#merchant
    try {
      return await send(`${gateway}${gateway.includes('?') ? '&' : '?'}${query}`, {
        provider,
        api: method,
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: content === undefined ? '' : encoded({ biz_content: content }),
        timeout,
      })
    } catch (error) {
      const { errCode, errMsg, cause } = error as UniPayError
      throw new UniPayError({
        provider,
        api: method,
        errCode,
        errMsg: `${httpFailed}: ${errMsg}`,
        message: httpFailed,
        cause,
      })
    }
  }

  /** A refusal may come without a signature, for example of our own; nothing is believed of it but that it is one. */
  #check(read: GatewayAnswer, node: Fields, method: string, answer: HttpAnswer): void {
    if (read.sign === undefined && node.code !== undefined && node.code !== '10000') return
    const { publicKey, signType, certificates } = this.#merchant
    if (certificates && read.certificate !== undefined && read.certificate !== certificates.alipay) {
      throw forged(
        method,
        answer,
        `signed with certificate ${read.certificate}, alipayPublicCert is ${certificates.alipay}: download the current one`,
      )
    }
    const { node: text = '', sign = '' } = read
    if (!verifyRsa(text, sign, publicKey, digestOf(signType))) throw forged(method, answer)
  }
}

// internals

/** Texts that old code matches on. */
const httpFailed = '[AlipaySdk]HTTP 请求错误'
const notGenuine = '[AlipaySdk]验签失败'

function failed(method: string, { status, text }: HttpAnswer, errCode: string, why: string): UniPayError {
  return new UniPayError({
    provider,
    api: method,
    errCode,
    errMsg: `${httpFailed}: ${provider} ${method}: ${why}`,
    message: httpFailed,
    httpStatus: status,
    rawResponse: text,
  })
}

function forged(method: string, { status, text }: HttpAnswer, reason?: string): UniPayError {
  return new UniPayError({
    provider,
    api: method,
    errCode: 'SIGN_ERROR',
    errMsg: `${notGenuine}: ${provider} ${method}${reason ? `: ${reason}` : ''}`,
    message: notGenuine,
    httpStatus: status,
    rawResponse: text,
  })
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
