import { constants as padding, privateDecrypt, X509Certificate } from 'node:crypto'
import { expect } from 'vitest'
import { signRsa, verifyRsa } from '../../../common/uni-pay/rsa.ts'
import { billText } from '../../../common/uni-pay/wxpay-v3/bill.ts'
import { WeixinV3 } from '../../../common/uni-pay/wxpay-v3/client.ts'
import { merchantOf } from '../../../common/uni-pay/wxpay-v3/merchant.ts'
import { decryptResource } from '../../../common/uni-pay/wxpay-v3/resource.ts'
import { authorization, clientSignature, signedMessage } from '../../../common/uni-pay/wxpay-v3/signature.ts'
import type { FakeClient } from '../fake-client.ts'
import { constants, key, privateKey, publicKey, type Row, type Vector } from '../material.ts'
import { certificateList, merchantOptions, platform } from '../wxpay-v3-platform.ts'
import type { Check } from './check.ts'

const merchant = merchantOf(merchantOptions)
const platformKey = privateKey('wechat_platform_private_pkcs8')

export const wxpayV3: Record<string, Check> = {
  'wx-v3-request-post': request,
  'wx-v3-request-get': request,

  'wx-v3-response': ({ input, expected }) => {
    const headers = expected.headers as Record<string, string>
    expect(signRsa(messageOf(input), platformKey)).toBe(headers['Wechatpay-Signature'])
    const certificate = publicKey('wechat_platform_cert')
    expect(verifyRsa(messageOf(input), headers['Wechatpay-Signature'] ?? '', certificate)).toBe(true)
  },

  'wx-v3-response-204': ({ input, expected }) => {
    expect(signRsa(messageOf(input), platformKey)).toBe(expected.signature)
  },

  'wx-v3-response-public-key-mode': ({ input, expected }) => {
    const headers = expected.headers as Record<string, string>
    const options = {
      wxpayPublicKeyContent: key('wechat_pay_public_key_mode_public_spki'),
      wxpayPublicKeyId: String(headers['Wechatpay-Serial']),
    }
    const { publicKey: known } = merchantOf({ ...merchantOptions, ...options })
    expect(known?.id).toBe(constants('wechat').public_key_id)
    expect(verifyRsa(messageOf(input), headers['Wechatpay-Signature'] ?? '', known!.key)).toBe(true)
  },

  'wx-v3-pay-notify': async ({ input, expected }, client) => {
    expect(decrypted(input, expected)).toBe(input.plaintext)
    expect(await opened(expected, client, 'verifyPaymentNotify')).toMatchObject({
      totalFee: 100,
      cashFee: 100,
      outTradeNo: 'SBX20260101000001',
      transactionId: '4200000000202601010000000001',
      timeEnd: '20260101080000',
      resultCode: 'SUCCESS',
    })
  },

  'wx-v3-refund-notify': async ({ input, expected }, client) => {
    expect(decrypted(input, expected)).toBe(input.plaintext)
    expect(await opened(expected, client, 'verifyRefundNotify')).toMatchObject({
      refundFee: 30,
      totalFee: 100,
      outRefundNo: 'SBX20260101000001-1',
      refundStatus: 'SUCCESS',
    })
  },

  'wx-v3-certificates': ({ input, expected }) => {
    const [entry] = (JSON.parse(String(expected.body)) as { data: Row[] }).data
    const pem = decryptResource(entry?.encrypt_certificate, String(input.v3_key))
    expect(pem).toBe(input.plaintext_pem)
    expect(new X509Certificate(pem).serialNumber).toBe(entry?.serial_no)
  },

  'wx-v3-client-jsapi': ({ input, expected }) => {
    const stamp = { timestamp: String(input.timeStamp), nonce: String(input.nonceStr) }
    const sign = clientSignature(String(input.appId), stamp, String(input.package), merchant.privateKey)
    expect(sign).toBe(expected.paySign)
  },

  'wx-v3-client-app': ({ input, expected }) => {
    const stamp = { timestamp: String(input.timestamp), nonce: String(input.noncestr) }
    const sign = clientSignature(String(input.appid), stamp, String(input.prepayid), merchant.privateKey)
    expect(sign).toBe(expected.sign)
  },

  'wx-v3-bill-hash': ({ input, expected }) => {
    expect(billText(Buffer.from(String(input.bill)), expected, 'test')).toBe(input.bill)
  },

  // No call of the module has sensitive fields; the vector is for whoever adds one.
  'wx-v3-oaep': ({ input, expected }) => {
    const options = { key: platformKey, padding: padding.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
    const plain = privateDecrypt(options, Buffer.from(String(input.ciphertext), 'base64'))
    expect(plain.toString()).toBe(expected.plaintext)
  },
}

// internals

function request({ input, expected }: Vector): void {
  const { method, path, timestamp, nonce, body = '' } = input as Record<string, string>
  const header = authorization(
    { method: String(method), path: String(path), timestamp: String(timestamp), nonce: String(nonce), body },
    merchant,
  )
  expect(header).toBe(expected.authorization)
  expect(header).toContain(`signature="${expected.signature}"`)
}

function messageOf({ timestamp, nonce, body }: Row): string {
  return signedMessage({ timestamp: String(timestamp), nonce: String(nonce) }, String(body))
}

function decrypted(input: Row, expected: Row): string {
  const { resource_nonce: nonce, associated_data, v3_key } = input
  const { ciphertext } = expected
  const resource = { algorithm: 'AEAD_AES_256_GCM', nonce, associated_data, ciphertext }
  return decryptResource(resource, String(v3_key))
}

async function opened(
  expected: Row,
  client: FakeClient,
  verify: 'verifyPaymentNotify' | 'verifyRefundNotify',
): Promise<unknown> {
  client.answers(platform(() => certificateList()))
  const event = { headers: expected.headers as Record<string, string>, body: String(expected.body) }
  return await new WeixinV3(merchantOptions)[verify](event)
}
