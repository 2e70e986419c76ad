import { expect } from 'vitest'
import { Huawei } from '../../../common/uni-pay/huawei/client.ts'
import { authorization, signedContent } from '../../../common/uni-pay/huawei/signature.ts'
import { verifySm2 } from '../../../common/uni-pay/huawei/sm2.ts'
import { isMerchantSign, options } from '../huawei-platform.ts'
import { privateKey, type Row } from '../material.ts'
import type { Check } from './check.ts'

const merchantKey = privateKey('huawei_merchant_private_pkcs8')

export const huawei: Record<string, Check> = {
  'huawei-request-post': ({ input, expected }) => {
    const auth = input.auth_without_header_sign as Row
    const { headerSign } = JSON.parse(String(expected.PayMercAuth)) as Row
    const body = signedContent(input.body as Row)
    expect(body).toBe(expected.body_string_to_sign)
    expect(isMerchantSign(body, auth.bodySign)).toBe(true)
    expect(signedContent(auth)).toBe(expected.header_string_to_sign)
    expect(isMerchantSign(signedContent(auth), headerSign)).toBe(true)
    const { bodySign: _, ...fields } = auth
    const own = JSON.parse(
      authorization(fields as Parameters<typeof authorization>[0], body, merchantKey),
    ) as Row
    expect(Object.keys(own)).toEqual(Object.keys(JSON.parse(String(expected.PayMercAuth))))
    expect(isMerchantSign(body, own.bodySign)).toBe(true)
    expect(isMerchantSign(signedContent(own), own.headerSign)).toBe(true)
  },

  'huawei-request-get': ({ input, expected }) => {
    const auth = { callerId: options.mchId, traceId: '1', time: 1, authId: options.mchAuthId }
    const own = JSON.parse(authorization(auth, String(input.string_to_sign), merchantKey)) as Row
    expect(isMerchantSign(String(input.string_to_sign), own.bodySign)).toBe(true)
    expect(isMerchantSign(String(input.string_to_sign), expected.bodySign)).toBe(true)
  },

  'huawei-response': async ({ input, expected }) => {
    const content = signedContent(input.body_without_sign as Row)
    expect(content).toBe(expected.string_to_sign)
    expect(await verifySm2(content, expected.sign, String(input.public_key_hex))).toBe(true)
    expect(await verifySm2(`${content} `, expected.sign, String(input.public_key_hex))).toBe(false)
  },

  'huawei-pay-notify': async ({ input, expected }) => {
    expect(signedContent(input.body_without_sign as Row)).toBe(expected.string_to_sign)
    const event = { headers: {}, body: String(expected.body) }
    expect(await new Huawei(options).verifyPaymentNotify(event)).toMatchObject({
      outTradeNo: 'SBX20260101000005',
      totalFee: 100,
      tradeState: 'SUCCESS',
    })
  },
}
