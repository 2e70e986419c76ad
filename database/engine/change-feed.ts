import type { Change } from '../command.ts'
import type { Catalog } from './catalog.ts'
import type { Batch } from './store/contract.ts'
import { describeUpdate, type UpdateDescription } from './update-description.ts'
import { getOwn } from './values/own.ts'
import { MISSING } from './values/types.ts'

/** A change with what only change streams ask for. */
export interface FeedChange extends Change {
  /** Its place in its commit. */
  readonly index: number
  /** What an update has changed; only since somebody has asked the feed for {@link ChangeFeed.describeUpdates}. */
  readonly update?: UpdateDescription
}

/**
 * Committed changes in order (spec/embedded-database.md §15): to listeners at once, and the last 10,000 in a ring for
 * those who come later. Documents are the stored ones and must not be modified; carriers copy what they hand out.
 */
export class ChangeFeed {
  readonly #listeners = new Set<(changes: readonly FeedChange[]) => void>()
  readonly #ring: FeedChange[] = []
  /** Number of the last commit that was never told here. */
  readonly start: number
  #oldest = 0
  #describing = false

  /** @param start number of the last commit there was before anything is told here */
  constructor(start: number) {
    this.start = start
  }

  /** From now on updates are described: it costs a comparison each, so nobody pays before a change stream is opened. */
  describeUpdates(): void {
    this.#describing = true
  }

  /** Calls the listener once per commit. */
  listen(listener: (changes: readonly FeedChange[]) => void): Disposable {
    // Two registrations of one function are two listeners.
    const own = (changes: readonly FeedChange[]) => listener(changes)
    this.#listeners.add(own)
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) }
  }

  /** The remembered changes after commit `sequence`, or undefined when some of them are forgotten already. */
  since(sequence: number): readonly FeedChange[] | undefined {
    const { length } = this.#ring
    const found: FeedChange[] = []
    for (let back = 1; back <= length; back++) {
      const change = this.#ring[(this.#oldest - back + length) % length]!
      if (change.seq <= sequence) return found.reverse()
      found.push(change)
    }
    const first = found.at(-1)?.seq ?? Number.POSITIVE_INFINITY
    const forgotten = length === RING ? first > sequence + 1 : sequence < this.start
    return forgotten ? undefined : found.reverse()
  }

  /** Tells a batch that has been committed under this number. */
  emit(sequence: number, batch: Batch, catalog: Catalog): void {
    const changes = changesOf(sequence, batch, catalog, this.#describing)
    if (changes.length === 0) return
    for (const change of changes) this.#remember(change)
    for (const listener of [...this.#listeners]) tell(listener, changes)
  }

  // internals

  #remember(change: FeedChange): void {
    if (this.#ring.length < RING) {
      this.#ring.push(change)
    } else {
      this.#ring[this.#oldest] = change
      this.#oldest = (this.#oldest + 1) % RING
    }
  }
}

// internals

const RING = 10_000

/** The commit is made, whatever a listener thinks of it: its error is nobody's here, and goes where such errors go. */
function tell(listener: (changes: readonly FeedChange[]) => void, changes: readonly FeedChange[]): void {
  try {
    listener(changes)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

function changesOf(seq: number, batch: Batch, catalog: Catalog, describing: boolean): FeedChange[] {
  const time = new Date(batch.time)
  const changes: FeedChange[] = []
  for (const { collection, before, after, replaced } of batch.writes) {
    const home = catalog.byId(collection)
    if (!home) continue
    const kind =
      before === undefined ? 'insert' : after === undefined ? 'delete' : replaced ? 'replace' : 'update'
    const id = getOwn(after ?? before ?? {}, '_id')
    changes.push({
      seq,
      index: changes.length,
      database: home.database,
      collection: home.name,
      kind,
      ...(id === MISSING ? {} : { id }),
      ...(after ? { document: after } : {}),
      ...(describing && kind === 'update' ? { update: describeUpdate(before!, after!) } : {}),
      time,
    })
  }
  for (const change of batch.catalog) {
    if (!('drop' in change)) continue
    const { database, name } = change.drop
    changes.push({ seq, index: changes.length, database, collection: name, kind: 'drop', time })
  }
  return changes
}
