/** requestWxpayVirtualApi: server calls of WeChat's virtual payment, for cloud code only (spec/uni-pay.md §3.6). */
import type { Caller } from '../caller.ts'
import { readSessionKey } from '../dao/open-data.ts'
import { Merchant } from '../providers/merchant.ts'

type Row = UniCloudGuest.Row

export interface VirtualApiParams {
  method?: unknown
  data?: unknown
}

/** @throws Error for callers that are not cloud code, and for other methods */
export async function requestVirtualApi(params: VirtualApiParams, caller: Caller): Promise<Row> {
  if (caller.clientInfo.source !== 'function')
    throw new Error('requestWxpayVirtualApi只能通过云端调云端的方式调用')
  const method = String(params.method ?? '')
  if (!methods.includes(method))
    throw new Error(`requestWxpayVirtualApi不支持${method}，可用：${methods.join('、')}`)
  const merchant = await Merchant.open({ provider: 'wxpay-virtual', payType: 'mp' })
  const data = (params.data ?? {}) as Row
  return await merchant.call(method, method === 'currencyPay' ? await withSession(merchant, data) : data)
}

// internals

const methods: readonly string[] = [
  'queryUserBalance',
  'currencyPay',
  'cancelCurrencyPay',
  'presentCurrency',
  'notifyProvideGoods',
  'orderQuery',
]

async function withSession(merchant: Merchant, data: Row): Promise<Row> {
  if (data.sessionKey) return data
  const sessionKey = await readSessionKey(String(merchant.node.appId), String(data.openid ?? ''))
  return { ...data, ...(sessionKey ? { sessionKey } : {}) }
}
