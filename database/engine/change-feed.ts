import type { Change } from '../command.ts'
import type { Catalog } from './catalog.ts'
import type { Batch } from './store/contract.ts'
import { getOwn } from './values/own.ts'
import { MISSING } from './values/types.ts'

/**
 * Committed changes in order (spec/embedded-database.md §15): to listeners at once, and the last 10,000 in a ring for
 * those who come later. Documents are the stored ones and must not be modified; carriers copy what they hand out.
 */
export class ChangeFeed {
  readonly #listeners = new Set<(changes: readonly Change[]) => void>()
  readonly #ring: Change[] = []
  #oldest = 0

  /** Calls the listener once per commit. */
  listen(listener: (changes: readonly Change[]) => void): Disposable {
    // Two registrations of one function are two listeners.
    const own = (changes: readonly Change[]) => listener(changes)
    this.#listeners.add(own)
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) }
  }

  /** The remembered changes after commit `sequence`, or undefined when some of them are forgotten already. */
  since(sequence: number): readonly Change[] | undefined {
    const ordered = [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)]
    const first = ordered[0]
    if (this.#ring.length === RING && first && first.seq > sequence + 1) return undefined
    return ordered.filter((change) => change.seq > sequence)
  }

  /** Tells a batch that has been committed under this number. */
  emit(sequence: number, batch: Batch, catalog: Catalog): void {
    const changes = changesOf(sequence, batch, catalog)
    if (changes.length === 0) return
    for (const change of changes) this.#remember(change)
    for (const listener of [...this.#listeners]) tell(listener, changes)
  }

  // internals

  #remember(change: Change): void {
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
function tell(listener: (changes: readonly Change[]) => void, changes: readonly Change[]): void {
  try {
    listener(changes)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

function changesOf(seq: number, batch: Batch, catalog: Catalog): Change[] {
  const time = new Date(batch.time)
  const changes: Change[] = []
  for (const { collection, before, after, replaced } of batch.writes) {
    const home = catalog.byId(collection)
    if (!home) continue
    const kind =
      before === undefined ? 'insert' : after === undefined ? 'delete' : replaced ? 'replace' : 'update'
    const id = getOwn(after ?? before ?? {}, '_id')
    changes.push({
      seq,
      database: home.database,
      collection: home.name,
      kind,
      ...(id === MISSING ? {} : { id }),
      ...(after ? { document: after } : {}),
      time,
    })
  }
  for (const change of batch.catalog) {
    if (!('drop' in change)) continue
    changes.push({ seq, database: change.drop.database, collection: change.drop.name, kind: 'drop', time })
  }
  return changes
}
