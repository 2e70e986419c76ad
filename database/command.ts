/**
 * The narrow waist of the database (spec/embedded-database.md §4): MongoDB command documents in, replies out,
 * one error type. Everything above (fluent API, JQL, seeds, console) and everything below (embedded engine,
 * official driver) meets here and nowhere else.
 */

/** One MongoDB command document, without `$db`, `lsid` and `txnNumber`; the first key names the command. */
export type Command = Readonly<Record<string, unknown>>

/** A command's reply as the server would send it (`ok: 1`, `cursor`, `n`, `writeErrors` …). */
export type Reply = Readonly<Record<string, unknown>>

/** Options that travel beside a command, not inside it. */
export interface CallOptions {
  /** Runs the command in this session, and in its transaction when one is open. */
  session?: SessionHandle
  signal?: AbortSignal
  /** Upper bound of the run in milliseconds; past it the command rejects with code 50. */
  maxTimeMS?: number
}

/** A logical session: at most one open transaction at a time. */
export interface SessionHandle {
  readonly id: string
  readonly inTransaction: boolean
  /** Opens a transaction; the snapshot is taken at once. */
  startTransaction(options?: TransactionOptions): Promise<void>
  commitTransaction(): Promise<void>
  abortTransaction(): Promise<void>
  /** Ends the session; an open transaction is aborted. */
  end(): Promise<void>
}

export interface TransactionOptions {
  /** Milliseconds from start until the database aborts the transaction by itself. Default 60,000; uniCloud uses 10,000. */
  lifetimeMS?: number
}

/** One committed change of one document. */
export interface Change {
  /** Ever-increasing number of the commit. */
  seq: number
  database: string
  collection: string
  kind: 'insert' | 'update' | 'replace' | 'delete' | 'drop'
  id?: unknown
  document?: Readonly<Record<string, unknown>>
  time: Date
}

/** What every carrier (embedded engine, port client, official driver) implements. */
export interface DocumentDatabase extends AsyncDisposable {
  readonly kind: 'embedded' | 'driver'
  /**
   * Runs one command.
   * @throws DatabaseError when the server would answer `ok: 0`. Write errors inside an `ok: 1` reply stay in the reply.
   */
  command(database: string, command: Command, options?: CallOptions): Promise<Reply>
  startSession(): SessionHandle
  /** Calls the listener for each committed change, in order. */
  watch?(listener: (change: Change) => void): Disposable
  describe(): { uri?: string; server: string; transactions: boolean; changeFeed: boolean }
}

/** What a failed command carries besides its text. */
export interface DatabaseErrorDetails {
  code: number
  codeName: string
  errorLabels?: string[]
  writeErrors?: ReadonlyArray<Readonly<Record<string, unknown>>>
  keyPattern?: Readonly<Record<string, unknown>>
  keyValue?: Readonly<Record<string, unknown>>
  errInfo?: Readonly<Record<string, unknown>>
  cause?: unknown
}

/** The one error of the waist; the same class on every carrier. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: number
  readonly codeName: string
  readonly errorLabels: string[]
  readonly writeErrors?: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly keyPattern?: Readonly<Record<string, unknown>>
  readonly keyValue?: Readonly<Record<string, unknown>>
  readonly errInfo?: Readonly<Record<string, unknown>>

  constructor(message: string, details: DatabaseErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.codeName = details.codeName
    this.errorLabels = details.errorLabels ?? []
    if (details.writeErrors) this.writeErrors = details.writeErrors
    if (details.keyPattern) this.keyPattern = details.keyPattern
    if (details.keyValue) this.keyValue = details.keyValue
    if (details.errInfo) this.errInfo = details.errInfo
  }

  hasErrorLabel(label: string): boolean {
    return this.errorLabels.includes(label)
  }
}
