import { createCipheriv, createHash } from 'node:crypto'
import { expect } from 'vitest'
import { Weixin } from '../../../common/uni-pay/wxpay-v2/client.ts'
import { signParams } from '../../../common/uni-pay/wxpay-v2/signature.ts'
import { buildXml, parseXml } from '../../../common/uni-pay/xml.ts'
import type { Row, Vector } from '../material.ts'
import { options } from '../wxpay-v2-platform.ts'
import type { Check } from './check.ts'

export const wxpayV2: Record<string, Check> = {
  'wx-v2-sign-md5': signature('MD5'),
  'wx-v2-sign-hmac': signature('HMAC-SHA256'),
  'wx-v2-client-jsapi': signature('MD5'),
  'wx-v2-client-app': signature('MD5'),

  'wx-v2-pay-notify': async ({ input, expected }) => {
    const params = input.params_without_sign as Row
    const sign = signParams(params, String(input.key), 'MD5')
    expect(sign).toBe(expected.sign)
    expect(buildXml({ ...params, sign })).toBe(expected.body)
    expect(await new Weixin(options).verifyPaymentNotify({ body: String(expected.body) })).toMatchObject({
      totalFee: 100,
      cashFee: 100,
      outTradeNo: 'SBX20260101000001',
      resultCode: 'SUCCESS',
    })
  },

  'wx-v2-refund-notify': async ({ input, expected }) => {
    const key = createHash('md5').update(String(input.key)).digest('hex')
    expect(key).toBe(expected.aes_key_ascii)
    const cipher = createCipheriv('aes-256-ecb', key, null)
    const sealed = cipher.update(String(input.plain_xml), 'utf8', 'base64') + cipher.final('base64')
    expect(sealed).toBe(expected.req_info)
    expect(parseXml(String(expected.body)).req_info).toBe(expected.req_info)
    expect(await new Weixin(options).verifyRefundNotify({ body: String(expected.body) })).toMatchObject({
      refundFee: 30,
      totalFee: 100,
      settlementRefundFee: 30,
      outRefundNo: 'SBX20260101000001-1',
      refundRecvAccout: '支付用户零钱',
    })
  },
}

// internals

function signature(type: 'MD5' | 'HMAC-SHA256'): Check {
  return ({ input, expected }: Vector) => {
    const sign = signParams(input.params as Row, String(input.key), type)
    expect(sign).toBe(expected.paySign ?? expected.sign)
  }
}
