/** Parameters of uni-pay's getOrderInfo (spec/uni-pay.md §2.3, §3.4 step 5). */
import type { OrderPlan } from './order-plan.ts'

type Row = UniCloudGuest.Row

/** @param sessionKey of the user, for virtual payment */
export function orderParams(plan: OrderPlan, tradeType: string | undefined, sessionKey?: string): Row {
  const { order, outTradeNo } = plan
  if (order.goods && sessionKey !== undefined) {
    const { mode, quantity, productId, price } = order.goods
    const goods = { mode, buyQuantity: quantity, productId, goodsPrice: price }
    return { ...goods, outTradeNo, sessionKey, ...extraOf(order.other) }
  }
  return {
    openid: order.openid,
    subject: order.description,
    body: order.description,
    outTradeNo,
    totalFee: order.totalFee,
    notifyUrl: plan.notifyUrl,
    tradeType,
    ...sceneOf(plan),
    ...extraOf(order.other),
  }
}

// internals

/**
 * Who, how much, for which order and where it is reported: what the client sends in `other` never changes that.
 * Platforms have several names for it.
 */
const settled = new Set([
  ...[
    'outTradeNo',
    'totalFee',
    'notifyUrl',
    'tradeType',
    'amount',
    'totalAmount',
    'mercOrderNo',
    'callbackUrl',
  ],
  // A hundred yen are not a hundred fen.
  ...['feeType', 'currency', 'transCurrency', 'settleCurrency', 'payCurrency'],
  ...['appId', 'appid', 'mchId', 'mchid', 'sellerId', 'mercNo', 'subMerchant'],
  ...['subAppId', 'subAppid', 'subMchId', 'subMchid', 'spAppid', 'spMchid'],
  ...['mode', 'buyQuantity', 'productId', 'goodsPrice', 'sessionKey', 'signType'],
  // Who gets a part of it.
  ...['settleInfo', 'royaltyInfo', 'profitSharing', 'allocationType'],
])

function extraOf(other: Row): Row {
  const named = Object.entries(other).map(([key, value]) => [camelCase(key), value] as const)
  return Object.fromEntries(named.filter(([key]) => !settled.has(key)))
}

function camelCase(key: string): string {
  return key.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** A page outside WeChat: WeChat wants to know whose it is. */
function sceneOf({ order, payType, merchant, caller }: OrderPlan): Row {
  if (order.provider !== 'wxpay' || payType !== 'mweb') return {}
  const { sceneInfo, version } = merchant.node
  return {
    spbillCreateIp: caller.clientInfo.clientIP,
    sceneInfo: version === 3 ? appNames(sceneInfo) : sceneInfo,
  }
}

/** V2 calls them after the page, V3 after the app. */
function appNames(sceneInfo: unknown): unknown {
  const { h5_info, ...scene } = (sceneInfo ?? {}) as { h5_info?: Row }
  if (!h5_info) return sceneInfo
  const { wap_url, wap_name, ...info } = h5_info
  return {
    ...scene,
    h5_info: {
      ...info,
      ...(wap_url ? { app_url: wap_url } : {}),
      ...(wap_name ? { app_name: wap_name } : {}),
    },
  }
}
