/** A new row of `uni-pay-orders` (spec/uni-pay.md §3.8). */
import type { NewOrderRow } from '../dao/order-row.ts'
import { findNickname } from '../dao/users.ts'
import type { VirtualGoods } from './order-check.ts'
import type { OrderPlan } from './order-plan.ts'

type Row = UniCloudGuest.Row

/** @param token ties a purchase in the App Store to the order */
export async function orderRow(plan: OrderPlan, token: string | undefined): Promise<NewOrderRow> {
  const { order, outTradeNo, payType, merchant, caller } = plan
  const { clientInfo, platform } = caller
  const user = await caller.identify()
  const nickname = user ? await findNickname(user.uid) : undefined
  return {
    provider: order.provider,
    provider_pay_type: payType,
    uni_platform: platform,
    status: 0,
    type: order.type,
    order_no: order.orderNo,
    out_trade_no: outTradeNo,
    total_fee: order.totalFee,
    refund_fee: 0,
    refund_count: 0,
    description: order.description,
    create_date: Date.now(),
    stat_data: statData(plan),
    ...present({
      user_id: user?.uid,
      nickname,
      device_id: clientInfo.deviceId,
      client_ip: clientInfo.clientIP,
      openid: order.openid,
      provider_appid: merchant.node.appId,
      appid: clientInfo.appId,
      custom: order.custom,
      expand_data: order.goods && expandData(order.goods, merchant.node),
      appleiap_account_token: token,
    }),
  }
}

// internals

/** What the statistics group by; texts, as they have them. */
function statData({ caller }: OrderPlan): Row {
  const { clientInfo, platform, userAgent } = caller
  const os = clientInfo.osName || clientInfo.os
  const { channel, scene, appVersion, appVersionCode, appWgtVersion } = clientInfo
  return present({
    platform: platform === 'app' ? (os ?? platform) : platform,
    app_version: textIfAny(appVersion),
    app_version_code: textIfAny(appVersionCode),
    app_wgt_version: textIfAny(appWgtVersion),
    os: textIfAny(os),
    ua: userAgent || undefined,
    // Where neither is known, the published code writes the text `undefined` (D27).
    channel: textIfAny(channel) ?? textIfAny(scene),
    scene: textIfAny(scene),
  })
}

function expandData({ mode, quantity, productId, price }: VirtualGoods, { rate, sandbox }: Row): Row {
  return present({
    mode,
    buy_quantity: quantity,
    rate: mode ? (rate ?? 100) : undefined,
    sandbox: sandbox === true,
    product_id: productId,
    goods_price: price,
  })
}

function textIfAny(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : String(value)
}

function present(fields: Row): Row {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
