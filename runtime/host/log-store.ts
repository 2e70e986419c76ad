/**
 * The log of the space: what functions print, one line per call, and our own remarks. Kept in memory (a ring) for
 * the control API and the console; listeners print or stream it (spec/runtime.md §17).
 */

export interface LogEntry {
  /** Ever-increasing. */
  seq: number
  /** Epoch milliseconds of the space's clock. */
  time: number
  level: 'debug' | 'log' | 'info' | 'warn' | 'error'
  /** `console` and `logger`: user code; `call`: one per finished call; `system`: ours. */
  channel: 'console' | 'logger' | 'call' | 'system'
  text: string
  functionName?: string
  requestId?: string
  /** Of a `call` line. */
  call?: {
    source: string
    target: string
    durationMs: number
    ok: boolean
    /** Of a failure; with `ok`, that of an answer in the response format. */
    errCode?: string | number
    errMsg?: string
    cold?: boolean
  }
}

/** A bounded log that can be read back and followed. */
export class LogStore {
  readonly #capacity: number
  readonly #entries: LogEntry[] = []
  readonly #listeners = new Set<(entry: LogEntry) => void>()
  #seq = 0

  /** @param capacity entries kept; older ones are forgotten */
  constructor(capacity = 2000) {
    this.#capacity = capacity
  }

  append(entry: Omit<LogEntry, 'seq'>): LogEntry {
    const stored: LogEntry = { seq: ++this.#seq, ...entry }
    this.#entries.push(stored)
    // Cut in slabs: shifting one by one would cost on every line once the ring is full.
    if (this.#entries.length > this.#capacity * 1.25)
      this.#entries.splice(0, this.#entries.length - this.#capacity)
    for (const listener of this.#listeners) listener(stored)
    return stored
  }

  /** Entries after `sinceSeq`, oldest first. */
  list(sinceSeq = 0): LogEntry[] {
    return this.#entries.filter((entry) => entry.seq > sinceSeq)
  }

  follow(listener: (entry: LogEntry) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }
}
