import { AdjustableClock, type ClockState } from '../../clock/adjustable-clock.ts'
import type { Clock } from '../../clock/clock.ts'

/**
 * The space's clock on both sides of the thread. Its state lies in shared memory: a command that is sent after the clock
 * was moved must not see the time before, whichever port it comes through. Timers follow by message.
 */

/** A place for a clock's state. */
export function clockCell(state: ClockState): SharedArrayBuffer {
  const cell = new SharedArrayBuffer(16)
  writeClock(cell, state)
  return cell
}

export function writeClock(cell: SharedArrayBuffer, { offsetMs, frozenAt }: ClockState): void {
  new Float64Array(cell).set([offsetMs, frozenAt ?? Number.NaN])
}

/** The thread's side. */
export class SharedClock implements Clock {
  readonly #cell: Float64Array
  readonly #timers: AdjustableClock

  constructor(cell: SharedArrayBuffer) {
    this.#cell = new Float64Array(cell)
    this.#timers = new AdjustableClock(this.#state())
  }

  now(): number {
    const { offsetMs, frozenAt } = this.#state()
    return frozenAt ?? Date.now() + offsetMs
  }

  setTimer(callback: () => void, delayMs: number): Disposable {
    return this.#timers.setTimer(callback, delayMs)
  }

  /** The clock was moved: fires what has fallen due. */
  moved(): void {
    this.#timers.set(this.#state())
  }

  // internals

  #state(): ClockState {
    const [offsetMs = 0, frozenAt = Number.NaN] = this.#cell
    return Number.isNaN(frozenAt) ? { offsetMs } : { offsetMs, frozenAt }
  }
}
