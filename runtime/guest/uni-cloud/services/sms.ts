/** `uniCloud.sendSms` (spec/runtime.md §10). */
import type { GuestRuntime } from '../../guest-context.ts'
import { UniCloudError } from '../error.ts'
import { useService } from '../outbox.ts'

export interface SendSmsOptions {
  /** Left out by real code. */
  appid?: string
  phone?: string
  phoneList?: string[]
  templateId: string
  data?: Record<string, unknown>
  smsKey?: string
  smsSecret?: string
}

const maxPhones = 50

export async function sendSms(runtime: GuestRuntime, options: SendSmsOptions): Promise<unknown> {
  const wrong = complaint(options)
  if (wrong)
    throw new UniCloudError({ errCode: 1001, errMsg: `sendSms: ${wrong}`, errSubject: 'uni-cloud-sms' })
  return useService(runtime, {
    service: 'sendSms',
    args: [withoutSecret(options)],
    answer: { errCode: 0, errMsg: '' },
  })
}

// internals

function complaint(options: SendSmsOptions): string | undefined {
  if (typeof options !== 'object' || options === null) return 'an object of options is expected'
  const { phone, phoneList, templateId, data } = options
  if (!phone && !phoneList) return 'phone or phoneList is required'
  if (phoneList !== undefined && (!Array.isArray(phoneList) || phoneList.length > maxPhones)) {
    return `phoneList must be a list of at most ${maxPhones} numbers`
  }
  if (typeof templateId !== 'string' || templateId === '') return 'templateId is required'
  if (data !== undefined && (typeof data !== 'object' || data === null)) return 'data must be an object'
  return undefined
}

function withoutSecret({ smsSecret, ...options }: SendSmsOptions): object {
  return smsSecret === undefined ? options : { ...options, smsSecret: '***' }
}
