import type { Batch, CatalogEntry, RetryRecord, Store } from './contract.ts'
import { MemoryCollection } from './memory-collection.ts'

/** A store that remembers nothing: for tests, single runs and spaces without a data folder. */
export class MemoryStore implements Store {
  readonly catalog: readonly CatalogEntry[] = []
  readonly retries: readonly RetryRecord[] = []
  #sequence = 0

  get sequence(): number {
    return this.#sequence
  }

  load(entry: CatalogEntry): MemoryCollection {
    return new MemoryCollection(entry.indexes)
  }

  estimate(): undefined {
    return undefined
  }

  commit(_batch: Batch): number {
    return ++this.#sequence
  }

  settled(): undefined {
    return undefined
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}
