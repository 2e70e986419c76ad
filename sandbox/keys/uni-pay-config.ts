/** The space's sandbox merchants as a ready configuration of uni-pay: `config.js` and the files it names. */
import type { JsonObject } from '../core/json.ts'
import { pem } from './certificate.ts'
import type { KeyMaterial } from './key-material.ts'

export interface UniPayConfig {
  /** As `config.js` exports it; file members hold paths relative to it. */
  config: JsonObject
  /** Relative path -> content; a `.p12` as base64. */
  files: Record<string, string>
}

/** @param notifyUrl what `notifyUrl.default` says, e.g. `http://127.0.0.1:7100/uni-pay-co` */
export function uniPayConfig(material: KeyMaterial, notifyUrl: string): UniPayConfig {
  const { constants, notifyKey } = material
  const wxpay = wxpayNode(constants.wechat)
  const alipay = alipayNode(material)
  const huawei = huaweiNode(material)
  return {
    config: {
      notifyUrl: { default: notifyUrl },
      notifyKey,
      wxpay: {
        enable: true,
        mp: wxpay,
        app: wxpay,
        native: wxpay,
        jsapi: wxpay,
        mweb: {
          ...wxpay,
          sceneInfo: { h5_info: { type: 'Wap', wap_url: 'http://127.0.0.1', wap_name: 'Sandbox' } },
        },
      },
      alipay: { enable: true, mp: alipay, app: alipay, native: alipay },
      appleiap: { app: appleNode(constants.apple) },
      'wxpay-virtual': { mp: virtualNode(material) },
      huawei: { mp: { ...huawei, clientType: 'mp-harmony' }, app: { ...huawei, clientType: 'app-harmony' } },
    },
    files: configFiles(material),
  }
}

/** The text of `config.js`: key files are read beside it, as the official template does. */
export function configText({ config }: UniPayConfig): string {
  const body = JSON.stringify(config, null, 2)
    .replace(/"pfx": "([^"]+)"/g, `"pfx": fs.readFileSync(path.join(__dirname, '$1'))`)
    .replace(/"(\w+Path)": "([^"]+)"/g, `"$1": path.join(__dirname, '$2')`)
    .replace(/"([A-Za-z_]\w*)":/g, '$1:')
    .replace(/"((?:[^"\\]|\\.)*)"/g, (_all, text: string) => `'${text.replace(/'/g, "\\'")}'`)
  return `// Merchants of the payment sandbox of this space. They exist on this machine only.
const fs = require('fs')
const path = require('path')

module.exports = ${body}
`
}

// internals

function wxpayNode(wechat: KeyMaterial['constants']['wechat']): JsonObject {
  return {
    appId: wechat.appid,
    secret: wechat.secret,
    mchId: wechat.mchid,
    version: 3,
    key: wechat.v2_key,
    pfx: 'wxpay/apiclient_cert.p12',
    v3Key: wechat.v3_key,
    appCertPath: 'wxpay/apiclient_cert.pem',
    appPrivateKeyPath: 'wxpay/apiclient_key.pem',
    wxpayPublicKeyPath: 'wxpay/pub_key.pem',
    wxpayPublicKeyId: wechat.public_key_id,
  }
}

function alipayNode({ constants, keys }: KeyMaterial): JsonObject {
  return {
    appId: constants.alipay.app_id,
    mchId: constants.alipay.seller_id,
    privateKey: keys.alipay_app_private_pkcs8,
    keyType: 'PKCS8',
    appCertPath: 'alipay/appCertPublicKey.crt',
    alipayPublicCertPath: 'alipay/alipayCertPublicKey_RSA2.crt',
    alipayRootCertPath: 'alipay/alipayRootCert.crt',
  }
}

function appleNode(apple: KeyMaterial['constants']['apple']): JsonObject {
  return {
    appId: apple.key_id,
    issuerId: apple.issuer_id,
    bundleId: apple.bundle_id,
    appCertPath: 'appleiap/apiclient_cert.p8',
    rootCertPath: 'appleiap/root.cer',
    password: apple.shared_secret,
    timeout: 10_000,
    sandbox: true,
  }
}

function virtualNode({ constants }: KeyMaterial): JsonObject {
  const { wechat, wechat_virtual: virtual } = constants
  return {
    appId: virtual.appid,
    secret: wechat.secret,
    mchId: wechat.mchid,
    offerId: virtual.offer_id,
    appKey: virtual.app_key,
    sandboxAppKey: virtual.sandbox_app_key,
    rate: 100,
    token: virtual.token,
    encodingAESKey: virtual.encoding_aes_key,
    sandbox: false,
  }
}

function huaweiNode({ constants, keys }: KeyMaterial): JsonObject {
  return {
    appId: constants.huawei.app_id,
    mchId: constants.huawei.merc_no,
    mchAuthId: constants.huawei.auth_id,
    mchPrivateKey: keys.huawei_merchant_private_pkcs8,
    platformPublicKey: keys.huawei_platform_sm2_public_hex,
  }
}

function configFiles({ keys }: KeyMaterial): Record<string, string> {
  const privatePem = (base64: string): string => pem('PRIVATE KEY', Buffer.from(base64, 'base64'))
  return {
    'wxpay/apiclient_cert.p12': keys.wechat_merchant_p12_base64,
    'wxpay/apiclient_cert.pem': keys.wechat_merchant_cert,
    'wxpay/apiclient_key.pem': privatePem(keys.wechat_merchant_private_pkcs8),
    'wxpay/pub_key.pem': keys.wechat_pay_public_key_mode_public_spki,
    'alipay/appCertPublicKey.crt': keys.alipay_app_cert,
    'alipay/alipayCertPublicKey_RSA2.crt': keys.alipay_platform_cert,
    'alipay/alipayRootCert.crt': keys.alipay_root_bundle,
    'appleiap/apiclient_cert.p8': privatePem(keys.apple_api_key_p8),
    'appleiap/root.cer': keys.apple_root_cert,
  }
}
