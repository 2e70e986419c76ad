/** Services of the extension `uni-cloud-verify`: phone numbers, faces, names (spec/runtime.md §10). */
import { randomUUID } from 'node:crypto'
import type { GuestRuntime } from '../../guest-context.ts'
import { UniCloudError } from '../error.ts'
import { asUniCloudError, useService } from '../outbox.ts'

type Options = Record<string, unknown>

/** What the phone login answers unless `stubs.getPhoneNumber` says otherwise. */
const phoneNumber = '13800138000'

export interface FacialRecognitionVerifyManager {
  getCertifyId(options: Options): Promise<unknown>
  getAuthResult(options: { certifyId: string }): Promise<unknown>
}

export interface UniVerifyManager {
  mobile2EleVerify(options: Options): Promise<unknown>
  mobile3EleVerify(options: Options): Promise<unknown>
}

/** One-tap login: tokens of the client for a phone number. */
export async function getPhoneNumber(runtime: GuestRuntime, options: Options): Promise<unknown> {
  requireStrings('getPhoneNumber', options, ['access_token', 'openid'], 4001)
  const { apiSecret, ...shown } = options
  return useService(runtime, {
    service: 'getPhoneNumber',
    args: [apiSecret === undefined ? shown : { ...shown, apiSecret: '***' }],
    answer: { code: 0, errCode: 0, message: '', errMsg: '', success: true, phoneNumber },
  })
}

export function facialRecognitionVerifyManager(
  runtime: GuestRuntime,
  managerOptions: unknown,
): FacialRecognitionVerifyManager {
  const service = 'getFacialRecognitionVerifyManager'
  return {
    async getCertifyId(options) {
      requireStrings('getCertifyId', options, ['realName', 'idCard', 'metaInfo'], 'INVALID_PARAM')
      const certifyId = randomUUID().replaceAll('-', '')
      const answer = await useService(runtime, {
        service,
        method: 'getCertifyId',
        args: [options, managerOptions],
        answer: { errCode: 0, errMsg: '', certifyId },
      })
      await runtime.request('outbox', 'openCertificate', [idIn(answer) ?? certifyId])
      return answer
    },
    async getAuthResult(options) {
      requireStrings('getAuthResult', options, ['certifyId'], 'INVALID_PARAM')
      try {
        await runtime.request('outbox', 'queryCertificate', [options.certifyId])
      } catch (error) {
        throw asUniCloudError(error)
      }
      return useService(runtime, {
        service,
        method: 'getAuthResult',
        args: [options],
        answer: { errCode: 0, errMsg: '', authState: 'SUCCESS', score: 99.5, quality: 99.5, pictureUrl: '' },
      })
    },
  }
}

export function uniVerifyManager(runtime: GuestRuntime): UniVerifyManager {
  const verify = (method: keyof UniVerifyManager, fields: readonly string[]) => (options: Options) => {
    requireStrings(method, options, fields, 'INVALID_PARAM')
    const data = { status: 1, reasonType: 1, logId: randomUUID(), isPayed: 0, mobileType: '9' }
    const answer = { errCode: 0, errMsg: '', data }
    return useService(runtime, { service: 'getUniVerifyManager', method, args: [options], answer })
  }
  return {
    mobile2EleVerify: async (options) => verify('mobile2EleVerify', ['realName', 'mobile'])(options),
    mobile3EleVerify: async (options) =>
      verify('mobile3EleVerify', ['realName', 'idCard', 'mobile'])(options),
  }
}

// internals

function requireStrings(
  call: string,
  options: Options,
  fields: readonly string[],
  errCode: string | number,
): void {
  const missing = fields.filter((field) => typeof options?.[field] !== 'string' || options[field] === '')
  if (missing.length === 0) return
  throw new UniCloudError({
    errCode,
    errMsg: `${call}: ${missing.join(', ')} must be ${missing.length > 1 ? 'strings' : 'a string'}`,
    errSubject: 'uni-cloud-verify',
  })
}

function idIn(answer: unknown): string | undefined {
  const { certifyId } = (answer ?? {}) as { certifyId?: unknown }
  return typeof certifyId === 'string' ? certifyId : undefined
}
