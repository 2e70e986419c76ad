/** One call inside the host: from the queue into an instance and out again. */
import type { CallEnd } from '../bridge.ts'
import type { CallFailure, CallSource, Outcome } from '../invocation.ts'
import { failures } from './failures.ts'

/** Where a call waits and runs: the pool of its function. */
export interface CallPlace {
  /** Calls that run in it now. */
  runningCalls(): Iterable<HostCall>
  /** Whether another call would find or get an instance without one of those ending. */
  hasRoom(): boolean
  /** The call's own limit has passed: stop its code. */
  stop(call: HostCall): void
  /** Nobody waits for the call any more; it may leave the queue. */
  forget(call: HostCall): void
}

export interface HostCallInput {
  id: number
  name: string
  /** `name.method` where the method is known from outside; for log lines. */
  target: string
  source: CallSource
  requestId: string
  ancestors: readonly string[]
  parent: HostCall | undefined
  /** A `GuestCall` without its deadline, as JSON text. */
  json: string
  /** Bytes the answer may have; Infinity where the face itself checks. */
  responseLimit: number
}

/** All instants are `performance.now()` milliseconds. */
export class HostCall {
  readonly input: HostCallInput
  readonly outcome: Promise<Outcome>
  readonly queuedAt = performance.now()
  startedAt = 0
  /** Nested calls of its code that have no answer yet. */
  readonly children = new Set<HostCall>()
  place: CallPlace | undefined
  running = false
  /** Where the instance it was sent to claims it (claims.ts); undefined where instances cannot. */
  slot: number | undefined
  /** Whether it waited for a cold start. */
  cold = false
  /** The caller's patience: past it the caller is answered, whatever the code does. */
  answerBy = Number.POSITIVE_INFINITY
  /** How long that patience was, in seconds; for the message. */
  patienceSeconds = 0
  /** The function's own limit: past it the code is stopped. */
  stopBy = Number.POSITIVE_INFINITY
  settled = false
  readonly #onSettled: (call: HostCall, outcome: Outcome) => void
  #resolve!: (outcome: Outcome) => void

  /** @param onSettled told once, when the caller gets its answer (the code may still run on) */
  constructor(input: HostCallInput, onSettled: (call: HostCall, outcome: Outcome) => void) {
    this.input = input
    this.#onSettled = onSettled
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve
    })
    input.parent?.children.add(this)
  }

  succeed(text: string): void {
    const { requestId, responseLimit } = this.input
    if (exceeds(text, responseLimit)) this.fail(failures.responseTooLarge())
    else this.#settle({ ok: true, requestId, value: { type: 'json', text } })
  }

  end(end: CallEnd): void {
    this.#settle({ ...end, requestId: this.input.requestId })
  }

  fail(failure: CallFailure): void {
    this.#settle({ ok: false, requestId: this.input.requestId, failure })
  }

  // internals

  #settle(outcome: Outcome): void {
    if (this.settled) return
    this.settled = true
    this.input.parent?.children.delete(this)
    this.#resolve(outcome)
    this.#onSettled(this, outcome)
  }
}

/** Whether a text has more UTF-8 bytes than the limit; counts only when the length leaves a doubt. */
export function exceeds(text: string, limit: number): boolean {
  if (text.length * 3 <= limit) return false
  return text.length > limit || Buffer.byteLength(text) > limit
}
