/**
 * The fluent API of `uniCloud.database()` (spec/database.md). Runs inside instances: needs the waist and bson, nothing
 * of the engine or the driver.
 */
export { Aggregate, Pipeline } from './aggregate.ts'
export { CollectionReference, newDocument } from './collection.ts'
export {
  createDatabaseApi,
  type DatabaseApi,
  type DatabaseApiOptions,
  type DatabaseCommand,
} from './database-api.ts'
export { DocumentReference } from './document.ts'
export { DatabaseApiError, type DatabaseApiErrorCode } from './errors.ts'
export { createSharedIdState, ObjectIdSource, randomId, type SharedIdState } from './object-id-source.ts'
export {
  type AddManyResult,
  type AddResult,
  type CountResult,
  type DatabaseProfile,
  type DatabaseProvider,
  databaseProfiles,
  type ReadResult,
  type RemoveResult,
  type Row,
  type SetResult,
  type UpdateAndReturnResult,
  type UpdateResult,
} from './profile.ts'
export { Query } from './query.ts'
export { fromStored, type StorageRules, toStored } from './stored-values.ts'
export { Transaction } from './transaction.ts'
