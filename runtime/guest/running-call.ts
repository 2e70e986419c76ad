/** One call on its way through this instance. */
import type { GuestCall } from '../bridge.ts'
import { objectClientInfo } from './client-info.ts'
import type { ActiveCall, CallClientInfo } from './guest-context.ts'

export class RunningCall implements ActiveCall {
  readonly call: GuestCall
  readonly startedAt = performance.now()
  #clientInfo: CallClientInfo | undefined

  constructor(call: GuestCall) {
    this.call = call
    if (call.source === 'client' && call.payload.type === 'event') takeClientMembers(call, call.payload.event)
  }

  get clientInfo(): CallClientInfo {
    this.#clientInfo ??= objectClientInfo(this.call)
    return this.#clientInfo
  }

  get http(): boolean {
    return this.call.payload.type === 'http'
  }
}

// internals

/**
 * The client SDK sends `clientInfo` and `uniIdToken` inside `data`; the first is taken out, the second stays
 * (spec/runtime.md §4). A caller that names the token beside the data means the same (spec/uni-id.md §7).
 */
function takeClientMembers(call: GuestCall, event: unknown): void {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return
  const data = event as Record<string, unknown>
  const { clientInfo, uniIdToken } = data
  if (typeof clientInfo === 'object' && clientInfo !== null) {
    call.clientInfo ??= clientInfo as Record<string, unknown>
    delete data.clientInfo
  }
  if (typeof uniIdToken === 'string' && uniIdToken !== '') call.uniIdToken ??= uniIdToken
  else if (uniIdToken === undefined && call.uniIdToken !== undefined) data.uniIdToken = call.uniIdToken
}
