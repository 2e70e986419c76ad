/** A notification from its arrival to the answer (spec/uni-pay.md §3.5). */
import { merchantNode } from '../config/config.ts'
import { reasonOf } from '../pay-error.ts'
import { Merchant } from '../providers/merchant.ts'
import { accepted, type HttpAnswer, later, refused, type Wording, wordingOf } from './acknowledgement.ts'
import { amountsOf, isPaid, textOf } from './payment-state.ts'
import { settlePayment } from './settle.ts'

type Row = UniCloudGuest.Row

export interface Arrival {
  http: UniCloudGuest.HttpInfo
  clientInfo: UniCloudGuest.ClientInfo
  cloudInfo: UniCloudGuest.CloudInfo
}

/** `/payNotify/wxpay-mp`: provider and kind of payment, which the configuration must know. */
export function merchantOfPath(path: string): { provider: string; payType: string } | undefined {
  const [, provider = '', payType = ''] = /^\/payNotify\/([a-z]+)-([a-z]+)\/?$/.exec(path) ?? []
  return provider === '' ? undefined : { provider, payType }
}

/** Never throws: whatever goes wrong, the platform hears that it has to try again. */
export async function answerNotification(
  provider: string,
  payType: string,
  arrival: Arrival,
): Promise<HttpAnswer | string> {
  const where = `${provider}-${payType}`
  // Until it is known which WeChat it is, no answer may pass for an acceptance: V3 takes any with status 200 for one.
  let wording: Wording = provider === 'wxpay' ? 'other' : wordingOf(provider, undefined)
  try {
    const { version } = merchantNode(provider, payType)
    wording = wordingOf(provider, version)
    const merchant = await Merchant.open({ provider, payType, offline: true })
    return await handle(merchant, wording, arrival)
  } catch (error) {
    console.error(`uni-pay: a notification for ${where} could not be dealt with`, error)
    return later(wording, '系统错误')
  }
}

// internals

async function handle(merchant: Merchant, wording: Wording, arrival: Arrival): Promise<HttpAnswer | string> {
  if (!merchant.has('checkNotifyType')) return refused(wording, '不支持的支付方式')
  const { provider, payType } = merchant
  const type = await verified(merchant, 'checkNotifyType', arrival)
  if (type === 'token') return await answerAddressCheck(merchant, wording, arrival)
  if (type === 'refund') return await answerRefund(merchant, wording, arrival)
  if (type === undefined) return refused(wording)
  if (type !== 'payment') return accepted(wording)
  const result = (await verified(merchant, 'verifyPaymentNotify', arrival)) as Row | undefined
  if (!result) return refused(wording)
  if (!isPaid(result)) return accepted(wording)
  const outTradeNo = textOf(result.outTradeNo)
  const { http, ...context } = arrival
  const settlement = await settlePayment({
    outTradeNo,
    transactionId: textOf(result.transactionId),
    amounts: amountsOf(provider, result),
    openid: textOf(result.openid) || undefined,
    provider,
    payType,
    originalData: http,
    context: { verifyResult: result, ...context },
  })
  if (settlement.kind === 'refused') return refused(wording, settlement.reason)
  if (settlement.kind === 'busy') return later(wording)
  if (settlement.kind === 'unknown')
    console.warn(`uni-pay: a payment for ${provider}-${payType} is of no order here: ${outTradeNo}`)
  return accepted(wording)
}

/** WeChat asks for the text in the clear; anything else means that we are not the one it looks for. */
async function answerAddressCheck(
  merchant: Merchant,
  wording: Wording,
  arrival: Arrival,
): Promise<HttpAnswer | string> {
  const result = (await verified(merchant, 'verifyTokenNotify', arrival)) as Row | undefined
  return result ? textOf(result.echostr) : refused(wording)
}

/** Refunds are noted when they are asked for; their notifications are for the log. */
async function answerRefund(merchant: Merchant, wording: Wording, arrival: Arrival): Promise<HttpAnswer> {
  const result = (await verified(merchant, 'verifyRefundNotify', arrival)) as Row | undefined
  if (!result) return refused(wording)
  const { outTradeNo, outRefundNo, refundStatus } = result
  console.info(`uni-pay: order ${outTradeNo}: refund ${outRefundNo ?? ''} is ${refundStatus}`)
  return accepted(wording)
}

/** undefined when uni-pay does not believe it; the log says why. */
async function verified(merchant: Merchant, method: string, { http }: Arrival): Promise<unknown> {
  try {
    return (await merchant.call(method, http)) || undefined
  } catch (error) {
    console.warn(
      `uni-pay: a notification for ${merchant.provider}-${merchant.payType} is refused: ${reasonOf(error)}`,
    )
    return undefined
  }
}
