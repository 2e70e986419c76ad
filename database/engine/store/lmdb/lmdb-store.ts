import { join } from 'node:path'
import type { Batch, CatalogChange, CatalogEntry, Durability, RetryRecord, Store } from '../contract.ts'
import { LMDB_FILE } from '../files.ts'
import { Flush } from '../flush.ts'
import { FolderLock } from '../lock.ts'
import type { CatalogRecords } from './catalog-records.ts'
import { lmdbFailure } from './data-file.ts'
import { CacheBudget } from './document-cache.ts'
import type { Environment } from './environment.ts'
import { freshState, type Home, LmdbCollection } from './lmdb-collection.ts'
import { LmdbSnapshot } from './lmdb-snapshot.ts'
import { type Opened, openFile } from './open-file.ts'
import { Sweeper, type Waste } from './sweeper.ts'
import { Undo } from './undo.ts'
import { WriteQueue } from './write-queue.ts'

export interface LmdbStoreOptions {
  directory: string
  durability: Durability
  /** Marks the folder's lock as this owner's. */
  lockToken?: string
  /** Gets what the user should know: a damaged file that was moved aside. */
  warn: (text: string) => void
  /** Bytes, in BSON, of documents that are kept decoded. Default 32 MB, which take about 100 MB of memory. */
  cacheBytes?: number
}

/**
 * Collections in a file of lmdb (spec/embedded-database.md §8): for data that should not live in memory. A command that
 * writes runs inside one transaction, together with those that have come meanwhile; it is acknowledged when that is
 * committed, which a killed process survives, or with `disk` when it has reached the disk.
 */
export class LmdbStore implements Store {
  readonly kind = 'lmdb'
  readonly catalog: readonly CatalogEntry[]
  readonly retries: readonly RetryRecord[]
  readonly #options: LmdbStoreOptions
  readonly #path: string
  readonly #lock: FolderLock
  readonly #environment: Environment
  readonly #records: CatalogRecords
  readonly #queue: WriteQueue
  readonly #sweeper: Sweeper
  readonly #flush: Flush
  readonly #home: Home
  readonly #known = new Map<number, Known>()
  /** Sessions with a remembered reply, the oldest first. */
  readonly #sessions: Set<string>
  #sequence: number
  #visible: number
  #nextSlot: number
  /** What to take back should the work in hand, or the whole transaction, come to nothing. */
  #work: Undo = new Undo()
  #transaction: Undo = new Undo()
  #closed: Promise<void> | undefined

  /**
   * @throws DatabaseError 98 when another process has the folder, 96 when the file cannot be opened
   * @throws LocalError PACKAGE_MISSING
   */
  constructor(options: LmdbStoreOptions) {
    this.#options = options
    this.#path = join(options.directory, LMDB_FILE)
    this.#lock = new FolderLock(options.directory, options.lockToken)
    let opened: Opened
    try {
      opened = openFile(this.#path, options)
    } catch (error) {
      this.#lock[Symbol.dispose]()
      throw error
    }
    const { environment, records, store } = opened
    this.#environment = environment
    this.#records = records
    this.#sequence = store.sequence
    this.#visible = store.sequence
    this.#nextSlot = store.nextSlot
    this.catalog = opened.catalog
    for (const entry of this.catalog) this.#known.set(entry.id, { entry })
    this.retries = opened.retries
    this.#sessions = new Set(this.retries.map(({ session }) => session))
    this.#queue = new WriteQueue(this.#environment.root, {
      kept: () => this.#transaction.adopt(this.#work),
      undone: () => this.#undo(this.#work),
      visible: () => this.#settle(),
      failed: () => this.#undo(this.#transaction),
    })
    this.#sweeper = new Sweeper(this.#environment)
    this.#flush = new Flush({ sync: () => this.#syncFile() })
    this.#home = this.#makeHome()
    this.#sweepSoon()
  }

  get sequence(): number {
    return this.#visible
  }

  get unsettled(): Promise<void> | undefined {
    return this.#queue.unsettled
  }

  /** Writes into the lock where others can reach the database. */
  announce(uri: string): void {
    this.#lock.announce(uri)
  }

  create(entry: CatalogEntry): LmdbCollection {
    return new LmdbCollection(this.#home, entry, freshState(this.#nextSlot++, entry.indexes))
  }

  load(entry: CatalogEntry): LmdbCollection {
    const known = this.#known.get(entry.id)!
    known.data ??= new LmdbCollection(this.#home, entry, this.#records.state(entry.id)!)
    return known.data
  }

  estimate({ id }: CatalogEntry): { documents: number; bytes: number } | undefined {
    const state = this.#known.get(id)?.data ?? this.#records.state(id)
    return state && { documents: state.size, bytes: state.bytes }
  }

  async write<T>(work: () => T, done: (result: T) => void): Promise<void> {
    try {
      await this.#queue.write(work, done)
    } catch (error) {
      throw lmdbFailure(error, 'writing', this.#path)
    }
  }

  commit({ catalog, retry }: Batch): number {
    const before = this.#sequence++
    this.#work.add(() => {
      this.#sequence = before
    })
    for (const change of catalog) this.#change(change)
    for (const collection of this.#work.touched) this.#store(collection)
    if (retry) this.#remember(retry)
    this.#records.putStore({ version: 1, sequence: this.#sequence, nextSlot: this.#nextSlot })
    return this.#sequence
  }

  /** For those who check it: the file itself. */
  get contents(): { readonly environment: Environment; readonly records: CatalogRecords } {
    return { environment: this.#environment, records: this.#records }
  }

  failure(error: unknown): unknown {
    return lmdbFailure(error, 'reading', this.#path)
  }

  snapshot(): LmdbSnapshot {
    return new LmdbSnapshot(this.#environment.root, this.#visible)
  }

  settled(): Promise<void> | undefined {
    return this.#options.durability === 'disk' ? this.#flush.done() : undefined
  }

  sync(): Promise<void> {
    return this.#flush.done()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  // internals

  #makeHome(): Home {
    const store = this
    return {
      environment: this.#environment,
      budget: new CacheBudget(this.#options.cacheBytes ?? CACHE_BYTES),
      get current() {
        // What is written now belongs to the commit to come.
        return store.#queue.writing ? store.#sequence + 1 : store.#sequence
      },
      touch: (collection) => this.#work.touched.add(collection),
    }
  }

  #change(change: CatalogChange): void {
    if ('drop' in change) {
      this.#drop(change.drop)
      return
    }
    const { put: entry, data } = change
    const known = this.#known.get(entry.id)
    const next: Known = {
      entry,
      ...(data ? { data: data as LmdbCollection } : known?.data ? { data: known.data } : {}),
    }
    this.#known.set(entry.id, next)
    this.#work.add(() => {
      if (known) this.#known.set(entry.id, known)
      else this.#known.delete(entry.id)
    })
    this.#records.putEntry(entry)
    if (next.data) this.#work.touched.add(next.data)
  }

  #drop({ id }: CatalogEntry): void {
    const known = this.#known.get(id)!
    const slot = known.data?.slot ?? this.#records.state(id)!.slot
    this.#known.delete(id)
    this.#work.add(() => this.#known.set(id, known))
    if (known.data) this.#work.touched.delete(known.data)
    this.#records.remove(id)
    this.#discard({ slot, index: undefined })
  }

  /** Stores what changes with the documents of a collection, and notes the indexes that are gone. */
  #store(collection: LmdbCollection): void {
    const { id } = collection
    if (this.#known.get(id)?.data !== collection) return
    const before = this.#records.state(id)?.indexes ?? []
    const state = collection.settle()
    this.#records.putState(id, state)
    for (const { number } of before) {
      if (!state.indexes.some((index) => index.number === number))
        this.#discard({ slot: state.slot, index: number })
    }
  }

  #discard(waste: Waste): void {
    this.#sweeper.note(waste)
    this.#work.waste.push(waste)
  }

  #remember(retry: RetryRecord): void {
    this.#records.putRetry(retry, this.#sequence)
    const sessions = this.#sessions
    sessions.delete(retry.session)
    sessions.add(retry.session)
    if (sessions.size <= MAX_RETRIES) return
    const [oldest] = sessions
    sessions.delete(oldest!)
    this.#records.removeRetry(oldest!)
  }

  #undo(undo: Undo): void {
    undo.run()
    for (const collection of undo.touched) this.#reload(collection)
    if (undo === this.#transaction) this.#transaction = new Undo()
    this.#work = new Undo()
  }

  #reload(collection: LmdbCollection): void {
    const known = this.#known.get(collection.id)
    const state = known?.data === collection ? this.#records.state(collection.id) : undefined
    if (known && state) collection.reload(known.entry.indexes, state)
    else collection.end()
  }

  #settle(): void {
    this.#visible = this.#sequence
    if (this.#options.durability !== 'none') this.#flush.soon(0)
    for (const waste of this.#transaction.waste) this.#sweeper.add(waste)
    this.#transaction = new Undo()
    this.#sweepSoon()
  }

  #sweepSoon(): void {
    if (this.#sweeper.idle || this.#closed) return
    setImmediate(() => {
      if (this.#closed || this.#sweeper.idle || !this.#queue.empty) return
      // Settling brings the next round.
      this.#queue
        .write(
          () => this.#sweeper.sweep(),
          () => {},
        )
        .catch((error: unknown) => this.#options.warn(`Clearing up the database failed: ${String(error)}`))
    })
  }

  #syncFile(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#environment.root.sync((error?: unknown) => {
        if (error) reject(lmdbFailure(error, 'flushing', this.#path))
        else resolve()
      })
    })
  }

  async #close(): Promise<void> {
    await this.#queue.idle()
    try {
      if (this.#options.durability !== 'none') await this.#flush.done()
    } finally {
      await this.#environment.root.close()
      this.#lock[Symbol.dispose]()
    }
  }
}

// internals

interface Known {
  readonly entry: CatalogEntry
  data?: LmdbCollection
}

const CACHE_BYTES = 32 * 1024 * 1024
/** Sessions whose last retryable write is remembered over a restart. */
const MAX_RETRIES = 1000
