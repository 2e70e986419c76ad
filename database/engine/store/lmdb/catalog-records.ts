import { createHash } from 'node:crypto'
import type { Doc } from '../../values/types.ts'
import type { CatalogEntry, RetryRecord } from '../contract.ts'
import type { Environment } from './environment.ts'
import type { CollectionState } from './lmdb-collection.ts'
import { successor } from './lmdb-keys.ts'

/** What the file says of itself. */
export interface StoreRecord {
  readonly version: number
  /** Number of the last commit. */
  readonly sequence: number
  /** The next place for a collection. */
  readonly nextSlot: number
}

/** Catalogue, states of collections and replies of retryable writes, as BSON in the file. */
export class CatalogRecords {
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  store(): StoreRecord {
    return (this.#get('store') as StoreRecord | undefined) ?? { version: 1, sequence: 0, nextSlot: 1 }
  }

  putStore(record: StoreRecord): void {
    this.#put('store', record)
  }

  entries(): CatalogEntry[] {
    const entries = this.#all(ENTRY) as unknown as CatalogEntry[]
    return entries.sort((a, b) => a.id - b.id)
  }

  putEntry(entry: CatalogEntry): void {
    this.#put(ENTRY + entry.id, entry)
  }

  /** Undefined for a collection that is not in the file. */
  state(id: number): CollectionState | undefined {
    return this.#get(STATE + id) as CollectionState | undefined
  }

  putState(id: number, state: CollectionState): void {
    this.#put(STATE + id, state)
  }

  remove(id: number): void {
    this.#environment.meta.remove(ENTRY + id)
    this.#environment.meta.remove(STATE + id)
  }

  /** Replies, the oldest first. */
  retries(): RetryRecord[] {
    const records = this.#all(RETRY) as unknown as (RetryRecord & { at: number })[]
    return records
      .sort((a, b) => a.at - b.at)
      .map(({ session, number, reply }) => ({ session, number, reply }))
  }

  /** @param at number of the commit it belongs to */
  putRetry(retry: RetryRecord, at: number): void {
    this.#put(retryKey(retry.session), { ...retry, at })
  }

  removeRetry(session: string): void {
    this.#environment.meta.remove(retryKey(session))
  }

  // internals

  #get(key: string): Doc | undefined {
    const bytes = this.#environment.meta.getBinaryFast(key)
    return bytes && this.#environment.codec.decode(bytes)
  }

  #all(prefix: string): Doc[] {
    const found: Doc[] = []
    for (const { value } of this.#environment.meta.getRange({ start: prefix, end: successor(prefix) }))
      found.push(this.#environment.codec.decode(value))
    return found
  }

  #put(key: string, value: object): void {
    this.#environment.meta.put(key, this.#environment.codec.encode(value))
  }
}

// internals

const ENTRY = 'entry '
const STATE = 'state '
const RETRY = 'retry '

/** Sessions are named by those who open them: any text, of any length. */
function retryKey(session: string): string {
  return RETRY + createHash('sha256').update(session).digest('hex')
}
