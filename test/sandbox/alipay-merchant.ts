/** An Alipay app built on `alipay-sdk`, pointed at a sandbox. */
import { AlipaySdk } from 'alipay-sdk'
import vectors from '../conformance/payment-vectors.json' with { type: 'json' }
import type { Merchant, Started } from './start-sandbox.ts'

const { keys, constants } = vectors

export const certificates = {
  appCertContent: keys.alipay_app_cert,
  alipayRootCertContent: keys.alipay_root_bundle,
  alipayPublicCertContent: keys.alipay_platform_cert,
}

/** @param change options of the SDK; default: certificate mode with the published keys */
export function alipayMerchant({ origin }: Started, change: object = {}): AlipaySdk {
  return new AlipaySdk({
    appId: constants.alipay.app_id,
    privateKey: keys.alipay_app_private_pkcs8,
    keyType: 'PKCS8',
    gateway: `${origin}/gateway.do`,
    ...certificates,
    ...change,
  })
}

/** The form of a notification, as a server framework hands it over. @param at default: the last */
export function form(merchant: Merchant, at = -1): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(merchant.received.at(at)?.body))
}
