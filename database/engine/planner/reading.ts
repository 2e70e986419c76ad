import type { Snapshot } from '../store/snapshot.ts'

/**
 * What one command, or its cursor, is reading. Before others get their turn it is frozen: what they write must not
 * reach it (spec/embedded-database.md §11). Documents are immutable, so references are enough, or a snapshot where the
 * store has them.
 */
export class Reading implements Disposable {
  readonly #store: { snapshot(): Snapshot | undefined }
  #sources: Source<unknown>[] = []
  #snapshot: Snapshot | undefined
  /** A cursor goes on with it: the command that began it does not end it. */
  kept = false

  /** @param store gives a snapshot of now, if readers need not copy what is left */
  constructor(store: { snapshot(): Snapshot | undefined }) {
    this.#store = store
  }

  /** What to read from since the first freeze; undefined for the present. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  /** Something to be read one by one, maybe with pauses. */
  source<T>(items: Iterable<T>): Source<T> {
    const source = new Source(items)
    this.#sources.push(source)
    return source
  }

  /** Makes everything that is still being read safe from later writes. */
  freeze(): void {
    this.#sources = this.#sources.filter((source) => !source.done)
    this.#snapshot ??= this.#store.snapshot()
    if (!this.#snapshot) for (const source of this.#sources) source.freeze()
  }

  /** The command is done: only a cursor goes on reading. */
  end(): void {
    if (!this.kept) this[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    for (const source of this.#sources) source.return()
    this.#sources = []
    this.#snapshot?.[Symbol.dispose]()
    this.#snapshot = undefined
  }
}

/** Items that are read one by one, and can be copied in the middle of it. */
export class Source<T> implements IterableIterator<T> {
  #items: Iterator<T>
  #frozen = false
  /** Nothing is left. */
  done = false

  constructor(items: Iterable<T>) {
    this.#items = items[Symbol.iterator]()
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<T> {
    const next = this.#items.next()
    if (next.done) this.done = true
    return next
  }

  return(): IteratorResult<T> {
    if (!this.done) this.#items.return?.()
    this.done = true
    return { done: true, value: undefined }
  }

  /** Takes over everything that is left. */
  freeze(): void {
    if (this.#frozen || this.done) return
    this.#frozen = true
    if (canFreeze(this.#items)) {
      this.#items.freeze()
      return
    }
    const rest: T[] = []
    for (let next = this.#items.next(); !next.done; next = this.#items.next()) rest.push(next.value)
    this.#items = rest[Symbol.iterator]()
  }
}

// internals

/** Iterators that know a faster way than being asked for each item. */
function canFreeze(items: object): items is { freeze(): void } {
  return 'freeze' in items && typeof items.freeze === 'function'
}
