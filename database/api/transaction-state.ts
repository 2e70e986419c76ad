/**
 * Whether a transaction can still be used, and what ended it (spec/database.md §12).
 */
import { DatabaseError, type SessionHandle } from '../command.ts'
import { transactionOver } from './errors.ts'

export class TransactionState {
  readonly session: SessionHandle
  /** Completes "Transaction has been …"; absent while it is open. */
  #end: string | undefined
  #cause: unknown

  constructor(session: SessionHandle) {
    this.session = session
  }

  get end(): string | undefined {
    return this.#end
  }

  /** @throws DatabaseApiError DATABASE_TRANSACTION_FAIL after commit, rollback, conflict or time-out */
  requireOpen(): void {
    // The database may have aborted it behind our back: a command now would run outside of any transaction.
    if (!this.#end && !this.session.inTransaction) this.close('aborted: it took longer than allowed')
    if (this.#end) throw transactionOver(this.#end, this.#cause)
  }

  close(end: string, cause?: unknown): void {
    this.#end ??= end
    this.#cause ??= cause
  }

  /** Notices the errors with which the database ends a transaction by itself. */
  noticeAbort(error: unknown): void {
    if (!(error instanceof DatabaseError)) return
    const conflict = error.code === 112
    if (conflict || error.code === 251 || !this.session.inTransaction) {
      this.close(conflict ? 'aborted: it conflicted with another write' : 'aborted', error)
    }
  }
}
