/** Who we are to Alipay: the options of `initAlipay`, checked and read (spec/uni-pay.md §2.2). */
import type { KeyObject } from 'node:crypto'
import { clientTypeOf } from '../client-type.ts'
import { configError, requireAll } from '../error.ts'
import { certificateOf, keyText, privateKeyOf, publicKeyOf } from '../key-files.ts'
import { certificateNumber } from './certificate-number.ts'

export interface AlipayOptions {
  appId: string
  /** The seller's id, `2088…`; sent with orders, and notifications must name it. */
  mchId?: string
  /** Base64 without PEM lines. */
  privateKey: string
  /** Form of `privateKey`; default PKCS8. */
  keyType?: 'PKCS8' | 'PKCS1'
  /** Default RSA2. */
  signType?: 'RSA2' | 'RSA'
  /** ms; default 5000. */
  timeout?: number
  /** Alipay's own sandbox. */
  sandbox?: boolean
  gateway?: string
  /** Decides over the kind of order when it names no `tradeType`; default: the client of the call. */
  clientType?: string
  /** Public-key mode: Alipay's key. Certificate mode: the three certificates below. */
  alipayPublicKey?: string
  alipayRootCertPath?: string
  alipayRootCertContent?: string
  appCertPath?: string
  appCertContent?: string
  alipayPublicCertPath?: string
  alipayPublicCertContent?: string
}

/** Numbers of the three certificates of certificate mode. */
export interface Certificates {
  app: string
  alipay: string
  /** Text of the root bundle; its number takes longer to find. */
  rootBundle: string
}

export interface Merchant {
  appId: string
  mchId: string | undefined
  privateKey: KeyObject
  /** Alipay's. */
  publicKey: KeyObject
  certificates: Certificates | undefined
  signType: 'RSA2' | 'RSA'
  gateway: string
  timeout: number
  clientType: string | undefined
}

export const provider = 'alipay'

/** @throws UniPayError `CONFIG_ERROR` for the first option that is missing or unusable */
export function merchantOf(options: AlipayOptions): Merchant {
  const { appId, mchId, privateKey, sandbox, keyType = 'PKCS8' } = options ?? {}
  requireAll(provider, 'CONFIG_ERROR', { appId, privateKey })
  const { signType = 'RSA2', timeout = 5000 } = options
  const host = sandbox ? 'openapi.alipaydev.com' : 'openapi.alipay.com'
  return {
    appId,
    mchId: mchId || undefined,
    privateKey: privateKeyOf(
      { provider, name: 'privateKey', content: privateKey },
      keyType === 'PKCS1' ? 'pkcs1' : 'pkcs8',
    ),
    ...alipayKeys(options),
    signType,
    gateway: options.gateway || `https://${host}/gateway.do`,
    timeout,
    clientType: clientTypeOf(options),
  }
}

// internals

function alipayKeys(options: AlipayOptions): Pick<Merchant, 'publicKey' | 'certificates'> {
  const app = sourceOf('appCert', options.appCertPath, options.appCertContent)
  const alipay = sourceOf('alipayPublicCert', options.alipayPublicCertPath, options.alipayPublicCertContent)
  const root = sourceOf('alipayRootCert', options.alipayRootCertPath, options.alipayRootCertContent)
  if (!app && !alipay && !root) {
    const { alipayPublicKey: content } = options
    if (!content)
      throw configError(
        provider,
        'alipayPublicKey required, or appCertPath, alipayPublicCertPath and alipayRootCertPath',
      )
    return { publicKey: publicKeyOf({ provider, name: 'alipayPublicKey', content }), certificates: undefined }
  }
  requireAll(provider, 'CONFIG_ERROR', {
    appCertPath: app,
    alipayPublicCertPath: alipay,
    alipayRootCertPath: root,
  })
  const certificate = certificateOf(alipay!)
  return {
    publicKey: certificate.publicKey,
    certificates: {
      app: certificateNumber(certificateOf(app!)),
      alipay: certificateNumber(certificate),
      rootBundle: keyText(root!),
    },
  }
}

function sourceOf(name: string, path: string | undefined, content: string | undefined) {
  return path || content ? ({ provider, name, path, content } as const) : undefined
}
