/** Something that is written to, and can be brought to the disk. */
export interface Flushed {
  sync(): Promise<void>
}

/**
 * Brings a file to the disk in the background: one flush at a time, and all commits that came before it share it
 * (spec/embedded-database.md §8). Timers are the machine's: this is about power cuts, not about the space's time.
 */
export class Flush {
  #file: Flushed
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** True when something has been written that no flush, running ones included, is sure to cover. */
  #dirty = false

  constructor(file: Flushed) {
    this.#file = file
  }

  /** Something was written: flush within so many milliseconds. */
  soon(withinMs: number): void {
    this.#dirty = true
    if (withinMs === 0 || this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      // Whoever writes next is told: a broken journal takes no more commits.
      this.done().catch(() => {})
    }, withinMs)
    this.#timer.unref()
  }

  /** Resolves when everything written so far is on the disk. */
  done(): Promise<void> {
    if (!this.#dirty) return this.#running ?? Promise.resolve()
    // A flush under way may have begun before the last write: one more is needed, for all who ask meanwhile.
    this.#next ??= (this.#running ?? Promise.resolve()).catch(() => {}).then(() => this.#run())
    return this.#next
  }

  /** Goes on with another file; the old one is flushed and closed. */
  turn(file: Flushed, old: Flushed & { close(): void }): void {
    this.#file = file
    const before = this.#running ?? Promise.resolve()
    this.#track(
      before
        .catch(() => {})
        .then(() => old.sync())
        .finally(() => old.close()),
    ).catch(() => {})
  }

  // internals

  #run(): Promise<void> {
    this.#next = undefined
    this.#dirty = false
    return this.#track(this.#file.sync())
  }

  #track(flush: Promise<void>): Promise<void> {
    const running = flush.finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }
}
