/** What the log says about calls: a line for each, and the stack of what went wrong (spec/runtime.md §6.2, §17). */
import type { Clock } from '../../clock/clock.ts'
import type { CallFailure, Outcome } from '../invocation.ts'
import type { HostCall } from './host-call.ts'
import type { LogEntry, LogStore } from './log-store.ts'

export class CallLog {
  readonly #logs: LogStore
  readonly #clock: Clock
  readonly #quiet: boolean
  readonly #warnedLarge = new Set<string>()

  /** @param quiet no line for calls that went well */
  constructor(logs: LogStore, clock: Clock, quiet: boolean) {
    this.#logs = logs
    this.#clock = clock
    this.#quiet = quiet
  }

  write(call: HostCall, outcome: Outcome): void {
    const time = this.#clock.now()
    const { name, target, source, requestId } = call.input
    if (!outcome.ok && outcome.failure.stack) {
      this.#logs.append({
        time,
        level: 'error',
        channel: 'system',
        text: outcome.failure.stack,
        functionName: name,
        requestId,
      })
    }
    if (outcome.ok && this.#quiet) return
    // The instance counts from the start of the code; a caller also waits for a cold start and a queue.
    const durationMs = Math.round((performance.now() - call.queuedAt) * 100) / 100
    const line: LogEntry['call'] = { source, target, durationMs, ok: outcome.ok }
    if (!outcome.ok) {
      line.errCode = outcome.failure.errCode
      line.errMsg = outcome.failure.errMsg
    }
    if (call.cold) line.cold = true
    this.#logs.append({
      time,
      level: outcome.ok ? 'info' : 'error',
      channel: 'call',
      text: textOf(target, durationMs, call.cold, outcome.ok ? undefined : outcome.failure),
      functionName: name,
      requestId,
      call: line,
    })
  }

  /** Once per function. */
  largeRequest(name: string, limit: number): void {
    if (this.#warnedLarge.has(name)) return
    this.#warnedLarge.add(name)
    this.#logs.append({
      time: this.#clock.now(),
      level: 'warn',
      channel: 'system',
      text: `[${name}] a request has more than ${limit} bytes; the documentation also names that as the limit`,
      functionName: name,
    })
  }
}

// internals

function textOf(target: string, durationMs: number, cold: boolean, failure: CallFailure | undefined): string {
  const how = failure ? `failed: ${failure.errCode} ${failure.errMsg}` : 'ok'
  return `${target} ${how} (${durationMs} ms${cold ? ', cold start' : ''})`
}
