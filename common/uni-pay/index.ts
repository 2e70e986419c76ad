/**
 * The public module uni-pay, for projects that have none: orders, refunds, bills and notifications of payment
 * platforms (spec/uni-pay.md §2). Amounts are integers in fen.
 *
 * ```js
 * const uniPay = require('uni-pay')
 *
 * const wxpay = uniPay.initWeixinV3({ appId, mchId, v3Key, appCertPath, appPrivateKeyPath })
 * const order = await wxpay.getOrderInfo({ tradeType: 'JSAPI', openid, body, outTradeNo, totalFee: 100, notifyUrl })
 * ```
 *
 * `export =`, so that `require` gives the module itself with every loader. Each platform is loaded when it is first
 * used: their libraries would slow down the start of functions that need another one.
 */

/** WeChat Pay V2. */
function initWeixin(options: uniPay.WeixinOptions): uniPay.Weixin {
  const { Weixin } = require('./wxpay-v2/client.ts') as typeof import('./wxpay-v2/client.ts')
  return new Weixin(options)
}

/** WeChat Pay V3. */
function initWeixinV3(options: uniPay.WeixinV3Options): uniPay.WeixinV3 {
  const { WeixinV3 } = require('./wxpay-v3/client.ts') as typeof import('./wxpay-v3/client.ts')
  return new WeixinV3(options)
}

function initAlipay(options: uniPay.AlipayOptions): uniPay.Alipay {
  const { Alipay } = require('./alipay/client.ts') as typeof import('./alipay/client.ts')
  return new Alipay(options)
}

/** Virtual payment of WeChat mini programs. */
function initWeixinVirtualPayment(options: uniPay.WeixinVirtualPaymentOptions): uniPay.WeixinVirtualPayment {
  const client = require('./wxpay-virtual/client.ts') as typeof import('./wxpay-virtual/client.ts')
  return new client.WeixinVirtualPayment(options)
}

const uniPay = { initWeixin, initWeixinV3, initAlipay, initWeixinVirtualPayment }

namespace uniPay {
  export type Weixin = import('./wxpay-v2/client.ts').Weixin
  export type WeixinOptions = import('./wxpay-v2/merchant.ts').WeixinOptions
  export type WeixinV3 = import('./wxpay-v3/client.ts').WeixinV3
  export type WeixinV3Options = import('./wxpay-v3/merchant.ts').WeixinV3Options
  export type Alipay = import('./alipay/client.ts').Alipay
  export type AlipayOptions = import('./alipay/merchant.ts').AlipayOptions
  export type WeixinVirtualPayment = import('./wxpay-virtual/client.ts').WeixinVirtualPayment
  export type WeixinVirtualPaymentOptions = import('./wxpay-virtual/merchant.ts').WeixinVirtualPaymentOptions
}

export = uniPay
