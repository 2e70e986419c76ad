import type { Clock } from '../../../clock/clock.ts'
import { fail } from '../errors.ts'
import type { RetryRecord } from '../store/contract.ts'
import type { Doc } from '../values/types.ts'
import type { Transaction } from './transaction.ts'
import type { Transactions } from './transactions.ts'

/** How a command refers to its session; the members are MongoDB's own (`lsid`, `txnNumber`, `autocommit` …). */
export interface SessionCall {
  readonly id: string
  readonly txnNumber?: number
  /** False inside a transaction. With a `txnNumber` and without this the command is a retryable write. */
  readonly autocommit?: false
  /** Opens the transaction of that number before the command runs. */
  readonly startTransaction?: boolean
  /** Milliseconds the transaction may live; read with `startTransaction`. */
  readonly lifetimeMS?: number
}

/** A logical session (spec/embedded-database.md §10). */
export interface Session {
  readonly id: string
  lastUse: number
  /** Number of the last transaction or retryable write. */
  number: number
  transaction?: Transaction
  /** Reply of the last retryable write. */
  retry?: { readonly number: number; readonly reply: Doc }
}

/** The sessions in use. They expire after 30 minutes without a command. */
export class Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #transactions: Transactions
  readonly #clock: Clock

  constructor(transactions: Transactions, clock: Clock, retries: readonly RetryRecord[]) {
    this.#transactions = transactions
    this.#clock = clock
    for (const { session, number, reply } of retries) {
      const known = this.get(session)
      known.number = number
      known.retry = { number, reply }
    }
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values()
  }

  get size(): number {
    return this.#sessions.size
  }

  get(id: string): Session {
    let session = this.#sessions.get(id)
    if (!session) {
      session = { id, lastUse: 0, number: -1 }
      this.#sessions.set(id, session)
    }
    session.lastUse = this.#clock.now()
    return session
  }

  /**
   * Opens a transaction.
   * @throws DatabaseError 225 when the session has used a higher number, 117 when this one is taken
   */
  begin(session: Session, number: number, lifetimeMS = DEFAULT_LIFETIME_MS): Transaction {
    if (number < session.number) tooOld(session, number)
    if (number === session.number) {
      fail(117, `Given transaction number ${number} on session ${session.id} has already been used`)
    }
    if (session.transaction) this.#transactions.abort(session.transaction)
    session.number = number
    delete session.retry
    session.transaction = this.#transactions.begin(lifetimeMS)
    return session.transaction
  }

  /**
   * The open transaction of that number.
   * @throws DatabaseError 251 when there is none, 256 when it is committed, 225 when the number is old
   */
  transaction(session: Session, number: number): Transaction {
    const { transaction } = session
    if (number < session.number) tooOld(session, number)
    if (!transaction || number !== session.number) {
      return noSuchTransaction(
        `Given transaction number ${number} does not match any in-progress transactions. The active transaction number is ${session.number}`,
      )
    }
    if (transaction.state === 'aborted')
      return noSuchTransaction(`Transaction with { txnNumber: ${number} } has been aborted.`)
    if (transaction.state === 'committed')
      fail(256, `Transaction with { txnNumber: ${number} } has been committed.`)
    return transaction
  }

  /**
   * The reply to a retryable write that has been run before; undefined when it has to be run.
   * @throws DatabaseError 225 when the session has used a higher number
   */
  retried(session: Session, number: number): Doc | undefined {
    if (number < session.number) tooOld(session, number)
    if (session.retry?.number === number) return session.retry.reply
    if (number > session.number && session.transaction) this.#transactions.abort(session.transaction)
    return undefined
  }

  /** Ends a session; an open transaction is aborted. */
  end(id: string): void {
    const session = this.#sessions.get(id)
    if (session?.transaction) this.#transactions.abort(session.transaction)
    this.#sessions.delete(id)
  }

  /** Ends the sessions that nobody has used for 30 minutes. */
  expire(): void {
    const limit = this.#clock.now() - SESSION_LIFETIME_MS
    for (const session of this.#sessions.values()) {
      if (session.lastUse < limit && session.transaction?.state !== 'open') this.end(session.id)
    }
  }
}

// internals

/** The server's `transactionLifetimeLimitSeconds`. */
const DEFAULT_LIFETIME_MS = 60_000
const SESSION_LIFETIME_MS = 30 * 60_000

function tooOld(session: Session, number: number): never {
  fail(
    225,
    `Cannot start transaction ${number} on session ${session.id} because a newer transaction ${session.number} has already started.`,
  )
}

function noSuchTransaction(message: string): never {
  fail(251, message, { errorLabels: ['TransientTransactionError'] })
}
