/** One gateway for everything: what a request asks for and who asks, and how an answer is put together (§5.1, §5.2). */
import type { Call } from '../core/call.ts'
import { type Answer, type ApiRequest, header } from '../core/exchange.ts'
import { isObject, type JsonObject, parseJson } from '../core/json.ts'
import type { PlatformParts } from '../core/platform.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { AlipayError } from './errors.ts'
import { type SignType, signAlipay, stringToSign, verifyAlipay } from './signature.ts'

export interface GatewayRequest {
  params: Record<string, string>
  method: string
  biz: JsonObject
  /** The merchant signs with a certificate: answers then name Alipay's. */
  certificateMode: boolean
}

/** Parameters may come in the query, in the form, or in both. */
export function readGatewayRequest(request: ApiRequest): GatewayRequest {
  const params = Object.fromEntries(request.query)
  if (header(request, 'content-type').includes('json')) {
    const body = parseJson(request.body)
    for (const [name, value] of Object.entries(isObject(body) ? body : {})) {
      params[name] = typeof value === 'string' ? value : JSON.stringify(value)
    }
  } else Object.assign(params, Object.fromEntries(new URLSearchParams(request.body)))
  const biz = parseJson(params.biz_content ?? '{}')
  return {
    params,
    method: params.method ?? '',
    biz: isObject(biz) ? biz : {},
    certificateMode: Boolean(params.app_cert_sn),
  }
}

/** @throws AlipayError; the call log shows what should have been signed */
export function authenticate(
  { params, method, certificateMode }: GatewayRequest,
  call: Pick<Call, 'verified'>,
  { keys }: Pick<PlatformParts, 'keys'>,
): void {
  const refuse = (
    subCode: string,
    reason: string,
    more: { expected?: string; given?: string } = {},
  ): AlipayError => {
    call.verified({ ok: false, reason, ...more })
    // Alipay itself tells what it expected to be signed.
    const detail = more.expected === undefined ? '' : `，网关生成的验签字符串为：【${more.expected}】`
    return new AlipayError(
      subCode,
      detail ? `验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配${detail}` : undefined,
    )
  }
  const { constants, alipay } = keys()
  if (!params.app_id) throw refuse('isv.missing-app-id', 'there is no app_id')
  if (params.app_id !== constants.alipay.app_id) {
    throw refuse(
      'isv.invalid-app-id',
      `app ${params.app_id} is unknown; this sandbox has ${constants.alipay.app_id}`,
    )
  }
  if (!method) throw refuse('isv.missing-method', 'there is no method')
  if (!params.sign) throw refuse('isv.missing-signature', 'there is no sign')
  const signType = params.sign_type ?? 'RSA2'
  if (signType !== 'RSA2' && signType !== 'RSA') {
    throw refuse('isv.invalid-signature-type', `sign_type is ${signType}, not RSA2`)
  }
  checkTimestamp(params.timestamp, refuse)
  if (certificateMode) checkCertificates(params, alipay, refuse)
  const expected = stringToSign(params)
  if (!verifyAlipay(expected, params.sign, alipay.appKey, signType)) {
    const reason = 'the signature does not fit the text below and the app key'
    throw refuse('isv.invalid-signature', reason, { expected, given: params.sign })
  }
  call.verified({ ok: true })
}

export interface Sealing {
  certificateMode: boolean
  keys: KeyRing
  /** Default: Alipay's own. */
  key?: KeyRing['alipay']['platformKey']
  /** As the request was signed. */
  signType: SignType
  /** Alipay leaves the signature away where it does not know the caller. */
  signed: boolean
}

/** The signature covers the text of the node exactly as it is sent. */
export function gatewayAnswer(
  method: string,
  node: JsonObject,
  { certificateMode, keys, key, signType, signed }: Sealing,
): Answer {
  const name = method ? `${method.replace(/\./g, '_')}_response` : 'error_response'
  // Slashes are escaped, as Alipay does it: whoever re-serialises before verifying fails here, not in production.
  const text = JSON.stringify(node).replace(/\//g, '\\/')
  const certificate = certificateMode ? `,"alipay_cert_sn":"${keys.alipay.platformCertSn}"` : ''
  const sign = signed ? `,"sign":"${signAlipay(text, key ?? keys.alipay.platformKey, signType)}"` : ''
  return {
    status: 200,
    headers: { 'Content-Type': 'text/html;charset=utf-8' },
    body: `{"${name}":${text}${certificate}${sign}}`,
  }
}

// internals

type Refuse = (subCode: string, reason: string) => AlipayError

function checkTimestamp(timestamp: string | undefined, refuse: Refuse): void {
  if (!timestamp) throw refuse('isv.missing-timestamp', 'there is no timestamp')
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(timestamp)) {
    throw refuse('isv.invalid-timestamp', `timestamp ${timestamp} is not yyyy-MM-dd HH:mm:ss`)
  }
}

function checkCertificates(params: Record<string, string>, alipay: KeyRing['alipay'], refuse: Refuse): void {
  if (params.app_cert_sn !== alipay.appCertSn) {
    throw refuse(
      'isv.invalid-app-cert-sn',
      `app_cert_sn is ${params.app_cert_sn}, the app's certificate ${alipay.appCertSn}`,
    )
  }
  if (params.alipay_root_cert_sn !== alipay.rootCertSn) {
    throw refuse(
      'isv.invalid-alipay-root-cert-sn',
      `alipay_root_cert_sn is ${params.alipay_root_cert_sn}, the root bundle's ${alipay.rootCertSn}`,
    )
  }
}
