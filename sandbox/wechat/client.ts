/** WeChat's app: checks what `requestPayment` is handed, and opens the order it is for (payment-platforms.md §3.4, §4.2). */
import { isObject, type Json, type JsonObject, textAt } from '../core/json.ts'
import type { Order } from '../core/order.ts'
import { ClientRefused, type PlatformParts } from '../core/platform.ts'
import { messageOf, rsaVerify } from '../wechat-v3/signature.ts'
import { signV2, stringToSignV2 } from './signature-v2.ts'

/** @returns undefined for what is not WeChat's @throws ClientRefused with the text that should have been signed */
export function openByWechatClient(parts: PlatformParts, client: Json): Order | undefined {
  if (!isObject(client) || typeof client.package !== 'string') return undefined
  const isApp = client.partnerid !== undefined || client.prepayid !== undefined
  const prepayId = isApp ? textAt(client, 'prepayid') : prepayIdOf(client)
  if (!prepayId) {
    throw new ClientRefused(
      isApp ? 'prepayid is missing' : 'package must read prepay_id=…, as the order was answered',
    )
  }
  const order = parts.ledger.byPrepaid(prepayId)
  const session = order?.prepaid.find(({ id }) => id === prepayId)
  if (!order || !session) throw new ClientRefused(`prepay_id ${prepayId} is unknown`)
  if (session.until < parts.clock.now()) {
    throw new ClientRefused(`prepay_id ${prepayId} is older than two hours; place the order again`)
  }
  const appId = textAt(client, isApp ? 'appid' : 'appId')
  // A mini program need not hand its own app id back to WeChat.
  if (appId !== undefined && appId !== order.appId) {
    throw new ClientRefused(`the app id is ${appId}, the order's ${order.appId}`)
  }
  if (order.platform === 'wechat-v3') checkV3(parts, client, order, isApp)
  else checkV2(parts, client, order, isApp)
  return order
}

// internals

function prepayIdOf(client: JsonObject): string | undefined {
  return /^prepay_id=(.+)$/.exec(textAt(client, 'package') ?? '')?.[1]
}

function checkV3(parts: PlatformParts, client: JsonObject, order: Order, isApp: boolean): void {
  const at = (name: string): string => textAt(client, name) ?? ''
  const expected = isApp
    ? messageOf(order.appId, at('timestamp'), at('noncestr'), at('prepayid'))
    : messageOf(order.appId, at('timeStamp'), at('nonceStr'), at('package'))
  const signature = at(isApp ? 'sign' : 'paySign')
  // The key that signs payments is the one that signs requests.
  if (!rsaVerify(expected, signature, parts.keys().wechat.merchantKey)) {
    throw new ClientRefused(`${isApp ? 'sign' : 'paySign'} does not fit`, expected)
  }
}

function checkV2(parts: PlatformParts, client: JsonObject, order: Order, isApp: boolean): void {
  const names = isApp
    ? ['appid', 'noncestr', 'package', 'partnerid', 'prepayid', 'timestamp']
    : ['nonceStr', 'package', 'signType', 'timeStamp']
  const signed: Record<string, string> = isApp ? {} : { appId: order.appId }
  for (const name of names) signed[name] = textAt(client, name) ?? ''
  // An app does not say how it signs: as the order was.
  const said = isApp ? order.details.signType : textAt(client, 'signType')
  const type = said === 'HMAC-SHA256' ? 'HMAC-SHA256' : 'MD5'
  const { v2_key } = parts.keys().constants.wechat
  const given = textAt(client, isApp ? 'sign' : 'paySign') ?? ''
  if (given !== signV2(signed, v2_key, type)) {
    throw new ClientRefused(`${isApp ? 'sign' : 'paySign'} does not fit`, stringToSignV2(signed, '***'))
  }
}
