/** The machine's time with a hand on it: ahead or behind by some milliseconds, or standing still. */
import type { Clock } from './clock.ts'

/** Kept from the start: inside an instance the global `Date` may come to run on this very clock. */
const machineNow = Date.now

/** How a space's clock stands to the machine's. */
export interface ClockState {
  /** Milliseconds it is ahead of the machine's. */
  offsetMs: number
  /** Stands still at this instant (epoch ms). */
  frozenAt?: number
}

interface Timer {
  at: number
  callback: () => void
}

/** The clock of a space that was given none, and of every instance (which follows the host's). */
export class AdjustableClock implements Clock {
  #state: ClockState
  readonly #timers = new Set<Timer>()
  readonly #listeners = new Set<() => void>()
  #wake: NodeJS.Timeout | undefined

  constructor(state: ClockState = { offsetMs: 0 }) {
    this.#state = state
  }

  get state(): ClockState {
    return this.#state
  }

  now(): number {
    return this.#state.frozenAt ?? machineNow() + this.#state.offsetMs
  }

  /** Moves the clock; timers that fell due on the way fire at once, in time order. */
  set(state: ClockState): void {
    this.#state = state
    for (const listener of this.#listeners) listener()
    this.#fire()
  }

  setTimer(callback: () => void, delayMs: number): Disposable {
    const timer = { at: this.now() + Math.max(delayMs, 0), callback }
    this.#timers.add(timer)
    this.#arm()
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  onMove(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  // internals

  #fire(): void {
    const now = this.now()
    const due = [...this.#timers].filter((timer) => timer.at <= now).sort((a, b) => a.at - b.at)
    for (const timer of due) {
      // An earlier one may have disposed it.
      if (this.#timers.delete(timer)) timer.callback()
    }
    this.#arm()
  }

  /** One machine timer for the earliest; a minute at most, so that sleeps of the machine do no harm. */
  #arm(): void {
    clearTimeout(this.#wake)
    this.#wake = undefined
    if (this.#timers.size === 0 || this.#state.frozenAt !== undefined) return
    let earliest = Number.POSITIVE_INFINITY
    for (const timer of this.#timers) earliest = Math.min(earliest, timer.at)
    this.#wake = setTimeout(() => this.#fire(), Math.min(Math.max(earliest - this.now(), 0), 60_000))
    this.#wake.unref()
  }
}
