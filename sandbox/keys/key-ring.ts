/** The keys of a space, parsed and ready to sign with. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { alipayCertificateNumber, alipayRootNumber } from './alipay-certificate-number.ts'
import { type Sm2Merchant, sm2Merchant } from './huawei-sm2-merchant.ts'
import type { Constants, KeyMaterial } from './key-material.ts'

export interface KeyRing {
  material: KeyMaterial
  constants: Constants
  wechat: {
    /** Public half, by certificate serial: what merchants sign requests with. */
    merchantKey: KeyObject
    platform: { serial: string; certificate: string; key: KeyObject; validFrom: number; validTo: number }
    publicKeyMode: { id: string; key: KeyObject }
  }
  alipay: {
    /** Public half: what the app signs requests with. */
    appKey: KeyObject
    platformKey: KeyObject
    appCertSn: string
    platformCertSn: string
    rootCertSn: string
  }
  apple: {
    /** Public half: what API tokens are signed with. */
    apiKey: KeyObject
    leafKey: KeyObject
    /** Base64 DER of leaf, intermediate and root. */
    chain: string[]
  }
  huawei: {
    /** Public half of the merchant's RSA certificate. */
    merchantKey: KeyObject
    sm2Merchant: Sm2Merchant
    sm2PrivateHex: string
    sm2PublicHex: string
  }
}

export function openKeyRing(material: KeyMaterial): KeyRing {
  const { constants, keys } = material
  const platform = new X509Certificate(keys.wechat_platform_cert)
  return {
    material,
    constants,
    wechat: {
      merchantKey: new X509Certificate(keys.wechat_merchant_cert).publicKey,
      platform: {
        serial: constants.wechat.platform_serial,
        certificate: keys.wechat_platform_cert,
        key: privateKey(keys.wechat_platform_private_pkcs8),
        validFrom: Date.parse(platform.validFrom),
        validTo: Date.parse(platform.validTo),
      },
      publicKeyMode: {
        id: constants.wechat.public_key_id,
        key: privateKey(keys.wechat_pay_public_key_mode_private_pkcs8),
      },
    },
    alipay: {
      appKey: new X509Certificate(keys.alipay_app_cert).publicKey,
      platformKey: privateKey(keys.alipay_platform_private_pkcs8),
      appCertSn: alipayCertificateNumber(new X509Certificate(keys.alipay_app_cert)),
      platformCertSn: alipayCertificateNumber(new X509Certificate(keys.alipay_platform_cert)),
      rootCertSn: alipayRootNumber(keys.alipay_root_bundle),
    },
    apple: {
      apiKey: createPublicKey(privateKey(keys.apple_api_key_p8)),
      leafKey: privateKey(keys.apple_leaf_private_pkcs8),
      chain: [keys.apple_leaf_cert, keys.apple_intermediate_cert, keys.apple_root_cert].map((text) =>
        new X509Certificate(text).raw.toString('base64'),
      ),
    },
    huawei: {
      merchantKey: createPublicKey(keys.huawei_merchant_public_spki),
      sm2Merchant: sm2Merchant(material),
      sm2PrivateHex: keys.huawei_platform_sm2_private_hex,
      sm2PublicHex: keys.huawei_platform_sm2_public_hex,
    },
  }
}

/** Base64 of a PKCS#8 DER, without PEM lines. */
export function privateKey(base64: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' })
}
