/** What a client may know of the configuration (spec/uni-pay.md §3.6). */
import { nodeIfAny, payConfig } from '../config/config.ts'

type Row = UniCloudGuest.Row

export function getPayProviderFromCloud(): Row {
  const config = payConfig()
  const enabled = (name: string): boolean => (config[name] as Row | undefined)?.enable === true
  const [wxpay, alipay] = [enabled('wxpay'), enabled('alipay')]
  const provider = [...(wxpay ? ['wxpay'] : []), ...(alipay ? ['alipay'] : [])]
  return { errCode: 0, errMsg: 'ok', wxpay, alipay, provider }
}

/** `errorCode` is how the published object spells it. */
export function getProviderAppId(params: { provider?: unknown; provider_pay_type?: unknown }): Row {
  const node = nodeIfAny(String(params.provider ?? ''), String(params.provider_pay_type ?? ''))
  return { errorCode: 0, errCode: 0, appid: node?.appId ?? null }
}
