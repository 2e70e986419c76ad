/** Who we are to WeChat's virtual payment: the options of `initWeixinVirtualPayment` (spec/uni-pay.md §2.2). */
import { configError, requireAll } from '../error.ts'

export interface WeixinVirtualPaymentOptions {
  /** Of the mini program. */
  appId: string
  secret?: string
  mchId: string
  offerId: string
  /** Of the live environment. */
  appKey: string
  sandboxAppKey: string
  /** Coins per yuan; default 100. For callers: nothing here converts. */
  rate?: number
  /** Of the message push. */
  token: string
  /** Of the message push, 43 characters. */
  encodingAESKey: string
  accessToken: string
  /** The sandbox environment; money in it is not real. */
  sandbox?: boolean
  /** Default CNY. */
  currencyType?: string
  /** ms; default 10000. */
  timeout?: number
  clientType?: string
}

export interface Merchant {
  appId: string
  mchId: string
  offerId: string
  /** Of the environment in use. */
  appKey: string
  /** 0: live, 1: sandbox. */
  env: 0 | 1
  token: string
  /** Of the message push. */
  aesKey: Buffer
  accessToken: string
  currencyType: string
  timeout: number
}

export const provider = 'wxpay-virtual'

/** @throws UniPayError `CONFIG_ERROR` for the first option that is missing or unusable */
export function merchantOf(options: WeixinVirtualPaymentOptions): Merchant {
  const { appId, mchId, offerId, appKey, sandboxAppKey, token, encodingAESKey, accessToken } = options ?? {}
  const required = { appId, mchId, offerId, appKey, sandboxAppKey, token, encodingAESKey, accessToken }
  requireAll(provider, 'CONFIG_ERROR', required)
  const aesKey = Buffer.from(`${encodingAESKey}=`, 'base64')
  if (encodingAESKey.length !== 43 || aesKey.length !== 32)
    throw configError(provider, 'encodingAESKey must be the 43 characters of the message push settings')
  const { sandbox = false, currencyType = 'CNY', timeout = 10_000 } = options
  const environment = sandbox ? ({ env: 1, appKey: sandboxAppKey } as const) : ({ env: 0, appKey } as const)
  return { appId, mchId, offerId, ...environment, token, aesKey, accessToken, currencyType, timeout }
}
