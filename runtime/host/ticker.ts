/**
 * One coarse timer for all limits of calls. A timer per call would cost more than the call; limits are in seconds
 * and may well be some milliseconds late.
 */
export class Ticker {
  readonly #tick: () => boolean
  readonly #intervalMs: number
  #timer: NodeJS.Timeout | undefined

  /** @param tick answers whether there is still something to watch */
  constructor(intervalMs: number, tick: () => boolean) {
    this.#intervalMs = intervalMs
    this.#tick = tick
  }

  /** Something has to be watched from now on. */
  wake(): void {
    this.#timer ??= setInterval(() => {
      if (!this.#tick()) this.stop()
    }, this.#intervalMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
