/** Who we are to Huawei Pay: the options of `initHuawei`, checked and read (spec/uni-pay.md §2.2). */
import type { KeyObject } from 'node:crypto'
import { configError, requireAll } from '../error.ts'
import { privateKeyOf } from '../key-files.ts'
import { sm2PublicKey } from './sm2.ts'

export interface HuaweiOptions {
  appId: string
  mchId: string
  /** Number of the merchant certificate. */
  mchAuthId: string
  /** An app, or an atomic service. */
  clientType: 'app-harmony' | 'mp-harmony'
  /** PKCS#8, base64 without PEM lines. */
  mchPrivateKey: string
  /** Huawei's SM2 key, hex or base64. Without it answers are believed, and notifications confirmed by a query. */
  platformPublicKey?: string
  /** ms; default 10000. */
  timeout?: number
}

export interface Merchant {
  appId: string
  mchId: string
  authId: string
  clientType: HuaweiOptions['clientType']
  privateKey: KeyObject
  /** The point, hex. */
  platformKey: string | undefined
  timeout: number
}

export const provider = 'huawei'

/** @throws UniPayError `CONFIG_ERROR` for the first option that is missing or unusable */
export function merchantOf(options: HuaweiOptions): Merchant {
  const { appId, mchId, mchAuthId, clientType, mchPrivateKey, platformPublicKey } = options ?? {}
  requireAll(provider, 'CONFIG_ERROR', { appId, mchId, mchAuthId, clientType, mchPrivateKey })
  if (clientType !== 'app-harmony' && clientType !== 'mp-harmony')
    throw configError(provider, `clientType must be app-harmony or mp-harmony, not ${String(clientType)}`)
  const privateKey = privateKeyOf({ provider, name: 'mchPrivateKey', content: mchPrivateKey })
  const platformKey = platformPublicKey ? sm2PublicKey(platformPublicKey) : undefined
  if (platformPublicKey && platformKey === undefined)
    throw configError(provider, 'platformPublicKey does not hold an SM2 public key (hex, base64 or PEM)')
  const { timeout = 10_000 } = options
  return { appId, mchId, authId: mchAuthId, clientType, privateKey, platformKey, timeout }
}
