/**
 * Sends commands of one `db` object to the waist and turns failures into uniCloud's errors. One executor per `db`,
 * and one more per transaction (`inTransaction`).
 */
import type { Command, DocumentDatabase, Reply } from '../command.ts'
import { DatabaseError } from '../command.ts'
import { collectionMissing, toApiError } from './errors.ts'
import { type LongValue, refuseLongValues } from './index-limit.ts'
import type { Now } from './object-id-source.ts'
import type { DatabaseProfile } from './profile.ts'
import type { StorageRules } from './stored-values.ts'
import type { TransactionState } from './transaction-state.ts'

/** What everything below `db` shares. */
export interface ApiContext {
  readonly database: DocumentDatabase
  readonly name: string
  readonly profile: DatabaseProfile
  readonly clock: Now
  readonly allowNewerOperators: boolean
  /** Upper bound of one operation, milliseconds. */
  readonly timeoutMS: number
  requestId(): string
  warn(message: string): void
  /** A new `_id` in the provider's manner. */
  newId(): string
}

export class Executor {
  readonly context: ApiContext
  readonly transaction: TransactionState | undefined

  constructor(context: ApiContext, transaction?: TransactionState) {
    this.context = context
    this.transaction = transaction
  }

  get profile(): DatabaseProfile {
    return this.context.profile
  }

  /** Rules for values, with the time of now. */
  storageRules(): StorageRules {
    const { profile, clock } = this.context
    return { objectIds: profile.objectIds, isoDates: profile.isoDates, now: clock.now() }
  }

  /**
   * Runs one operation: its own errors and the database's leave as DatabaseApiErrors with this request's id.
   *
   * @param operation gets the request id for its result
   */
  async run<T>(operation: (requestId: string) => Promise<T>): Promise<T> {
    const requestId = this.context.requestId()
    try {
      this.transaction?.requireOpen()
      return await operation(requestId)
    } catch (error) {
      throw toApiError(error, { database: this.context.name, requestId })
    }
  }

  /** Sends one command. Write errors inside its reply are thrown, too. */
  async command(command: Command): Promise<Reply> {
    const { database, name, timeoutMS } = this.context
    if (!this.transaction)
      return raiseWriteErrors(await database.command(name, command, { maxTimeMS: timeoutMS }))
    const { session } = this.transaction
    try {
      return raiseWriteErrors(await database.command(name, command, { session, maxTimeMS: timeoutMS }))
    } catch (error) {
      throw this.transaction.noticeAbort(error)
    }
  }

  /** Runs `find` or `aggregate` and fetches all its batches. */
  async readAll(command: Command): Promise<unknown[]> {
    let cursor = (await this.command(command)).cursor as Cursor
    const rows = [...(cursor.firstBatch ?? [])]
    const collection = Object.values(command)[0]
    while (hasMore(cursor)) {
      cursor = (await this.command({ getMore: cursor.id, collection })).cursor as Cursor
      for (const row of cursor.nextBatch ?? []) rows.push(row)
    }
    return rows
  }

  /** Refuses a missing collection where the provider does (spec/database.md §2). Call it when nothing was found. */
  async requireCollection(collection: string): Promise<void> {
    if (!this.profile.implicitCollections && !(await this.#exists(collection)))
      throw collectionMissing(collection)
  }

  /** Refuses a missing collection where writing would create it: other providers, and transactions (§12). */
  async requireCreatable(collection: string): Promise<void> {
    if (this.profile.implicitCollections && !this.transaction) return
    if (await this.#exists(collection)) return
    throw collectionMissing(
      collection,
      this.transaction
        ? ': a transaction cannot create it (Cannot create namespace in multi-document transaction)'
        : '',
    )
  }

  /** Refuses values that are too long for an index of the collection. */
  async requireIndexable(collection: string, values: readonly LongValue[]): Promise<void> {
    if (values.length === 0) return
    const indexes = await this.#list({ listIndexes: collection }).catch((error: unknown) => {
      // A collection that will be created has the index on _id only.
      if (error instanceof DatabaseError && error.code === 26) return [{ name: '_id_', key: { _id: 1 } }]
      throw error
    })
    refuseLongValues(values, indexes as Array<{ name: string; key: object }>)
  }

  async #exists(collection: string): Promise<boolean> {
    const found = await this.#list({ listCollections: 1, filter: { name: collection }, nameOnly: true })
    return found.length > 0
  }

  /** Outside any transaction: listing inside one is refused. */
  async #list(command: Command): Promise<unknown[]> {
    const { database, name, timeoutMS } = this.context
    const reply = await database.command(name, command, { maxTimeMS: timeoutMS })
    return (reply.cursor as Cursor).firstBatch ?? []
  }
}

// internals

interface Cursor {
  id: unknown
  firstBatch?: unknown[]
  nextBatch?: unknown[]
}

/** Cursor ids are 0 at the end; a number, a bigint or a Long otherwise. */
function hasMore({ id }: Cursor): boolean {
  return id !== undefined && id !== null && String(id) !== '0'
}

function raiseWriteErrors(reply: Reply): Reply {
  const errors = reply.writeErrors
  if (!Array.isArray(errors) || errors.length === 0) return reply
  const first = errors[0] as WriteError
  throw new DatabaseError(first.errmsg, {
    code: first.code,
    codeName: first.codeName ?? '',
    writeErrors: errors,
    ...(first.keyPattern ? { keyPattern: first.keyPattern } : {}),
    ...(first.keyValue ? { keyValue: first.keyValue } : {}),
  })
}

interface WriteError {
  code: number
  codeName?: string
  errmsg: string
  keyPattern?: Readonly<Record<string, unknown>>
  keyValue?: Readonly<Record<string, unknown>>
}
