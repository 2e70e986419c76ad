/**
 * Everything that happens by itself at some instant: retries, expiry, settlements, payments on their own. Sources say
 * what they have due next; the agenda runs it when the clock gets there, or when somebody moves the clock.
 */
import type { BusinessClock } from './business-clock.ts'

export interface DueItem {
  /** Business time, epoch ms. */
  at: number
  /** Must take the item off its source before it first waits for anything. */
  run(): void | Promise<void>
}

export interface DueSource {
  /** The earliest item; undefined when there is none. */
  nextDue(): DueItem | undefined
}

export class Agenda {
  readonly #clock: BusinessClock
  readonly #onError: (error: unknown) => void
  readonly #sources: DueSource[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #moves: Disposable | undefined
  #timer: Disposable | undefined
  #closed = false

  /** @param onError told of a bug in an item; the agenda goes on */
  constructor(clock: BusinessClock, onError: (error: unknown) => void) {
    this.#clock = clock
    this.#onError = onError
    this.#moves = clock.space.onMove?.(() => this.wake())
  }

  add(source: DueSource): void {
    this.#sources.push(source)
  }

  /** Starts what is due and arms the clock for the rest. Whoever changed something calls it once he has answered. */
  wake(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    if (this.#closed) return
    for (;;) {
      const next = this.#earliest()
      if (!next) return
      const wait = next.at - this.#clock.now()
      if (wait > 0) {
        this.#timer = this.#clock.space.setTimer(() => this.wake(), wait)
        return
      }
      this.#start(next)
    }
  }

  /** How long until something is due, in ms; undefined when nothing is. */
  waitMs(): number | undefined {
    const next = this.#earliest()
    return next && next.at - this.#clock.now()
  }

  /** Resolves when nothing runs and nothing is due. */
  async idle(): Promise<void> {
    this.wake()
    while (this.#running.size > 0) {
      await Promise.all(this.#running)
      this.wake()
    }
  }

  /** Moves business time on by `ms`; what falls due on the way happens at its own instant, one after the other. */
  async advance(ms: number): Promise<void> {
    const end = this.#clock.now() + ms
    for (;;) {
      await this.idle()
      const next = this.#earliest()
      if (!next || next.at > end) break
      this.#clock.forwardTo(next.at)
    }
    this.#clock.forwardTo(end)
    await this.idle()
  }

  /** Starts nothing more and waits for what runs. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    this.#moves?.[Symbol.dispose]()
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  // internals

  #earliest(): DueItem | undefined {
    let earliest: DueItem | undefined
    for (const source of this.#sources) {
      const item = source.nextDue()
      if (item && (!earliest || item.at < earliest.at)) earliest = item
    }
    return earliest
  }

  #start(item: DueItem): void {
    const run = async (): Promise<void> => item.run()
    const done = run()
      .catch(this.#onError)
      .finally(() => {
        this.#running.delete(done)
        this.wake()
      })
    this.#running.add(done)
  }
}
