/** createOrder (spec/uni-pay.md §3.4). */
import { randomUUID } from 'node:crypto'
import type { Caller } from '../caller.ts'
import { merchantNode, notifyBase, notifyUrl } from '../config/config.ts'
import { readSessionKey } from '../dao/open-data.ts'
import type { OrderRow } from '../dao/order-row.ts'
import { findByOutTradeNo, insertOrder, updateUnpaid } from '../dao/orders.ts'
import { PayError, reasonOf } from '../pay-error.ts'
import { Merchant } from '../providers/merchant.ts'
import { payTypeOf, tradeTypeOf } from '../providers/pay-type.ts'
import { newOutTradeNo } from './numbers.ts'
import { type CheckedOrder, type CreateOrderParams, checkOrder } from './order-check.ts'
import { orderRow } from './order-fields.ts'
import type { OrderPlan } from './order-plan.ts'
import { orderParams } from './platform-order.ts'
import { qrCodeImage } from './qr-code.ts'

type Row = UniCloudGuest.Row

export async function createOrder(params: CreateOrderParams, caller: Caller): Promise<Row> {
  const outTradeNo = String(params.out_trade_no || newOutTradeNo())
  const order = checkOrder(params, caller)
  if (isChangedByDatabase(outTradeNo)) throw new PayError(53001, { errMsg: unusableNumber })
  const { provider } = order
  const { platform, userAgent, cloudInfo } = caller
  // Before anything else that may fail: an unusable address is the merchant's to mend (52002).
  notifyBase(cloudInfo.spaceId)
  const payType = payTypeOf({ provider, platform, userAgent, qrCode: order.qrCode })
  const plan: OrderPlan = {
    order: priced(order, payType),
    outTradeNo,
    payType,
    // Orders of virtual payment are signed here, and Apple's are made by the app.
    merchant: await Merchant.open({ provider, payType, clientType: platform, offline: true }),
    notifyUrl: notifyUrl(cloudInfo.spaceId, provider, payType),
    caller,
  }
  const existing = await findByOutTradeNo(outTradeNo)
  if (existing) checkReuse(existing, plan.order)
  const answer = provider === 'appleiap' ? undefined : await placeOrder(plan)
  const token = provider === 'appleiap' ? randomUUID() : undefined
  await keep(plan, existing, token)
  return await resultOf(plan, answer, token)
}

// internals

const unusableNumber = '支付单号（out_trade_no）不能是含大写字母的24位十六进制数：数据库会将其转为小写'

/** It becomes an ObjectId, which comes back in lower case (spec/database.md): the platform would not know the number. */
function isChangedByDatabase(number: string): boolean {
  return /^[0-9a-f]{24}$/i.test(number) && number !== number.toLowerCase()
}

/** What virtual goods cost, is computed from them; coins by the rate of the configuration. */
function priced(order: CheckedOrder, payType: string): CheckedOrder {
  if (order.provider !== 'wxpay-virtual' || order.goods?.mode !== 'short_series_coin') return order
  const { rate } = merchantNode(order.provider, payType)
  return { ...order, totalFee: Math.round((order.goods.quantity * 100) / (Number(rate) || 100)) }
}

/**
 * A number may be used again for the same unpaid order only: else a client could turn an order of 100 yuan into one of
 * 1 fen, or spoil the refunds of a paid one (D17).
 */
function checkReuse(existing: OrderRow, order: CheckedOrder): void {
  const reason = whyNotAgain(existing, order)
  if (reason !== undefined) throw new PayError(53001, { errMsg: `支付单号已存在：${reason}` })
}

function whyNotAgain(existing: OrderRow, { orderNo, totalFee }: CheckedOrder): string | undefined {
  if (existing.order_no !== orderNo) return '属于其他订单'
  if (existing.status === -1) return '订单已关闭'
  if (existing.status !== 0) return '订单已支付'
  if (existing.total_fee !== totalFee) return `金额不同，原为${existing.total_fee}，现为${totalFee}`
  return undefined
}

async function placeOrder(plan: OrderPlan): Promise<unknown> {
  const { merchant, order, payType } = plan
  try {
    const sessionKey = order.provider === 'wxpay-virtual' ? await sessionKeyOf(plan) : undefined
    const tradeType = tradeTypeOf(order.provider, payType)
    return await merchant.call('getOrderInfo', orderParams(plan, tradeType, sessionKey))
  } catch (error) {
    throw new PayError(53001, { errMsg: reasonOf(error) })
  }
}

async function sessionKeyOf({ merchant, order }: OrderPlan): Promise<string> {
  const key = await readSessionKey(String(merchant.node.appId), order.openid ?? '')
  if (key) return key
  throw new Error('用户sessionKey不存在或已过期，请重新登录')
}

async function keep(plan: OrderPlan, existing: OrderRow | undefined, token?: string): Promise<void> {
  if (existing) return await repeat(plan, existing, token)
  if (await insertOrder(await orderRow(plan, token))) return
  // Another call with the same number was faster.
  const winner = await findByOutTradeNo(plan.outTradeNo)
  if (!winner) return
  checkReuse(winner, plan.order)
  await repeat(plan, winner, token)
}

async function repeat({ order, payType, merchant }: OrderPlan, row: OrderRow, token?: string): Promise<void> {
  await updateUnpaid(row._id, {
    provider: order.provider,
    provider_pay_type: payType,
    provider_appid: merchant.node.appId,
    ...(token ? { appleiap_account_token: token } : {}),
  })
}

async function resultOf(plan: OrderPlan, answer: unknown, token: string | undefined): Promise<Row> {
  const { order, outTradeNo, payType } = plan
  const placed = isRow(answer) ? withNumber(answer) : answer
  const { codeUrl } = isRow(answer) ? answer : {}
  return {
    errCode: 0,
    errMsg: 'ok',
    ...refusalIn(answer),
    order_no: order.orderNo,
    out_trade_no: outTradeNo,
    provider: order.provider,
    provider_pay_type: payType,
    ...(order.qrCode ? { qr_code: true } : {}),
    ...(order.qrCode && codeUrl ? { qr_code_image: await qrCodeImage(String(codeUrl)) } : {}),
    ...(placed === undefined ? {} : { order: placed }),
    ...(token ? { appleiap_account_token: token } : {}),
  }
}

/** Alipay answers a refusal like anything else. */
function refusalIn(answer: unknown): Row {
  if (!isRow(answer) || !answer.code || answer.code === '10000' || answer.code === 0) return {}
  return { errCode: answer.code, errMsg: answer.subMsg ?? answer.msg ?? '' }
}

/** uni-app x wants a number. */
function withNumber(answer: Row): Row {
  return typeof answer.timestamp === 'string' ? { ...answer, timestamp: Number(answer.timestamp) } : answer
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null
}
