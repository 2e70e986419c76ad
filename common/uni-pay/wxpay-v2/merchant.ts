/** Who we are to WeChat Pay V2: the options of `initWeixin`, checked (spec/uni-pay.md §2.2). */
import { clientTypeOf } from '../client-type.ts'
import { requireAll } from '../error.ts'
import type { SignType } from './signature.ts'

export interface WeixinOptions {
  appId: string
  mchId: string
  /** The API key, 32 characters. */
  key: string
  /** A service provider's: of the merchant it acts for. */
  subAppId?: string
  subMchId?: string
  /** The merchant certificate, `apiclient_cert.p12`, for refunds and fund flows. Its passphrase is `mchId`. */
  pfx?: Buffer | string
  /** ms; default 5000. */
  timeout?: number
  /** Default MD5. */
  signType?: SignType
  /** Without effect: the runtime's host map is the sandbox. */
  sandbox?: boolean
  /** Decides over the kind of order when it names no `tradeType`; default: the client of the call. */
  clientType?: string
}

export interface Merchant {
  appId: string
  mchId: string
  key: string
  subAppId: string | undefined
  subMchId: string | undefined
  pfx: Buffer | string | undefined
  timeout: number
  signType: SignType
  clientType: string | undefined
}

export const provider = 'wxpay-v2'

/** @throws UniPayError `CONFIG_ERROR` for the first option that is missing */
export function merchantOf(options: WeixinOptions): Merchant {
  const { appId, mchId, key, subAppId, subMchId, pfx } = options ?? {}
  requireAll(provider, 'CONFIG_ERROR', { appId, mchId, key })
  const { timeout = 5000, signType = 'MD5', sandbox } = options
  if (sandbox) warnOfSandbox()
  return { appId, mchId, key, subAppId, subMchId, pfx, timeout, signType, clientType: clientTypeOf(options) }
}

// internals

/** What WeChat called its sandbox never worked with this option (D2). */
function warnOfSandbox(): void {
  console.warn(
    'uni-pay: initWeixin ignores sandbox:true; payments go wherever the host api.mch.weixin.qq.com is mapped to',
  )
}
