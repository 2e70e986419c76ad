/** getOpenid: who a login code stands for (spec/uni-pay.md §3.9). */
import type { Caller } from '../caller.ts'
import { type MerchantNode, merchantNode, nodeIfAny } from '../config/config.ts'
import { keepSessionKey } from '../dao/open-data.ts'
import { PayError } from '../pay-error.ts'
import { Merchant } from '../providers/merchant.ts'
import { payTypeOf } from '../providers/pay-type.ts'
import { askWeixin } from '../providers/weixin-api.ts'

type Row = UniCloudGuest.Row

export interface GetOpenidParams {
  provider?: unknown
  code?: unknown
}

export async function getOpenid(params: GetOpenidParams, caller: Caller): Promise<Row> {
  const { code } = params
  if (typeof code !== 'string' || code === '') throw new PayError(51002)
  const provider = String(params.provider ?? '')
  const { platform, userAgent } = caller
  const payType = payTypeOf({ provider, platform, userAgent, qrCode: false })
  if (provider === 'wxpay') return await weixinOpenid(payType, code)
  if (provider === 'alipay') return await alipayOpenid(payType, code)
  throw new Error(`${provider} : 不支持的支付方式`)
}

// internals

interface WeixinAnswer {
  openid: string
  unionid: string
  session_key: string
  errcode: number
  errmsg: string
}

async function weixinOpenid(payType: string, code: string): Promise<Row> {
  const { appId = '', secret } = weixinNode(payType)
  const path = payType === 'jsapi' ? '/sns/oauth2/access_token' : '/sns/jscode2session'
  const { openid, unionid, session_key, errcode, errmsg } = await askWeixin<WeixinAnswer>(path, {
    method: 'GET',
    data: {
      appid: appId,
      secret,
      [payType === 'jsapi' ? 'code' : 'js_code']: code,
      grant_type: 'authorization_code',
    },
  })
  if (!openid) return { errCode: -1, errMsg: errmsg ?? `code ${errcode}` }
  // Signs virtual payments; it never leaves the cloud.
  if (session_key) await keepSessionKey(appId, openid, session_key)
  return { errCode: 0, errMsg: 'ok', openid, ...(unionid ? { unionid } : {}) }
}

/** Virtual payment and payment of a mini program may be of different apps; the session is wanted by the former. */
function weixinNode(payType: string): MerchantNode {
  const virtual = payType === 'mp' ? nodeIfAny('wxpay-virtual', 'mp') : undefined
  return virtual?.appId && virtual.secret ? virtual : merchantNode('wxpay', payType)
}

async function alipayOpenid(payType: string, code: string): Promise<Row> {
  const merchant = await Merchant.open({ provider: 'alipay', payType })
  const grant = { grantType: 'authorization_code', code }
  const answer = await merchant.call('exec', 'alipay.system.oauth.token', grant)
  const openid = answer.openId ?? answer.userId
  if (!openid) return { errCode: -1, errMsg: String(answer.subMsg ?? answer.msg ?? '') }
  return { errCode: 0, errMsg: 'ok', openid }
}
