/**
 * Whether a transaction can still be used, and what ended it (spec/database.md §12).
 */
import { DatabaseError, type SessionHandle } from '../command.ts'
import { transactionOver } from './errors.ts'
import type { Now } from './object-id-source.ts'

export class TransactionState {
  readonly session: SessionHandle
  /** Completes "Transaction has been …"; absent while it is open. */
  #end: string | undefined
  #cause: unknown

  readonly #clock: Now
  readonly #lifetimeMS: number
  readonly #started: number

  /** @param lifetimeMS after which the database aborts it */
  constructor(session: SessionHandle, clock: Now, lifetimeMS: number) {
    this.session = session
    this.#clock = clock
    this.#lifetimeMS = lifetimeMS
    this.#started = clock.now()
  }

  get end(): string | undefined {
    return this.#end
  }

  /** @throws DatabaseApiError DATABASE_TRANSACTION_FAIL after commit, rollback, conflict or time-out */
  requireOpen(): void {
    // The database may have aborted it behind our back: a command now would run outside of any transaction.
    if (!this.#end && !this.session.inTransaction) this.close(this.#aborted())
    if (this.#end) throw transactionOver(this.#end, this.#cause)
  }

  close(end: string, cause?: unknown): void {
    this.#end ??= end
    this.#cause ??= cause
  }

  /**
   * Notices the errors with which the database ends a transaction by itself.
   * @returns what to throw: the error, or a better one
   */
  noticeAbort(error: unknown): unknown {
    if (!(error instanceof DatabaseError)) return error
    if (error.code === 112) this.close('aborted: it conflicted with another write', error)
    else if (error.code === 251 || !this.session.inTransaction) return this.noticeEnd(error)
    return error
  }

  /** The same for an error of the commit or rollback, after which nothing can be done any more. */
  noticeEnd(error: unknown): unknown {
    const gone = error instanceof DatabaseError && error.code === 251
    this.close(gone ? this.#aborted() : 'aborted', error)
    return gone ? transactionOver(this.#end ?? 'aborted', error) : error
  }

  /** The database only says that it is gone; the clock tells why. */
  #aborted(): string {
    const late = this.#clock.now() - this.#started >= this.#lifetimeMS
    return late
      ? `aborted: it was open for longer than the ${this.#lifetimeMS / 1000} s that uniCloud allows`
      : 'aborted by the database'
  }
}
