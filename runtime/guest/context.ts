/** `context`, the second argument of a cloud function (spec/runtime.md §4). */
import type { GuestCall } from '../bridge.ts'
import { clientFields, secretType } from './client-info.ts'
import type { GuestRuntime } from './guest-context.ts'

/** A fresh, writable object per call: real code sets `context.PLATFORM` itself. */
export function functionContext(runtime: GuestRuntime, call: GuestCall): Record<string, unknown> {
  const { space, entry } = runtime
  return {
    ...(call.clientInfo ? clientFields(call) : undefined),
    SPACEINFO: { spaceId: space.spaceId, provider: space.provider, useOldSpaceId: false },
    SOURCE: call.source,
    source: call.source,
    FUNCTION_NAME: entry.name,
    FUNCTION_TYPE: entry.kind,
    CLIENTIP: call.clientIP,
    CLIENTUA: call.userAgent,
    uniIdToken: call.uniIdToken,
    requestId: call.requestId,
    RUNTIME_ENV: space.runtimeEnv,
    secretType: secretType(call),
  }
}
