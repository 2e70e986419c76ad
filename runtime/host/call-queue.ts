/** Calls that wait for an instance. */
import type { CallFailure } from '../invocation.ts'
import type { HostCall } from './host-call.ts'

export class CallQueue {
  readonly #calls: HostCall[] = []

  get size(): number {
    return this.#calls.length
  }

  get first(): HostCall | undefined {
    return this.#calls[0]
  }

  shift(): HostCall | undefined {
    return this.#calls.shift()
  }

  /** At the end; but nested calls before others, the deepest before all: calls that hold instances wait for them. */
  add(call: HostCall): void {
    const depth = call.input.ancestors.length
    const before = depth === 0 ? -1 : this.#calls.findIndex((other) => other.input.ancestors.length < depth)
    if (before < 0) this.#calls.push(call)
    else this.#calls.splice(before, 0, call)
  }

  /** Puts back calls that were on their way already: they waited longest of all. */
  putBack(calls: readonly HostCall[]): void {
    this.#calls.unshift(...calls)
  }

  remove(call: HostCall): void {
    const at = this.#calls.indexOf(call)
    if (at >= 0) this.#calls.splice(at, 1)
  }

  failAll(failure: CallFailure): void {
    for (const call of this.#calls.splice(0)) call.fail(failure)
  }

  /** @param instant `performance.now()` milliseconds */
  failQueuedBefore(instant: number, failure: CallFailure): void {
    for (const call of this.#calls.filter(({ queuedAt }) => queuedAt < instant)) {
      this.remove(call)
      call.fail(failure)
    }
  }
}
