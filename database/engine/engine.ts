import { randomUUID } from 'node:crypto'
import { type Clock, SystemClock } from '../../runtime/clock.ts'
import type {
  CallOptions,
  Change,
  Command,
  DocumentDatabase,
  Reply,
  SessionHandle,
  TransactionOptions,
} from '../command.ts'
import { fail } from './errors.ts'
import { type Call, Executor } from './executor.ts'
import { Housekeeping } from './housekeeping.ts'
import { EngineState } from './state.ts'
import type { Durability, Store } from './store/contract.ts'
import { MemoryStore } from './store/memory-store.ts'
import type { SessionCall } from './transactions/sessions.ts'
import { deepClone } from './values/clone.ts'
import { normalizeDocument } from './values/normalize.ts'
import type { Doc } from './values/types.ts'

export interface EmbeddedOptions {
  /** Folder of the data files; without one everything is gone when the engine is closed. */
  directory?: string
  /** Default `os`; see {@link Durability}. */
  durability?: Durability
  /** Time of `$$NOW`, TTL, sessions and transactions. Default: the machine's. */
  clock?: Clock
  /** Gets one line for everything the user should know but that fails nothing. */
  warn?: (text: string) => void
}

/**
 * The embedded engine in the caller's own thread: for tests, single runs and bundles. Spaces reach it through
 * {@link PortDatabase} instead, so that a long scan holds up nobody.
 */
export class EmbeddedDatabase implements DocumentDatabase {
  readonly kind = 'embedded'
  readonly state: EngineState
  readonly #executor: Executor
  readonly #housekeeping: Housekeeping
  #closed: Promise<void> | undefined

  /** @throws DatabaseError when the folder is in use, damaged, or cannot be written */
  constructor(options: EmbeddedOptions = {}, store: Store = new MemoryStore()) {
    this.state = new EngineState(store, options.clock ?? new SystemClock())
    this.#executor = new Executor(this.state)
    this.#housekeeping = new Housekeeping(this.state, this.#executor, options.warn ?? (() => {}))
  }

  async command(database: string, command: Command, options: CallOptions = {}): Promise<Reply> {
    const { session, ...rest } = options
    const call: Call = { ...rest, ...(session ? { session: sessionCall(session) } : {}) }
    return deepClone(await this.execute(database, normalizeDocument(command), call))
  }

  /**
   * Runs a command for a carrier: values are normalised already, and the reply still shares structure with stored
   * documents.
   */
  execute(database: string, command: Doc, call: Call = {}): Promise<Doc> {
    if (this.#closed) return Promise.reject(closedError())
    return this.#executor.execute(database, command, call)
  }

  startSession(): SessionHandle {
    return new EmbeddedSession(this)
  }

  watch(listener: (change: Change) => void): Disposable {
    return this.state.feed.listen((changes) => {
      for (const change of changes) listener(deepClone(change))
    })
  }

  describe(): { server: string; transactions: boolean; changeFeed: boolean } {
    return {
      server: 'unicloud-local embedded engine (speaks MongoDB 7.0)',
      transactions: true,
      changeFeed: true,
    }
  }

  /** Aborts what is open and brings everything to the disk. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // internals

  async #close(): Promise<void> {
    this.#housekeeping[Symbol.dispose]()
    this.state.transactions.abortAll()
    await this.state.store.close()
  }
}

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
    await this.#database.execute('admin', { ping: 1 }, { session })
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
  execute(database: string, command: Doc, call: { session?: SessionCall }): Promise<Doc>
}

// internals

function sessionCall(session: SessionHandle): SessionCall {
  return session instanceof EmbeddedSession ? session.call : { id: session.id }
}

function closedError(): Error {
  try {
    return fail(91, 'The database is closed')
  } catch (error) {
    return error as Error
  }
}
