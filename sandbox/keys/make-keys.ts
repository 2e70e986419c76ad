/** New merchants and platforms: every number, key and certificate that a space's payment code needs. */
import {
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  randomUUID,
  X509Certificate,
} from 'node:crypto'
import { promisify } from 'node:util'
import { digits } from '../core/numbers.ts'
import { type Distinguished, makeCertificate } from './certificate.ts'
import type { Constants, KeyMaterial, KeyName } from './key-material.ts'
import { privateKey } from './key-ring.ts'

/** Takes about a second: nine RSA keys. @param now certificates are valid from a day before, for twenty years */
export async function makeKeys(now: number): Promise<KeyMaterial> {
  const constants = makeConstants()
  const valid = { validFrom: new Date(now - DAY), validTo: new Date(now + 20 * 365 * DAY) }
  const parts = await Promise.all([
    wechatKeys(constants.wechat, valid),
    alipayKeys(constants.alipay, valid),
    appleKeys(valid),
    huaweiKeys(),
  ])
  const keys = Object.assign({}, ...parts) as Record<KeyName, string>
  return { constants, keys, notifyKey: randomBytes(32).toString('hex').toUpperCase() }
}

/** A chain like Apple's that ends in a root of its own, with the key of its leaf. */
export async function strangeApple(now: number): Promise<{ leafKey: KeyObject; chain: string[] }> {
  const keys = await appleKeys({ validFrom: new Date(now - DAY), validTo: new Date(now + 365 * DAY) })
  return {
    leafKey: privateKey(keys.apple_leaf_private_pkcs8),
    chain: [keys.apple_leaf_cert, keys.apple_intermediate_cert, keys.apple_root_cert].map((pem) =>
      new X509Certificate(pem).raw.toString('base64'),
    ),
  }
}

// internals

const DAY = 24 * 3600_000
const generate = promisify(generateKeyPair)

interface Validity {
  validFrom: Date
  validTo: Date
}

type Part<Prefix extends string> = Record<Extract<KeyName, `${Prefix}_${string}`>, string>

function makeConstants(): Constants {
  const appid = `wx${randomBytes(8).toString('hex')}`
  const mchid = `19${digits(8)}`
  return {
    wechat: {
      appid,
      mchid,
      secret: randomBytes(16).toString('hex'),
      v2_key: randomBytes(16).toString('hex'),
      v3_key: randomBytes(16).toString('hex'),
      openid: `o${randomBytes(27).toString('base64url').slice(0, 27)}`,
      merchant_serial: serial(),
      platform_serial: serial(),
      public_key_id: `PUB_KEY_ID_01${mchid}${digits(22)}`,
    },
    alipay: {
      app_id: `2021${digits(12)}`,
      seller_id: `2088${digits(12)}`,
      buyer_id: `2088${digits(12)}`,
    },
    wechat_virtual: {
      appid,
      offer_id: `145${digits(7)}`,
      app_key: randomBytes(24).toString('base64url'),
      sandbox_app_key: randomBytes(24).toString('base64url'),
      // Of the test payer; other users' are derived (wechat-api/sessions.ts).
      session_key: randomBytes(16).toString('base64'),
      token: randomBytes(12).toString('hex'),
      encoding_aes_key: aesKeyText(),
      access_token: randomBytes(64).toString('base64url'),
    },
    apple: {
      key_id: randomBytes(8).toString('hex').slice(0, 10).toUpperCase(),
      issuer_id: randomUUID(),
      bundle_id: 'com.example.sandbox',
      app_apple_id: `1${digits(9)}`,
      shared_secret: randomBytes(16).toString('hex'),
    },
    huawei: { merc_no: `1${digits(11)}`, app_id: `57658${digits(14)}`, auth_id: `1${digits(17)}` },
  }
}

async function wechatKeys(wechat: Constants['wechat'], valid: Validity): Promise<Part<'wechat'>> {
  const [authority, merchant, platform, publicKeyMode] = await rsaKeys()
  const root: Distinguished = [
    ['C', 'CN'],
    ['O', 'Sandbox Tenpay'],
    ['OU', 'Sandbox'],
    ['CN', 'Sandbox Tenpay Root CA'],
  ]
  const issuer = { subject: root, key: authority }
  const merchantCert = makeCertificate({
    subject: [
      ['C', 'CN'],
      ['O', 'Sandbox Merchant'],
      ['OU', 'Sandbox'],
      ['CN', wechat.mchid],
    ],
    key: merchant,
    issuer,
    serial: wechat.merchant_serial,
    ...valid,
  })
  return {
    wechat_merchant_private_pkcs8: pkcs8(merchant),
    wechat_merchant_cert: merchantCert,
    wechat_merchant_p12_base64: await makeP12(merchant, merchantCert, wechat.mchid),
    wechat_platform_private_pkcs8: pkcs8(platform),
    wechat_platform_cert: makeCertificate({
      subject: [
        ['C', 'CN'],
        ['O', 'Sandbox WechatPay'],
        ['OU', 'Platform'],
        ['CN', 'Sandbox WechatPay Platform'],
      ],
      key: platform,
      issuer,
      serial: wechat.platform_serial,
      ...valid,
    }),
    wechat_pay_public_key_mode_private_pkcs8: pkcs8(publicKeyMode),
    wechat_pay_public_key_mode_public_spki: publicPem(publicKeyMode),
  }
}

async function alipayKeys(alipay: Constants['alipay'], valid: Validity): Promise<Part<'alipay'>> {
  const [root, intermediate, app, platform] = await rsaKeys()
  const rootName: Distinguished = [
    ['C', 'CN'],
    ['O', 'Sandbox Ant Root'],
    ['OU', 'Certification Authority'],
    ['CN', 'Sandbox Ant Root CA R1'],
  ]
  const issuerName: Distinguished = [
    ['C', 'CN'],
    ['O', 'Sandbox Ant Financial'],
    ['OU', 'Certification Authority'],
    ['CN', 'Sandbox Ant Class 2 R1'],
  ]
  const rootIssuer = { subject: rootName, key: root }
  const issuer = { subject: issuerName, key: intermediate }
  const rootCert = makeCertificate({ ...rootIssuer, serial: serial(10), authority: true, ...valid })
  const intermediateCert = makeCertificate({
    ...issuer,
    issuer: rootIssuer,
    serial: serial(4),
    authority: true,
    ...valid,
  })
  const issued = (name: string, organisation: string, key: KeyObject): string =>
    makeCertificate({
      subject: [
        ['C', 'CN'],
        ['O', organisation],
        ['OU', 'Sandbox'],
        ['CN', name],
      ],
      key,
      issuer,
      serial: serial(12),
      ...valid,
    })
  return {
    alipay_app_private_pkcs8: pkcs8(app),
    alipay_app_private_pkcs1: app.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
    alipay_app_cert: issued(alipay.app_id, 'Sandbox Merchant', app),
    alipay_platform_private_pkcs8: pkcs8(platform),
    alipay_platform_cert: issued('Sandbox Alipay RSA2', 'Sandbox Alipay', platform),
    alipay_root_bundle: rootCert + intermediateCert,
  }
}

async function appleKeys(valid: Validity): Promise<Part<'apple'>> {
  const [root, intermediate, leaf, api] = await curveKeys()
  const name = (common: string, unit: string): Distinguished => [
    ['CN', common],
    ['OU', unit],
    ['O', 'Sandbox Apple'],
    ['C', 'US'],
  ]
  const rootIssuer = { subject: name('Sandbox Apple Root CA - G3', 'Sandbox'), key: root }
  const issuer = { subject: name('Sandbox Apple WWDR CA', 'G6'), key: intermediate }
  return {
    apple_api_key_p8: pkcs8(api),
    apple_leaf_private_pkcs8: pkcs8(leaf),
    apple_root_cert: makeCertificate({ ...rootIssuer, serial: '01', authority: true, ...valid }),
    apple_intermediate_cert: makeCertificate({
      ...issuer,
      issuer: rootIssuer,
      serial: '02',
      authority: true,
      markers: ['1.2.840.113635.100.6.2.1'],
      ...valid,
    }),
    apple_leaf_cert: makeCertificate({
      subject: name('Sandbox Prod ECC Receipt Signing', 'Sandbox'),
      key: leaf,
      issuer,
      serial: '03',
      markers: ['1.2.840.113635.100.6.11.1'],
      ...valid,
    }),
  }
}

async function huaweiKeys(): Promise<Part<'huawei'>> {
  const { default: sm } = await import('sm-crypto')
  const merchant = await rsaKey()
  const platform = sm.sm2.generateKeyPairHex()
  return {
    huawei_merchant_private_pkcs8: pkcs8(merchant),
    huawei_merchant_public_spki: publicPem(merchant),
    huawei_platform_sm2_private_hex: platform.privateKey,
    huawei_platform_sm2_public_hex: platform.publicKey,
  }
}

type Four = [KeyObject, KeyObject, KeyObject, KeyObject]

async function rsaKeys(): Promise<Four> {
  return Promise.all([rsaKey(), rsaKey(), rsaKey(), rsaKey()])
}

async function curveKeys(): Promise<Four> {
  return Promise.all([curveKey(), curveKey(), curveKey(), curveKey()])
}

async function rsaKey(): Promise<KeyObject> {
  return (await generate('rsa', { modulusLength: 2048 })).privateKey
}

async function curveKey(): Promise<KeyObject> {
  return (await generate('ec', { namedCurve: 'P-256' })).privateKey
}

/** What WeChat's console hands out as `apiclient_cert.p12`, in a form that today's OpenSSL reads. */
async function makeP12(key: KeyObject, certificate: string, passphrase: string): Promise<string> {
  const { default: forge } = await import('node-forge')
  const privateKey = forge.pki.privateKeyFromPem(String(key.export({ type: 'pkcs8', format: 'pem' })))
  const bag = forge.pkcs12.toPkcs12Asn1(privateKey, [forge.pki.certificateFromPem(certificate)], passphrase, {
    algorithm: 'aes256',
  })
  return Buffer.from(forge.asn1.toDer(bag).getBytes(), 'latin1').toString('base64')
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'der' }).toString('base64')
}

function publicPem(key: KeyObject): string {
  return String(createPublicKey(key).export({ type: 'spki', format: 'pem' }))
}

/** Positive, without leading zeros. @param bytes WeChat's have 20 */
function serial(bytes = 20): string {
  const number = randomBytes(bytes)
  number[0] = ((number[0] ?? 0) & 0x7f) | 0x40
  return number.toString('hex').toUpperCase()
}

/** 43 characters of which a `=` makes 32 bytes. */
function aesKeyText(): string {
  return randomBytes(32).toString('base64').slice(0, 43).replace(/[+/]/g, 'x')
}
