/**
 * The names, numbers and keys of a space's merchants and platforms, as they lie on disk. The layout is that of
 * `payment-vectors.json`, so that tests can run on the published throwaway keys.
 */
import { LocalError } from '../../errors/errors.ts'
import { isObject } from '../core/json.ts'

const constantNames = {
  wechat: [
    'appid',
    'mchid',
    'secret',
    'v2_key',
    'v3_key',
    'openid',
    'merchant_serial',
    'platform_serial',
    'public_key_id',
  ],
  alipay: ['app_id', 'seller_id', 'buyer_id'],
  wechat_virtual: [
    'appid',
    'offer_id',
    'app_key',
    'sandbox_app_key',
    'session_key',
    'token',
    'encoding_aes_key',
    'access_token',
  ],
  apple: ['key_id', 'issuer_id', 'bundle_id', 'app_apple_id', 'shared_secret'],
  huawei: ['merc_no', 'app_id', 'auth_id'],
} as const

const keyNames = [
  'wechat_merchant_private_pkcs8',
  'wechat_merchant_cert',
  'wechat_merchant_p12_base64',
  'wechat_platform_private_pkcs8',
  'wechat_platform_cert',
  'wechat_pay_public_key_mode_private_pkcs8',
  'wechat_pay_public_key_mode_public_spki',
  'alipay_app_private_pkcs8',
  'alipay_app_private_pkcs1',
  'alipay_app_cert',
  'alipay_platform_private_pkcs8',
  'alipay_platform_cert',
  'alipay_root_bundle',
  'apple_api_key_p8',
  'apple_leaf_private_pkcs8',
  'apple_leaf_cert',
  'apple_intermediate_cert',
  'apple_root_cert',
  'huawei_merchant_private_pkcs8',
  'huawei_merchant_public_spki',
  'huawei_platform_sm2_private_hex',
  'huawei_platform_sm2_public_hex',
] as const

type Platform = keyof typeof constantNames
export type Constants = { [P in Platform]: Record<(typeof constantNames)[P][number], string> }
export type KeyName = (typeof keyNames)[number]

export interface KeyMaterial {
  constants: Constants
  /** Private keys: base64 of the DER, without PEM lines. Certificates and public keys: PEM. */
  keys: Record<KeyName, string>
  /** For `libs/crypto.js` of uni-pay-co. */
  notifyKey: string
}

/**
 * Reads what was written or published.
 * @param file named in errors
 * @throws LocalError DATA_UNUSABLE when something is missing
 */
export function readKeyMaterial(value: unknown, file: string): KeyMaterial {
  const missing: string[] = []
  const constants = isObject(value) && isObject(value.constants) ? value.constants : {}
  const keys = isObject(value) && isObject(value.keys) ? value.keys : {}
  const wanted = (from: unknown, name: string, path: string): string => {
    const found = isObject(from) ? from[name] : undefined
    if (typeof found !== 'string' && typeof found !== 'number') missing.push(path)
    return String(found)
  }
  const platforms = Object.entries(constantNames).map(([platform, names]) => [
    platform,
    Object.fromEntries(
      names.map((name) => [name, wanted(constants[platform], name, `constants.${platform}.${name}`)]),
    ),
  ])
  const material = {
    constants: Object.fromEntries(platforms) as Constants,
    keys: Object.fromEntries(keyNames.map((name) => [name, wanted(keys, name, `keys.${name}`)])) as Record<
      KeyName,
      string
    >,
    notifyKey: wanted(constants, 'notify_key', 'constants.notify_key'),
  }
  if (missing.length === 0) return material
  throw new LocalError('DATA_UNUSABLE', `the sandbox keys lack ${few(missing)}`, {
    where: { file },
    hint: 'delete the file: new keys are made (their uni-pay configuration: `unicloud-local sandbox keys`); or put a good copy in its place',
  })
}

/** The reverse of `readKeyMaterial`. */
export function writeKeyMaterial({ constants, keys, notifyKey }: KeyMaterial): string {
  return `${JSON.stringify({ constants: { ...constants, notify_key: notifyKey }, keys }, null, 2)}\n`
}

// internals

/** A file that is no JSON lacks everything. */
function few(names: string[]): string {
  const more = names.length - 3
  return more > 1 ? `${names.slice(0, 3).join(', ')} and ${more} more` : names.join(', ')
}
