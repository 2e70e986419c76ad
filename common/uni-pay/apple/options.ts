/** Options of `initAppleIapPayment` (spec/uni-pay.md §2.2, §3.2). Which are needed depends on what is called. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { requireAll } from '../error.ts'
import { certificateOf, privateKeyOf } from '../key-files.ts'

export interface AppleIapPaymentOptions {
  /** The sandbox environment; what is bought there costs nothing. */
  sandbox?: boolean
  /** For receipts of subscriptions: the app's shared secret. */
  password?: string
  /** ms; default 5000. */
  timeout?: number
  /** In place of Apple's address for receipts. */
  gateway?: string
  /** Of the app. What belongs to another is refused. */
  bundleId?: string
  /** The same for the sandbox environment, where it differs. */
  devBundleId?: string
  /** For the App Store Server API: id of its key. */
  appId?: string
  issuerId?: string
  /** The key, a `.p8` file. */
  appCertPath?: string
  appCertContent?: string
  /** Roots of signed data that count beside Apple's own: that of a simulator. */
  rootCertPath?: string | readonly string[]
  rootCertContent?: string | readonly string[]
  clientType?: string
}

/** What signs requests to the App Store Server API. */
export interface ApiKey {
  keyId: string
  issuerId: string
  bundleId: string
  privateKey: KeyObject
}

export const provider = 'appleiap'

/** @throws UniPayError `CONFIG_ERROR` for the first option that is missing or unusable */
export function apiKeyOf(options: AppleIapPaymentOptions): ApiKey {
  const { appId: keyId = '', issuerId = '', appCertPath: path, appCertContent: content } = options
  const [bundleId = ''] = bundleIdsOf(options)
  requireAll(provider, 'CONFIG_ERROR', { appId: keyId, issuerId, bundleId, appCertPath: content || path })
  return { keyId, issuerId, bundleId, privateKey: privateKeyOf({ provider, name: 'appCert', path, content }) }
}

/** Of this environment first. */
export function bundleIdsOf({ sandbox, bundleId, devBundleId }: AppleIapPaymentOptions): string[] {
  const ids = sandbox ? [devBundleId, bundleId] : [bundleId, devBundleId]
  return ids.filter((id): id is string => Boolean(id))
}

export function extraRoots({
  rootCertPath = [],
  rootCertContent = [],
}: AppleIapPaymentOptions): X509Certificate[] {
  const name = 'rootCert'
  return [
    ...[rootCertPath].flat().map((path) => certificateOf({ provider, name, path })),
    ...[rootCertContent].flat().map((content) => certificateOf({ provider, name, content })),
  ]
}
