/**
 * The provider profile: one table of differences instead of scattered ifs (shared design, decision 7).
 * Sources: spec/runtime.md §1.5, §3, §6.2, §16; spec/http.md §6, §8; spec/triggers.md §5.
 */
import type { ProviderName } from './project/manifest.ts'

export interface ProviderProfile {
  name: ProviderName
  /** As uniCloud writes it on the wire and in folder names. */
  wireName: string
  maxTimeoutSeconds: number
  maxTimingTimeoutSeconds: number
  defaultMemoryMB: number
  /** Whether `concurrency` of package.json counts. */
  concurrency: boolean
  timeZone: string
  /** Minutes or seconds an idle instance is kept, in milliseconds. */
  idleMs: number
  /** What becomes of work that outlives the return: the instance is frozen, or goes on. */
  afterReturn: 'freeze' | 'continue'
  /** Error code of an uncaught error without one of its own. */
  defaultErrorCode: string
  /** Call sizes in bytes: warn above the first, refuse above the second. */
  callRequestBytes: { warn: number; refuse: number }
  callResponseBytes: number
  http: {
    requestBytes: { text: number; binary: number }
    responseBytes: number
    /** Whether an object without the flag may count as an integrated response. */
    looseComposedResponse: boolean
    /** How error bodies look. */
    errorShape: 'success-error' | 'code-message' | 'errCode-errMsg'
    /** Whether failures of user code answer 200, as aliyun's gateway does. */
    bizErrorStatus: number
    crashStatus: number
    capacityStatus: number
    requestTooLargeStatus: number
    responseTooLargeStatus: number
    badComposedStatus: number
  }
  /** `uniCloud.init` of another space from the cloud side. */
  crossSpace: boolean
  cronFields: 6 | 7
  retryTimedOutTimers: number
  httpProxyForEip: boolean
  customAuth: boolean
  webSocketServer: boolean
  maxFunctions: number
}

const MB = 1024 * 1024

const aliyun: ProviderProfile = {
  name: 'aliyun',
  wireName: 'aliyun',
  maxTimeoutSeconds: 120,
  maxTimingTimeoutSeconds: 7200,
  defaultMemoryMB: 512,
  concurrency: true,
  timeZone: 'UTC',
  idleMs: 15 * 60_000,
  afterReturn: 'freeze',
  defaultErrorCode: 'FunctionBizError',
  callRequestBytes: { warn: 2 * MB, refuse: 6 * MB },
  callResponseBytes: 6 * MB,
  http: {
    requestBytes: { text: 2 * MB, binary: 2 * MB },
    responseBytes: 2 * MB,
    looseComposedResponse: false,
    errorShape: 'success-error',
    bizErrorStatus: 200,
    crashStatus: 200,
    capacityStatus: 200,
    requestTooLargeStatus: 400,
    responseTooLargeStatus: 400,
    badComposedStatus: 400,
  },
  crossSpace: false,
  cronFields: 6,
  retryTimedOutTimers: 3,
  httpProxyForEip: true,
  customAuth: false,
  webSocketServer: false,
  maxFunctions: 99,
}

const tencent: ProviderProfile = {
  name: 'tencent',
  wireName: 'tcb',
  maxTimeoutSeconds: 60,
  maxTimingTimeoutSeconds: 900,
  defaultMemoryMB: 256,
  concurrency: false,
  timeZone: 'UTC',
  idleMs: 30 * 60_000,
  afterReturn: 'continue',
  defaultErrorCode: 'FUNCTIONS_EXECUTE_FAIL',
  callRequestBytes: { warn: 5 * MB, refuse: 6 * MB },
  callResponseBytes: 6 * MB,
  http: {
    requestBytes: { text: 100 * 1024, binary: 20 * MB },
    responseBytes: 6 * MB,
    looseComposedResponse: true,
    errorShape: 'code-message',
    bizErrorStatus: 500,
    crashStatus: 502,
    capacityStatus: 429,
    requestTooLargeStatus: 413,
    responseTooLargeStatus: 500,
    badComposedStatus: 500,
  },
  crossSpace: true,
  cronFields: 7,
  retryTimedOutTimers: 0,
  httpProxyForEip: false,
  customAuth: true,
  webSocketServer: false,
  maxFunctions: 149,
}

const alipay: ProviderProfile = {
  ...tencent,
  name: 'alipay',
  wireName: 'alipay',
  maxTimeoutSeconds: 180,
  maxTimingTimeoutSeconds: 3 * 3600,
  defaultMemoryMB: 512,
  concurrency: true,
  timeZone: 'Asia/Shanghai',
  idleMs: 60_000,
  defaultErrorCode: 'FunctionBizError',
  callRequestBytes: { warn: 6 * MB, refuse: 32 * MB },
  callResponseBytes: 32 * MB,
  http: {
    ...tencent.http,
    requestBytes: { text: 32 * MB, binary: 32 * MB },
    responseBytes: 32 * MB,
    errorShape: 'errCode-errMsg',
  },
  crossSpace: true,
  cronFields: 6,
  customAuth: false,
  webSocketServer: true,
  maxFunctions: 499,
}

const dcloud: ProviderProfile = {
  ...aliyun,
  name: 'dcloud',
  wireName: 'dcloud',
  cronFields: 7,
  retryTimedOutTimers: 0,
  crossSpace: true,
  httpProxyForEip: false,
}

export const providers: Readonly<Record<ProviderName, ProviderProfile>> = { aliyun, tencent, alipay, dcloud }
