/** `uniCloud.getPushManager`: uni-push 2.0 (spec/runtime.md §10). */
import { randomUUID } from 'node:crypto'
import type { GuestRuntime } from '../../guest-context.ts'
import { invalidParam } from '../error.ts'
import { useService } from '../outbox.ts'

/** Everything a manager can do besides `sendMessage`; all answer an empty success. */
const otherMethods = [
  ...['stopTaskByTaskid', 'getTaskScheduleByTaskid', 'deleteTaskScheduleByTaskid', 'getTaskDetail'],
  ...['getReport', 'getReportByGroupName', 'getReportByDate', 'getReportDetailByTaskid', 'getTodayReport'],
  ...['getClientReportByDate', 'getTodayOnlineClientReport', 'getClientCount', 'getClientStatusByCid'],
  ...['getClientDetailByCid', 'getDeviceStatusByCid', 'cidBindAlias', 'getAliasByCid', 'getCidByAlias'],
  ...['unboundAlias', 'unboundAllAlias', 'cidBindCustomTags', 'cidsBindCustomTag', 'cidsUnboundCustomTag'],
  ...['searchCustomTagByCid', 'addCidToBlacklist', 'removeCidInBlacklist', 'setBadgeByCid'],
] as const

/** Kinds of targets, of which a message has one at most, with how many it may name. */
const targetLimits: Readonly<Record<string, number>> = {
  user_id: 500,
  user_tag: 500,
  device_id: Number.POSITIVE_INFINITY,
  push_clientid: 1000,
  getui_custom_tag: Number.POSITIVE_INFINITY,
  getui_big_data_tag: Number.POSITIVE_INFINITY,
  getui_alias: 1000,
}

/** Characters below which a part of a message is shown whole. */
const textLimits = { title: 20, content: 50, payload: 800 } as const

export type PushManager = Record<
  'sendMessage' | (typeof otherMethods)[number],
  (options?: Record<string, unknown>) => Promise<unknown>
>

/** @throws UniCloudError without an `appId` */
export function pushManager(runtime: GuestRuntime, managerOptions: unknown): PushManager {
  const { appId } = (managerOptions ?? {}) as { appId?: unknown }
  if (typeof appId !== 'string' || appId === '') throw invalidParam('getPushManager: appId is required')
  const use = (method: string, options: unknown, data: object) => {
    const answer = { errCode: 0, errMsg: 'success', data }
    return useService(runtime, {
      service: 'getPushManager',
      method,
      args: [options ?? {}, { appId }],
      answer,
    })
  }
  const manager = Object.fromEntries(
    otherMethods.map((method) => [method, async (options?: object) => use(method, options, {})]),
  ) as PushManager
  manager.sendMessage = async (options = {}) => {
    checkTarget(options)
    warnOfLongTexts(runtime, options)
    return use('sendMessage', options, deliveries(options))
  }
  return manager
}

// internals

function checkTarget(options: Record<string, unknown>): void {
  const kinds = Object.keys(targetLimits).filter((kind) => isGiven(options[kind]))
  if (kinds.length > 1) {
    throw invalidParam(`sendMessage: only one kind of target may be given, not ${kinds.join(' and ')}`)
  }
  const [kind] = kinds
  if (kind === undefined) return
  const count = listOf(options[kind]).length
  const limit = targetLimits[kind] as number
  if (count > limit) throw invalidParam(`sendMessage: ${kind} may name ${limit} targets, not ${count}`)
}

function warnOfLongTexts(runtime: GuestRuntime, options: Record<string, unknown>): void {
  for (const [part, limit] of Object.entries(textLimits)) {
    const value = options[part]
    const text = typeof value === 'string' ? value : value === undefined ? '' : (JSON.stringify(value) ?? '')
    if (text.length < limit) continue
    runtime.warnOnce(
      `push.${part}`,
      `sendMessage: ${part} has ${text.length} characters; phones and vendors take less than ${limit}`,
    )
  }
}

/** Task id -> client -> state, for the clients the message names. */
function deliveries(options: Record<string, unknown>): object {
  const clients = listOf(options.push_clientid).map((client) => [String(client), 'successed_online'])
  return { [`RASS_LOCAL_${randomUUID()}`]: Object.fromEntries(clients) }
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== ''
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return isGiven(value) ? [value] : []
}
