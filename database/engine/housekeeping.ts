import type { Collection } from './catalog.ts'
import type { Executor } from './executor.ts'
import type { EngineState } from './state.ts'
import type { Store } from './store/contract.ts'
import type { Doc } from './values/types.ts'

/** What the engine does by itself every minute of the space's clock: TTL, expired sessions and cursors, the memory budget. */
export class Housekeeping implements Disposable {
  readonly #state: EngineState
  readonly #executor: Executor
  readonly #warn: (text: string) => void
  #timer: Disposable
  #rounds: Promise<void> = Promise.resolve()
  #warned = false

  constructor(state: EngineState, executor: Executor, warn: (text: string) => void) {
    this.#state = state
    this.#executor = executor
    this.#warn = warn
    this.#timer = this.#next()
  }

  /** Resolves when the rounds that have begun are done. */
  settled(): Promise<void> {
    return this.#rounds
  }

  /** Runs one round now. */
  async round(): Promise<void> {
    this.#state.sessions.expire()
    this.#state.cursors.expire()
    this.#watchMemory()
    for (const collection of [...this.#state.catalog.all()]) {
      // What nobody has used yet is not loaded for this, where loading costs time and memory.
      if (collection.loaded || this.#state.store.kind === 'lmdb') await this.#expire(collection)
    }
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  // internals

  #next(): Disposable {
    return this.#state.clock.setTimer(() => {
      this.#timer = this.#next()
      const round = this.round().catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== CLOSING)
          this.#warn(`Removing expired documents failed: ${String(error)}`)
      })
      this.#rounds = Promise.all([this.#rounds, round]).then(() => {})
    }, INTERVAL_MS)
  }

  /**
   * Deletes what a TTL index has let expire, by the normal write road. A date is enough in any element of an array;
   * what is no date never expires (spec/embedded-database.md §13).
   */
  async #expire(collection: Collection): Promise<void> {
    for (const { key, expireAfterSeconds, partialFilterExpression } of collection.indexes) {
      const [path] = Object.keys(key)
      if (expireAfterSeconds === undefined || path === undefined) continue
      const limit: Doc = { [path]: { $lte: new Date(this.#state.clock.now() - expireAfterSeconds * 1000) } }
      const q = partialFilterExpression ? { $and: [limit, partialFilterExpression] } : limit
      await this.#executor.execute(
        collection.database,
        { delete: collection.name, deletes: [{ q, limit: 0 }] },
        {},
      )
    }
  }

  /** Told once: this many documents are better kept in the other store, or in a real server (§8). */
  #watchMemory(): void {
    const { store, catalog } = this.#state
    if (this.#warned || store.kind === 'lmdb') return
    let documents = 0
    let bytes = 0
    for (const collection of catalog.all()) {
      const { size, bytes: own } = collection.loaded ? collection.data : sizeOf(store, collection)
      documents += size
      bytes += own
    }
    if (bytes < WARN_BYTES && documents < WARN_DOCUMENTS) return
    this.#warned = true
    this.#warn(
      `The embedded database holds ${documents} documents (${Math.round(bytes / 1_048_576)} MB), and everything that is used of them is in memory. ` +
        "For data of this size choose the other store, which keeps them in a file: storage: 'lmdb', or --storage lmdb. " +
        'Move the data with `unicloud-local db export` before and `unicloud-local db import` after the change.',
    )
  }
}

// internals

/** InterruptedAtShutdown */
const CLOSING = 11600
/** As often as the server's TTL monitor. */
const INTERVAL_MS = 60_000
const WARN_BYTES = 400 * 1024 * 1024
const WARN_DOCUMENTS = 300_000

/** What is not loaded yet counts as well: the warning should come before it is. */
function sizeOf(store: Store, collection: Collection): { size: number; bytes: number } {
  const { documents = 0, bytes = 0 } = store.estimate(collection.entry()) ?? {}
  return { size: documents, bytes }
}
