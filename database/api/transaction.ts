/**
 * Transactions of `db` (spec/database.md §12).
 */
import { CollectionReference } from './collection.ts'
import { DatabaseApiError, invalidParam, toApiError } from './errors.ts'
import { type ApiContext, Executor } from './executor.ts'
import { TransactionState } from './transaction-state.ts'

/** uniCloud aborts a transaction that lives longer, milliseconds. */
const lifetimeMS = 10_000

export class Transaction {
  readonly #executor: Executor
  readonly #state: TransactionState
  #rollback: { reason: unknown } | undefined
  /** Whether the user's own commit or rollback went well. */
  #finished = false

  private constructor(executor: Executor, state: TransactionState) {
    this.#executor = executor
    this.#state = state
  }

  /** Opens a transaction; its snapshot is taken at once. */
  static async start(context: ApiContext): Promise<Transaction> {
    const session = context.database.startSession()
    try {
      await session.startTransaction({ lifetimeMS })
    } catch (error) {
      await session.end().catch(() => {})
      throw toApiError(error, { database: context.name, requestId: context.requestId() })
    }
    const state = new TransactionState(session, context.clock, lifetimeMS)
    return new Transaction(new Executor(context, state), state)
  }

  /** A collection as this transaction sees it. */
  collection(name: string): CollectionReference {
    return new CollectionReference(this.#executor, name)
  }

  /** Makes all changes visible at once. */
  async commit(): Promise<object> {
    return this.#finish('committed', () => this.#state.session.commitTransaction())
  }

  /** Discards all changes. @param reason what `runTransaction` rejects with */
  async rollback(reason?: unknown): Promise<object> {
    const result = await this.#finish('rolled back', () => this.#state.session.abortTransaction())
    this.#rollback = { reason }
    return result
  }

  /**
   * Runs a callback in transactions of its own: `db.runTransaction`.
   *
   * @param times executions at most; only conflicts are retried
   */
  static async run<T>(
    context: ApiContext,
    callback: (transaction: Transaction) => Promise<T> | T,
    times: number,
  ): Promise<T> {
    if (typeof callback !== 'function') throw invalidParam('runTransaction needs a function')
    for (let execution = 1; ; execution++) {
      const transaction = await Transaction.start(context)
      try {
        const result = await callback(transaction)
        // A callback may have swallowed the conflict that aborted it: the commit says so.
        if (!transaction.#finished) await transaction.commit()
        if (!transaction.#rollback) return result
      } catch (error) {
        if (!transaction.#state.end) await transaction.rollback().catch(() => {})
        if (!isConflict(error) || execution >= times) throw error
        continue
      }
      throw transaction.#rollback.reason
    }
  }

  async #finish(end: string, act: () => Promise<void>): Promise<object> {
    return this.#executor.run(async (requestId) => {
      try {
        await act()
        this.#state.close(end)
        this.#finished = true
      } catch (error) {
        throw this.#state.noticeEnd(error)
      } finally {
        await this.#state.session.end()
      }
      return this.#executor.profile.shapes.transaction.end(requestId)
    })
  }
}

// internals

function isConflict(error: unknown): boolean {
  const code: unknown =
    error instanceof DatabaseApiError ? error.code : (error as { code?: unknown } | null)?.code
  return code === 'DATABASE_TRANSACTION_CONFLICT'
}
