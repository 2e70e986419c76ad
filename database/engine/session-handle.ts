import { randomUUID } from 'node:crypto'
import type { SessionHandle, TransactionOptions } from '../command.ts'
import { fail } from './errors.ts'
import type { SessionCall } from './transactions/sessions.ts'
import type { Doc } from './values/types.ts'

/** A session handle whose commands carry MongoDB's own session members; the same for every embedded carrier. */
export class EmbeddedSession implements SessionHandle {
  readonly id = randomUUID()
  readonly #database: SessionCarrier
  #number = 0
  #open = false

  constructor(database: SessionCarrier) {
    this.#database = database
  }

  get inTransaction(): boolean {
    return this.#open
  }

  /** How a command of this session presents itself. */
  get call(): SessionCall {
    return this.#open ? { id: this.id, txnNumber: this.#number, autocommit: false } : { id: this.id }
  }

  async startTransaction(options: TransactionOptions = {}): Promise<void> {
    if (this.#open) fail(117, 'Transaction already in progress')
    this.#number++
    this.#open = true
    const { lifetimeMS } = options
    const session = {
      ...this.call,
      startTransaction: true,
      ...(lifetimeMS === undefined ? {} : { lifetimeMS }),
    }
    // The first command takes the snapshot; an empty one takes it at once.
    try {
      await this.#database.execute('admin', { ping: 1 }, { session })
    } catch (error) {
      this.#open = false
      throw error
    }
  }

  commitTransaction(): Promise<void> {
    return this.#finish('commitTransaction')
  }

  abortTransaction(): Promise<void> {
    return this.#finish('abortTransaction')
  }

  async end(): Promise<void> {
    this.#open = false
    await this.#database.execute('admin', { endSessions: [{ id: this.id }] }, {})
  }

  // internals

  async #finish(command: 'commitTransaction' | 'abortTransaction'): Promise<void> {
    if (!this.#open) fail(251, 'No transaction started', { errorLabels: [] })
    const session = this.call
    this.#open = false
    await this.#database.execute('admin', { [command]: 1 }, { session })
  }
}

/** What a session handle needs of its database. */
export interface SessionCarrier {
  execute(database: string, command: Doc, call: { session?: SessionCall }): Doc | Promise<Doc>
}

/** How a command of that session presents itself. */
export function sessionCall(session: SessionHandle): SessionCall {
  return session instanceof EmbeddedSession ? session.call : { id: session.id }
}
