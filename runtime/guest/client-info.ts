/** Client fields of a call as user code sees them (spec/runtime.md §4, §5.1). */
import type { GuestCall } from '../bridge.ts'
import type { ClientInfo } from '../invocation.ts'
import type { CallClientInfo } from './guest-context.ts'

/** Legacy upper-case name -> today's names; whichever side is missing is filled from the other. */
const legacyNames: ReadonlyArray<readonly [legacy: string, ...current: string[]]> = [
  ['APPID', 'appId'],
  ['DEVICEID', 'deviceId'],
  ['PLATFORM', 'uniPlatform', 'platform'],
  ['OS', 'osName', 'os'],
  ['LOCALE', 'locale', 'appLanguage'],
]

const secretTypes = new Set(['none', 'request', 'response', 'both'])

/**
 * The client's own fields: only of calls that come from a client (or from the tool in its stead), never those the
 * platform vouches for. Fields set with `setCustomClientInfo` pass through.
 */
export function clientFields(call: GuestCall): Record<string, unknown> {
  const sent = call.clientInfo
  if (!sent || (call.source !== 'client' && call.source !== 'server')) return {}
  const fields: Record<string, unknown> = { ...sent }
  for (const [legacy, ...current] of legacyNames) {
    const value = firstOf(sent, [legacy, ...current])
    if (value === undefined) continue
    for (const name of [legacy, current[0] as string]) fields[name] ??= value
  }
  return fields
}

/** What `this.getClientInfo()` and `uniCloud.getClientInfos()` return. */
export function objectClientInfo(call: GuestCall): CallClientInfo {
  const fields = clientFields(call)
  const info: CallClientInfo = {
    ...fields,
    clientIP: call.clientIP,
    userAgent: call.userAgent,
    source: call.source,
    requestId: call.requestId,
    secretType: secretType(call),
  }
  // `platform` is `app` on every app, vue2 or vue3 (spec/runtime.md §5.1).
  const platform = fields.platform ?? fields.PLATFORM
  if (platform !== undefined) info.platform = /^app(-|$)/.test(String(platform)) ? 'app' : platform
  const os = fields.os ?? fields.OS
  if (os !== undefined) info.os = os
  if (call.uniIdToken !== undefined) info.uniIdToken = call.uniIdToken
  else delete info.uniIdToken
  return info
}

/** How the secure network protected the call; anything unknown counts as not at all. */
export function secretType(call: GuestCall): string {
  const sent = call.clientInfo?.secretType
  return typeof sent === 'string' && secretTypes.has(sent) ? sent : 'none'
}

// internals

function firstOf(info: ClientInfo, names: readonly string[]): unknown {
  for (const name of names) {
    const value = info[name]
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}
