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
import { HuaweiPaymentBizType } from './huawei/biz-type.ts'

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

/** Purchases in the App Store. */
function initAppleIapPayment(options?: uniPay.AppleIapPaymentOptions): uniPay.AppleIapPayment {
  const { AppleIapPayment } = require('./apple/client.ts') as typeof import('./apple/client.ts')
  return new AppleIapPayment(options)
}

/** Virtual payment of WeChat mini programs. */
function initWeixinVirtualPayment(options: uniPay.WeixinVirtualPaymentOptions): uniPay.WeixinVirtualPayment {
  const client = require('./wxpay-virtual/client.ts') as typeof import('./wxpay-virtual/client.ts')
  return new client.WeixinVirtualPayment(options)
}

/** Huawei Pay: the Payment Kit, not in-app purchases. */
function initHuawei(options: uniPay.HuaweiOptions): uniPay.Huawei {
  const { Huawei } = require('./huawei/client.ts') as typeof import('./huawei/client.ts')
  return new Huawei(options)
}

const uniPay = {
  initWeixin,
  initWeixinV3,
  initAlipay,
  initAppleIapPayment,
  initWeixinVirtualPayment,
  initHuawei,
  HuaweiPaymentBizType,
}

namespace uniPay {
  export type Weixin = import('./wxpay-v2/client.ts').Weixin
  export type WeixinOptions = import('./wxpay-v2/merchant.ts').WeixinOptions
  export type WeixinV3 = import('./wxpay-v3/client.ts').WeixinV3
  export type WeixinV3Options = import('./wxpay-v3/merchant.ts').WeixinV3Options
  export type Alipay = import('./alipay/client.ts').Alipay
  export type AlipayOptions = import('./alipay/merchant.ts').AlipayOptions
  export type AppleIapPayment = import('./apple/client.ts').AppleIapPayment
  export type AppleIapPaymentOptions = import('./apple/options.ts').AppleIapPaymentOptions
  export type WeixinVirtualPayment = import('./wxpay-virtual/client.ts').WeixinVirtualPayment
  export type WeixinVirtualPaymentOptions = import('./wxpay-virtual/merchant.ts').WeixinVirtualPaymentOptions
  export type Huawei = import('./huawei/client.ts').Huawei
  export type HuaweiOptions = import('./huawei/merchant.ts').HuaweiOptions
  export type UniPayError = import('./error.ts').UniPayError
}

export = uniPay
