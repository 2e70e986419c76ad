/** Notifications of V2: signed payments, encrypted refunds (spec/payment-platforms.md §4.4). */
import { createDecipheriv, createHash } from 'node:crypto'
import { UniPayError } from '../error.ts'
import type { Fields } from '../naming.ts'
import { checkIdentity, type NotifyEvent, readNotification } from '../notify-event.ts'
import { parseXml } from '../xml.ts'
import { type Merchant, provider } from './merchant.ts'
import { isForMerchant, resultOf } from './result.ts'
import { isSigned, type SignType } from './signature.ts'

export function notifyType(event: NotifyEvent): 'payment' | 'refund' {
  const fields = readFields(event)
  return !('total_fee' in fields) && 'req_info' in fields ? 'refund' : 'payment'
}

/** @throws UniPayError when it is forged, or for somebody else */
export function paymentNotice(event: NotifyEvent, merchant: Merchant): Fields {
  const fields = readFields(event)
  checkMerchant(fields, merchant)
  // Signed like the order was, which may have named another type than the options.
  const type = (fields.sign_type as SignType | undefined) ?? merchant.signType
  if (!isSigned(fields, merchant.key, type)) throw forged('通知验签未通过')
  return resultOf(fields, 'couponList')
}

/** A refund has no signature; what makes it genuine is that the API key decrypts it. */
export function refundNotice(event: NotifyEvent, merchant: Merchant): Fields {
  const { req_info: sealed = '', ...fields } = readFields(event)
  checkMerchant(fields, merchant)
  return resultOf({ ...fields, ...decrypted(sealed, merchant.key) })
}

// internals

function readFields(event: NotifyEvent): Record<string, string> {
  try {
    return parseXml(readNotification(provider, event).body)
  } catch (error) {
    if (error instanceof UniPayError) throw error
    const errMsg = `通知格式不正确: ${(error as Error).message}`
    throw new UniPayError({ provider, errCode: 'FORMAT_ERROR', errMsg, api: 'notification' })
  }
}

function checkMerchant(fields: Record<string, string>, merchant: Merchant): void {
  if (fields.return_code === 'FAIL')
    throw new UniPayError({
      provider,
      errCode: 'FAIL',
      errMsg: `FAIL ${fields.return_msg}`,
      api: 'notification',
    })
  const wrong = isForMerchant(fields, merchant)
  if (wrong) checkIdentity(provider, wrong, undefined, merchant[wrong])
}

function decrypted(sealed: string, apiKey: string): Record<string, string> {
  const key = createHash('md5').update(apiKey).digest('hex')
  try {
    const decipher = createDecipheriv('aes-256-ecb', key, null)
    const text = Buffer.concat([decipher.update(sealed, 'base64'), decipher.final()]).toString('utf8')
    return parseXml(text)
  } catch {
    throw forged(
      '通知验签未通过: req_info cannot be decrypted; key is probably not the API key of this merchant',
    )
  }
}

function forged(errMsg: string): UniPayError {
  return new UniPayError({ provider, errCode: 'SIGN_ERROR', errMsg, api: 'notification' })
}
