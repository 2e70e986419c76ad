import type { ClientSession, MongoClient, MongoServerError, TransactionOptions } from 'mongodb'
import { fail } from '../engine/errors.ts'
import type { SessionCall } from '../engine/transactions/sessions.ts'

/** The transactions of the waist's sessions, each on a session of the driver's. */
export class DriverSessions {
  readonly #client: MongoClient
  readonly #sessions = new Map<string, DriverSession>()

  constructor(client: MongoClient) {
    this.#client = client
  }

  /**
   * The session with the transaction a command belongs to, opened when the command says so.
   * @throws DatabaseError 251 when there is no such transaction
   */
  async inTransaction(call: SessionCall): Promise<DriverSession> {
    let session = this.#sessions.get(call.id)
    if (!session) {
      session = new DriverSession(this.#client.startSession({ causalConsistency: false }))
      this.#sessions.set(call.id, session)
    }
    const { txnNumber = -1, startTransaction } = call
    if (startTransaction) await session.start(txnNumber)
    else session.check(txnNumber)
    return session
  }

  async end(ids: Iterable<string>): Promise<void> {
    const ended = [...ids].map((id) => {
      const session = this.#sessions.get(id)
      this.#sessions.delete(id)
      return session?.end()
    })
    await Promise.all(ended)
  }

  endAll(): Promise<void> {
    return this.end([...this.#sessions.keys()])
  }
}

/** One session and its transaction, if any. */
export class DriverSession {
  readonly session: ClientSession
  #number = -1
  #committed = false
  #timer: NodeJS.Timeout | undefined

  constructor(session: ClientSession) {
    this.session = session
  }

  async start(number: number): Promise<void> {
    if (this.session.inTransaction()) await this.abort()
    this.#number = number
    this.#committed = false
    this.session.startTransaction(CONCERNS)
  }

  /**
   * Aborts the transaction after a time of our own; without one the server's limit holds. Only when its first command has
   * been answered: one that is aborted before would be opened by it.
   */
  limit(lifetimeMS: number | undefined): void {
    if (lifetimeMS === undefined) return
    this.#timer = setTimeout(() => void this.abort().catch(() => {}), lifetimeMS)
    this.#timer.unref()
  }

  /** Lets the snapshot be taken now: the server does so with the first statement that reads. */
  async takeSnapshot(client: MongoClient): Promise<void> {
    try {
      const nothing = { find: 'unicloud_local_snapshot', limit: 1, singleBatch: true }
      await client.db().command(nothing, { session: this.session })
    } catch (error) {
      // A user with few rights may not read there; then the first statement of its own takes the snapshot.
      if ((error as MongoServerError).code !== UNAUTHORIZED) throw error
      await this.session.abortTransaction()
      this.session.startTransaction(CONCERNS)
    }
  }

  /** @throws DatabaseError 251 when the transaction of that number is not open */
  check(number: number): void {
    if (number === this.#number && (this.session.inTransaction() || this.#committed)) return
    fail(251, `Transaction with { txnNumber: ${number} } has been aborted.`, {
      errorLabels: ['TransientTransactionError'],
    })
  }

  async commit(): Promise<void> {
    clearTimeout(this.#timer)
    await this.session.commitTransaction()
    this.#committed = true
  }

  async abort(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.session.inTransaction()) await this.session.abortTransaction()
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer)
    await this.session.endSession()
  }
}

// internals

const UNAUTHORIZED = 13
const CONCERNS: TransactionOptions = { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } }
