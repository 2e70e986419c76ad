/** Failures of ours, and how every failure is answered (spec/uni-pay.md §3.1 `_after`, §3.7). */
import { en } from './messages/en.ts'
import { type ErrorCode, zhHans } from './messages/zh-hans.ts'

export interface Failure {
  errCode: number | string
  errMsg: string
  code?: number | string
  errSubject?: string
}

/** Thrown anywhere in a method; the text is chosen at the end, by the client's language. */
export class PayError extends Error {
  override readonly name = 'PayError'
  readonly errCode: ErrorCode
  /** In place of the code's own text. */
  readonly errMsg: string | undefined
  /** Behind the code's own text. */
  readonly detail: string | undefined

  constructor(errCode: ErrorCode, { errMsg, detail }: { errMsg?: string; detail?: string } = {}) {
    super(errMsg ?? detail ?? String(errCode))
    this.errCode = errCode
    this.errMsg = errMsg
    this.detail = detail
  }
}

/**
 * What a client gets of an error; undefined for one without a code, which is the system's.
 *
 * @param locale of the client
 */
export function failureOf(error: unknown, locale: string): Failure | undefined {
  if (error instanceof PayError) {
    const { errCode, detail } = error
    const text = textOf(errCode, locale)
    const errMsg = error.errMsg ?? (detail ? `${text}：${detail}` : text)
    return { errCode, errMsg, code: errCode, errSubject: 'uni-pay' }
  }
  const { errCode, errMsg, message, code, errSubject } = (error ?? {}) as Record<string, unknown>
  if (!errCode) return undefined
  const failure: Failure = { errCode: errCode as string | number, errMsg: String(errMsg ?? message ?? '') }
  if (code !== undefined) failure.code = code as string | number
  if (errSubject !== undefined) failure.errSubject = String(errSubject)
  return failure
}

/** What went wrong, for people; errors of the platforms carry their own text. */
export function reasonOf(error: unknown): string {
  const { errMsg, message, errorMessage } = (error ?? {}) as Record<string, unknown>
  // Files of the configuration from there on: it may reach a client where this machine keeps them.
  return String(errMsg || message || errorMessage || error).replace(configFolder, '')
}

// internals

const configFolder = /[^\s:'"]*[\\/](?=uni-config-center[\\/]uni-pay[\\/])/g

function textOf(code: ErrorCode, locale: string): string {
  const i18n = uniCloud.initI18n({
    locale,
    fallbackLocale: 'zh-Hans',
    // Traditional Chinese is a language of its own to initI18n, which would find no text for it.
    messages: { 'zh-Hans': keyed(zhHans), 'zh-Hant': keyed(zhHans), en: keyed(en) },
  })
  return i18n.t(String(code))
}

function keyed(texts: Record<ErrorCode, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts))
}
