/**
 * chokidar passes over what happens to a file within 50 ms of a change it has reported: an editor that empties a file
 * and then fills it, or two saves in a row, would end with the first state being served. So each changed file is looked
 * at once more when that time is over.
 */
import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'

/** chokidar's own pause, and a little more. In milliseconds, of machine time. */
const pauseMs = 60

export class SecondLook {
  readonly #onChange: (file: string) => void
  /** Files by what they looked like when they were reported. */
  #reported = new Map<string, string>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #closed = false

  /** @param onChange told of a file that has changed after it was reported */
  constructor(onChange: (file: string) => void) {
    this.#onChange = onChange
  }

  /** @param stats of the file when it was reported; undefined when it was gone */
  reported(file: string, stats: Stats | undefined): void {
    this.#reported.set(file, stampOf(stats))
  }

  /** What was reported so far is one batch; its files are looked at when chokidar's pause is over. */
  schedule(): void {
    const batch = this.#reported
    if (batch.size === 0) return
    this.#reported = new Map()
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      for (const [file, stamp] of batch) void this.#look(file, stamp)
    }, pauseMs)
    this.#timers.add(timer)
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  // internals

  async #look(file: string, stamp: string): Promise<void> {
    const stats = await stat(file).catch(() => undefined)
    if (this.#closed || stampOf(stats) === stamp) return
    this.reported(file, stats)
    this.#onChange(file)
  }
}

function stampOf(stats: Stats | undefined): string {
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}` : 'gone'
}
