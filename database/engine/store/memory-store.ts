import type { Batch, CatalogEntry, RetryRecord, Store } from './contract.ts'
import { MemoryCollection } from './memory-collection.ts'

/** A store that remembers nothing: for tests, single runs and spaces without a data folder. */
export class MemoryStore implements Store {
  readonly kind = 'memory'
  readonly unsettled = undefined
  readonly catalog: readonly CatalogEntry[] = []
  readonly retries: readonly RetryRecord[] = []
  #sequence = 0

  get sequence(): number {
    return this.#sequence
  }

  create(entry: CatalogEntry): MemoryCollection {
    return new MemoryCollection(entry.indexes)
  }

  load(entry: CatalogEntry): MemoryCollection {
    return new MemoryCollection(entry.indexes)
  }

  estimate(): undefined {
    return undefined
  }

  write<T>(work: () => T, done: (result: T) => void): void {
    done(work())
  }

  commit(_batch: Batch): number {
    return ++this.#sequence
  }

  announce(_uri: string): void {}

  failure(error: unknown): unknown {
    return error
  }

  snapshot(): undefined {
    return undefined
  }

  settled(): undefined {
    return undefined
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}
