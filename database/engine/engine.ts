import { type Clock, SystemClock } from '../../clock/clock.ts'
import type { CallOptions, Change, Command, DocumentDatabase, Reply, SessionHandle } from '../command.ts'
import { databaseError } from './errors.ts'
import { type Call, Executor } from './executor.ts'
import { Housekeeping } from './housekeeping.ts'
import { EMBEDDED } from './port-client.ts'
import type { PortCarrier } from './port-server.ts'
import { EmbeddedSession, sessionCall } from './session-handle.ts'
import { EngineState } from './state.ts'
import type { Durability, Storage, Store } from './store/contract.ts'
import { JournalStore } from './store/journal-store.ts'
import { LmdbStore } from './store/lmdb/lmdb-store.ts'
import { MemoryStore } from './store/memory-store.ts'
import { deepClone } from './values/clone.ts'
import { normalizeDocument } from './values/normalize.ts'
import type { Doc } from './values/types.ts'

export interface EmbeddedOptions {
  /** Folder of the data files; without one everything is gone when the engine is closed. */
  directory?: string
  /** How the folder keeps the data: see {@link Storage}. Default `journal`. */
  storage?: Storage
  /** Default `os`; see {@link Durability}. */
  durability?: Durability
  /** Time of `$$NOW`, TTL, sessions and transactions. Default: the machine's. */
  clock?: Clock
  /** Gets one line for everything the user should know but that fails nothing. */
  warn?: (text: string) => void
  /** Allows `$where`, which runs the caller's code in the engine's thread. Default false. */
  javascript?: boolean
  /** Marks the folder's lock as this owner's; see {@link FolderLock}. */
  lockToken?: string
  /** Smallest journal worth a checkpoint, in bytes. Default 8 MB. */
  checkpointBytes?: number
  /** With `lmdb`: bytes, in BSON, of documents kept decoded. Default 32 MB. */
  cacheBytes?: number
}

/**
 * The embedded engine in the caller's own thread: for tests, single runs and bundles. Spaces reach it through
 * {@link PortDatabase} instead, so that a long scan holds up nobody.
 */
export class EmbeddedDatabase implements DocumentDatabase, PortCarrier {
  readonly kind = 'embedded'
  readonly state: EngineState
  readonly #executor: Executor
  readonly #housekeeping: Housekeeping
  #closed: Promise<void> | undefined

  /** @throws DatabaseError when the folder is in use, damaged, or cannot be written */
  constructor(options: EmbeddedOptions = {}) {
    this.state = new EngineState(
      openStore(options),
      options.clock ?? new SystemClock(),
      options.javascript ?? false,
    )
    this.#executor = new Executor(this.state)
    this.#housekeeping = new Housekeeping(this.state, this.#executor, options.warn ?? (() => {}))
  }

  async command(database: string, command: Command, options: CallOptions = {}): Promise<Reply> {
    const { session, ...rest } = options
    const call: Call = session ? { ...rest, session: sessionCall(session) } : rest
    const reply = this.execute(database, normalizeDocument(command), call)
    return deepClone(reply instanceof Promise ? await reply : reply)
  }

  /**
   * Runs a command for a carrier: values are normalised already, and the reply still shares structure with stored
   * documents. It is no promise when there was nothing to wait for.
   * @throws DatabaseError at once or as a rejection
   */
  execute(database: string, command: Doc, call: Call = {}): Doc | Promise<Doc> {
    if (this.#closed) throw databaseError(91, 'The embedded database is closed')
    return this.#executor.execute(database, command, call)
  }

  startSession(): SessionHandle {
    return new EmbeddedSession(this)
  }

  watch(listener: (change: Change) => void): Disposable {
    return this.listen((changes) => {
      for (const change of changes) listener(deepClone(change))
    })
  }

  /** For carriers: the changes as they are, once per commit. */
  listen(listener: (changes: readonly Change[]) => void): Disposable {
    return this.state.feed.listen((changes) => {
      listener(changes.map(({ index: _index, update: _update, ...change }) => change))
    })
  }

  /** For carriers: ends what a client has left open. */
  release(owner: object, sessions: Iterable<string>): void {
    for (const session of sessions) this.state.sessions.end(session)
    this.state.cursors.killWhere((cursor) => cursor.owner === owner)
  }

  describe(): { server: string; transactions: boolean; changeFeed: boolean } {
    const { kind: _kind, ...about } = EMBEDDED
    return about
  }

  /** Tells other processes that want the folder where the database can be reached. */
  announce(uri: string): void {
    this.state.store.announce(uri)
  }

  /** Resolves when what the clock has made the engine do by itself (removing what has expired) is done. */
  settled(): Promise<void> {
    return this.#housekeeping.settled()
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
    // Whoever reads in turns must not go on with a store that is closed.
    await this.#executor.close()
    this.state.cursors.killWhere(() => true)
    await this.state.store.close()
  }
}

// internals

function openStore(options: EmbeddedOptions): Store {
  const { directory, durability = 'os', warn = () => {}, lockToken, checkpointBytes, cacheBytes } = options
  if (directory === undefined) return new MemoryStore()
  const common = { directory, durability, warn, ...(lockToken === undefined ? {} : { lockToken }) }
  if (options.storage === 'lmdb')
    return new LmdbStore({ ...common, ...(cacheBytes === undefined ? {} : { cacheBytes }) })
  return new JournalStore({ ...common, ...(checkpointBytes === undefined ? {} : { checkpointBytes }) })
}
