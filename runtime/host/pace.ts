/** How long the calls of a function take, and what follows from it for calls that wait. */

/** Functions whose calls mostly end sooner are handed calls ahead of time. In milliseconds, as all here. */
const instantMs = 0.5
/** The queue of functions whose calls mostly end sooner may be gone before another instance would be up. */
const quickMs = 5
/** What "mostly" means. */
const share = 0.8
/** Weight of the newest call. */
const weight = 0.1
/** A quick function gets no further instance for a queue it will have worked off within so many ticks. */
const patienceTicks = 3

export class Pace {
  /** Shares of recent calls; undefined before the first. A busy machine stretches some calls, never most. */
  #instant: number | undefined
  #quick: number | undefined
  #finishedSinceTick = 0
  /** Of the host's `performance.now()`. */
  lastFinishedAt = 0

  /** @param tookMs as the instance measured it, without any waiting in the host */
  finished(tookMs: number): void {
    this.#instant = mixed(this.#instant, tookMs < instantMs)
    this.#quick = mixed(this.#quick, tookMs < quickMs)
    this.#finishedSinceTick++
    this.lastFinishedAt = performance.now()
  }

  /** New code: nothing is known of it. */
  reset(): void {
    this.#instant = undefined
    this.#quick = undefined
  }

  /** Whether any call has ended. */
  get known(): boolean {
    return this.#quick !== undefined
  }

  get instant(): boolean {
    return (this.#instant ?? 0) > share
  }

  get quick(): boolean {
    return (this.#quick ?? 0) > share
  }

  /** Once per tick: whether so many waiting calls will be through soon. */
  copesWith(waiting: number): boolean {
    const copes = this.#finishedSinceTick * patienceTicks >= waiting
    this.#finishedSinceTick = 0
    return copes
  }
}

// internals

function mixed(before: number | undefined, hit: boolean): number {
  const now = hit ? 1 : 0
  return before === undefined ? now : before * (1 - weight) + now * weight
}
