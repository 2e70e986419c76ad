/** What the log says about calls: a line for each, and the stack of what went wrong (spec/runtime.md §6.2, §17). */
import type { Clock } from '../../clock/clock.ts'
import type { CallFailure, Outcome, ResultValue } from '../invocation.ts'
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
    const line: NonNullable<LogEntry['call']> = { source, target, durationMs, ok: outcome.ok }
    const answered = outcome.ok ? answeredCode(outcome.value) : undefined
    if (answered !== undefined) line.errCode = answered
    if (!outcome.ok) {
      line.errCode = outcome.failure.errCode
      line.errMsg = withoutCode(outcome.failure)
    }
    if (call.cold) line.cold = true
    this.#logs.append({
      time,
      level: outcome.ok ? 'info' : 'error',
      channel: 'call',
      text: textOf(line),
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

/** Longer results are data and not the short answer that an error is; nobody should wait for them to be parsed. */
const shortAnswer = 4096

/** The code of an answer in the response format (spec/runtime.md §6.1): the call went well, what it was to do did not. */
function answeredCode(value: ResultValue): string | number | undefined {
  if (value.type !== 'json' || value.text.length > shortAnswer) return undefined
  // Looked for as text first: most results have no such member, or one that says 0.
  if (!/"errCode":(?!0[,}]|""|null)/.test(value.text)) return undefined
  const { errCode } = JSON.parse(value.text) as { errCode?: unknown }
  return errCode && (typeof errCode === 'string' || typeof errCode === 'number') ? errCode : undefined
}

/** Some texts of uniCloud begin with their code; beside it they need not. */
function withoutCode({ errCode, errMsg }: CallFailure): string {
  const code = `${errCode}: `
  return errMsg.startsWith(code) ? errMsg.slice(code.length) : errMsg
}

function textOf({ target, durationMs, ok, errCode, errMsg, cold }: NonNullable<LogEntry['call']>): string {
  const answer = errCode === undefined ? 'ok' : `errCode ${errCode}`
  const how = ok ? answer : `failed: ${errCode} ${errMsg}`
  return `${target} ${how} (${durationMs} ms${cold ? ', cold start' : ''})`
}
