/** Makes a call of an invocation, watches its limits, and writes its line in the log. */
import { randomUUID } from 'node:crypto'
import { url as inspectorUrl } from 'node:inspector'
import type { CallFailure, Invocation } from '../invocation.ts'
import type { FunctionEntry } from '../project/manifest.ts'
import type { ProviderProfile } from '../provider.ts'
import type { CallLog } from './call-log.ts'
import { callTarget } from './call-target.ts'
import { failures } from './failures.ts'
import { exceeds, HostCall } from './host-call.ts'
import type { Pool } from './pool.ts'

/** Who calls when nobody says (spec/runtime.md §4). */
const localAddress = '127.0.0.1'

export class CallDesk {
  readonly #profile: ProviderProfile
  readonly #log: CallLog
  /** Calls whose caller waits, or whose code still runs. */
  readonly #open = new Set<HostCall>()
  #lastId = 0

  constructor(profile: ProviderProfile, log: CallLog) {
    this.#profile = profile
    this.#log = log
  }

  /** Whether a limit may be exceeded as time passes. */
  get restless(): boolean {
    return this.#open.size > 0
  }

  /** Sends a call on its way into the pool, or answers it with what forbids that. */
  submit(invocation: Invocation, pool: Pool, parent: HostCall | undefined): HostCall {
    const { json, failure } = this.#encode(invocation)
    const call = this.#create(invocation, json, parent, pool.entry)
    if (failure) call.fail(failure)
    else pool.submit(call)
    return call
  }

  /** Answers a call that no pool takes. */
  refuse(invocation: Invocation, failure: CallFailure, parent: HostCall | undefined): HostCall {
    const call = this.#create(invocation, '', parent)
    call.fail(failure)
    return call
  }

  /** Time has passed: answers callers whose patience is over, stops code that is over its limit. */
  expire(now: number): void {
    for (const call of this.#open) {
      if (call.settled && !call.running) this.#open.delete(call)
      // Someone looks at the code in a debugger: it stands still for a good reason.
      else if (Math.min(call.answerBy, call.stopBy) <= now && inspectorUrl() === undefined) {
        this.#expireOne(call, now)
      }
    }
  }

  // internals

  #expireOne(call: HostCall, now: number): void {
    if (call.stopBy <= now && call.running) {
      call.place?.stop(call)
    } else if (call.answerBy <= now && !call.settled) {
      call.fail(failures.timeout(call.input.name, call.patienceSeconds))
      call.place?.forget(call)
    }
  }

  #create(
    invocation: Invocation,
    json: string,
    parent: HostCall | undefined,
    entry?: FunctionEntry,
  ): HostCall {
    const { name, source, requestId = randomUUID(), ancestors = [], timeoutMs } = invocation
    const call = new HostCall(
      {
        id: ++this.#lastId,
        name,
        target: callTarget(name, invocation.payload, entry),
        source,
        requestId,
        ancestors,
        parent,
        json: json === '' ? '' : `{"requestId":${JSON.stringify(requestId)},${json.slice(1)}`,
        // The gateway knows its own limits; nobody receives what a timer returns.
        responseLimit:
          source === 'http' || source === 'timing'
            ? Number.POSITIVE_INFINITY
            : this.#profile.callResponseBytes,
      },
      (settled, outcome) => {
        // Code that runs on after its caller was answered keeps its place until it ends or is stopped.
        if (!settled.running) this.#open.delete(settled)
        this.#log.write(settled, outcome)
      },
    )
    if (timeoutMs !== undefined) {
      call.answerBy = call.queuedAt + timeoutMs
      call.patienceSeconds = timeoutMs / 1000
    }
    this.#open.add(call)
    return call
  }

  /** The call as text: what JSON cannot carry ends here, what is too large as well. */
  #encode(invocation: Invocation): { json: string; failure?: CallFailure } {
    const { name, payload, source, clientInfo, uniIdToken } = invocation
    const { clientIP = localAddress, userAgent = '', ancestors = [] } = invocation
    let json: string
    try {
      json = JSON.stringify({ payload, source, clientInfo, uniIdToken, clientIP, userAgent, ancestors })
    } catch (error) {
      const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
      return { json: '', failure: failures.requestNotJson(name, this.#profile.defaultErrorCode, why ?? '') }
    }
    if (invocation.sizeChecked) return { json }
    const { warn, refuse } = this.#profile.callRequestBytes
    if (exceeds(json, refuse)) return { json: '', failure: failures.requestTooLarge(name, refuse) }
    if (exceeds(json, warn)) this.#log.largeRequest(name, warn)
    return { json }
  }
}
