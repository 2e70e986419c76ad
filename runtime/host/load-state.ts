/** What is known of a function's code without running a call: its methods, or what keeps it from loading. */
import type { CallFailure } from '../invocation.ts'

/** A load error answers calls this long; the next one tries again (an npm package may have come). */
const loadErrorMs = 2000

interface Wanted {
  resolve(methods: string[]): void
  reject(failure: CallFailure): void
}

export class LoadState {
  #error: { failure: CallFailure; at: number } | undefined
  readonly #wanted: Wanted[] = []

  /** Whether somebody waits for the code to be loaded, beside the calls. */
  get wanted(): boolean {
    return this.#wanted.length > 0
  }

  get failed(): boolean {
    return this.#error !== undefined
  }

  /** The last failure, while it is fresh. */
  get failure(): CallFailure | undefined {
    const error = this.#error
    return error && performance.now() - error.at < loadErrorMs ? error.failure : undefined
  }

  /** The methods, once an instance has loaded the code; rejects with a `CallFailure`. */
  methods(): Promise<string[]> {
    return new Promise((resolve, reject) => this.#wanted.push({ resolve, reject }))
  }

  loaded(methods: string[]): void {
    this.#error = undefined
    for (const wanted of this.#wanted.splice(0)) wanted.resolve(methods)
  }

  fail(failure: CallFailure): void {
    this.#error = { failure, at: performance.now() }
    for (const wanted of this.#wanted.splice(0)) wanted.reject(failure)
  }

  /** There is new code. */
  reset(): void {
    this.#error = undefined
  }
}
