/**
 * Which ticks of one trigger have fired. While the clock only goes forward that is one run, from the first to the
 * last fired tick with none left out between them; each jump of the clock ends a run. So a clock that is set back
 * neither fires a tick again nor silences the trigger until the old time is reached once more.
 */
export class FiredTicks {
  readonly #runs: { first: number; last: number }[] = []
  #open = false
  #latest = Number.NEGATIVE_INFINITY

  /** @param last the only tick known to have fired so far, epoch milliseconds */
  constructor(last?: number) {
    if (last === undefined) return
    this.add(last)
    this.interrupt()
  }

  /** The latest tick that has fired; undefined when none has. */
  get latest(): number | undefined {
    return Number.isFinite(this.#latest) ? this.#latest : undefined
  }

  /** @param at the tick, epoch milliseconds; the next one after the former unless `interrupt` was called between */
  add(at: number): void {
    const run = this.#runs.at(-1)
    if (this.#open && run) run.last = at
    else this.#runs.push({ first: at, last: at })
    this.#open = true
    this.#latest = Math.max(this.#latest, at)
    // A thousand jumps of the clock: nobody will come back to the oldest of them.
    if (this.#runs.length > 1000) this.#runs.shift()
  }

  /** Ticks were skipped, or time went back: the next tick starts a new run. */
  interrupt(): void {
    this.#open = false
  }

  /** The last tick of the run this one fired in; undefined when it has not fired. */
  endOfRun(at: number): number | undefined {
    if (at > this.#latest) return undefined
    return this.#runs.find((run) => run.first <= at && at <= run.last)?.last
  }
}
