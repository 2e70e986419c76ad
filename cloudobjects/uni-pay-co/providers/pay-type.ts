/** Which kind of payment a client can make (spec/uni-pay.md §3.3). */

export interface PayRequest {
  provider: string
  /** `app`, `web`, `mp-weixin`, … */
  platform: string
  userAgent: string
  /** A code is to be scanned. */
  qrCode: boolean
}

/** @throws Error `不支持的支付方式<provider>-<platform>` */
export function payTypeOf({ provider, platform, userAgent, qrCode }: PayRequest): string {
  if (qrCode) return 'native'
  if (platform.includes('mp')) return 'mp'
  if (platform.includes('app')) return 'app'
  if (platform === 'web' && provider === 'wxpay')
    return userAgent.toLowerCase().includes('micromessenger') ? 'jsapi' : 'mweb'
  if (platform === 'web' && provider === 'alipay') return 'native'
  throw new Error(`不支持的支付方式${provider}-${platform}`)
}

/** As getOrderInfo of uni-pay takes it. */
export function tradeTypeOf(provider: string, payType: string): string | undefined {
  if (payType === 'app') return 'APP'
  if (payType === 'mp' || payType === 'jsapi') return 'JSAPI'
  if (payType === 'native') return 'NATIVE'
  if (payType === 'mweb') return provider === 'alipay' ? 'NATIVE' : 'MWEB'
  return undefined
}
