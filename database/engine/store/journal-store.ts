import { join } from 'node:path'
import { NameCache } from './bson-reader.ts'
import { Checkpoint } from './checkpoint.ts'
import type { CollectionData } from './collection-data.ts'
import { readCollectionFile } from './collection-file.ts'
import type { Batch, CatalogEntry, Durability, RetryRecord, Store } from './contract.ts'
import { journalName } from './files.ts'
import { Flush } from './flush.ts'
import { JournalFile } from './journal.ts'
import { FolderLock } from './lock.ts'
import { MemoryCollection } from './memory-collection.ts'
import { leftByOtherStore } from './other-store.ts'
import { type Recovered, recover } from './recovery.ts'
import { replay } from './replay.ts'
import type { StoredCatalog } from './stored-catalog.ts'

export interface JournalStoreOptions {
  directory: string
  durability: Durability
  /** Marks the folder's lock as this owner's. */
  lockToken?: string
  /** Gets what the user should know: what was cut off at recovery, a checkpoint that failed. */
  warn: (text: string) => void
  /** Smallest journal worth a checkpoint, in bytes. Default 8 MB; tests make it small. */
  checkpointBytes?: number
}

/**
 * Collections in memory, kept by an append-only journal and checkpoints (spec/embedded-database.md §8). Opening reads
 * the manifest and the journal; a collection's documents are decoded at its first use.
 */
export class JournalStore implements Store {
  readonly kind = 'journal'
  readonly unsettled = undefined
  readonly catalog: readonly CatalogEntry[]
  readonly retries: readonly RetryRecord[]
  readonly #options: JournalStoreOptions
  readonly #lock: FolderLock
  readonly #names = new NameCache()
  readonly #stored: StoredCatalog
  readonly #flush: Flush
  #journal: JournalFile
  #journalNumber: number
  /** Bytes of older journals that the next checkpoint will make superfluous. */
  #olderBytes: number
  #checkpoint: Promise<void> | undefined
  /** A failed checkpoint is not tried again before the journal has grown this much. */
  #notBefore = 0
  #closed = false

  /** @throws DatabaseError 98 when another process has the folder, 96 when it is damaged or cannot be written */
  constructor(options: JournalStoreOptions) {
    this.#options = options
    this.#lock = new FolderLock(options.directory, options.lockToken)
    let recovered: Recovered
    try {
      const left = leftByOtherStore(options.directory, 'journal')
      if (left !== undefined) options.warn(left)
      recovered = recover(options.directory, this.#names, options.warn)
      this.#journal = new JournalFile(this.#path(journalName(recovered.journal)))
    } catch (error) {
      this.#lock[Symbol.dispose]()
      throw error
    }
    this.#stored = recovered.catalog
    this.#journalNumber = recovered.journal
    this.#olderBytes = recovered.olderBytes
    this.catalog = [...this.#stored.collections.values()].map(({ entry }) => entry)
    this.retries = [...this.#stored.retries.values()]
    this.#flush = new Flush(this.#journal)
  }

  get sequence(): number {
    return this.#stored.sequence
  }

  /** Bytes of all journals that recovery would have to read. */
  get journalBytes(): number {
    return this.#journal.size + this.#olderBytes
  }

  /** Writes into the lock where others can reach the database. */
  announce(uri: string): void {
    this.#lock.announce(uri)
  }

  create(entry: CatalogEntry): MemoryCollection {
    return new MemoryCollection(entry.indexes)
  }

  load(entry: CatalogEntry): CollectionData {
    const stored = this.#stored.collections.get(entry.id)!
    // A checkpoint may have been the first to need it.
    if (stored.data) return stored.data
    const collection = new MemoryCollection(entry.indexes)
    const loaded = stored.file
      ? readCollectionFile(this.#path(stored.file.name), this.#names)
      : { documents: new Map(), bytes: 0, largest: 0 }
    const sizes = replay(stored.pending, loaded, this.#names)
    stored.pending = []
    collection.load(loaded.documents, sizes.bytes, sizes.largest)
    collection.nextRecord = sizes.nextRecord
    stored.data = collection
    return collection
  }

  estimate(entry: CatalogEntry): { documents: number; bytes: number } | undefined {
    const stored = this.#stored.collections.get(entry.id)
    if (!stored) return undefined
    const pending = stored.pending.reduce((sum, { length }) => sum + length, 0)
    return {
      documents: (stored.file?.documents ?? 0) + stored.pending.length,
      bytes: (stored.file?.bytes ?? 0) + pending,
    }
  }

  write<T>(work: () => T, done: (result: T) => void): void {
    done(work())
  }

  commit(batch: Batch): number {
    const stored = this.#stored
    this.#journal.append(stored.sequence + 1, batch)
    stored.sequence++
    stored.note(batch.catalog, batch.retry)
    for (const { collection } of batch.writes) {
      const written = stored.collections.get(collection)
      if (written) written.dirty = true
    }
    if (this.#options.durability !== 'none')
      this.#flush.soon(this.#options.durability === 'disk' ? 0 : FLUSH_MS)
    if (this.#checkpointDue()) this.checkpoint().catch(() => {})
    return stored.sequence
  }

  failure(error: unknown): unknown {
    return error
  }

  snapshot(): undefined {
    return undefined
  }

  settled(): Promise<void> | undefined {
    return this.#options.durability === 'disk' ? this.#flush.done() : undefined
  }

  sync(): Promise<void> {
    return this.#flush.done()
  }

  /** Writes what has changed into collection files, so that the journal can start anew. One at a time. */
  checkpoint(): Promise<void> {
    this.#checkpoint ??= this.#writeCheckpoint().finally(() => {
      this.#checkpoint = undefined
    })
    return this.#checkpoint
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#checkpoint?.catch(() => {})
    try {
      if (this.#options.durability !== 'none') await this.#flush.done()
    } finally {
      this.#journal.close()
      this.#lock[Symbol.dispose]()
    }
  }

  // internals

  #path(name: string): string {
    return join(this.#options.directory, name)
  }

  #checkpointDue(): boolean {
    if (this.#checkpoint || this.#closed) return false
    const { checkpointBytes = CHECKPOINT_BYTES } = this.#options
    if (this.journalBytes < Math.max(checkpointBytes, this.#notBefore)) return false
    return this.journalBytes > this.#stored.bytes / 2
  }

  async #writeCheckpoint(): Promise<void> {
    try {
      this.#turnJournal()
      const load = (entry: CatalogEntry) => this.load(entry)
      const checkpoint = new Checkpoint(this.#options.directory, this.#journalNumber, this.#stored, load)
      await checkpoint.write()
      this.#notBefore = 0
      this.#olderBytes = 0
      checkpoint.removeOld(this.#stored)
    } catch (error) {
      this.#notBefore = this.journalBytes * 2
      this.#options.warn(
        `A checkpoint of the database failed; the journal goes on. ${(error as Error).message}`,
      )
      throw error
    }
  }

  /** Goes on in a new journal: everything before it is what the checkpoint holds. */
  #turnJournal(): void {
    const next = new JournalFile(this.#path(journalName(this.#journalNumber + 1)))
    const old = this.#journal
    this.#olderBytes += old.size
    this.#journal = next
    this.#journalNumber++
    this.#flush.turn(next, old)
  }
}

// internals

const CHECKPOINT_BYTES = 8 * 1024 * 1024
const FLUSH_MS = 100
