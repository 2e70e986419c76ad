import type { Catalog, Collection } from '../catalog.ts'
import { duplicateKeyError } from '../index/duplicate-key.ts'
import type { Reading } from '../planner/reading.ts'
import type { CollectionData, PreparedKeys } from '../store/collection-data.ts'
import type { CatalogChange, RecordWrite } from '../store/contract.ts'
import type { Snapshot } from '../store/snapshot.ts'
import type { Doc } from '../values/types.ts'
import { keyIntents, nameIntent, recordIntent } from './intents.ts'
import { type Transaction, writeConflict } from './transaction.ts'
import type { Transactions } from './transactions.ts'
import { Blocked, type CollectionView, type Unit } from './unit.ts'

/**
 * The unit of a plain command: writes go to the live collections at once and are remembered, so that they can be stored
 * together when the command is done, or undone.
 */
export class LiveUnit implements Unit {
  readonly inTransaction = false
  readonly writes: RecordWrite[] = []
  readonly catalogChanges: CatalogChange[] = []
  readonly #undo: (() => void)[] = []
  /** Made when it is needed: every command that reads has a unit as well. */
  #disordered: Set<CollectionData> | undefined
  readonly #catalog: Catalog
  readonly #transactions: Transactions
  readonly #reading: Reading | undefined

  /** @param reading of a command that only reads: whether it goes on with the present, or with a snapshot */
  constructor(catalog: Catalog, transactions: Transactions, reading?: Reading) {
    this.#catalog = catalog
    this.#transactions = transactions
    this.#reading = reading
  }

  find(database: string, name: string): Collection | undefined {
    return this.#catalog.get(database, name)
  }

  view(collection: Collection): CollectionView {
    return new LiveView(collection, this.#reading)
  }

  create(database: string, name: string, options: Doc): Collection {
    this.#wait(nameIntent(database, name))
    const collection = this.#catalog.fresh(database, name, options)
    this.#catalog.add(collection)
    this.changed({ put: collection.entry(), data: collection.data }, () => this.#catalog.remove(collection))
    return collection
  }

  insert(collection: Collection, doc: Doc): void {
    const { data } = collection
    this.#waitForKeys(collection, doc)
    const keys = data.prepare(undefined, doc)
    const conflict = data.conflict(keys, doc, -1)
    if (conflict) throw duplicateKeyError(collection.namespace, conflict)
    const write = { collection: collection.id, record: data.allocate(), before: undefined, after: doc }
    this.#apply(write, collection, keys)
  }

  write(collection: Collection, record: number, before: Doc, after: Doc, replaced: boolean): void {
    const { data } = collection
    this.#wait(recordIntent(collection, record))
    this.#waitForKeys(collection, after)
    const keys = data.prepare(before, after)
    const conflict = data.conflict(keys, after, record)
    if (conflict) throw duplicateKeyError(collection.namespace, conflict)
    this.#apply({ collection: collection.id, record, before, after, replaced }, collection, keys)
  }

  remove(collection: Collection, record: number, before: Doc): void {
    this.#wait(recordIntent(collection, record))
    this.#apply({ collection: collection.id, record, before, after: undefined }, collection)
  }

  /** Notes a change of the catalogue that has been made, and how to unmake it. */
  changed(change: CatalogChange, undo: () => void): void {
    this.catalogChanges.push(change)
    this.#undo.push(undo)
  }

  /** Waits when an open transaction has read or written the collection: its definition must not change under it. */
  claim(collection: Collection): void {
    const user = this.#transactions.userOf(collection)
    if (user) throw new Blocked(user)
  }

  /**
   * Takes over everything a transaction has written.
   * @throws DatabaseError 112, 11000 when others have been faster after all; then nothing may be kept
   */
  adopt(transaction: Transaction): void {
    const { created, writes } = transaction.collect()
    for (const collection of created) {
      if (this.#catalog.get(collection.database, collection.name)) throw writeConflict(collection.namespace)
      this.#catalog.add(collection)
      this.changed({ put: collection.entry(), data: collection.data }, () => this.#catalog.remove(collection))
    }
    for (const write of writes) this.#apply(write, this.#catalog.byId(write.collection)!)
    // Only when all is in place: two documents may have swapped a unique key.
    for (const { collection, record, after } of writes) {
      const home = this.#catalog.byId(collection)!
      const conflict = after && home.data.conflict(home.data.prepare(undefined, after), after, record)
      if (conflict) throw duplicateKeyError(home.namespace, conflict)
    }
  }

  /** Undoes everything, last change first. */
  rollback(): void {
    for (const undo of this.#undo.reverse()) undo()
    for (const data of this.#disordered ?? []) data.restoreOrder()
    this.#disordered = undefined
    this.#undo.length = 0
    this.writes.length = 0
    this.catalogChanges.length = 0
  }

  // internals

  #apply(write: RecordWrite, { data }: Collection, keys?: PreparedKeys): void {
    const { record, before, after } = write
    data.apply(record, before, after, keys)
    this.writes.push(write)
    this.#undo.push(() => {
      data.undo(record, before, after)
      if (after !== undefined) return
      this.#disordered ??= new Set()
      this.#disordered.add(data)
    })
  }

  #wait(intent: string): void {
    if (this.#transactions.intents.empty) return
    const owner = this.#transactions.intents.owner(intent)
    if (owner) throw new Blocked(owner)
  }

  #waitForKeys(collection: Collection, doc: Doc): void {
    if (this.#transactions.intents.empty) return
    for (const intent of keyIntents(collection, doc)) this.#wait(intent)
  }
}

// internals

class LiveView implements CollectionView {
  readonly collection: Collection
  readonly shadowed = undefined
  readonly #reading: Reading | undefined

  constructor(collection: Collection, reading: Reading | undefined) {
    this.collection = collection
    this.#reading = reading
  }

  get snapshot(): Snapshot | undefined {
    return this.#reading?.snapshot
  }

  get size(): number {
    return this.collection.data.size
  }

  get(record: number): Doc | undefined {
    return this.collection.data.get(record, this.snapshot)
  }

  entries(): Iterable<[number, Doc]> {
    return this.collection.data.entries(this)
  }

  documents(): Iterable<Doc> {
    return this.collection.data.documents(this)
  }
}
