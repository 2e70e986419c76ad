/** Notifications of WeChat Pay V3: checked, decrypted, and for this merchant (spec/uni-pay.md §2.4, D12). */
import { UniPayError } from '../error.ts'
import { type Fields, fieldsOf, isFields } from '../naming.ts'
import { checkIdentity, type NotifyEvent, readNotification } from '../notify-event.ts'
import type { WeixinV3Api } from './api.ts'
import { type Merchant, provider } from './merchant.ts'
import { decryptResource } from './resource.ts'

export type NotifyType = 'payment' | 'refund' | 'unknown'

export interface Notice {
  type: NotifyType
  /** Undefined for other types than the two. */
  content: Fields | undefined
}

/** @throws UniPayError when it is forged, too old, unreadable or for somebody else */
export async function openNotice(event: NotifyEvent, merchant: Merchant, api: WeixinV3Api): Promise<Notice> {
  const notification = readNotification(provider, event)
  await api.verify(notification, { api: 'notification' })
  const { resource } = objectIn(notification.body, 'body')
  const type = typeOf(fieldsOf(resource).original_type)
  if (type === 'unknown') return { type, content: undefined }
  const content = objectIn(decryptResource(resource, merchant.v3Key), 'resource')
  checkIdentity(provider, 'mchId', content.mchid, merchant.mchId)
  // Refunds do not say the app.
  if (type === 'payment' || content.appid !== undefined)
    checkIdentity(provider, 'appId', content.appid, merchant.appId)
  return { type, content }
}

// internals

function typeOf(original: unknown): NotifyType {
  if (original === 'transaction') return 'payment'
  return original === 'refund' ? 'refund' : 'unknown'
}

function objectIn(text: string, part: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    if (isFields(value)) return value
  } catch {
    // Reported below.
  }
  throw new UniPayError({
    provider,
    errCode: 'FORMAT_ERROR',
    errMsg: `通知格式不正确: the notification's ${part} is not a JSON object`,
    api: 'notification',
  })
}
