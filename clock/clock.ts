/**
 * The space's clock. Timers, TTL, tokens, order expiry and retry ladders read this one and nothing else, so that
 * tests and batch jobs can freeze and move time (shared design, decision 9).
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls back once, no earlier than `delayMs` of this clock's time from now. */
  setTimer(callback: () => void, delayMs: number): Disposable
  /** Calls back each time the clock was moved by hand; absent on clocks that never are. */
  onMove?(listener: () => void): Disposable
}

/** The machine's own time. Its timers do not keep the process alive. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now()
  }

  setTimer(callback: () => void, delayMs: number): Disposable {
    // setTimeout overflows above 2^31-1 ms; nobody here waits longer than that without re-checking.
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), 2_147_483_647))
    timer.unref()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  }
}

/** A clock that only moves when told to; its timers fire inside `set` and `advance`, in time order. */
export class ManualClock implements Clock {
  #now: number
  #timers = new Set<{ at: number; callback: () => void }>()
  readonly #listeners = new Set<() => void>()

  constructor(start: Date | number | string) {
    this.#now = new Date(start).getTime()
  }

  now(): number {
    return this.#now
  }

  setTimer(callback: () => void, delayMs: number): Disposable {
    const timer = { at: this.#now + Math.max(delayMs, 0), callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  onMove(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Moves time forward by `ms`, firing what falls due on the way at its own instant. */
  async advance(ms: number): Promise<void> {
    await this.set(this.#now + ms)
  }

  /**
   * Moves time to an instant. Forwards, each due timer fires at its own instant and what it started by then gets a
   * turn of the event loop before the next; backwards, nothing fires.
   */
  async set(target: Date | number | string): Promise<void> {
    const end = new Date(target).getTime()
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers.delete(next)
      this.#moveTo(Math.max(this.#now, next.at))
      next.callback()
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#moveTo(end)
  }

  #moveTo(now: number): void {
    this.#now = now
    for (const listener of this.#listeners) listener()
  }
}
