import { expect } from 'vitest'
import { WeixinVirtualPayment } from '../../../common/uni-pay/wxpay-virtual/client.ts'
import { merchantOf } from '../../../common/uni-pay/wxpay-virtual/merchant.ts'
import {
  paySignature,
  pushSignature,
  userSignature,
} from '../../../common/uni-pay/wxpay-virtual/signature.ts'
import { options } from '../wxpay-virtual-platform.ts'
import type { Check } from './check.ts'

export const wxpayVirtual: Record<string, Check> = {
  'wxv-official': ({ input, expected }) => {
    const { app_key, session_key, post_body, uri } = input as Record<string, string>
    expect(paySignature(String(uri), String(post_body), String(app_key))).toBe(expected.pay_sig)
    expect(userSignature(String(post_body), String(session_key))).toBe(expected.signature)
  },

  'wxv-client': async ({ input, expected }) => {
    const { buyQuantity, outTradeNo, productId, goodsPrice } = JSON.parse(String(input.signData))
    const result = await new WeixinVirtualPayment(options).getOrderInfo({
      mode: 'short_series_goods',
      sessionKey: String(input.session_key),
      ...{ buyQuantity, outTradeNo, productId, goodsPrice },
    })
    expect(result).toEqual({ signData: input.signData, mode: 'short_series_goods', ...expected })
  },

  'wxv-server': async ({ input, expected }, client) => {
    client.answers(() => ({ status: 200, data: '{"errcode":0,"errmsg":"OK","order":{}}' }))
    const { openid, order_id } = JSON.parse(String(input.body))
    await new WeixinVirtualPayment(options).orderQuery({ openid, outTradeNo: order_id })
    expect(client.request.path).toBe(expected.url)
    expect(client.request.body).toBe(input.body)
    expect(expected.url).toContain(`pay_sig=${expected.pay_sig}`)
  },

  'wxv-message-push': async ({ input, steps, expected }) => {
    const { aesKey } = merchantOf(options)
    expect(aesKey.toString('hex')).toBe(steps?.aes_key_hex)
    const { token, timestamp, nonce } = input as Record<string, string>
    const sign = (...more: unknown[]) =>
      pushSignature(String(token), String(timestamp), String(nonce), ...more.map(String))
    expect(sign()).toBe(expected.signature)
    expect(sign(expected.Encrypt)).toBe(expected.msg_signature)
    const queryStringParameters = Object.fromEntries(new URLSearchParams(String(expected.query)))
    const event = JSON.parse(String(input.event_json))
    for (const body of [expected.body_secure_mode, expected.body_compatible_mode]) {
      const notice = { headers: {}, body: String(body), queryStringParameters }
      expect(await new WeixinVirtualPayment(options).verifyPaymentNotify(notice)).toMatchObject({
        outTradeNo: event.OutTradeNo,
        transactionId: event.WeChatPayInfo.MchOrderNo,
        totalFee: event.GoodsInfo.Quantity * event.GoodsInfo.OrigPrice,
        openid: event.OpenId,
      })
    }
  },
}
