/** Access tokens of WeChat's servers, which few may be asked for: all instances share one (spec/uni-pay.md §3.9). */
import type { MerchantNode } from '../config/config.ts'
import { keepAccessToken, readAccessToken } from '../dao/open-data.ts'
import { askWeixin } from './weixin-api.ts'

/**
 * @param renew the kept one is refused by WeChat
 * @throws Error when WeChat gives none
 */
export async function accessToken({ appId = '', secret }: MerchantNode, renew: boolean): Promise<string> {
  const kept = renew ? undefined : await readAccessToken(appId)
  if (kept) return kept
  const { access_token, expires_in, errcode, errmsg } = await askWeixin<Answer>('/cgi-bin/stable_token', {
    method: 'POST',
    contentType: 'json',
    data: { appid: appId, secret, grant_type: 'client_credential', force_refresh: renew },
  })
  if (!access_token) throw new Error(`wxpay-virtual: WeChat gives no access token: ${errcode} ${errmsg}`)
  // A minute less, so that it does not run out on the way.
  await keepAccessToken(appId, access_token, Math.max(60, Number(expires_in ?? 7200) - 60))
  return access_token
}

// internals

interface Answer {
  access_token: string
  expires_in: number
  errcode: number
  errmsg: string
}
