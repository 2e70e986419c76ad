/** Payment notifications of WeChat Pay V3, as the platform sends them: sealed with the merchant's key, and signed. */
import { numbers } from '../../sandbox/core/numbers.ts'
import { openKeyRing } from '../../sandbox/keys/key-ring.ts'
import { seal } from '../../sandbox/wechat-v3/seal.ts'
import { messageOf, rsaSign } from '../../sandbox/wechat-v3/signature.ts'
import { material, type UnpaidOrder } from './shop.ts'

export interface Notification {
  headers: Record<string, string>
  body: string
}

const { constants, wechat } = openKeyRing(material)

/** Believed for five minutes from now. */
export function paymentNotification({ outTradeNo, total }: UnpaidOrder): Notification {
  const { appid, mchid, v3_key, openid } = constants.wechat
  const plain = {
    amount: { currency: 'CNY', payer_currency: 'CNY', payer_total: total, total },
    appid,
    attach: '',
    bank_type: 'OTHERS',
    mchid,
    out_trade_no: outTradeNo,
    payer: { openid },
    success_time: '2026-01-01T08:00:00+08:00',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    trade_type: 'JSAPI',
    transaction_id: numbers.wechatTransaction(Date.now()),
  }
  const { algorithm, ciphertext, associated_data, nonce } = seal(JSON.stringify(plain), v3_key, 'transaction')
  const body = JSON.stringify({
    id: numbers.uuid(),
    create_time: '2026-01-01T08:00:00+08:00',
    resource_type: 'encrypt-resource',
    event_type: 'TRANSACTION.SUCCESS',
    summary: '支付成功',
    resource: { original_type: 'transaction', algorithm, ciphertext, associated_data, nonce },
  })
  return { headers: signed(body), body }
}

// internals

function signed(body: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const nonce = numbers.nonce()
  return {
    'content-type': 'application/json',
    'user-agent': 'Mozilla/4.0',
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-serial': wechat.platform.serial,
    'wechatpay-signature': rsaSign(messageOf(timestamp, nonce, body), wechat.platform.key),
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
  }
}
