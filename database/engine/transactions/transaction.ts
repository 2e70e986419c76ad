import type { Catalog, Collection } from '../catalog.ts'
import { databaseError } from '../errors.ts'
import { duplicateKeyError } from '../index/duplicate-key.ts'
import type { Index, KeyConflict } from '../index/index.ts'
import type { RecordWrite } from '../store/contract.ts'
import type { Doc } from '../values/types.ts'
import { keyIntent, nameIntent, recordIntent } from './intents.ts'
import { TransactionView } from './transaction-view.ts'
import type { Transactions } from './transactions.ts'
import type { CollectionView, Unit } from './unit.ts'

/** The version of a record a transaction has written; no document is a removal. */
export interface OverlayEntry {
  readonly doc: Doc | undefined
  readonly replaced: boolean
}

/** How a collection looked at the snapshot, as far as others have changed it since. */
export interface Before {
  /** Records from this number on were inserted after the snapshot. */
  readonly high: number
  readonly records: Map<number, Doc | undefined>
}

/**
 * Records a transaction inserts are numbered from here on until it commits, so that they come last in its scans. Six
 * bytes hold them, as they do real ones.
 */
export const PROVISIONAL = 2 ** 47

/**
 * An open transaction (spec/embedded-database.md §10): a snapshot made of pre-images, its own writes in an overlay, and
 * intents on what it wrote. The first writer wins; the second gets 112.
 */
export class Transaction implements Unit {
  readonly inTransaction = true
  readonly intents: string[] = []
  readonly overlay = new Map<Collection, Map<number, OverlayEntry>>()
  readonly before = new Map<number, Before>()
  /** Collections it has read or written; their definitions must not change until it ends. */
  readonly touched = new Set<number>()
  state: 'open' | 'committed' | 'aborted' = 'open'
  /** Its commit while that is under way: from then on nobody can abort it. */
  committing: Promise<Doc> | undefined
  readonly #created = new Map<string, Collection>()
  /** Unique keys of overlay documents: intent -> record. */
  readonly #keys = new Map<string, number>()
  readonly #catalog: Catalog
  readonly #transactions: Transactions
  #nextRecord = PROVISIONAL
  #waiters: (() => void)[] = []

  constructor(catalog: Catalog, transactions: Transactions) {
    this.#catalog = catalog
    this.#transactions = transactions
  }

  find(database: string, name: string): Collection | undefined {
    const collection = this.#created.get(`${database}.${name}`) ?? this.#catalog.get(database, name)
    if (collection) this.touched.add(collection.id)
    return collection
  }

  view(collection: Collection): CollectionView {
    this.touched.add(collection.id)
    return new TransactionView(this, collection)
  }

  create(database: string, name: string, options: Doc): Collection {
    this.#take(nameIntent(database, name), `${database}.${name}`)
    const collection = this.#catalog.fresh(database, name, options)
    this.#created.set(collection.namespace, collection)
    return collection
  }

  /** True for a collection this transaction has created: indexes may be built on it. */
  createdHere(collection: Collection): boolean {
    return this.#created.has(collection.namespace)
  }

  insert(collection: Collection, doc: Doc): void {
    this.touched.add(collection.id)
    // Parallel arrays are refused now, not at the commit.
    collection.data.prepare(undefined, doc)
    const record = this.#nextRecord++
    this.#claimKeys(collection, doc, record)
    this.#put(collection, record, { doc, replaced: false })
  }

  write(collection: Collection, record: number, before: Doc, after: Doc, replaced: boolean): void {
    this.#claimRecord(collection, record)
    collection.data.prepare(before, after)
    this.#forgetKeys(collection, before, record)
    this.#claimKeys(collection, after, record)
    this.#put(collection, record, { doc: after, replaced })
  }

  remove(collection: Collection, record: number, before: Doc): void {
    this.#claimRecord(collection, record)
    this.#forgetKeys(collection, before, record)
    this.#put(collection, record, { doc: undefined, replaced: false })
  }

  /** Keeps what others are about to make invisible to this snapshot. */
  remember(writes: readonly RecordWrite[]): void {
    for (const write of writes) {
      let seen = this.before.get(write.collection)
      if (!seen) {
        seen = {
          high: firstInserted(writes, write.collection) ?? this.#next(write.collection),
          records: new Map(),
        }
        this.before.set(write.collection, seen)
      }
      if (write.record < seen.high && !seen.records.has(write.record))
        seen.records.set(write.record, write.before)
    }
  }

  /** True when others have committed a change of this record since the snapshot. */
  changedSince(collection: Collection, record: number): boolean {
    if (record >= PROVISIONAL) return false
    const seen = this.before.get(collection.id)
    return seen !== undefined && (record >= seen.high || seen.records.has(record))
  }

  /** Everything this transaction wrote, ready for the live collections: inserted records get their real numbers. */
  collect(): { writes: RecordWrite[]; created: Collection[] } {
    const writes: RecordWrite[] = []
    for (const [collection, records] of this.overlay) {
      for (const [record, { doc, replaced }] of records) {
        const inserted = record >= PROVISIONAL
        if (inserted && doc === undefined) continue
        const before = inserted ? undefined : collection.data.get(record)
        const number = inserted ? collection.data.allocate() : record
        writes.push({ collection: collection.id, record: number, before, after: doc, replaced })
      }
    }
    return { writes, created: [...this.#created.values()] }
  }

  /** Resolves when the transaction has ended. */
  whenEnded(): Promise<void> {
    return this.state === 'open' ? new Promise((resolve) => this.#waiters.push(resolve)) : Promise.resolve()
  }

  /** Drops what it holds and wakes those who wait for it. */
  finish(state: 'committed' | 'aborted'): void {
    this.state = state
    this.#transactions.intents.release(this)
    this.overlay.clear()
    this.before.clear()
    this.#keys.clear()
    this.#created.clear()
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  // internals

  #next(collection: number): number {
    return this.#catalog.byId(collection)?.data.nextRecord ?? 0
  }

  #put(collection: Collection, record: number, entry: OverlayEntry): void {
    let records = this.overlay.get(collection)
    if (!records) {
      records = new Map()
      this.overlay.set(collection, records)
    }
    records.set(record, entry)
  }

  #claimRecord(collection: Collection, record: number): void {
    this.touched.add(collection.id)
    if (record >= PROVISIONAL) return
    if (this.changedSince(collection, record)) throw writeConflict(collection.namespace)
    this.#take(recordIntent(collection, record), collection.namespace)
  }

  #take(intent: string, namespace: string): void {
    if (!this.#transactions.intents.take(intent, this)) throw writeConflict(namespace)
  }

  #claimKeys(collection: Collection, doc: Doc, record: number): void {
    for (const index of collection.data.indexes) {
      if (!index.definition.unique) continue
      for (const key of index.keysOf(doc)) {
        const intent = keyIntent(collection, index.name, key)
        const own = this.#keys.get(intent)
        if (own !== undefined && own !== record) throw duplicate(collection, index, own, doc, key)
        this.#checkOthers(collection, index, key, doc, record)
        this.#take(intent, collection.namespace)
        this.#keys.set(intent, record)
      }
    }
  }

  /**
   * A document this transaction can see has the key: duplicate. Only a document it cannot see has it: whoever wrote that
   * was first.
   */
  #checkOthers(collection: Collection, index: Index, key: string, doc: Doc, record: number): void {
    const view = new TransactionView(this, collection)
    const sees = (holder: number) => {
      const visible = holder === record ? undefined : view.get(holder)
      return visible !== undefined && index.keysOf(visible).includes(key)
    }
    const live = index.taken(key, record)
    if (live !== undefined && sees(live)) throw duplicate(collection, index, live, doc, key)
    for (const holder of this.before.get(collection.id)?.records.keys() ?? []) {
      if (sees(holder)) throw duplicate(collection, index, holder, doc, key)
    }
    if (live !== undefined && !this.overlay.get(collection)?.has(live))
      throw writeConflict(collection.namespace)
  }

  #forgetKeys(collection: Collection, before: Doc, record: number): void {
    for (const index of collection.data.indexes) {
      if (!index.definition.unique) continue
      for (const key of index.keysOf(before)) {
        const intent = keyIntent(collection, index.name, key)
        if (this.#keys.get(intent) === record) this.#keys.delete(intent)
        // Nobody else may take a key that would come back if this transaction aborted.
        this.#take(intent, collection.namespace)
      }
    }
  }
}

/** Error 112 as the second writer gets it. */
export function writeConflict(namespace: string) {
  return databaseError(
    112,
    `Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction. (${namespace})`,
    { errorLabels: ['TransientTransactionError'] },
  )
}

// internals

function duplicate(collection: Collection, index: Index, record: number, doc: Doc, key: string) {
  const conflict: KeyConflict = { index, record, values: index.valuesUnder(doc, key) }
  return duplicateKeyError(collection.namespace, conflict)
}

function firstInserted(writes: readonly RecordWrite[], collection: number): number | undefined {
  let first: number | undefined
  for (const write of writes) {
    if (write.collection !== collection || write.before !== undefined) continue
    if (first === undefined || write.record < first) first = write.record
  }
  return first
}
