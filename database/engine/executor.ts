import type { Context } from './commands/context.ts'
import { COMMANDS, type CommandEntry } from './commands/table.ts'
import { refuseSnapshotReads, wantsJournal } from './concerns.ts'
import { fail } from './errors.ts'
import { parked } from './parked.ts'
import { Pause } from './pause.ts'
import { Reading } from './planner/reading.ts'
import type { EngineState } from './state.ts'
import type { Batch } from './store/contract.ts'
import { LiveUnit } from './transactions/live-unit.ts'
import type { Session, SessionCall } from './transactions/sessions.ts'
import type { Transaction } from './transactions/transaction.ts'
import { labelled } from './transactions/transient.ts'
import { Blocked } from './transactions/unit.ts'
import { isNumber, toDouble } from './values/numbers.ts'
import type { Doc } from './values/types.ts'

/** What travels beside a command. */
export interface Call {
  readonly session?: SessionCall | undefined
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
  readonly #closing = new AbortController()
  /** Commands under way. */
  #active = 0
  #idle = () => {}

  constructor(state: EngineState) {
    this.#state = state
  }

  /**
   * Runs one command whose values are normalised already.
   * @returns the reply, and no promise of it when the command had nothing to wait for: most of them, and each promise
   * costs as much as a look-up. It shares structure with stored documents and must be copied before it leaves the engine
   * @throws DatabaseError at once or as a rejection
   */
  execute(database: string, command: Doc, call: Call): Doc | Promise<Doc> {
    const name = firstName(command)
    const entry = COMMANDS.get(name)
    if (!entry) return fail(59, `no such command: '${name}'`)
    const session = call.session && this.#state.sessions.get(call.session.id)
    const running: Running = { database, name, entry, command, session, call, stored: false }
    this.#active++
    try {
      const reply = call.session?.autocommit === false ? this.#inTransaction(running) : this.#plain(running)
      const kept =
        reply instanceof Promise
          ? reply.then((later) => this.#keep(running, later))
          : this.#keep(running, reply)
      if (kept instanceof Promise) return this.#later(kept)
      this.#ended()
      return kept
    } catch (error) {
      this.#ended()
      throw this.#state.store.failure(error)
    }
  }

  /** Interrupts what is under way, and resolves when nothing is any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#active === 0) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  // internals

  async #later(reply: Promise<Doc>): Promise<Doc> {
    try {
      return await reply
    } catch (error) {
      throw this.#state.store.failure(error)
    } finally {
      this.#ended()
    }
  }

  #ended(): void {
    if (--this.#active === 0) this.#idle()
  }

  /** Waits until what has been stored is as durable as it should be. */
  #keep({ command, stored }: Running, reply: Doc): Doc | Promise<Doc> {
    if (!stored) return reply
    // `j: true` asks for the disk, whatever the database's own durability (§8).
    const durable = wantsJournal(command) ? this.#state.store.sync() : this.#state.store.settled()
    return durable ? durable.then(() => reply) : reply
  }

  async #inTransaction(running: Running): Promise<Doc> {
    const { name, entry, command, call } = running
    const session = running.session!
    const { sessions } = this.#state
    const { txnNumber = -1, startTransaction, lifetimeMS } = call.session!
    if (this.#state.store.unsettled) await this.#settledReads()
    if (name === 'commitTransaction') return this.#commit(running, session, txnNumber)
    if (name === 'abortTransaction') {
      this.#abort(sessions.transaction(session, txnNumber))
      return { ok: 1 }
    }
    const transaction = startTransaction
      ? sessions.begin(session, txnNumber, lifetimeMS)
      : sessions.transaction(session, txnNumber)
    const reading = new Reading(NO_SNAPSHOT)
    try {
      if (!entry.transactional) fail(263, `Cannot run '${name}' in a multi-document transaction.`)
      return await entry.run(this.#context(running, transaction, reading, false), command)
    } catch (error) {
      // Any failed command ends the transaction, as on the server.
      this.#abort(transaction)
      throw labelled(error)
    } finally {
      reading.end()
    }
  }

  /** Commits a session's transaction; a second time it only says yes again. */
  async #commit(running: Running, session: Session, number: number): Promise<Doc> {
    const { sessions } = this.#state
    if (session.number === number && session.transaction?.state === 'committed') return { ok: 1 }
    const transaction = sessions.transaction(session, number)
    transaction.committing ??= this.#store(running, transaction)
    return transaction.committing
  }

  async #store(running: Running, transaction: Transaction): Promise<Doc> {
    const { catalog, transactions } = this.#state
    const unit = new LiveUnit(catalog, transactions)
    try {
      const storing = this.#write(running, unit, {
        by: transaction,
        work: () => {
          unit.adopt(transaction)
          return { ok: 1 }
        },
      })
      const reply = storing instanceof Promise ? await storing : storing
      this.#closeCursors(transaction)
      transactions.committed(transaction)
      return reply
    } catch (error) {
      unit.rollback()
      transaction.committing = undefined
      this.#abort(transaction)
      throw labelled(error)
    }
  }

  #plain(running: Running): Doc | Promise<Doc> {
    const { entry, command } = running
    refuseSnapshotReads(command)
    if (entry.kind === 'write' || entry.writes?.(command)) {
      return this.#plainWrite(running, this.#state.clock.now())
    }
    return this.#state.store.unsettled
      ? this.#settledReads().then(() => this.#read(running))
      : this.#read(running)
  }

  #read(running: Running): Doc | Promise<Doc> {
    const { catalog, transactions, store } = this.#state
    const reading = new Reading(store)
    const unit = new LiveUnit(catalog, transactions, reading)
    try {
      const reply = running.entry.run(this.#context(running, unit, reading, true), running.command)
      if (reply instanceof Promise) return reply.finally(() => reading.end())
      reading.end()
      return reply
    } catch (error) {
      reading.end()
      throw error
    }
  }

  /** @param started when the command came, by the space's clock */
  #plainWrite(running: Running, started: number): Doc | Promise<Doc> {
    const { entry, command, call } = running
    const { catalog, transactions } = this.#state
    const number = entry.kind === 'write' ? call.session?.txnNumber : undefined
    const unit = new LiveUnit(catalog, transactions)
    const reading = new Reading(NO_SNAPSHOT)
    const context = this.#context(running, unit, reading, false)
    const work = () => {
      try {
        // A write is never a promise: nothing may come between its changes and their being stored.
        return entry.run(context, command) as Doc
      } finally {
        reading.end()
      }
    }
    const again = (error: unknown) => {
      unit.rollback()
      if (!(error instanceof Blocked)) throw error
      const waiting = { clock: this.#state.clock, started, pause: context.pause, signal: call.signal }
      return parked(error, waiting).then(() => this.#plainWrite(running, started))
    }
    try {
      const reply = this.#write(running, unit, { work, number })
      return reply instanceof Promise ? reply.catch(again) : reply
    } catch (error) {
      return again(error)
    }
  }

  /** Does what writes, stores it, and tells the other transactions and the change feed. */
  #write(running: Running, unit: LiveUnit, { work, by, number }: Write): Doc | Promise<Doc> {
    const { session } = running
    const { store, transactions, sessions, feed, catalog } = this.#state
    let reply: Doc = {}
    const before = session && { number: session.number, retry: session.retry }
    const storing = store.write(
      () => {
        const repeated = session && number !== undefined ? sessions.retried(session, number) : undefined
        try {
          reply = repeated ?? work()
          const retry = session && number !== undefined ? { session: session.id, number, reply } : undefined
          const batch = repeated ? undefined : this.#batch(unit, retry)
          const sequence = batch ? store.commit(batch) : 0
          // Before anybody can read again: open transactions go on with what they saw.
          if (batch) transactions.remember(batch.writes, by)
          if (session && retry) Object.assign(session, { number, retry })
          return { batch, sequence }
        } catch (error) {
          unit.rollback()
          throw error
        }
      },
      ({ batch, sequence }) => {
        if (!batch) return
        running.stored = true
        feed.emit(sequence, batch, catalog)
      },
    )
    if (!storing) return reply
    return storing.then(
      () => reply,
      (error: unknown) => {
        if (session && before) Object.assign(session, before)
        throw error
      },
    )
  }

  /** What a unit has written, ready to be stored; undefined for nothing. */
  #batch({ writes, catalogChanges: catalog }: LiveUnit, retry: Batch['retry']): Batch | undefined {
    if (writes.length === 0 && catalog.length === 0) return undefined
    return { time: this.#state.clock.now(), writes, catalog, ...(retry ? { retry } : {}) }
  }

  /** Waits until what has been written, and is being stored, can be read. */
  async #settledReads(): Promise<void> {
    const { store } = this.#state
    while (store.unsettled) await store.unsettled
  }

  #context(running: Running, unit: LiveUnit | Transaction, reading: Reading, sliced: boolean): Context {
    const { database, session, call, command } = running
    const limit = isNumber(command.maxTimeMS) ? toDouble(command.maxTimeMS) : call.maxTimeMS
    return {
      state: this.#state,
      database,
      unit,
      session,
      owner: call.owner,
      now: new Date(this.#state.clock.now()),
      pause: new Pause(sliced, limit, call, this.#closing.signal),
      reading,
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

/** A write on its way. */
interface Write {
  readonly work: () => Doc
  /** The transaction whose commit it is. */
  readonly by?: Transaction
  /** Number of a retryable write, whose reply is kept for a repeat. */
  readonly number?: number | undefined
}

const NO_SNAPSHOT = { snapshot: () => undefined }

function firstName(command: Doc): string {
  for (const name in command) return name
  return ''
}
