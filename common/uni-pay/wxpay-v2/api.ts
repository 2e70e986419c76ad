/** Calls of WeChat Pay V2: XML, signed both ways (spec/payment-platforms.md §4, spec/uni-pay.md §2.5). */
import { randomBytes } from 'node:crypto'
import { UniPayError } from '../error.ts'
import { type HttpAnswer, send } from '../http-client.ts'
import { compact, type Fields } from '../naming.ts'
import { buildXml, parseXml } from '../xml.ts'
import { clientCertificate } from './client-certificate.ts'
import { type Merchant, provider } from './merchant.ts'
import { isSigned, type SignType, signParams } from './signature.ts'

export interface CallOptions {
  /** The call needs the merchant's certificate. */
  certificate?: boolean
  /** In place of the merchant's. */
  signType?: SignType | undefined
}

export class WeixinV2Api {
  readonly #merchant: Merchant

  constructor(merchant: Merchant) {
    this.#merchant = merchant
  }

  /** @returns the platform's fields, its signature checked */
  async post(path: string, params: Fields, options: CallOptions = {}): Promise<Record<string, string>> {
    const answer = await this.#exchange(path, params, options)
    const fields = readAnswer(answer, path)
    if (fields.return_code !== 'SUCCESS') throw returnFailure(fields, answer, path)
    if (!isSigned(fields, this.#merchant.key, this.#signType(params, options)))
      throw new UniPayError({ ...placeOf(answer, path), errCode: 'SIGN_ERROR', errMsg: '返回结果签名错误' })
    if (fields.result_code === 'FAIL') throw resultFailure(fields, answer, path)
    return fields
  }

  /** A file; it is not signed, and what is XML is the reason why there is none. */
  async download(path: string, params: Fields, options: CallOptions = {}): Promise<Buffer> {
    const answer = await this.#exchange(path, params, options)
    if (!answer.text.trimStart().startsWith('<xml')) return answer.bytes
    const fields = readAnswer(answer, path)
    throw fields.result_code === 'FAIL'
      ? resultFailure(fields, answer, path)
      : returnFailure(fields, answer, path)
  }

  // internals

  #signType({ sign_type }: Fields, { signType }: CallOptions): SignType {
    return signType ?? (sign_type as SignType | undefined) ?? this.#merchant.signType
  }

  async #exchange(path: string, params: Fields, options: CallOptions): Promise<HttpAnswer> {
    const { appId, mchId, subAppId, subMchId, key, timeout } = this.#merchant
    const signType = this.#signType(params, options)
    const fields = compact({
      appid: appId,
      mch_id: mchId,
      sub_appid: subAppId,
      sub_mch_id: subMchId,
      nonce_str: randomBytes(16).toString('hex'),
      sign_type: signType === 'MD5' ? undefined : signType,
      ...params,
    })
    const answer = await send(`https://api.mch.weixin.qq.com${path}`, {
      provider,
      api: path,
      method: 'POST',
      headers: { 'Content-Type': 'text/xml; charset=utf-8' },
      body: buildXml({ ...fields, sign: signParams(fields, key, signType) }),
      timeout,
      ...(options.certificate ? { certificate: await clientCertificate(this.#merchant) } : {}),
    })
    if (answer.status === 200) return answer
    throw new UniPayError({
      ...placeOf(answer, path),
      errCode: 'REQUEST_FAIL',
      errMsg: `${provider} ${path}: HTTP ${answer.status}`,
      message: 'request fail',
    })
  }
}

// internals

function placeOf({ status, text }: HttpAnswer, path: string) {
  return { provider, api: path, httpStatus: status, rawResponse: text } as const
}

function readAnswer(answer: HttpAnswer, path: string): Record<string, string> {
  try {
    return parseXml(answer.text)
  } catch (error) {
    throw new UniPayError({
      ...placeOf(answer, path),
      errCode: 'FORMAT_ERROR',
      errMsg: `${provider} ${path}: the answer cannot be read: ${(error as Error).message}`,
    })
  }
}

/** The request was not understood, or its signature is wrong; such answers are not signed. */
function returnFailure(fields: Record<string, string>, answer: HttpAnswer, path: string): UniPayError {
  const { return_code, return_msg, error_code } = fields
  const errMsg = return_msg || `${provider} ${path}: return_code ${return_code}`
  return new UniPayError({ ...placeOf(answer, path), errCode: error_code || 'FAIL', errMsg })
}

function resultFailure(fields: Record<string, string>, answer: HttpAnswer, path: string): UniPayError {
  const { err_code = 'FAIL', err_code_des: errMsg = '' } = fields
  const message = `${err_code} ${errMsg}`.trim()
  return new UniPayError({ ...placeOf(answer, path), errCode: err_code, errMsg: errMsg || err_code, message })
}
