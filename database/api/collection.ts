/**
 * `db.collection(name)` (spec/database.md §4).
 */
import { Aggregate } from './aggregate.ts'
import { DocumentReference } from './document.ts'
import { encodeDocument } from './encode/update.ts'
import { invalidParam } from './errors.ts'
import type { Executor } from './executor.ts'
import { longValues } from './index-limit.ts'
import type { Doc } from './own-member.ts'
import type { AddManyResult, AddResult } from './profile.ts'
import { Query } from './query.ts'
import { isDocument } from './snapshot.ts'
import { idOf, toStored } from './stored-values.ts'

export class CollectionReference extends Query {
  constructor(executor: Executor, name: string) {
    super(executor, checkCollectionName(name))
  }

  /** One document by its `_id`. */
  doc(id: string | number): DocumentReference {
    return new DocumentReference(this.executor, this.collectionName, id)
  }

  /**
   * Adds one document, or several in order: the first that fails stops, earlier ones stay.
   *
   * @param data a document or an array of documents; an `_id` may be given as string or number
   */
  async add(data: readonly object[]): Promise<AddManyResult>
  async add(data: object): Promise<AddResult>
  async add(data: object): Promise<AddResult | AddManyResult> {
    return this.executor.run(async (requestId) => {
      this.#checkAdd(data)
      const several = Array.isArray(data)
      const documents = (several ? data : [data]).map((document) => this.#newDocument(document))
      await this.executor.requireCreatable(this.collectionName)
      await this.#insert(documents)
      const { shapes } = this.executor.profile
      const ids = documents.map((document) => idOf(document._id))
      if (several) return shapes.addMany(ids, requestId)
      const id = ids[0] as string
      return this.executor.transaction
        ? shapes.transaction.addOne(id, requestId)
        : shapes.addOne(id, requestId)
    })
  }

  /** A pipeline on this collection. Unlike references it is changed by its methods. */
  aggregate(): Aggregate {
    if (this.executor.transaction) throw invalidParam('aggregate() is not allowed in a transaction')
    return new Aggregate(this.executor, this.collectionName)
  }

  /** In order: what stands before a document that cannot be indexed is inserted. */
  async #insert(documents: Doc[]): Promise<void> {
    for (const [at, document] of documents.entries()) {
      try {
        await this.executor.requireIndexable(this.collectionName, longValues(document))
      } catch (error) {
        if (at > 0) await this.#send(documents.slice(0, at))
        throw error
      }
    }
    await this.#send(documents)
  }

  async #send(documents: Doc[]): Promise<void> {
    await this.executor.command({ insert: this.collectionName, documents, ordered: true })
  }

  #checkAdd(data: unknown): void {
    if (!Array.isArray(data)) {
      if (!isDocument(data)) throw invalidParam('add: 参数必需是对象或对象数组')
      return
    }
    if (this.executor.transaction) {
      throw invalidParam('add: an array is not allowed in a transaction, add one document at a time')
    }
    if (data.length === 0 || !data.every(isDocument)) throw invalidParam('add: 参数必需是对象或非空对象数组')
    const most = this.executor.profile.addBatch
    if (most !== undefined && data.length > most) {
      throw invalidParam(`add: ${data.length} documents at once, at most ${most} are allowed`)
    }
  }

  #newDocument(data: Doc): Doc {
    const { context } = this.executor
    return newDocument(data, {
      newId: context.newId,
      warn: context.warn,
      stored: (document) => toStored(document, this.executor.storageRules()) as Doc,
    })
  }
}

/**
 * A document ready to be inserted: converted, its `_id` first, generated where the caller gave none.
 *
 * @throws DatabaseApiError INVALID_PARAM for an `_id` that is neither string nor number
 */
export function newDocument(
  data: Doc,
  make: { newId(): string; warn(message: string): void; stored(document: Doc): Doc },
): Doc {
  const { _id, ...rest } = encodeDocument(data, make.warn)
  return make.stored({ _id: checkId(_id ?? make.newId()), ...rest })
}

/** @throws DatabaseApiError INVALID_PARAM */
export function checkCollectionName(name: unknown): string {
  if (typeof name !== 'string' || name === '') throw invalidParam('Collection name is required')
  return name
}

// internals

function checkId(id: unknown): unknown {
  if (typeof id === 'string' || typeof id === 'number') return id
  if (typeof id === 'object' && id !== null && '_bsontype' in id) return id
  throw invalidParam('add: _id必须为字符串或数字')
}
