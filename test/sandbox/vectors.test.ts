/** What the sandbox signs, seals and names, against the published vectors. */
import { createDecipheriv, createHash, X509Certificate } from 'node:crypto'
import { jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { gatewayAnswer } from '../../sandbox/alipay/gateway.ts'
import { signAlipay, stringToSign, verifyAlipay } from '../../sandbox/alipay/signature.ts'
import { openJws, signJws } from '../../sandbox/apple/jws.ts'
import { alipayCertificateNumber, alipayRootNumber } from '../../sandbox/keys/alipay-certificate-number.ts'
import { loadKeys } from '../../sandbox/keys/key-keeper.ts'
import { openKeyRing } from '../../sandbox/keys/key-ring.ts'
import { signV2, stringToSignV2 } from '../../sandbox/wechat/signature-v2.ts'
import { paySignature, pushSignature, sealPush, userSignature } from '../../sandbox/wechat-api/signature.ts'
import { sealV2 } from '../../sandbox/wechat-v2/notices.ts'
import { parseXml, writeXml } from '../../sandbox/wechat-v2/xml.ts'
import { seal } from '../../sandbox/wechat-v3/seal.ts'
import { messageOf, parseAuthorization, rsaSign, rsaVerify } from '../../sandbox/wechat-v3/signature.ts'
import published from '../conformance/payment-vectors.json' with { type: 'json' }

const { keys, constants } = published
const ring = openKeyRing(await loadKeys('nowhere', 'vectors', 0))

// Each vector has members of its own; a test takes what it needs.
// biome-ignore lint/suspicious/noExplicitAny: data of many shapes
function vector(id: string): any {
  const found = published.vectors.find((candidate) => candidate.id === id)
  if (!found) throw new Error(`no vector ${id}`)
  return found
}

test('the sandbox carries the published keys unchanged', () => {
  expect(keys).toMatchObject(ring.material.keys)
  expect(ring.constants.wechat).toMatchObject(constants.wechat)
  expect(ring.constants.alipay).toEqual(constants.alipay)
})

describe('WeChat Pay V3', () => {
  test.each(['wx-v3-request-post', 'wx-v3-request-get'])('%s', (id) => {
    const { input, expected } = vector(id)
    const method = id.endsWith('post') ? 'POST' : 'GET'
    const message = messageOf(method, input.path, input.timestamp, input.nonce, input.body ?? '')
    const authorization = parseAuthorization(expected.authorization)
    expect(authorization).toMatchObject({ mchid: constants.wechat.mchid, signature: expected.signature })
    expect(rsaVerify(message, expected.signature, ring.wechat.merchantKey)).toBe(true)
  })

  test.each(['wx-v3-response', 'wx-v3-response-204'])('%s', (id) => {
    const { input, expected } = vector(id)
    const signature = rsaSign(messageOf(input.timestamp, input.nonce, input.body), ring.wechat.platform.key)
    expect(signature).toBe(expected.signature ?? expected.headers['Wechatpay-Signature'])
  })

  test('wx-v3-response-public-key-mode', () => {
    const { input, expected } = vector('wx-v3-response-public-key-mode')
    const { id, key } = ring.wechat.publicKeyMode
    expect(id).toBe(expected.headers['Wechatpay-Serial'])
    const signature = rsaSign(messageOf(input.timestamp, input.nonce, input.body), key)
    expect(signature).toBe(expected.headers['Wechatpay-Signature'])
  })

  test.each([
    ['wx-v3-pay-notify', 'plaintext', 'resource_nonce'],
    ['wx-v3-refund-notify', 'plaintext', 'resource_nonce'],
    ['wx-v3-certificates', 'plaintext_pem', 'nonce'],
  ])('%s', (id, plain, nonce) => {
    const { input, expected } = vector(id)
    const sealed = seal(input[plain], input.v3_key, input.associated_data, input[nonce])
    const wanted = expected.ciphertext ?? JSON.parse(expected.body).data[0].encrypt_certificate.ciphertext
    expect(sealed.ciphertext).toBe(wanted)
  })

  test.each([
    ['wx-v3-client-jsapi', ['appId', 'timeStamp', 'nonceStr', 'package'], 'paySign'],
    ['wx-v3-client-app', ['appid', 'timestamp', 'noncestr', 'prepayid'], 'sign'],
  ])('%s', (id, names, sign) => {
    const { input, expected } = vector(id)
    const message = messageOf(...names.map((name) => input[name]))
    expect(rsaVerify(message, expected[sign], ring.wechat.merchantKey)).toBe(true)
  })

  test('wx-v3-bill-hash', () => {
    const { input, expected } = vector('wx-v3-bill-hash')
    expect(createHash('sha1').update(input.bill).digest('hex')).toBe(expected.hash_value)
  })
})

describe('WeChat Pay V2', () => {
  test.each([
    ['wx-v2-sign-md5', 'MD5', 'sign'],
    ['wx-v2-sign-hmac', 'HMAC-SHA256', 'sign'],
    ['wx-v2-client-jsapi', 'MD5', 'paySign'],
    ['wx-v2-client-app', 'MD5', 'sign'],
  ] as const)('%s', (id, type, member) => {
    const { input, steps, expected } = vector(id)
    const params = Object.fromEntries(
      Object.entries(input.params).map(([name, value]) => [name, String(value)]),
    )
    expect(stringToSignV2(params, input.key)).toBe(steps.string_to_sign)
    expect(signV2(params, input.key, type)).toBe(expected[member])
  })

  test('wx-v2-pay-notify', () => {
    const { input, expected } = vector('wx-v2-pay-notify')
    const sign = signV2(input.params_without_sign, input.key)
    expect(sign).toBe(expected.sign)
    expect(writeXml({ ...input.params_without_sign, sign })).toBe(expected.body)
  })

  test('wx-v2-refund-notify', () => {
    const { input, expected } = vector('wx-v2-refund-notify')
    expect(sealV2(input.plain_xml, input.key)).toBe(expected.req_info)
    expect(writeXml(parseXml(input.plain_xml) ?? {}, 'root')).toBe(input.plain_xml)
  })
})

describe('Alipay', () => {
  test('alipay-cert-sn', () => {
    const { expected } = vector('alipay-cert-sn')
    expect({
      app_cert_sn: alipayCertificateNumber(new X509Certificate(keys.alipay_app_cert)),
      alipay_cert_sn: alipayCertificateNumber(new X509Certificate(keys.alipay_platform_cert)),
      alipay_root_cert_sn: alipayRootNumber(keys.alipay_root_bundle),
    }).toEqual(expected)
  })

  test('alipay-request', () => {
    const { input, steps, expected } = vector('alipay-request')
    expect(stringToSign(input.params)).toBe(steps.string_to_sign)
    expect(verifyAlipay(steps.string_to_sign, expected.sign, ring.alipay.appKey, 'RSA2')).toBe(true)
  })

  test('alipay-response', () => {
    const { input, expected } = vector('alipay-response')
    const sealing = { certificateMode: true, keys: ring, signType: 'RSA2', signed: true } as const
    const answer = gatewayAnswer('alipay.trade.precreate', JSON.parse(input.node), sealing)
    expect(answer.body).toBe(expected.raw_body)
  })

  test.each(['alipay-pay-notify', 'alipay-refund-notify'])('%s', (id) => {
    const { input, steps, expected } = vector(id)
    const text = stringToSign(input.params, ['sign_type'])
    expect(text).toBe(steps.string_to_sign)
    const sign = signAlipay(text, ring.alipay.platformKey, 'RSA2')
    expect(sign).toBe(expected.sign)
    expect(new URLSearchParams({ ...input.params, sign }).toString()).toBe(expected.body)
  })

  test('alipay-app-order-string', () => {
    const { expected } = vector('alipay-app-order-string')
    const params = Object.fromEntries(new URLSearchParams(expected.order_string))
    expect(verifyAlipay(stringToSign(params), params.sign ?? '', ring.alipay.appKey, 'RSA2')).toBe(true)
  })
})

describe('WeChat virtual payment', () => {
  test('wxv-official', () => {
    const { input, expected } = vector('wxv-official')
    expect(paySignature(input.app_key, input.uri, input.post_body)).toBe(expected.pay_sig)
    expect(userSignature(input.session_key, input.post_body)).toBe(expected.signature)
  })

  test('wxv-client', () => {
    const { input, expected } = vector('wxv-client')
    expect(paySignature(input.app_key, input.uri, input.signData)).toBe(expected.paySig)
    expect(userSignature(input.session_key, input.signData)).toBe(expected.signature)
  })

  test('wxv-server', () => {
    const { input, expected } = vector('wxv-server')
    expect(paySignature(input.app_key, input.uri, input.body)).toBe(expected.pay_sig)
  })

  test('wxv-message-push', () => {
    const { input, expected } = vector('wxv-message-push')
    const { token, timestamp, nonce } = input
    const random = Buffer.from(input.random16)
    const encrypted = sealPush(input.event_json, input.encoding_aes_key, input.appid, random)
    expect(encrypted).toBe(expected.Encrypt)
    expect(pushSignature(token, timestamp, nonce, encrypted)).toBe(expected.msg_signature)
    expect(pushSignature(token, timestamp, nonce)).toBe(expected.signature)
  })
})

describe('Apple', () => {
  test('apple-signed-transaction and apple-notification-v2 open with the leaf; ours have the same chain', () => {
    const leaf = new X509Certificate(keys.apple_leaf_cert).publicKey
    const { input, expected } = vector('apple-signed-transaction')
    expect(openJws(expected.jws, leaf)).toEqual(input.payload)
    const ours = signJws(input.payload, ring.apple)
    expect(ours.split('.').slice(0, 2)).toEqual(expected.jws.split('.').slice(0, 2))
    expect(openJws(ours, leaf)).toEqual(input.payload)
  })

  test('apple-api-jwt', async () => {
    const { input, expected } = vector('apple-api-jwt')
    const currentDate = new Date(published.clock.unix_seconds * 1000)
    const { payload } = await jwtVerify(expected.jwt, ring.apple.apiKey, { currentDate })
    expect(payload).toEqual(input.payload)
  })
})

test('sealing can be opened again', () => {
  const sealed = seal('{"a":"测试"}', constants.wechat.v3_key, 'transaction')
  const bytes = Buffer.from(String(sealed.ciphertext), 'base64')
  const open = createDecipheriv('aes-256-gcm', constants.wechat.v3_key, String(sealed.nonce))
  open.setAAD(Buffer.from('transaction')).setAuthTag(bytes.subarray(-16))
  const plain = Buffer.concat([open.update(bytes.subarray(0, -16)), open.final()])
  expect(plain.toString()).toBe('{"a":"测试"}')
})
