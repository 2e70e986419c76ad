/** Orders of V2: what is asked, and what the client gets (spec/uni-pay.md §2.3, D3). */
import { randomBytes } from 'node:crypto'
import { isApp } from '../client-type.ts'
import { requireAll, UniPayError } from '../error.ts'
import { feeOf } from '../money.ts'
import { compact, type Fields, isFields, snakeCased } from '../naming.ts'
import { type Merchant, provider } from './merchant.ts'
import { type SignType, signParams } from './signature.ts'

export interface OrderParams {
  outTradeNo: string
  /** fen */
  totalFee: number
  body: string
  notifyUrl: string
  /** `JSAPI`, `APP`, `NATIVE`, `MWEB`; without one the client's type decides. */
  tradeType?: string
  /** Of the payer, for JSAPI. */
  openid?: string
  /** Default 127.0.0.1. */
  spbillCreateIp?: string
  /** For MWEB: `{h5Info: {type: 'Wap', wapUrl, wapName}}`. */
  sceneInfo?: object
  signType?: SignType
  /** Further parameters of the platform, in camelCase. */
  [extra: string]: unknown
}

export function tradeTypeOf({ tradeType }: OrderParams, { clientType }: Merchant): string {
  if (tradeType) return tradeType
  return isApp(clientType) ? 'APP' : 'JSAPI'
}

export function orderRequest(params: OrderParams, tradeType: string, { subAppId }: Merchant): Fields {
  const { totalFee, openid, spbillCreateIp = '127.0.0.1', signType, ...rest } = params
  const { subject, bizType, outTradeNo, ...extra } = rest
  requireAll(provider, 'PARAM_ERROR', { outTradeNo })
  const payer = tradeType === 'JSAPI' ? { [subAppId ? 'sub_openid' : 'openid']: openid } : {}
  return compact({
    out_trade_no: outTradeNo,
    total_fee: feeOf(provider, 'totalFee', totalFee),
    spbill_create_ip: spbillCreateIp,
    ...flat(extra),
    trade_type: tradeType,
    ...payer,
  })
}

/** In V2 all values are texts; those with members travel as JSON. */
export function flat(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(snakeCased(fields) as Fields).map(([name, value]) => [
      name,
      isFields(value) || Array.isArray(value) ? JSON.stringify(value) : value,
    ]),
  )
}

/** What wx.requestPayment or the app SDK takes, signed. */
export function clientParams(
  tradeType: string,
  prepayId: unknown,
  merchant: Merchant,
  signType: SignType,
): Fields {
  if (!prepayId) {
    throw new UniPayError({
      provider,
      errCode: 'FORMAT_ERROR',
      errMsg: '获取prepayId失败',
      api: '/pay/unifiedorder',
    })
  }
  const { key, mchId } = merchant
  const appId = merchant.subAppId ?? merchant.appId
  const [nonce, timestamp] = [randomBytes(16).toString('hex'), String(Math.floor(Date.now() / 1000))]
  if (tradeType === 'APP') {
    const app = { appid: appId, noncestr: nonce, package: 'Sign=WXPay', partnerid: mchId }
    const params = { ...app, prepayid: prepayId, timestamp }
    return { ...params, sign: signParams(params, key, signType) }
  }
  const page = { appId, nonceStr: nonce, package: `prepay_id=${prepayId}`, timeStamp: timestamp, signType }
  return { ...page, paySign: signParams(page, key, signType), timestamp }
}
