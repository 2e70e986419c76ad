import type { Clock } from '../../clock/clock.ts'
import { DatabaseError } from '../command.ts'
import type { Context } from './commands/context.ts'
import { COMMANDS, type CommandEntry } from './commands/table.ts'
import { databaseError, fail } from './errors.ts'
import { Pause } from './pause.ts'
import type { EngineState } from './state.ts'
import type { Batch } from './store/contract.ts'
import { LiveUnit } from './transactions/live-unit.ts'
import type { Session, SessionCall } from './transactions/sessions.ts'
import type { Transaction } from './transactions/transaction.ts'
import { Blocked } from './transactions/unit.ts'
import { isNumber, toDouble } from './values/numbers.ts'
import { type Doc, isDocument } from './values/types.ts'

/** What travels beside a command. */
export interface Call {
  readonly session?: SessionCall
  readonly signal?: AbortSignal
  readonly maxTimeMS?: number
  /** The carrier the command came through; cursors it opens are closed with it. */
  readonly owner?: object
}

/**
 * Runs commands one at a time (spec/embedded-database.md §10). A command that writes runs to its end without a break
 * and is stored as one commit; waiting for an open transaction is the only thing it can be made to do, and it then
 * starts over from nothing.
 */
export class Executor {
  readonly #state: EngineState

  constructor(state: EngineState) {
    this.#state = state
  }

  /**
   * Runs one command whose values are normalised already.
   * @returns the reply; it shares structure with stored documents and must be copied before it leaves the engine
   * @throws DatabaseError
   */
  async execute(database: string, command: Doc, call: Call): Promise<Doc> {
    const name = Object.keys(command)[0] ?? ''
    const entry = COMMANDS.get(name)
    if (!entry) return fail(59, `no such command: '${name}'`)
    const session = call.session && this.#state.sessions.get(call.session.id)
    const running: Running = { database, name, entry, command, session, call, stored: false }
    const reply = await (call.session?.autocommit === false
      ? this.#inTransaction(running)
      : this.#plain(running))
    if (running.stored) {
      // `j: true` asks for the disk, whatever the database's own durability (§8).
      const durable = wantsJournal(command) ? this.#state.store.sync() : this.#state.store.settled()
      if (durable) await durable
    }
    return reply
  }

  // internals

  async #inTransaction(running: Running): Promise<Doc> {
    const { name, entry, command, call } = running
    const session = running.session!
    const { sessions } = this.#state
    const { txnNumber = -1, startTransaction, lifetimeMS } = call.session!
    if (name === 'commitTransaction') return this.#commit(running, session, txnNumber)
    if (name === 'abortTransaction') {
      this.#abort(sessions.transaction(session, txnNumber))
      return { ok: 1 }
    }
    const transaction = startTransaction
      ? sessions.begin(session, txnNumber, lifetimeMS)
      : sessions.transaction(session, txnNumber)
    try {
      if (!entry.transactional) fail(263, `Cannot run '${name}' in a multi-document transaction.`)
      return await entry.run(this.#context(running, transaction, false), command)
    } catch (error) {
      // Any failed command ends the transaction, as on the server.
      this.#abort(transaction)
      throw labelled(error)
    }
  }

  /** Commits a session's transaction; a second time it only says yes again. */
  #commit(running: Running, session: Session, number: number): Doc {
    const { sessions, catalog, transactions } = this.#state
    if (session.number === number && session.transaction?.state === 'committed') return { ok: 1 }
    const transaction = sessions.transaction(session, number)
    const unit = new LiveUnit(catalog, transactions)
    try {
      unit.adopt(transaction)
      this.#store(running, unit, transaction)
    } catch (error) {
      unit.rollback()
      this.#abort(transaction)
      throw labelled(error)
    }
    this.#closeCursors(transaction)
    transactions.committed(transaction)
    return { ok: 1 }
  }

  async #plain(running: Running): Promise<Doc> {
    const { entry, command, session, call } = running
    refuseSnapshotReads(command)
    const number = entry.kind === 'write' ? call.session?.txnNumber : undefined
    const repeated =
      session && number !== undefined ? this.#state.sessions.retried(session, number) : undefined
    if (repeated) return repeated
    const started = this.#state.clock.now()
    for (;;) {
      const unit = new LiveUnit(this.#state.catalog, this.#state.transactions)
      const context = this.#context(running, unit, entry.kind === 'read')
      try {
        const result = entry.run(context, command)
        // A write is never a promise: nothing may come between its changes and their being stored.
        const reply = result instanceof Promise ? await result : result
        const retry = session && number !== undefined ? { session: session.id, number, reply } : undefined
        this.#store(running, unit, undefined, retry)
        if (session && retry) Object.assign(session, { number, retry })
        return reply
      } catch (error) {
        unit.rollback()
        if (!(error instanceof Blocked)) throw error
        await this.#wait(error, { pause: context.pause, signal: call.signal }, started)
      }
    }
  }

  /** Stores what a unit has written, tells the other transactions and the change feed. */
  #store(running: Running, unit: LiveUnit, by?: Transaction, retry?: Batch['retry']): void {
    const { writes, catalogChanges: catalog } = unit
    if (writes.length === 0 && catalog.length === 0) return
    const { store, clock, transactions, feed } = this.#state
    const batch: Batch = { time: clock.now(), writes, catalog, ...(retry ? { retry } : {}) }
    const sequence = store.commit(batch)
    running.stored = true
    transactions.remember(writes, by)
    feed.emit(sequence, batch, this.#state.catalog)
  }

  /** Parks a plain write until the transaction in its way has ended. */
  async #wait(
    blocked: Blocked,
    { pause, signal }: { pause: Pause; signal: AbortSignal | undefined },
    started: number,
  ): Promise<void> {
    const { clock } = this.#state
    const left = Math.min(started + MAX_WAIT_MS - clock.now(), pause.left)
    const outcome = left > 0 ? await firstOf(blocked.by.whenEnded(), clock, left, signal) : 'late'
    if (outcome === 'given up') fail(11601, 'operation was interrupted')
    if (outcome === 'late') fail(50, TOO_LATE)
  }

  #context(running: Running, unit: LiveUnit | Transaction, sliced: boolean): Context {
    const { database, session, call, command } = running
    const limit = isNumber(command.maxTimeMS) ? toDouble(command.maxTimeMS) : call.maxTimeMS
    return {
      state: this.#state,
      database,
      unit,
      session,
      owner: call.owner,
      now: new Date(this.#state.clock.now()),
      pause: new Pause(sliced, limit, call.signal),
    }
  }

  #abort(transaction: Transaction): void {
    this.#closeCursors(transaction)
    this.#state.transactions.abort(transaction)
  }

  #closeCursors(transaction: Transaction): void {
    this.#state.cursors.killWhere((cursor) => cursor.transaction === transaction)
  }
}

// internals

/** A command on its way. */
interface Running {
  readonly database: string
  readonly name: string
  readonly entry: CommandEntry
  readonly command: Doc
  readonly session: Session | undefined
  readonly call: Call
  /** True once something of it is stored: only then is there anything to wait for. */
  stored: boolean
}

/** How long a plain write waits for a transaction (§10). */
const MAX_WAIT_MS = 5000
const TRANSIENT: ReadonlySet<number> = new Set([24, 112, 246, 251, 267])

const TOO_LATE =
  'operation exceeded time limit while it waited for an open transaction that has written the same document'

/** Waits for the first of: an end, so many milliseconds of the clock, a caller who gives up. */
function firstOf(
  end: Promise<void>,
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<'ended' | 'late' | 'given up'> {
  return new Promise((resolve) => {
    const settle = (outcome: 'ended' | 'late' | 'given up') => {
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', giveUp)
      resolve(outcome)
    }
    const giveUp = () => settle('given up')
    const timer = clock.setTimer(() => settle('late'), ms)
    signal?.addEventListener('abort', giveUp, { once: true })
    void end.then(() => settle('ended'))
  })
}

function wantsJournal(command: Doc): boolean {
  return isDocument(command.writeConcern) && (command.writeConcern.j === true || command.writeConcern.j === 1)
}

/** Inside a transaction these errors invite the caller to try the whole of it again. */
function labelled(error: unknown): unknown {
  if (!(error instanceof DatabaseError) || !TRANSIENT.has(error.code)) return error
  if (error.hasErrorLabel('TransientTransactionError')) return error
  return databaseError(error.code, error.message, {
    errorLabels: [...error.errorLabels, 'TransientTransactionError'],
    cause: error,
  })
}

function refuseSnapshotReads(command: Doc): void {
  const { readConcern } = command
  if (!isDocument(readConcern) || readConcern.level !== 'snapshot') return
  fail(
    72,
    "readConcern 'snapshot' outside a transaction is not available in the embedded database; start a transaction",
  )
}
