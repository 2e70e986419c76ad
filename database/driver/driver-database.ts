import { type ClientSession, Long, MongoClient } from 'mongodb'
import type { CallOptions, Change, Command, DocumentDatabase, Reply, SessionHandle } from '../command.ts'
import { sessionId } from '../engine/commands/sessions.ts'
import type { Call } from '../engine/executor.ts'
import type { PortCarrier } from '../engine/port-server.ts'
import { EmbeddedSession, sessionCall } from '../engine/session-handle.ts'
import { type Doc, isDocument } from '../engine/values/types.ts'
import { shownUri } from './address.ts'
import { ChangeWatch } from './change-watch.ts'
import { connectError, databaseErrorOf } from './driver-errors.ts'
import { type DriverSession, DriverSessions } from './driver-sessions.ts'
import { DECODING, plainValues } from './driver-values.ts'
import { partsOf, runParts } from './large-writes.ts'
import { OpenCursors } from './open-cursors.ts'
import { isRetryableRead, isRetryableWrite, retrying, unconfirmed, worthRetry } from './retry.ts'
import { type ServerFacts, serverFacts } from './server-facts.ts'

export interface DriverOptions {
  /** Gets one line for everything the user should know but that fails nothing. */
  warn?: (text: string) => void
}

/**
 * A real MongoDB server behind the waist, over the official driver (spec/embedded-database.md §4). Connections, their
 * loss and recovery, authentication and sessions are the driver's; commands go as they are and their replies come back
 * whole, with the driver's own rules for what is sent a second time ({@link isRetryableWrite}).
 */
export class DriverDatabase implements DocumentDatabase, PortCarrier {
  readonly kind = 'driver'
  readonly #client: MongoClient
  readonly #uri: string
  readonly #facts: ServerFacts
  readonly #sessions: DriverSessions
  readonly #cursors = new OpenCursors()
  readonly #changes: ChangeWatch

  private constructor(client: MongoClient, uri: string, facts: ServerFacts, warn: (text: string) => void) {
    this.#client = client
    this.#uri = uri
    this.#facts = facts
    this.#sessions = new DriverSessions(client)
    this.#changes = new ChangeWatch(client, facts.replicated, warn)
  }

  /**
   * Connects to the server.
   * @throws LocalError CONFIG_INVALID for a connection string that is none, DATABASE_UNAVAILABLE when there is no answer
   */
  static async connect(uri: string, { warn = () => {} }: DriverOptions = {}): Promise<DriverDatabase> {
    let client: MongoClient | undefined
    try {
      client = new MongoClient(uri, {
        ignoreUndefined: true,
        appName: 'unicloud-local',
        ...(/[?&]serverSelectionTimeoutMS=/i.test(uri) ? {} : { serverSelectionTimeoutMS: SELECTION_MS }),
      })
      await client.connect()
      return new DriverDatabase(client, uri, await serverFacts(client), warn)
    } catch (error) {
      await client?.close()
      throw connectError(error, uri)
    }
  }

  command(database: string, command: Command, options: CallOptions = {}): Promise<Reply> {
    const { session, ...rest } = options
    return this.execute(database, command as Doc, {
      ...rest,
      ...(session ? { session: sessionCall(session) } : {}),
    })
  }

  /** Runs a command of a session handle, or of a port's. */
  async execute(database: string, command: Doc, call: Call = {}): Promise<Doc> {
    const { opening } = this.#changes
    if (opening) await opening
    try {
      const name = Object.keys(command)[0] ?? ''
      if (name === 'endSessions') return await this.#endSessions(command)
      const transaction =
        call.session?.autocommit === false ? await this.#sessions.inTransaction(call.session) : undefined
      const reply = await this.#run({ database, name, command, call, transaction })
      if (call.session?.startTransaction) transaction?.limit(call.session.lifetimeMS)
      return reply
    } catch (error) {
      throw databaseErrorOf(error, this.#uri)
    }
  }

  startSession(): SessionHandle {
    return new EmbeddedSession(this)
  }

  watch(listener: (change: Change) => void): Disposable {
    return this.#changes.listen((changes) => {
      for (const change of changes) listener(change)
    })
  }

  listen(listener: (changes: readonly Change[]) => void): Disposable {
    return this.#changes.listen(listener)
  }

  release(owner: object, sessions: Iterable<string>): void {
    // Whoever left them is gone: nobody is there to hear of a failure.
    void this.#cursors.release(owner).catch(() => {})
    void this.#sessions.end(sessions).catch(() => {})
  }

  describe(): { uri: string; server: string; transactions: boolean; changeFeed: boolean } {
    const { version, replicated } = this.#facts
    return {
      uri: shownUri(this.#uri),
      server: `MongoDB ${version}`,
      transactions: replicated,
      changeFeed: replicated,
    }
  }

  /** Closes every connection; what is open on the server ends. */
  async close(): Promise<void> {
    this.#changes[Symbol.dispose]()
    await this.#cursors.release()
    await this.#sessions.endAll()
    await this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  // internals

  #run(run: Run): Promise<Doc> {
    const { name, command, database, transaction } = run
    switch (name) {
      case 'find':
      case 'aggregate':
      case 'listCollections':
      case 'listIndexes':
        return this.#openCursor(run)
      case 'getMore':
        return this.#cursors.next(database, command)
      case 'killCursors':
        return this.#cursors.kill(command)
      case 'commitTransaction':
        return transaction ? done(transaction.commit()) : this.#send(run, command, undefined)
      case 'abortTransaction':
        return transaction ? done(transaction.abort()) : this.#send(run, command, undefined)
      case 'ping':
        return transaction ? done(transaction.takeSnapshot(this.#client)) : this.#retrying(run, command)
      default:
        return this.#write(run)
    }
  }

  async #endSessions(command: Doc): Promise<Doc> {
    const entries = Array.isArray(command.endSessions) ? command.endSessions : []
    const ids = entries.map((entry) => sessionId(isDocument(entry) ? entry.id : undefined))
    await this.#sessions.end(ids.filter((id) => id !== undefined))
    return { ok: 1 }
  }

  async #write(run: Run): Promise<Doc> {
    const parts = partsOf(run.name, run.command)
    if (parts.length === 1) return this.#retrying(run, run.command)
    return runParts(run.name, parts, (part) => this.#retrying(run, part))
  }

  /** Runs a command, a second time when the road has failed and nothing can happen twice. */
  async #retrying(run: Run, command: Doc): Promise<Doc> {
    if (run.transaction) return this.#send(run, command, run.transaction.session)
    if (this.#retriesWrites && isRetryableWrite(run.name, command)) return this.#retryingWrite(run, command)
    const send = () => this.#send(run, command, undefined)
    return isRetryableRead(run.name, command) ? retrying(send, isReadAgain) : send()
  }

  /** The same number each time: the server does the write once, however often it comes. */
  async #retryingWrite(run: Run, command: Doc): Promise<Doc> {
    const session = this.#client.startSession({ causalConsistency: false })
    try {
      const { serverSession } = session
      serverSession.txnNumber++
      const numbered = { ...command, txnNumber: Long.fromNumber(serverSession.txnNumber) }
      const send = () => this.#send(run, numbered, session)
      const reply = await retrying(send, isWriteAgain)
      return unconfirmed(reply) ? await send() : reply
    } finally {
      await session.endSession()
    }
  }

  async #send(
    { database, call, transaction }: Run,
    command: Doc,
    session: ClientSession | undefined,
  ): Promise<Doc> {
    const { signal } = call
    const reply = await this.#client.db(database).command(this.#complete(command, call, transaction), {
      ...DECODING,
      ...(session ? { session } : {}),
      ...(signal ? { signal } : {}),
    })
    return visible(plainValues(reply) as Doc)
  }

  async #openCursor(run: Run): Promise<Doc> {
    const { name, command, transaction } = run
    if (fitsFirstBatch(name, command)) {
      const reply = await this.#retrying(run, command)
      const { cursor } = reply as { cursor: Doc }
      if (Number(cursor.id) === 0) return { ...reply, cursor: { ...cursor, id: 0 } }
      // More than one message holds: as any other, so that the rest can be had. The server forgets the first try.
    }
    const open = () => this.#firstBatch(run)
    return !transaction && isRetryableRead(name, command) ? retrying(open, isReadAgain) : open()
  }

  async #firstBatch({ database, command, call, transaction }: Run): Promise<Doc> {
    const cursor = this.#client.db(database).runCursorCommand(this.#complete(command, call, transaction), {
      ...DECODING,
      ...(transaction ? { session: transaction.session } : {}),
    })
    const size = isDocument(command.cursor) ? command.cursor.batchSize : command.batchSize
    const hold = size !== undefined && Number(size) === 0
    try {
      return await this.#cursors.first(cursor, call.owner, hold, command.singleBatch === true)
    } catch (error) {
      await cursor.close().catch(() => {})
      throw error
    }
  }

  /** A command with what the connection string and the call say about it. */
  #complete(command: Doc, { maxTimeMS }: Call, transaction: DriverSession | undefined): Doc {
    const name = Object.keys(command)[0] ?? ''
    const { writeConcern, readConcern } = this.#client
    const writes = !transaction && writeConcern && CONFIRMED.has(name) && command.writeConcern === undefined
    const reads = !transaction && readConcern && CONCERNED.has(name) && command.readConcern === undefined
    return {
      ...command,
      ...(writes ? { writeConcern: { ...writeConcern } } : {}),
      ...(reads ? { readConcern: readConcern.toJSON() } : {}),
      ...(maxTimeMS === undefined || command.maxTimeMS !== undefined ? {} : { maxTimeMS }),
    }
  }

  get #retriesWrites(): boolean {
    return this.#facts.replicated && this.#client.options.retryWrites
  }
}

// internals

/** One command on its way. */
interface Run {
  readonly database: string
  readonly name: string
  readonly command: Doc
  readonly call: Call
  readonly transaction: DriverSession | undefined
}

/**
 * How long a server is looked for. Shorter than the 5 s that a function and a database operation have by default, so that
 * they get the reason and not a time-out; a connection string may ask for more with `serverSelectionTimeoutMS`.
 */
const SELECTION_MS = 4_000

/** True when no second batch is to be expected: then a cursor of the driver's would only cost time. */
function fitsFirstBatch(name: string, { limit, batchSize = 101, singleBatch }: Doc): boolean {
  if (name !== 'find') return false
  return singleBatch === true || (Number(limit ?? 0) > 0 && Number(limit) <= Number(batchSize))
}

/** Commands a write concern belongs to. */
const CONFIRMED: ReadonlySet<string> = new Set([
  'insert',
  'update',
  'delete',
  'findAndModify',
  'findandmodify',
  'create',
  'createIndexes',
  'collMod',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'renameCollection',
])

/** Commands a read concern belongs to. */
const CONCERNED: ReadonlySet<string> = new Set(['find', 'aggregate', 'count', 'distinct'])

async function done(work: Promise<void>): Promise<Doc> {
  await work
  return { ok: 1 }
}

function isReadAgain(error: unknown): boolean {
  return worthRetry(error, 'read')
}

function isWriteAgain(error: unknown): boolean {
  return worthRetry(error, 'write')
}

/** A reply without what concerns only the driver. */
function visible(reply: Doc): Doc {
  const { $clusterTime: _time, operationTime: _operation, ok, ...rest } = reply
  return { ...rest, ok: Number(ok) }
}
