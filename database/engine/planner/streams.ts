import type { Matcher } from '../match/index.ts'
import { type Pause, TURN, type Turn } from '../pause.ts'
import { sizeOf } from '../store/size.ts'
import type { Doc } from '../values/types.ts'
import { type Reading, Source } from './reading.ts'

/** A result that is read in batches. */
export interface DocumentStream {
  /** True when nothing is left. A stream may only find out at its next batch. */
  readonly done: boolean
  /** The next documents: at most `count`, and as many as fit into one reply. A promise only when others get a turn. */
  take(count: number, pause: Pause): Doc[] | Promise<Doc[]>
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

/** Documents that match, straight from the candidates of a plan. */
export class ScanStream implements DocumentStream {
  done = false
  readonly #reading: Reading
  readonly #candidates: Source<Doc>
  readonly #matcher: Matcher
  readonly #shape: Shape | undefined
  readonly #largest: number
  #skip: number
  #left: number

  constructor(reading: Reading, candidates: Iterable<Doc>, matcher: Matcher, options: ScanOptions) {
    this.#reading = reading
    this.#candidates = reading.source(candidates)
    this.#matcher = matcher
    this.#shape = options.shape
    this.#largest = options.largest
    this.#skip = options.skip ?? 0
    this.#left = options.limit ?? Number.POSITIVE_INFINITY
  }

  take(count: number, pause: Pause): Doc[] | Promise<Doc[]> {
    const wanted = Math.min(count, this.#left)
    const batch = { wanted, docs: [], budget: new Budget(wanted, this.#largest) }
    return this.#fill(batch, pause) ? this.#taken(batch) : this.#takeInTurns(batch, pause)
  }

  // internals

  /** False when others should get their turn first. */
  #fill({ wanted, docs, budget }: FillingBatch, pause: Pause): boolean {
    const candidates = this.#candidates
    for (let seen = 1; docs.length < wanted; seen++) {
      const next = candidates.next()
      if (next.done) break
      const doc = next.value
      if (this.#matcher.matches(doc)) {
        if (this.#skip > 0) {
          this.#skip--
        } else {
          const shaped = this.#shape ? this.#shape(doc) : doc
          docs.push(shaped)
          if (budget.spent(shaped)) break
        }
      }
      if ((seen & CHECK_MASK) === 0 && pause.due()) return false
    }
    return true
  }

  async #takeInTurns(batch: FillingBatch, pause: Pause): Promise<Doc[]> {
    do {
      this.#reading.freeze()
      await pause.turn()
    } while (!this.#fill(batch, pause))
    return this.#taken(batch)
  }

  #taken({ docs }: FillingBatch): Doc[] {
    this.#left -= docs.length
    this.done = this.#candidates.done || this.#left <= 0
    if (this.done) this.#candidates.return()
    // At once: by the time the caller goes on, somebody else may have written.
    else this.#reading.freeze()
    return docs
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

  take(count: number): Doc[] {
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
  readonly #reading: Reading
  readonly #results: Source<Doc | Turn>

  constructor(reading: Reading, results: Iterable<Doc | Turn>) {
    this.#reading = reading
    this.#results = new Source(results)
  }

  get done(): boolean {
    return this.#results.done
  }

  async take(count: number, pause: Pause): Promise<Doc[]> {
    const docs: Doc[] = []
    const budget = new Budget(count, Number.POSITIVE_INFINITY)
    while (docs.length < count) {
      const next = this.#results.next()
      if (next.done) break
      if (next.value === TURN) {
        this.#reading.freeze()
        await pause.turn()
        continue
      }
      docs.push(next.value)
      if (budget.spent(next.value)) break
    }
    if (!this.done) this.#reading.freeze()
    return docs
  }
}

/**
 * Hands over one document after the other, and lets others in between.
 * @param visit gives true when it has seen enough
 */
export async function eachDocument(
  reading: Reading,
  candidates: Iterable<Doc>,
  pause: Pause,
  visit: (doc: Doc) => boolean | undefined,
): Promise<void> {
  const source = reading.source(candidates)
  let seen = 0
  for (let next = source.next(); !next.done; next = source.next()) {
    if (visit(next.value)) break
    if ((++seen & CHECK_MASK) === 0 && pause.due()) {
      reading.freeze()
      await pause.turn()
    }
  }
  source.return()
}

/** Goes through with something that stops for others. */
export async function finish<T>(steps: Iterator<Turn, T>, reading: Reading, pause: Pause): Promise<T> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value
    reading.freeze()
    await pause.turn()
  }
}

// internals

/** A batch that is being filled. */
interface FillingBatch {
  readonly wanted: number
  readonly docs: Doc[]
  readonly budget: Budget
}

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
