/** How long the calls of a function take, and what follows from it for calls that wait. */

/** Calls shorter than this, on average, are handed to instances ahead of time. In milliseconds, as all here. */
const instantMs = 0.5
/** Calls shorter than this make a function quick: its queue may be gone before another instance would be up. */
const quickMs = 5
/** A quick function gets no further instance for a queue it will have worked off within so many ticks. */
const patienceTicks = 3

export class Pace {
  #typicalMs: number | undefined
  #finishedSinceTick = 0

  finished(tookMs: number): void {
    this.#typicalMs = this.#typicalMs === undefined ? tookMs : this.#typicalMs * 0.8 + tookMs * 0.2
    this.#finishedSinceTick++
  }

  /** New code: nothing is known of it. */
  reset(): void {
    this.#typicalMs = undefined
  }

  get instant(): boolean {
    return this.#typicalMs !== undefined && this.#typicalMs < instantMs
  }

  get quick(): boolean {
    return this.#typicalMs !== undefined && this.#typicalMs < quickMs
  }

  /**
   * Once per tick: whether so many waiting calls will be through soon. Counted by results, not by time: a machine that
   * is busy elsewhere is no reason to start even more.
   */
  copesWith(waiting: number): boolean {
    const copes = this.#finishedSinceTick * patienceTicks >= waiting
    this.#finishedSinceTick = 0
    return copes
  }
}
