import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock/clock.ts'
import { fail } from './errors.ts'
import type { DocumentStream } from './planner/streams.ts'

/** An open cursor: what is left of a result, and who may read it. */
export interface Cursor {
  readonly id: number
  /** `database.collection`. */
  readonly namespace: string
  readonly stream: DocumentStream
  /** What the stream reads from; ended with the cursor. */
  readonly reading: Disposable
  readonly session: string | undefined
  readonly transaction: object | undefined
  /** The carrier that opened it; its cursors die with it. */
  readonly owner: object | undefined
  /** Largest number of documents a batch holds when `getMore` does not say. */
  readonly batchSize: number | undefined
  readonly noTimeout: boolean
  lastUse: number
  busy: boolean
}

/** Open cursors by id. They expire ten minutes after their last use (spec/embedded-database.md §12). */
export class Cursors {
  readonly #cursors = new Map<number, Cursor>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#cursors.size
  }

  open(cursor: Omit<Cursor, 'id' | 'lastUse' | 'busy'>): Cursor {
    const opened: Cursor = { ...cursor, id: this.#newId(), lastUse: this.#clock.now(), busy: false }
    this.#cursors.set(opened.id, opened)
    return opened
  }

  /** @throws DatabaseError 43 for an unknown id, 13 for another namespace or session */
  get(id: number, namespace: string, session: string | undefined): Cursor {
    const cursor = this.#cursors.get(id)
    if (!cursor) fail(43, `cursor id ${id} not found`)
    if (cursor.namespace !== namespace) {
      fail(
        13,
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
      )
    }
    if (cursor.session !== undefined && cursor.session !== session) {
      fail(
        13,
        `Cannot run getMore on cursor ${id}, which was created in session ${cursor.session}, in ${session ? `session ${session}` : 'no session'}`,
      )
    }
    if (cursor.busy) fail(12051, `cursor id ${id} is already in use`)
    cursor.lastUse = this.#clock.now()
    return cursor
  }

  has(id: number): boolean {
    return this.#cursors.has(id)
  }

  /** True when there was such a cursor. */
  kill(id: number): boolean {
    const cursor = this.#cursors.get(id)
    if (!cursor) return false
    this.#cursors.delete(id)
    // A batch under way still reads from it; whoever has it in hand ends it.
    if (!cursor.busy) cursor.reading[Symbol.dispose]()
    return true
  }

  /** Closes all cursors that fit. */
  killWhere(fits: (cursor: Cursor) => boolean): void {
    for (const cursor of [...this.#cursors.values()]) if (fits(cursor)) this.kill(cursor.id)
  }

  expire(): void {
    const limit = this.#clock.now() - CURSOR_LIFETIME_MS
    this.killWhere((cursor) => !cursor.noTimeout && !cursor.busy && cursor.lastUse < limit)
  }

  // internals

  /** 53 bits, so that a plain number holds it on every carrier. */
  #newId(): number {
    for (;;) {
      const id = Number(randomBytes(8).readBigUInt64BE() >> 11n)
      if (id !== 0 && !this.#cursors.has(id)) return id
    }
  }
}

// internals

const CURSOR_LIFETIME_MS = 10 * 60_000
