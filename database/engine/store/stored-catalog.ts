import type { CollectionData } from './collection-data.ts'
import type { CatalogChange, CatalogEntry, RetryRecord } from './contract.ts'
import type { JournalWrite } from './journal.ts'

/** A collection file of the last checkpoint. */
export interface StoredFile {
  readonly name: string
  readonly documents: number
  readonly bytes: number
}

/** What the store knows of one collection. */
export interface StoredCollection {
  entry: CatalogEntry
  /** Its documents as of the last checkpoint; none when it had none. */
  file?: StoredFile | undefined
  /** What the journal has written since, not decoded until somebody needs it. */
  pending: JournalWrite[]
  data?: CollectionData
  /** Changed since the last checkpoint. */
  dirty: boolean
}

/** Every collection there is after the last commit, and the replies that repeats of writes get. */
export class StoredCatalog {
  readonly collections = new Map<number, StoredCollection>()
  readonly retries = new Map<string, RetryRecord>()
  /** Number of the last commit. */
  sequence = 0

  /** Follows one commit. */
  note(changes: readonly CatalogChange[], retry: RetryRecord | undefined): void {
    for (const change of changes) {
      if ('drop' in change) this.collections.delete(change.drop.id)
      else this.#put(change.put, change.data)
    }
    if (!retry) return
    this.retries.delete(retry.session)
    this.retries.set(retry.session, retry)
    if (this.retries.size > MAX_RETRIES) this.retries.delete(this.retries.keys().next().value!)
  }

  /** BSON bytes of all documents, as far as they are known without loading. */
  get bytes(): number {
    let bytes = 0
    for (const { data, file } of this.collections.values()) bytes += data?.bytes ?? file?.bytes ?? 0
    return bytes
  }

  // internals

  #put(entry: CatalogEntry, data: CollectionData | undefined): void {
    const known = this.collections.get(entry.id)
    if (known) known.entry = entry
    else this.collections.set(entry.id, { entry, ...(data ? { data } : {}), pending: [], dirty: false })
  }
}

// internals

/** Sessions whose last retryable write is remembered over a restart. */
const MAX_RETRIES = 1000
