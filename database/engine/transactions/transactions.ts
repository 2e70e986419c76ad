import type { Clock } from '../../../clock/clock.ts'
import type { Catalog, Collection } from '../catalog.ts'
import type { RecordWrite } from '../store/contract.ts'
import { Intents } from './intents.ts'
import { Transaction } from './transaction.ts'

/** The open transactions of a database, and what they mean to write. */
export class Transactions {
  readonly intents = new Intents()
  readonly #open = new Map<Transaction, Disposable>()
  readonly #catalog: Catalog
  readonly #clock: Clock

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog
    this.#clock = clock
  }

  get count(): number {
    return this.#open.size
  }

  /**
   * Opens a transaction; its snapshot is now.
   * @param lifetimeMS how long it may stay open before it is aborted
   */
  begin(lifetimeMS: number): Transaction {
    const transaction = new Transaction(this.#catalog, this)
    const timer = this.#clock.setTimer(() => this.abort(transaction), lifetimeMS)
    this.#open.set(transaction, timer)
    return transaction
  }

  abort(transaction: Transaction): void {
    if (!transaction.committing) this.#end(transaction, 'aborted')
  }

  /** Ends a transaction whose writes have been made live. */
  committed(transaction: Transaction): void {
    this.#end(transaction, 'committed')
  }

  /** Lets every other open transaction keep what a commit has replaced. */
  remember(writes: readonly RecordWrite[], by?: Transaction): void {
    for (const transaction of this.#open.keys()) if (transaction !== by) transaction.remember(writes)
  }

  /** An open transaction that has read or written the collection. */
  userOf(collection: Collection): Transaction | undefined {
    for (const transaction of this.#open.keys())
      if (transaction.touched.has(collection.id)) return transaction
    return undefined
  }

  abortAll(): void {
    for (const transaction of [...this.#open.keys()]) this.abort(transaction)
  }

  // internals

  #end(transaction: Transaction, state: 'committed' | 'aborted'): void {
    const timer = this.#open.get(transaction)
    if (!timer) return
    timer[Symbol.dispose]()
    this.#open.delete(transaction)
    transaction.finish(state)
  }
}
