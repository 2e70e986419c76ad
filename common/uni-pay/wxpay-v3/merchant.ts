/** Who we are to WeChat Pay V3: the options of `initWeixinV3`, checked and read (spec/uni-pay.md §2.2). */
import type { KeyObject } from 'node:crypto'
import { configError, requireAll } from '../error.ts'
import { certificateOf, privateKeyOf, publicKeyOf } from '../key-files.ts'

export interface WeixinV3Options {
  appId: string
  mchId: string
  /** The APIv3 key, 32 characters. */
  v3Key: string
  /** The merchant certificate, `apiclient_cert.pem`. */
  appCertPath?: string
  appCertContent?: string
  /** The merchant's private key, `apiclient_key.pem`. */
  appPrivateKeyPath?: string
  appPrivateKeyContent?: string
  /** WeChat Pay's public key, `pub_key.pem`, for merchants in public-key mode. */
  wxpayPublicKeyPath?: string
  wxpayPublicKeyContent?: string
  /** `PUB_KEY_ID_…`; without it the key counts for every serial that begins so. */
  wxpayPublicKeyId?: string
  /** ms; default 5000. */
  timeout?: number
  /** How old or early a signature may be, in seconds; default 300, 0: no matter. */
  notifyTolerance?: number
  clientType?: string
}

export interface Merchant {
  appId: string
  mchId: string
  v3Key: string
  privateKey: KeyObject
  /** Of the merchant certificate, upper-case hex. */
  serial: string
  publicKey: { id: string | undefined; key: KeyObject } | undefined
  timeout: number
  tolerance: number
}

export const provider = 'wxpay-v3'

/** @throws UniPayError `CONFIG_ERROR` for the first option that is missing or unusable */
export function merchantOf(options: WeixinV3Options): Merchant {
  const { appId, mchId, v3Key, timeout = 5000, notifyTolerance = 300 } = options ?? {}
  requireAll(provider, 'CONFIG_ERROR', { appId, mchId, v3Key })
  if (v3Key.length !== 32) throw configError(provider, '微信支付v3Key的长度必须是32位，请检查')
  const { appPrivateKeyPath, appPrivateKeyContent, appCertPath, appCertContent } = options
  if (!appPrivateKeyPath && !appPrivateKeyContent)
    throw configError(provider, 'missing appPrivateKeyPath or appPrivateKeyContent')
  if (!appCertPath && !appCertContent) throw configError(provider, 'missing appCertPath or appCertContent')
  const privateKey = privateKeyOf({
    provider,
    name: 'appPrivateKey',
    path: appPrivateKeyPath,
    content: appPrivateKeyContent,
  })
  const certificate = certificateOf({ provider, name: 'appCert', path: appCertPath, content: appCertContent })
  if (!certificate.checkPrivateKey(privateKey))
    throw configError(provider, 'appPrivateKey does not belong to the certificate of appCert')
  const serial = certificate.serialNumber.toUpperCase()
  const publicKey = wechatPublicKey(options)
  return { appId, mchId, v3Key, privateKey, serial, publicKey, timeout, tolerance: notifyTolerance }
}

// internals

function wechatPublicKey(options: WeixinV3Options): Merchant['publicKey'] {
  const { wxpayPublicKeyPath: path, wxpayPublicKeyContent: content, wxpayPublicKeyId: id } = options
  if (!path && !content) return undefined
  return { id, key: publicKeyOf({ provider, name: 'wxpayPublicKey', path, content }) }
}
