import type { Collection } from '../catalog.ts'
import type { Doc } from '../values/types.ts'
import type { Transaction } from './transaction.ts'

/** Which open transaction means to write what: records, unique keys, and names of collections. */
export class Intents {
  readonly #owners = new Map<string, Transaction>()

  get empty(): boolean {
    return this.#owners.size === 0
  }

  owner(intent: string): Transaction | undefined {
    return this.#owners.get(intent)
  }

  /** Takes an intent; false when another transaction has it. */
  take(intent: string, transaction: Transaction): boolean {
    const owner = this.#owners.get(intent)
    if (owner && owner !== transaction) return false
    if (!owner) {
      this.#owners.set(intent, transaction)
      transaction.intents.push(intent)
    }
    return true
  }

  release(transaction: Transaction): void {
    for (const intent of transaction.intents) this.#owners.delete(intent)
    transaction.intents.length = 0
  }
}

export function recordIntent(collection: Collection, record: number): string {
  return `r${collection.id}:${record}`
}

export function nameIntent(database: string, name: string): string {
  return `n${database}.${name}`
}

/** One intent for each unique key of a document. */
export function* keyIntents(collection: Collection, doc: Doc): Generator<string> {
  for (const index of collection.data.indexes) {
    if (!index.definition.unique) continue
    for (const key of index.keysOf(doc)) yield keyIntent(collection, index.name, key)
  }
}

export function keyIntent(collection: Collection, index: string, key: string): string {
  return `k${collection.id}:${index}\0${key}`
}
