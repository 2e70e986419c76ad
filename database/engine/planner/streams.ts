import type { Matcher } from '../match/index.ts'
import type { Pause } from '../pause.ts'
import { sizeOf } from '../store/size.ts'
import type { Doc } from '../values/types.ts'

/** A result that is read in batches. */
export interface DocumentStream {
  /** True when nothing is left. A stream may only find out at its next batch. */
  readonly done: boolean
  /** The next documents: at most `count`, and as many as fit into one reply. */
  take(count: number, pause: Pause): Promise<Doc[]>
}

/** Turns a matching document into what the caller sees. */
export type Shape = (doc: Doc) => Doc

export interface ScanOptions {
  skip?: number
  limit?: number | undefined
  shape?: Shape | undefined
  /** No document there is, is larger: below a certain size nobody needs to count bytes. */
  largest: number
}

/** Candidates that can be copied in the middle of the reading: documents are immutable, references are enough. */
export class Source<T> implements IterableIterator<T> {
  /** What is being read; look at it anew after a {@link freeze}. */
  items: Iterator<T>
  #frozen = false

  constructor(items: Iterable<T>) {
    this.items = items[Symbol.iterator]()
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): IteratorResult<T> {
    return this.items.next()
  }

  freeze(): void {
    if (this.#frozen) return
    this.#frozen = true
    const rest: T[] = []
    for (let next = this.items.next(); !next.done; next = this.items.next()) rest.push(next.value)
    this.items = rest[Symbol.iterator]()
  }
}

/** Documents that match, straight from the candidates of a plan. */
export class ScanStream implements DocumentStream {
  done = false
  readonly #candidates: Source<readonly [number, Doc]>
  readonly #matcher: Matcher
  readonly #shape: Shape | undefined
  readonly #largest: number
  #skip: number
  #left: number

  constructor(candidates: Iterable<readonly [number, Doc]>, matcher: Matcher, options: ScanOptions) {
    this.#candidates = new Source(candidates)
    this.#matcher = matcher
    this.#shape = options.shape
    this.#largest = options.largest
    this.#skip = options.skip ?? 0
    this.#left = options.limit ?? Number.POSITIVE_INFINITY
  }

  async take(count: number, pause: Pause): Promise<Doc[]> {
    const wanted = Math.min(count, this.#left)
    const budget = new Budget(wanted, this.#largest)
    const docs: Doc[] = []
    let { items } = this.#candidates
    for (let seen = 1; docs.length < wanted; seen++) {
      const next = items.next()
      if (next.done) {
        this.done = true
        break
      }
      const doc = next.value[1]
      if (this.#matcher.matches(doc)) {
        if (this.#skip > 0) {
          this.#skip--
        } else {
          const shaped = this.#shape ? this.#shape(doc) : doc
          docs.push(shaped)
          if (budget.spent(shaped)) break
        }
      }
      if ((seen & CHECK_MASK) === 0 && pause.due()) {
        this.#freeze()
        items = this.#candidates.items
        await pause.turn()
      }
    }
    this.#left -= docs.length
    if (this.#left <= 0) this.done = true
    // At once: by the time the caller goes on, somebody else may have written.
    this.#freeze()
    return docs
  }

  // internals

  /** Copies what the stream still has to look at, so that later writes do not reach it. */
  #freeze(): void {
    if (!this.done) this.#candidates.freeze()
  }
}

/** Documents that are all there already. */
export class ListStream implements DocumentStream {
  readonly #docs: readonly Doc[]
  readonly #shape: Shape | undefined
  readonly #largest: number
  #at = 0

  constructor(docs: readonly Doc[], shape?: Shape, largest = Number.POSITIVE_INFINITY) {
    this.#docs = docs
    this.#shape = shape
    this.#largest = largest
  }

  get done(): boolean {
    return this.#at >= this.#docs.length
  }

  async take(count: number): Promise<Doc[]> {
    const docs: Doc[] = []
    const budget = new Budget(count, this.#largest)
    while (docs.length < count && !this.done) {
      const doc = this.#docs[this.#at++]!
      const shaped = this.#shape ? this.#shape(doc) : doc
      docs.push(shaped)
      if (budget.spent(shaped)) break
    }
    return docs
  }
}

/** The results of a pipeline. */
export class PipelineStream implements DocumentStream {
  done = false
  readonly #results: Iterator<Doc>
  readonly #source: { freeze(): void }

  /** @param source what the pipeline reads: it is copied when others get their turn */
  constructor(results: Iterable<Doc>, source: { freeze(): void }) {
    this.#results = results[Symbol.iterator]()
    this.#source = source
  }

  async take(count: number, pause: Pause): Promise<Doc[]> {
    const docs: Doc[] = []
    const budget = new Budget(count, Number.POSITIVE_INFINITY)
    while (docs.length < count) {
      const next = this.#results.next()
      if (next.done) {
        this.done = true
        break
      }
      docs.push(next.value)
      if (budget.spent(next.value)) break
      if ((docs.length & CHECK_MASK) === 0 && pause.due()) {
        this.#freeze()
        await pause.turn()
      }
    }
    this.#freeze()
    return docs
  }

  // internals

  #freeze(): void {
    if (!this.done) this.#source.freeze()
  }
}

/** Every matching document, unordered and uncut. */
export async function collectAll(
  candidates: Iterable<readonly [number, Doc]>,
  matcher: Matcher,
  pause: Pause,
  largest: number,
): Promise<Doc[]> {
  const stream = new ScanStream(candidates, matcher, { largest })
  const docs: Doc[] = []
  while (!stream.done) for (const doc of await stream.take(Number.POSITIVE_INFINITY, pause)) docs.push(doc)
  return docs
}

// internals

/** How often the clock is looked at: every 128 documents. */
const CHECK_MASK = 127
const MAX_BATCH_BYTES = 16 * 1024 * 1024

/** Counts the bytes of a batch, if they could be too many at all. */
class Budget {
  readonly #needed: boolean
  #bytes = 0

  constructor(count: number, largest: number) {
    this.#needed = count * largest > MAX_BATCH_BYTES
  }

  /** True when the document has filled the batch. */
  spent(doc: Doc): boolean {
    if (!this.#needed) return false
    this.#bytes += sizeOf(doc)
    return this.#bytes >= MAX_BATCH_BYTES
  }
}
