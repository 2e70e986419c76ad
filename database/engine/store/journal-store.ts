import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NameCache } from './bson-reader.ts'
import { type CollectionSnapshot, readCollectionFile, writeCollectionFile } from './collection-file.ts'
import type { Batch, CatalogChange, CatalogEntry, Durability, RetryRecord, Store } from './contract.ts'
import { collectionName, damaged, fileError, isCollectionName, journalName, journalNumber } from './files.ts'
import { Flush } from './flush.ts'
import {
  type JournalContents,
  JournalFile,
  type JournalRecord,
  type JournalWrite,
  readJournal,
} from './journal.ts'
import { FolderLock } from './lock.ts'
import { type Manifest, type ManifestCollection, readManifest, writeManifest } from './manifest.ts'
import { MemoryCollection } from './memory-collection.ts'
import { replay } from './replay.ts'

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
  readonly catalog: readonly CatalogEntry[]
  readonly retries: readonly RetryRecord[]
  readonly #options: JournalStoreOptions
  readonly #lock: FolderLock
  readonly #names = new NameCache()
  /** Every collection there is now, with its file as of the last checkpoint. */
  readonly #collections = new Map<number, StoredCollection>()
  readonly #retries = new Map<string, RetryRecord>()
  #journal: JournalFile
  #journalNumber: number
  /** Bytes of older journals that the next checkpoint will make superfluous. */
  #olderBytes = 0
  #sequence = 0
  #flush: Flush
  #checkpoint: Promise<void> | undefined
  /** A failed checkpoint is not tried again before the journal has grown this much. */
  #notBefore = 0
  #closed = false

  /** @throws DatabaseError 98 when another process has the folder, 96 when it is damaged or cannot be written */
  constructor(options: JournalStoreOptions) {
    this.#options = options
    this.#lock = new FolderLock(options.directory, options.lockToken)
    try {
      this.#journalNumber = this.#recover()
      this.#journal = new JournalFile(this.#path(journalName(this.#journalNumber)))
    } catch (error) {
      this.#lock[Symbol.dispose]()
      throw error
    }
    this.catalog = [...this.#collections.values()].map(({ entry }) => entry)
    this.retries = [...this.#retries.values()]
    this.#flush = new Flush(this.#journal)
  }

  get sequence(): number {
    return this.#sequence
  }

  /** Bytes of all journals that recovery would have to read. */
  get journalBytes(): number {
    return this.#journal.size + this.#olderBytes
  }

  /** Writes into the lock where others can reach the database. */
  announce(uri: string): void {
    this.#lock.announce(uri)
  }

  load(entry: CatalogEntry): MemoryCollection {
    const stored = this.#collections.get(entry.id)!
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
    const stored = this.#collections.get(entry.id)
    if (!stored) return undefined
    const pending = stored.pending.reduce((sum, { bson }) => sum + (bson?.length ?? 0), 0)
    return {
      documents: (stored.file?.documents ?? 0) + stored.pending.length,
      bytes: (stored.file?.bytes ?? 0) + pending,
    }
  }

  commit(batch: Batch): number {
    this.#journal.append(this.#sequence + 1, batch)
    this.#sequence++
    this.#note(batch.catalog, batch.retry)
    for (const { collection } of batch.writes) {
      const stored = this.#collections.get(collection)
      if (stored) stored.dirty = true
    }
    if (this.#options.durability !== 'none')
      this.#flush.soon(this.#options.durability === 'disk' ? 0 : FLUSH_MS)
    if (this.#checkpointDue()) this.checkpoint().catch(() => {})
    return this.#sequence
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

  #note(changes: readonly CatalogChange[], retry: RetryRecord | undefined): void {
    for (const change of changes) {
      if ('drop' in change) {
        this.#collections.delete(change.drop.id)
        continue
      }
      const stored = this.#collections.get(change.put.id)
      const { put, data } = change
      if (stored) stored.entry = put
      else this.#collections.set(put.id, { entry: put, ...(data ? { data } : {}), pending: [], dirty: false })
    }
    if (retry) {
      this.#retries.delete(retry.session)
      this.#retries.set(retry.session, retry)
      if (this.#retries.size > MAX_RETRIES) this.#retries.delete(this.#retries.keys().next().value!)
    }
  }

  /** Reads manifest and journals; gives the number of the journal to go on with. */
  #recover(): number {
    const { directory } = this.#options
    const manifest = readManifest(directory)
    if (manifest) this.#restore(manifest)
    const first = manifest?.journal ?? 1
    const numbers = this.#tidy(first, manifest)
    for (const [index, number] of numbers.entries()) {
      if (number !== first + index)
        throw damaged(this.#path(journalName(first + index)), 'it is missing, while later ones are there')
      this.#readJournal(number, index === numbers.length - 1)
    }
    return numbers.at(-1) ?? first
  }

  #restore(manifest: Manifest): void {
    this.#sequence = manifest.sequence
    for (const { entry, file, documents, bytes } of manifest.collections) {
      const kept = file === undefined ? {} : { file: { name: file, documents, bytes } }
      this.#collections.set(entry.id, { entry, ...kept, pending: [], dirty: false })
    }
    for (const retry of manifest.retries) this.#retries.set(retry.session, retry)
  }

  /** Removes what an interrupted checkpoint has left; gives the numbers of the journals that count. */
  #tidy(first: number, manifest: Manifest | undefined): number[] {
    const used = new Set(manifest?.collections.map(({ file }) => file))
    const numbers: number[] = []
    for (const name of this.#fileNames()) {
      const number = journalNumber(name)
      if (number !== undefined && number >= first) numbers.push(number)
      const left = number !== undefined && number < first
      const unused = isCollectionName(name) && !used.has(name)
      if (left || unused || name.endsWith('.bson.new') || name === 'manifest.new')
        rmSync(this.#path(name), { force: true })
    }
    return numbers.sort((a, b) => a - b)
  }

  #fileNames(): string[] {
    try {
      return readdirSync(this.#options.directory)
    } catch (error) {
      throw fileError(error, 'reading', this.#options.directory)
    }
  }

  #readJournal(number: number, last: boolean): void {
    const path = this.#path(journalName(number))
    let bytes: Buffer
    try {
      bytes = readFileSync(path)
    } catch (error) {
      throw fileError(error, 'reading', path)
    }
    const contents = readJournal(bytes, this.#names)
    for (const record of contents.records) this.#take(record, path)
    if (contents.flaw === undefined) {
      if (!last) this.#olderBytes += bytes.length
      return
    }
    if (!last) throw damaged(path, `${contents.flaw} at byte ${contents.good}, and a later journal follows`)
    this.#cut(path, bytes, contents)
  }

  #take(record: JournalRecord, path: string): void {
    if (record.sequence !== this.#sequence + 1) {
      throw damaged(path, `commit ${this.#sequence + 1} is missing, commit ${record.sequence} follows`)
    }
    this.#sequence = record.sequence
    this.#note(record.catalog, record.retry)
    for (const write of record.writes) {
      const stored = this.#collections.get(write.collection)
      if (!stored) continue
      stored.pending.push(write)
      stored.dirty = true
    }
  }

  /** Ends the journal behind its last good record. What is cut off is kept beside it: it may be all there is. */
  #cut(path: string, bytes: Buffer, { good, flaw }: JournalContents): void {
    const kept = `${path}.cut-${good}`
    try {
      writeFileSync(kept, bytes.subarray(good))
      truncateSync(path, good)
    } catch (error) {
      throw fileError(error, 'repairing', path)
    }
    this.#options.warn(
      `The last ${bytes.length - good} bytes of ${path} were cut off: ${flaw}. They are kept in ${kept}. ` +
        'This is what remains of a write that a power cut or a full disk has interrupted; everything before it is there.',
    )
  }

  #checkpointDue(): boolean {
    if (this.#checkpoint || this.#closed) return false
    const { checkpointBytes = CHECKPOINT_BYTES } = this.#options
    if (this.journalBytes < Math.max(checkpointBytes, this.#notBefore)) return false
    return this.journalBytes > this.#dataBytes() / 2
  }

  #dataBytes(): number {
    let bytes = 0
    for (const { data, file } of this.#collections.values()) bytes += data?.bytes ?? file?.bytes ?? 0
    return bytes
  }

  async #writeCheckpoint(): Promise<void> {
    const turned = this.#turnJournal()
    const changed: StoredCollection[] = []
    try {
      const collections = await this.#writeCollections(turned.number, changed)
      await writeManifest(this.#options.directory, {
        version: 1,
        sequence: turned.sequence,
        journal: turned.number,
        collections,
        retries: turned.retries,
      })
    } catch (error) {
      // The old manifest and all journals since are still there: nothing is lost but the shortcut.
      for (const stored of changed) stored.dirty = true
      this.#notBefore = this.journalBytes * 2
      this.#options.warn(
        `A checkpoint of the database failed; the journal goes on. ${(error as Error).message}`,
      )
      throw error
    }
    this.#notBefore = 0
    this.#olderBytes = 0
    this.#removeOld(turned.number)
  }

  /** Goes on in a new journal: everything before it is what the checkpoint holds. */
  #turnJournal(): { number: number; sequence: number; retries: RetryRecord[] } {
    const number = this.#journalNumber + 1
    const next = new JournalFile(this.#path(journalName(number)))
    const old = this.#journal
    this.#olderBytes += old.size
    this.#journal = next
    this.#journalNumber = number
    this.#flush.turn(next, old)
    return { number, sequence: this.#sequence, retries: [...this.#retries.values()] }
  }

  /** The state at this moment is written, however long that takes: documents are immutable, references hold it. */
  async #writeCollections(number: number, changed: StoredCollection[]): Promise<ManifestCollection[]> {
    const plan = [...this.#collections.values()].map((stored) => ({
      stored,
      entry: stored.entry,
      file: stored.file,
      snapshot: this.#snapshot(stored, changed),
    }))
    const collections: ManifestCollection[] = []
    for (const { stored, entry, file, snapshot } of plan) {
      const kept = snapshot ? await this.#writeCollection(entry.id, number, snapshot) : file
      if (snapshot) stored.file = kept
      collections.push({
        entry,
        ...(kept ? { file: kept.name } : {}),
        documents: kept?.documents ?? 0,
        bytes: kept?.bytes ?? 0,
      })
    }
    return collections
  }

  #snapshot(stored: StoredCollection, changed: StoredCollection[]): CollectionSnapshot | undefined {
    if (!stored.dirty) return undefined
    const data = stored.data ?? this.load(stored.entry)
    stored.dirty = false
    changed.push(stored)
    return { entries: [...data.entries()] }
  }

  async #writeCollection(
    id: number,
    number: number,
    snapshot: CollectionSnapshot,
  ): Promise<StoredFile | undefined> {
    if (snapshot.entries.length === 0) return undefined
    const name = collectionName(id, number)
    const bytes = await writeCollectionFile(this.#path(name), snapshot, turn)
    return { name, documents: snapshot.entries.length, bytes }
  }

  #removeOld(first: number): void {
    const used = new Set([...this.#collections.values()].map(({ file }) => file?.name))
    for (const name of this.#fileNames()) {
      const number = journalNumber(name)
      if ((number !== undefined && number < first) || (isCollectionName(name) && !used.has(name))) {
        rmSync(this.#path(name), { force: true })
      }
    }
  }
}

// internals

const CHECKPOINT_BYTES = 8 * 1024 * 1024
const FLUSH_MS = 100
/** Sessions whose last retryable write is remembered over a restart. */
const MAX_RETRIES = 1000

interface StoredFile {
  readonly name: string
  readonly documents: number
  readonly bytes: number
}

interface StoredCollection {
  entry: CatalogEntry
  /** Its documents as of the last checkpoint. */
  file?: StoredFile | undefined
  /** What the journal has written since, not decoded until somebody needs it. */
  pending: JournalWrite[]
  data?: MemoryCollection
  /** Changed since the last checkpoint. */
  dirty: boolean
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
