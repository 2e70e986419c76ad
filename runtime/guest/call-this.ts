/** `this` inside the methods of a cloud object (spec/runtime.md §5.1). */
import type { HttpInfo } from '../invocation.ts'
import type { CallClientInfo, GuestRuntime } from './guest-context.ts'
import type { RunningCall } from './running-call.ts'

/** What one call hands to its `this`. */
export interface CallFrame {
  runtime: GuestRuntime
  running: RunningCall
  method: string
  /** The live argument array: `_before` may replace its members. */
  params: unknown[]
}

/** Fresh per call and shared by `_before`, the method and `_after`; user code stores what it likes on it. */
export class CallThis {
  readonly #frame: CallFrame

  constructor(frame: CallFrame) {
    this.#frame = frame
  }

  getClientInfo(): CallClientInfo {
    return this.#frame.running.clientInfo
  }

  getCloudInfo(): Record<string, unknown> {
    const { space, entry } = this.#frame.runtime
    return {
      provider: space.provider,
      spaceId: space.spaceId,
      useOldSpaceId: false,
      functionName: entry.name,
      functionType: entry.kind,
      runtimeEnv: space.runtimeEnv,
    }
  }

  getUniIdToken(): string | undefined {
    return this.#frame.running.call.uniIdToken
  }

  getMethodName(): string {
    return this.#frame.method
  }

  getParams(): unknown[] {
    return this.#frame.params
  }

  getUniCloudRequestId(): string {
    return this.#frame.running.call.requestId
  }

  getHttpInfo(): HttpInfo {
    const { payload } = this.#frame.running.call
    if (payload.type !== 'http') throw new Error('getHttpInfo is only available in http requests')
    return payload.http
  }
}

/**
 * The `this` class of one object. Its exported names are not reachable through `this` (methods cannot call each
 * other); reading one prints a hint, writing one works as on any object.
 */
export function callThisOf(exportedNames: readonly string[], runtime: GuestRuntime): typeof CallThis {
  class ObjectThis extends CallThis {}
  for (const name of exportedNames) {
    if (name in CallThis.prototype) continue
    Object.defineProperty(ObjectThis.prototype, name, {
      configurable: true,
      get() {
        runtime.warnOnce(`this.${name}`, hint(runtime.entry.name, name))
        return undefined
      },
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
      },
    })
  }
  return ObjectThis
}

// internals

function hint(object: string, name: string): string {
  return (
    `[${object}] "this.${name}" is undefined: exported methods of a cloud object cannot be reached through ` +
    '"this"; move what they share into a function of its own or into a public module'
  )
}
