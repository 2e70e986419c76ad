/** What goes wrong in a payment: one class for every platform (spec/uni-pay.md §2.5, D13). */

export type Provider = 'wxpay-v3' | 'wxpay-v2' | 'alipay' | 'appleiap' | 'wxpay-virtual' | 'huawei'

/** Codes of our own; others are the platform's. */
export type LocalCode =
  /** An option of `init…` is missing or unusable. */
  | 'CONFIG_ERROR'
  /** A parameter of the call is missing or wrong; nothing was sent. */
  | 'PARAM_ERROR'
  /** An answer or a notification is not from the platform, or not for this merchant. */
  | 'SIGN_ERROR'
  /** The request did not reach the platform, or was answered with an HTTP error that is not the platform's own. */
  | 'REQUEST_FAIL'
  /** The answer or notification cannot be read. */
  | 'FORMAT_ERROR'

export interface UniPayErrorDetails {
  provider: Provider
  errCode: LocalCode | (string & {}) | number
  errMsg: string
  /** Where old code matches on another form than `errMsg`. */
  message?: string
  /** Which call: `POST /v3/refund/domestic/refunds`, `alipay.trade.refund`, … */
  api?: string | undefined
  httpStatus?: number | undefined
  rawResponse?: string | undefined
  cause?: unknown
}

export class UniPayError extends Error {
  override readonly name = 'UniPayError'
  /** The platform's code, or one of ours. */
  readonly errCode: string | number
  readonly errMsg: string
  readonly provider: Provider
  readonly api?: string
  readonly httpStatus?: number
  /** The platform's answer as text, tokens and session keys blanked out. */
  readonly rawResponse?: string

  constructor(details: UniPayErrorDetails) {
    const { provider, errCode, errMsg, message = errMsg, api, httpStatus, rawResponse, cause } = details
    super(message, cause === undefined ? undefined : { cause })
    this.errCode = errCode
    this.errMsg = errMsg
    this.provider = provider
    if (api !== undefined) this.api = api
    if (httpStatus !== undefined) this.httpStatus = httpStatus
    if (rawResponse !== undefined) this.rawResponse = withoutSecrets(rawResponse)
  }
}

/** `message` of a refusal as uniCloud's own error class words it. */
export function refusal(details: Omit<UniPayErrorDetails, 'message'>): UniPayError {
  return new UniPayError({
    ...details,
    message: `errCode: ${details.errCode} | errMsg: ${details.errMsg}`,
  })
}

export function configError(provider: Provider, errMsg: string, cause?: unknown): UniPayError {
  return new UniPayError({ provider, errCode: 'CONFIG_ERROR', errMsg, cause })
}

export function paramError(provider: Provider, errMsg: string): UniPayError {
  return new UniPayError({ provider, errCode: 'PARAM_ERROR', errMsg })
}

/**
 * The values, or an error `<name> required` for the first that is missing, in the order given.
 *
 * @throws UniPayError with code `code`
 */
export function requireAll(
  provider: Provider,
  code: 'CONFIG_ERROR' | 'PARAM_ERROR',
  values: Record<string, unknown>,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== '') continue
    throw new UniPayError({ provider, errCode: code, errMsg: `${name} required` })
  }
}

// internals

const secretFields = /("(?:session_key|access_token|refresh_token)"\s*:\s*")[^"]*/g

function withoutSecrets(text: string): string {
  return text.replace(secretFields, '$1***')
}
