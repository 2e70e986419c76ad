/**
 * The providers' differences in the database, in one table (spec/database.md §2).
 */

/** The cloud whose manners the database shows. `dcloud`, the self-hosted edition, behaves as aliyun. */
export type DatabaseProvider = 'aliyun' | 'tencent' | 'alipay' | 'dcloud'

/** A document as functions see it; which members it has is the project's own business. */
export type Row = Record<string, unknown>

/** What every result may carry beside its own members: aliyun and alipay the one, tencent the other. */
export interface Answer {
  affectedDocs?: number
  requestId?: string
}

export interface ReadResult extends Answer {
  data: Row[]
}

export interface CountResult extends Answer {
  total: number
}

export interface AddResult extends Answer {
  id: string
}

export interface AddManyResult extends Answer {
  ids: string[]
  inserted?: number
}

export interface UpdateResult extends Answer {
  updated: number
}

export interface UpdateAndReturnResult extends UpdateResult {
  doc: Row | null
}

export interface SetResult extends UpdateResult {
  /** Null when the document was there. */
  upsertedId?: unknown
}

export interface RemoveResult extends Answer {
  deleted: number
}

/** How results look; `requestId` is only used where the provider returns one. */
export interface ResultShapes {
  read(data: Row[], requestId: string): ReadResult
  count(total: number, requestId: string): CountResult
  addOne(id: string, requestId: string): AddResult
  addMany(ids: string[], requestId: string): AddManyResult
  update(updated: number, requestId: string): UpdateResult
  updateAndReturn(doc: Row | null, requestId: string): UpdateAndReturnResult
  set(updated: number, upsertedId: unknown, requestId: string): SetResult
  remove(deleted: number, requestId: string): RemoveResult
  createCollection(requestId: string): object
  /** Inside a transaction some results differ (spec/database.md §12). */
  transaction: {
    readOne(doc: Row | null, requestId: string): { data: Row | null }
    addOne(id: string, requestId: string): AddResult
    set(updated: number, upsertedId: unknown, requestId: string): SetResult
    end(requestId: string): object
  }
}

export interface DatabaseProfile {
  /** 24-hex strings become ObjectIds, in data, conditions and aggregation literals. */
  objectIds: boolean
  /** ISO strings become Dates, in data and conditions. */
  isoDates: boolean
  /** How an `_id` that the caller left out is made. */
  generatedId: 'ascending-24' | 'random-32'
  /** Writing creates a missing collection and reading finds it empty; otherwise both are errors. */
  implicitCollections: boolean
  createCollection: boolean
  runTransaction: boolean
  documentUpdateAndReturn: boolean
  /** A plain object in a condition without commands is compared as a whole (known issue of alipay). */
  wholeObjectConditions: boolean
  /** Rows of an aggregation without a `limit` stage. */
  aggregateRows?: number
  /** Documents of one `add(array)`. */
  addBatch?: number
  sparseIndexes: boolean
  ttlIndexes: boolean
  /** Of a space: collections, indexes, and indexes of one collection. Exceeding them is remarked, not refused. */
  limits: { collections?: number; indexes?: number; collectionIndexes?: number }
  shapes: ResultShapes
}

/** Shapes of aliyun and alipay. */
const affectedDocsShapes: ResultShapes = {
  read: (data) => ({ affectedDocs: data.length, data }),
  count: (total) => ({ affectedDocs: total, total }),
  addOne: (id) => ({ id }),
  addMany: (ids) => ({ ids, inserted: ids.length }),
  update: (updated) => ({ affectedDocs: updated, updated }),
  updateAndReturn: (doc) => ({ updated: doc ? 1 : 0, doc }),
  set: (updated, upsertedId) => ({ affectedDocs: 1, updated, upsertedId }),
  remove: (deleted) => ({ affectedDocs: deleted, deleted }),
  createCollection: () => ({}),
  transaction: {
    readOne: (doc) => ({ data: doc }),
    addOne: (id) => ({ id }),
    set: (updated, upsertedId) => ({ affectedDocs: 1, updated, upsertedId }),
    end: () => ({}),
  },
}

/** Shapes of tencent. */
const requestIdShapes: ResultShapes = {
  read: (data, requestId) => ({ requestId, data }),
  count: (total, requestId) => ({ requestId, total }),
  addOne: (id, requestId) => ({ requestId, id }),
  addMany: (ids, requestId) => ({ requestId, ids }),
  update: (updated, requestId) => ({ requestId, updated }),
  updateAndReturn: (doc, requestId) => ({ requestId, updated: doc ? 1 : 0, doc }),
  set: (updated, upsertedId, requestId) => ({ requestId, updated, upsertedId }),
  remove: (deleted, requestId) => ({ requestId, deleted }),
  createCollection: (requestId) => ({ requestId }),
  transaction: {
    readOne: (doc, requestId) => ({ requestId, data: doc }),
    addOne: (id, requestId) => ({ requestId, inserted: 1, ok: 1, id }),
    set: (updated, upsertedId, requestId) => ({
      requestId,
      updated,
      upserted: upsertedId === null ? null : [{ _id: upsertedId }],
    }),
    end: (requestId) => ({ requestId }),
  },
}

const aliyun: DatabaseProfile = {
  objectIds: true,
  isoDates: true,
  generatedId: 'ascending-24',
  implicitCollections: true,
  createCollection: false,
  runTransaction: false,
  documentUpdateAndReturn: true,
  wholeObjectConditions: false,
  sparseIndexes: true,
  ttlIndexes: true,
  limits: { collections: 100, indexes: 400 },
  shapes: affectedDocsShapes,
}

const tencent: DatabaseProfile = {
  objectIds: false,
  isoDates: false,
  generatedId: 'random-32',
  implicitCollections: false,
  createCollection: true,
  runTransaction: true,
  documentUpdateAndReturn: false,
  wholeObjectConditions: false,
  aggregateRows: 20,
  sparseIndexes: false,
  ttlIndexes: false,
  limits: { collections: 300, collectionIndexes: 20 },
  shapes: requestIdShapes,
}

const alipay: DatabaseProfile = {
  objectIds: false,
  isoDates: false,
  generatedId: 'ascending-24',
  implicitCollections: false,
  createCollection: true,
  runTransaction: true,
  documentUpdateAndReturn: true,
  wholeObjectConditions: true,
  addBatch: 1000,
  sparseIndexes: false,
  ttlIndexes: false,
  limits: { collections: 100, collectionIndexes: 20 },
  shapes: affectedDocsShapes,
}

export const databaseProfiles: Readonly<Record<DatabaseProvider, DatabaseProfile>> = {
  aliyun,
  tencent,
  alipay,
  dcloud: { ...aliyun, limits: {} },
}
