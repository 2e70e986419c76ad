/** Business errors: their codes and texts (spec/uni-id.md §3). They are returned to the client, not thrown. */
import { languageFile } from './files.ts'

export type UniIdErrorCode = keyof typeof zhHans

/** What a call answers when it is refused. */
export interface UniIdFailure {
  errCode: UniIdErrorCode
  errMsg: string
  /** The number of older uni-id versions, of token errors only. */
  code?: number
}

/** Thrown inside the module only; `describe` makes the answer of it. */
export class Refusal {
  readonly errCode: UniIdErrorCode
  readonly values: Record<string, string>

  constructor(errCode: UniIdErrorCode, values: Record<string, string> = {}) {
    this.errCode = errCode
    this.values = values
  }
}

/** @param locale of the client; one without texts gets Chinese, as does a text missing in the project's language */
export function describe({ errCode, values }: Refusal, locale: string | undefined): UniIdFailure {
  const own = languageFile()
  const chinese = { ...zhHans, ...own['zh-Hans'] }
  // Traditional Chinese is a language of its own to initI18n, which would find no text for it.
  const messages: Record<string, Record<string, string>> = { 'zh-Hans': chinese, 'zh-Hant': chinese, en }
  for (const [name, texts] of Object.entries(own)) {
    messages[name] = { ...(messages[name] ?? chinese), ...texts }
  }
  const i18n = uniCloud.initI18n({ locale: locale ?? '', fallbackLocale: 'zh-Hans', messages })
  const code = numbers[errCode]
  return { errCode, errMsg: i18n.t(errCode, values), ...(code === undefined ? {} : { code }) }
}

// internals

const zhHans = {
  'uni-id-token-expired': '登录状态失效，token已过期',
  'uni-id-check-token-failed': 'token校验未通过',
  'uni-id-param-required': '缺少参数: {param}',
  'uni-id-account-exists': '此账号已注册',
  'uni-id-account-not-exists': '此账号未注册',
  'uni-id-account-conflict': '用户账号冲突',
  'uni-id-account-banned': '从账号已封禁',
  'uni-id-account-auditing': '此账号正在审核中',
  'uni-id-account-audit-failed': '此账号审核失败',
  'uni-id-account-closed': '此账号已注销',
}

const en: Record<UniIdErrorCode, string> = {
  'uni-id-token-expired': 'The login status is invalid, token has expired',
  'uni-id-check-token-failed': 'Check token failed',
  'uni-id-param-required': 'Parameter required: {param}',
  'uni-id-account-exists': 'Account exists',
  'uni-id-account-not-exists': 'Account does not exists',
  'uni-id-account-conflict': 'User account conflict',
  'uni-id-account-banned': 'Account has been banned',
  'uni-id-account-auditing': 'Account audit in progress',
  'uni-id-account-audit-failed': 'Account audit failed',
  'uni-id-account-closed': 'Account has been closed',
}

const numbers: Partial<Record<UniIdErrorCode, number>> = {
  'uni-id-token-expired': 30203,
  'uni-id-check-token-failed': 30202,
}
