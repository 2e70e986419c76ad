/** Orders of WeChat Pay V3 in our names (spec/uni-pay.md §2.3 getOrderInfo, orderQuery). */
import { compactTime } from '../china-time.ts'
import { paramError, requireAll } from '../error.ts'
import { feeOf } from '../money.ts'
import { camelCased, compact, type Fields, fieldsOf, snakeCased } from '../naming.ts'
import { type Merchant, provider } from './merchant.ts'
import { clientSignature, newStamp } from './signature.ts'

export type TradeType = 'JSAPI' | 'APP' | 'NATIVE' | 'MWEB'

export interface OrderParams {
  outTradeNo: string
  /** fen */
  totalFee: number
  body: string
  notifyUrl: string
  tradeType: TradeType
  /** Of the payer, for JSAPI. */
  openid?: string
  /** Default 127.0.0.1. */
  spbillCreateIp?: string
  /** For MWEB: `{h5Info: {type: 'Wap', wapUrl, wapName}}`. */
  sceneInfo?: object
  /** Further parameters of the platform, in camelCase. */
  [extra: string]: unknown
}

/** Where an order of this type is made. */
export function orderPath(tradeType: unknown): string {
  if (!tradeType) throw paramError(provider, 'tradeType required')
  const name = Object.hasOwn(pathNames, String(tradeType)) ? pathNames[tradeType as TradeType] : undefined
  if (name) return `/v3/pay/transactions/${name}`
  throw paramError(provider, `tradeType must be JSAPI, APP, NATIVE or MWEB, not ${String(tradeType)}`)
}

export function orderRequest(params: OrderParams, { appId, mchId }: Merchant): Fields {
  const { outTradeNo, totalFee, body, description = body, notifyUrl, tradeType, openid, ...rest } = params
  const { spbillCreateIp = '127.0.0.1', sceneInfo, feeType = 'CNY', subject, bizType, ...extra } = rest
  const payer = tradeType === 'JSAPI' ? { openid } : undefined
  requireAll(provider, 'PARAM_ERROR', { outTradeNo, ...payer })
  return compact({
    appid: appId,
    mchid: mchId,
    description,
    out_trade_no: outTradeNo,
    notify_url: notifyUrl,
    amount: { total: feeOf(provider, 'totalFee', totalFee), currency: feeType },
    payer,
    scene_info: { payer_client_ip: spbillCreateIp, ...sceneOf(sceneInfo) },
    ...(snakeCased(extra) as Fields),
  })
}

/** What the client needs to pay: its parameters, signed, or an address. */
export function clientParams(
  tradeType: TradeType,
  answer: Fields,
  { appId, mchId, privateKey }: Merchant,
): Fields {
  if (tradeType === 'NATIVE') return { codeUrl: answer.code_url }
  if (tradeType === 'MWEB') return { h5Url: answer.h5_url, mwebUrl: answer.h5_url }
  const stamp = newStamp()
  const { timestamp, nonce } = stamp
  const prepayId = String(answer.prepay_id)
  if (tradeType === 'APP') {
    const sign = clientSignature(appId, stamp, prepayId, privateKey)
    const app = { appid: appId, partnerid: mchId, prepayid: prepayId, package: 'Sign=WXPay' }
    return { ...app, noncestr: nonce, timestamp, sign }
  }
  const prepay = `prepay_id=${prepayId}`
  const paySign = clientSignature(appId, stamp, prepay, privateKey)
  const jsapi = { appId, nonceStr: nonce, package: prepay, timeStamp: timestamp, signType: 'RSA', paySign }
  return { ...jsapi, timestamp }
}

/** An order as queries and notifications carry it: the platform's fields and ours (D6, D11). */
export function orderResult(order: Fields): Fields {
  const { total, payer_total, currency } = fieldsOf(order.amount)
  return compact({
    ...(camelCased(order) as Fields),
    appId: order.appid,
    mchId: order.mchid,
    openid: fieldsOf(order.payer).openid,
    totalFee: total,
    cashFee: payer_total,
    settlementTotalFee: settlementTotal(total, order.promotion_detail),
    feeType: currency,
    timeEnd: compactTime(order.success_time),
  })
}

// internals

const pathNames: Readonly<Record<TradeType, string>> = {
  JSAPI: 'jsapi',
  APP: 'app',
  NATIVE: 'native',
  MWEB: 'h5',
}

/** V2's names of the page are V3's names of the app. */
function sceneOf(sceneInfo: unknown): Fields {
  const { h5_info, ...scene } = fieldsOf(snakeCased(sceneInfo))
  if (h5_info === undefined) return scene
  const { wap_url, wap_name, ...h5 } = fieldsOf(h5_info)
  return { ...scene, h5_info: compact({ app_url: wap_url, app_name: wap_name, ...h5 }) }
}

/** Promotions of type NOCASH are not paid out to the merchant. */
function settlementTotal(total: unknown, promotions: unknown): number | undefined {
  if (typeof total !== 'number') return undefined
  const noCash = (Array.isArray(promotions) ? promotions : [])
    .map(fieldsOf)
    .filter(({ type }) => type === 'NOCASH')
    .map(({ amount }) => (typeof amount === 'number' ? amount : 0))
  return noCash.reduce((rest, amount) => rest - amount, total)
}
