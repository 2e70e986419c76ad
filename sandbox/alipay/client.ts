/** Alipay's app: checks the order string of `alipay.trade.app.pay` and opens the trade, which it learns of only now (§5.1). */
import type { Verification } from '../core/call-log.ts'
import { isObject, type Json, parseJson } from '../core/json.ts'
import type { Order } from '../core/order.ts'
import { ClientRefused, type PlatformParts } from '../core/platform.ts'
import { AlipayError } from './errors.ts'
import { authenticate } from './gateway.ts'
import { findTrade, tradeFor } from './orders.ts'
import { signTypeOf } from './signature.ts'

const APP_PAY = 'alipay.trade.app.pay'

/** @returns undefined for what is not Alipay's @throws ClientRefused */
export function openByAlipayClient(parts: PlatformParts, client: Json): Order | undefined {
  // A mini program is handed the trade's number.
  const tradeNo = isObject(client) ? client.tradeNO : client
  if (typeof tradeNo === 'string' && /^\d{28}$/.test(tradeNo)) {
    const order = findTrade(parts, { trade_no: tradeNo })
    if (!order) throw new ClientRefused(`trade ${tradeNo} is unknown`)
    return order
  }
  if (typeof client !== 'string' || !client.includes('biz_content=')) return undefined
  const params = Object.fromEntries(new URLSearchParams(client))
  if (params.method !== APP_PAY) throw new ClientRefused(`method is ${params.method}, not ${APP_PAY}`)
  const biz = parseJson(params.biz_content ?? '')
  const request = {
    params,
    method: APP_PAY,
    biz: isObject(biz) ? biz : {},
    certificateMode: Boolean(params.app_cert_sn),
  }
  let expected: string | undefined
  try {
    const verified = (verification: Verification): void => {
      expected = verification.expected
    }
    authenticate(request, { verified }, parts)
    const { notify_url: notifyUrl = '' } = params
    const addresses = { notifyUrl, returnUrl: '', signType: signTypeOf(params.sign_type) }
    const order = tradeFor(parts, APP_PAY, request.biz, addresses)
    parts.ledger.scan(order)
    return order
  } catch (error) {
    if (!(error instanceof AlipayError)) throw error
    throw new ClientRefused(`${error.subCode} ${error.message}`, expected)
  }
}
