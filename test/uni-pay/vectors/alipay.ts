import { X509Certificate } from 'node:crypto'
import { expect } from 'vitest'
import { readAnswer } from '../../../common/uni-pay/alipay/answer.ts'
import { certificateNumber, rootNumber } from '../../../common/uni-pay/alipay/certificate-number.ts'
import { Alipay } from '../../../common/uni-pay/alipay/client.ts'
import {
  notifyContent,
  type Params,
  signedQuery,
  signRequest,
} from '../../../common/uni-pay/alipay/signature.ts'
import { signRsa, verifyRsa } from '../../../common/uni-pay/rsa.ts'
import { byCertificates } from '../alipay-platform.ts'
import { key, privateKey, publicKey, type Vector } from '../material.ts'
import type { Check } from './check.ts'

const ours = privateKey('alipay_app_private_pkcs8')
const theirs = privateKey('alipay_platform_private_pkcs8')

export const alipay: Record<string, Check> = {
  'alipay-cert-sn': async ({ expected }) => {
    expect(certificateNumber(new X509Certificate(key('alipay_app_cert')))).toBe(expected.app_cert_sn)
    expect(certificateNumber(new X509Certificate(key('alipay_platform_cert')))).toBe(expected.alipay_cert_sn)
    expect(await rootNumber(key('alipay_root_bundle'))).toBe(expected.alipay_root_cert_sn)
  },

  'alipay-request': ({ input, expected }) => {
    expect(signRequest(input.params as Params, ours, 'RSA2')).toBe(expected.sign)
  },

  'alipay-response': ({ input, expected }) => {
    const { node, sign, isError, certificate } = readAnswer(
      String(expected.raw_body),
      'alipay.trade.precreate',
    )
    expect({ node, sign, isError }).toEqual({ node: input.node, sign: expected.sign, isError: false })
    expect(certificate).toBe(certificateNumber(new X509Certificate(key('alipay_platform_cert'))))
    expect(signRsa(String(node), theirs)).toBe(sign)
    expect(verifyRsa(String(node), String(sign), publicKey('alipay_platform_cert'))).toBe(true)
  },

  'alipay-pay-notify': async (vector) => {
    signedNotice(vector)
    expect(await new Alipay(byCertificates).verifyPaymentNotify(event(vector))).toMatchObject({
      totalFee: 100,
      resultCode: 'SUCCESS',
      outTradeNo: 'SBX20260101000002',
      subject: '测试订单 100%',
    })
  },

  'alipay-refund-notify': async (vector) => {
    signedNotice(vector)
    expect(new Alipay(byCertificates).checkNotifyType(event(vector))).toBe('refund')
    expect(await new Alipay(byCertificates).verifyRefundNotify(event(vector))).toMatchObject({
      refundFee: 30,
      outRefundNo: 'SBX20260101000002-1',
    })
  },

  'alipay-app-order-string': ({ input, expected }) => {
    expect(signRequest(input.params as Params, ours, 'RSA2')).toBe(expected.sign)
    expect(signedQuery(input.params as Params, ours, 'RSA2')).toBe(expected.order_string)
  },
}

// internals

function signedNotice({ input, steps, expected }: Vector): void {
  const content = notifyContent(input.params as Params)
  expect(content).toBe(steps?.string_to_sign)
  expect(signRsa(content, theirs)).toBe(expected.sign)
}

function event({ expected }: Vector) {
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: String(expected.body),
  }
}
