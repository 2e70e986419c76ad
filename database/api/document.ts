/**
 * `collection.doc(id)` (spec/database.md §4).
 */
import { encodeProjection, storedProjection } from './encode/projection.ts'
import { encodeReplacement, encodeUpdate } from './encode/update.ts'
import { invalidParam } from './errors.ts'
import type { Executor } from './executor.ts'
import { longValues } from './index-limit.ts'
import type { Doc } from './own-member.ts'
import type { ReadResult, RemoveResult, SetResult, UpdateAndReturnResult, UpdateResult } from './profile.ts'
import { conditionRules, deleteWith, findAndUpdate, sentUpdate, updateWith } from './query.ts'
import { fromStored, rowOf, toStored } from './stored-values.ts'

export class DocumentReference {
  readonly #executor: Executor
  readonly #collection: string
  readonly #id: string | number
  readonly #projection: Doc | undefined

  constructor(executor: Executor, collection: string, id: string | number, projection?: Doc) {
    if (typeof id !== 'string' && typeof id !== 'number') throw invalidParam('docId必须为字符串或数字')
    this.#executor = executor
    this.#collection = collection
    this.#id = id
    this.#projection = projection
    // tencent has it on where() only (spec/database.md §2).
    if (!executor.profile.documentUpdateAndReturn) {
      Object.defineProperty(this, 'updateAndReturn', { value: undefined })
    }
  }

  /** @param fields members to return (true) or to leave out (false) */
  field(fields: object): DocumentReference {
    const projection = encodeProjection(fields, conditionRules(this.#executor))
    return new DocumentReference(this.#executor, this.#collection, this.#id, projection ?? this.#projection)
  }

  /** `data` is an array of one or none; inside a transaction the document itself or null. */
  async get(): Promise<ReadResult> {
    return this.#executor.run(async (requestId) => {
      const rules = this.#executor.storageRules()
      const rows = await this.#executor.readAll({
        find: this.#collection,
        filter: this.#filter(),
        ...(this.#projection ? { projection: storedProjection(this.#projection, rules) } : {}),
        limit: 1,
      })
      if (rows.length === 0) await this.#executor.requireCollection(this.#collection)
      const data = rows.map(rowOf)
      const { shapes } = this.#executor.profile
      if (!this.#executor.transaction) return shapes.read(data, requestId)
      // What a transaction reads is the document itself (spec/database.md §12); outside of one it is a list.
      return shapes.transaction.readOne(data[0] ?? null, requestId) as unknown as ReadResult
    })
  }

  async update(data: object): Promise<UpdateResult> {
    return this.#executor.run(async (requestId) => {
      const update = encodeUpdate(data, conditionRules(this.#executor))
      const { shapes } = this.#executor.profile
      if (Object.keys(update).length === 0) {
        await this.#executor.requireCollection(this.#collection)
        return shapes.update(0, requestId)
      }
      const { matched, modified } = await updateWith(this.#executor, this.#collection, {
        q: this.#filter(),
        u: await sentUpdate(this.#executor, this.#collection, update),
      })
      if (matched === 0) await this.#executor.requireCollection(this.#collection)
      return shapes.update(modified, requestId)
    })
  }

  /** Changes the document and returns it as it is then. Absent on tencent. */
  async updateAndReturn(data: object): Promise<UpdateAndReturnResult> {
    return this.#executor.run(async (requestId) => {
      if (this.#projection) throw invalidParam('updateAndReturn cannot be used after field()')
      const update = encodeUpdate(data, conditionRules(this.#executor))
      const doc = await findAndUpdate(this.#executor, this.#collection, { filter: this.#filter(), update })
      return this.#executor.profile.shapes.updateAndReturn(doc, requestId)
    })
  }

  /** Replaces the document, or creates it. */
  async set(data: object): Promise<SetResult> {
    return this.#executor.run(async (requestId) => {
      const replacement = encodeReplacement(data, (message) => this.#executor.context.warn(message))
      await this.#executor.requireCreatable(this.#collection)
      await this.#executor.requireIndexable(this.#collection, longValues({ _id: this.#id, ...replacement }))
      const { upserted } = await updateWith(this.#executor, this.#collection, {
        q: this.#filter(),
        u: toStored(replacement, this.#executor.storageRules()),
        upsert: true,
      })
      const { shapes } = this.#executor.profile
      const set = this.#executor.transaction ? shapes.transaction.set : shapes.set
      // An existing document counts as updated even if it stays the same (spec/database.md §2).
      return upserted ? set(0, fromStored(this.#storedId()), requestId) : set(1, null, requestId)
    })
  }

  async remove(): Promise<RemoveResult> {
    return this.#executor.run(async (requestId) => {
      const deleted = await deleteWith(this.#executor, this.#collection, { q: this.#filter(), limit: 1 })
      return this.#executor.profile.shapes.remove(deleted, requestId)
    })
  }

  #storedId(): unknown {
    return toStored(this.#id, this.#executor.storageRules())
  }

  #filter(): Doc {
    return { _id: this.#storedId() }
  }
}
