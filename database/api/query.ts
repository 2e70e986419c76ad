/**
 * What can be asked of the documents of a collection: `where(...)`, and the collection itself (spec/database.md §4).
 * References are immutable: every method returns a new one, and nothing is sent before `get`, `count`, `update`,
 * `updateAndReturn` or `remove`.
 */
import type { Command } from '../command.ts'
import { encodeWhere } from './encode/condition.ts'
import { refuseNewerInFilter } from './encode/newer-operators.ts'
import { encodeProjection, storedProjection } from './encode/projection.ts'
import { storedFilter } from './encode/stored-condition.ts'
import { encodeUpdate, storedUpdate } from './encode/update.ts'
import { invalidParam } from './errors.ts'
import type { Executor } from './executor.ts'
import { longValuesOfUpdate } from './index-limit.ts'
import type { Doc } from './own-member.ts'
import type {
  CountResult,
  ReadResult,
  RemoveResult,
  Row,
  UpdateAndReturnResult,
  UpdateResult,
} from './profile.ts'
import { rowOf } from './stored-values.ts'

/** What a query has been told so far. */
export interface QueryState {
  /** Absent until `where()`; then updates and removals are allowed. */
  filter?: Doc
  projection?: Doc
  order?: Record<string, 1 | -1>
  skip?: number
  limit?: number
}

const defaultLimit = 100
const largestLimit = 1000

export class Query {
  // Private, so that a logged reference does not print the whole database behind it.
  readonly #executor: Executor
  readonly #collectionName: string
  readonly #state: QueryState

  constructor(executor: Executor, collectionName: string, state: QueryState = {}) {
    this.#executor = executor
    this.#collectionName = collectionName
    this.#state = state
  }

  protected get executor(): Executor {
    return this.#executor
  }

  protected get collectionName(): string {
    return this.#collectionName
  }

  /** @param condition an object, or a logic command; replaces an earlier one */
  where(condition: object): Query {
    return this.#with({ filter: encodeWhere(condition, conditionRules(this.#executor)) })
  }

  /** @param fields members to return (true) or to leave out (false) */
  field(fields: object): Query {
    const projection = encodeProjection(fields, conditionRules(this.#executor))
    return this.#with(projection ? { projection } : {})
  }

  /** Repeatable; the first call weighs most. */
  orderBy(path: string, direction: 'asc' | 'desc'): Query {
    if (typeof path !== 'string' || path === '')
      throw invalidParam('orderBy: the field path must be a string')
    if (direction !== 'asc' && direction !== 'desc') throw invalidParam('排序字符不合法')
    return this.#with({ order: { ...this.#state.order, [path]: direction === 'asc' ? 1 : -1 } })
  }

  skip(count: number): Query {
    return this.#with({ skip: natural('skip', count) })
  }

  /** 100 without it or for 0; 1000 at most. */
  limit(count: number): Query {
    return this.#with({ limit: natural('limit', count) })
  }

  async get(): Promise<ReadResult> {
    return this.#executor.run(async (requestId) => {
      const { order, skip, limit } = this.#state
      const wanted = Math.min(limit || defaultLimit, largestLimit)
      const rows = await this.#executor.readAll({
        find: this.#collectionName,
        filter: this.#filter(),
        ...this.#projection(),
        ...(order ? { sort: order } : {}),
        ...(skip ? { skip } : {}),
        limit: wanted,
        batchSize: wanted,
      })
      if (rows.length === 0) await this.#executor.requireCollection(this.#collectionName)
      return this.#executor.profile.shapes.read(rows.map(rowOf), requestId)
    })
  }

  /** Counts all matches; `skip` and `limit` do not matter. */
  async count(): Promise<CountResult> {
    return this.#executor.run(async (requestId) => {
      const total = await this.#count()
      if (total === 0) await this.#executor.requireCollection(this.#collectionName)
      return this.#executor.profile.shapes.count(total, requestId)
    })
  }

  /** Changes all matches. */
  async update(data: object): Promise<UpdateResult> {
    return this.#executor.run(async (requestId) => {
      const filter = this.#filterOfWrite('update')
      const update = encodeUpdate(data, conditionRules(this.#executor))
      if (Object.keys(update).length === 0) {
        await this.#executor.requireCollection(this.#collectionName)
        return this.#executor.profile.shapes.update(0, requestId)
      }
      const { matched, modified } = await updateWith(this.#executor, this.#collectionName, {
        q: filter,
        u: await sentUpdate(this.#executor, this.#collectionName, update),
        multi: true,
      })
      if (matched === 0) await this.#executor.requireCollection(this.#collectionName)
      return this.#executor.profile.shapes.update(modified, requestId)
    })
  }

  /** Changes the first match and returns it as it is then. */
  async updateAndReturn(data: object): Promise<UpdateAndReturnResult> {
    return this.#executor.run(async (requestId) => {
      if (this.#state.projection) throw invalidParam('updateAndReturn cannot be used after field()')
      if (!this.#state.filter) throw missingQuery()
      const update = encodeUpdate(data, conditionRules(this.#executor))
      const doc = await findAndUpdate(this.#executor, this.#collectionName, {
        filter: this.#filter(),
        update,
        ...(this.#state.order ? { sort: this.#state.order } : {}),
      })
      return this.#executor.profile.shapes.updateAndReturn(doc, requestId)
    })
  }

  /** Deletes all matches. */
  async remove(): Promise<RemoveResult> {
    return this.#executor.run(async (requestId) => {
      const filter = this.#filterOfWrite('remove')
      const deleted = await deleteWith(this.#executor, this.#collectionName, { q: filter, limit: 0 })
      return this.#executor.profile.shapes.remove(deleted, requestId)
    })
  }

  #with(change: Partial<QueryState>): Query {
    return new Query(this.#executor, this.#collectionName, { ...this.#state, ...change })
  }

  #filter(): Doc {
    return sentFilter(this.#executor, this.#state.filter ?? {})
  }

  #projection(): { projection?: Doc } {
    const { projection } = this.#state
    return projection ? { projection: storedProjection(projection, this.#executor.storageRules()) } : {}
  }

  /** The filter of a write to many documents: forbidden in transactions, and never without `where()`. */
  #filterOfWrite(method: 'update' | 'remove'): Doc {
    if (!this.#state.filter) throw missingQuery()
    if (this.#executor.transaction) {
      throw invalidParam(`where().${method}() is not allowed in a transaction, use doc().${method}()`)
    }
    const { order, skip, limit, projection } = this.#state
    if (order || skip !== undefined || limit !== undefined || projection) {
      this.#executor.context.warn(`${method} changes all matches: orderBy, skip, limit and field are ignored`)
    }
    return this.#filter()
  }

  async #count(): Promise<number> {
    const filter = this.#filter()
    if (!this.#executor.transaction) {
      const reply = await this.#executor.command({ count: this.#collectionName, query: filter })
      return Number(reply.n)
    }
    // MongoDB refuses `count` in a transaction.
    const [row] = await this.#executor.readAll({
      aggregate: this.#collectionName,
      pipeline: [{ $match: filter }, { $group: { _id: null, n: { $sum: 1 } } }],
      cursor: {},
    })
    return row === undefined ? 0 : Number((row as { n: unknown }).n)
  }
}

/** How conditions are read for this provider. */
export function conditionRules(executor: Executor): { wholeObjects: boolean; warn(message: string): void } {
  return {
    wholeObjects: executor.profile.wholeObjectConditions,
    warn: (message) => executor.context.warn(message),
  }
}

/** An encoded filter as it is sent now. */
export function sentFilter(executor: Executor, filter: Doc): Doc {
  if (!executor.context.allowNewerOperators) refuseNewerInFilter(filter)
  return storedFilter(filter, executor.storageRules())
}

/** An encoded update as it is sent now. */
export async function sentUpdate(executor: Executor, collection: string, update: Doc): Promise<Doc> {
  await executor.requireIndexable(collection, longValuesOfUpdate(update))
  return storedUpdate(update, executor.storageRules())
}

/** Sends one update statement. */
export async function updateWith(
  executor: Executor,
  collection: string,
  statement: Command,
): Promise<{ matched: number; modified: number; upserted: boolean }> {
  const reply = await executor.command({ update: collection, updates: [statement] })
  const upserted = Array.isArray(reply.upserted) && reply.upserted.length > 0
  return { matched: Number(reply.n), modified: Number(reply.nModified ?? 0), upserted }
}

/** Sends one delete statement. @returns how many documents are gone */
export async function deleteWith(
  executor: Executor,
  collection: string,
  statement: Command,
): Promise<number> {
  const reply = await executor.command({ delete: collection, deletes: [statement] })
  const deleted = Number(reply.n)
  if (deleted === 0) await executor.requireCollection(collection)
  return deleted
}

/** Updates the first match. @returns the new document, or null */
export async function findAndUpdate(
  executor: Executor,
  collection: string,
  { filter, update, sort }: { filter: Doc; update: Doc; sort?: Record<string, 1 | -1> },
): Promise<Row | null> {
  const doc = Object.keys(update).length === 0 ? await findFirst() : await change()
  if (doc) return rowOf(doc)
  await executor.requireCollection(collection)
  return null

  /** Nothing to change: MongoDB before 5.0 refuses an empty update. */
  async function findFirst(): Promise<unknown> {
    const rows = await executor.readAll({ find: collection, filter, ...(sort ? { sort } : {}), limit: 1 })
    return rows[0]
  }

  async function change(): Promise<unknown> {
    const reply = await executor.command({
      findAndModify: collection,
      query: filter,
      ...(sort ? { sort } : {}),
      update: await sentUpdate(executor, collection, update),
      new: true,
    })
    return reply.value
  }
}

// internals

function missingQuery(): Error {
  return invalidParam("param should have required property 'query'")
}

function natural(name: string, count: unknown): number {
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
  throw invalidParam(`${name} must be integer and not negative`)
}
