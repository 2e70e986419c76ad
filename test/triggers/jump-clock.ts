import type { Clock } from '../../clock/clock.ts'

/**
 * A machine whose wall clock can be set (`jump`) without time passing for its timers, as suspends, NTP and users
 * do. `elapse` lets real time pass: timers run down and the wall clock goes along.
 */
export class JumpClock implements Clock {
  #wall: number
  #elapsed = 0
  readonly #timers = new Set<{ due: number; callback: () => void }>()

  constructor(start: string) {
    this.#wall = Date.parse(start)
  }

  now(): number {
    return this.#wall
  }

  setTimer(callback: () => void, delayMs: number): Disposable {
    const timer = { due: this.#elapsed + Math.max(delayMs, 0), callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  jump(ms: number): void {
    this.#wall += ms
  }

  jumpTo(instant: string): void {
    this.#wall = Date.parse(instant)
  }

  async elapse(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    for (;;) {
      const [timer] = [...this.#timers].filter((t) => t.due <= end).sort((a, b) => a.due - b.due)
      const until = timer ? Math.max(timer.due, this.#elapsed) : end
      this.#wall += until - this.#elapsed
      this.#elapsed = until
      if (!timer) return
      this.#timers.delete(timer)
      timer.callback()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}
