import {
  type ClientSession,
  Collection,
  Db,
  type FindOneAndUpdateOptions,
  MongoClient,
  type RunCommandCursor,
} from 'mongodb'
import { expect } from 'vitest'
import { concerns, type Entities } from './entities.ts'
import type { Doc, Operation } from './spec-file.ts'

/** What an operation needs besides its arguments. */
export interface OperationContext {
  readonly entities: Entities
  /** A client of the runner's own. */
  readonly internal: MongoClient
  /** Runs operations inside `withTransaction`; the first that goes wrong is thrown. */
  run(operations: readonly Operation[]): Promise<void>
  /** Fail points to switch off when the test is over. */
  readonly failPoints: Set<string>
}

/** Runs one operation and gives its result in the shape the test files expect. */
export async function runOperation(operation: Operation, context: OperationContext): Promise<unknown> {
  const { name, object } = operation
  const { session, ...rest } = operation.arguments ?? {}
  const args: Doc = {
    ...concerns(rest),
    ...(session ? { session: context.entities.session(String(session)) } : {}),
  }
  if (object === 'testRunner') return runnerOperation(name, operation.arguments ?? {}, context)
  const target = context.entities.entity(object)
  if (target instanceof Collection) return collectionOperation(name, target, args)
  if (target instanceof Db) return databaseOperation(name, target, args)
  if (target instanceof MongoClient) return clientOperation(name, target, args)
  if (typeof (target as ClientSession).startTransaction === 'function') {
    return sessionOperation(name, target as ClientSession, args, context)
  }
  return cursorOperation(name, context.entities.cursor(object))
}

// internals

function unknownOperation(name: string): never {
  throw new UnknownOperation(`unknown operation ${name}`)
}

/** A failure of the runner, never of the server. */
export class UnknownOperation extends Error {}

async function collectionOperation(name: string, collection: Collection, args: Doc): Promise<unknown> {
  const { filter = {}, ...rest } = args
  switch (name) {
    case 'find':
      return collection.find(filter as Doc, rest).toArray()
    case 'findOne':
      return collection.findOne(filter as Doc, rest)
    case 'createFindCursor':
      return collection.find(filter as Doc, rest)
    case 'aggregate': {
      const { pipeline, ...options } = args
      return collection.aggregate(pipeline as Doc[], options).toArray()
    }
    case 'insertOne': {
      const { document, ...options } = args
      return collection.insertOne(document as Doc, options)
    }
    case 'insertMany': {
      const { documents, ...options } = args
      return collection.insertMany(documents as Doc[], options)
    }
    case 'bulkWrite': {
      const { requests, ...options } = args
      return bulkResult(await collection.bulkWrite(requests as never, options))
    }
    case 'countDocuments':
      return collection.countDocuments(filter as Doc, rest)
    case 'count':
      return collection.count(filter as Doc, rest)
    case 'estimatedDocumentCount':
      return collection.estimatedDocumentCount(args)
    case 'distinct': {
      const { fieldName, ...options } = rest
      return collection.distinct(String(fieldName), filter as Doc, options)
    }
    case 'deleteOne':
      return collection.deleteOne(filter as Doc, rest)
    case 'deleteMany':
      return collection.deleteMany(filter as Doc, rest)
    case 'createIndex': {
      const { keys, ...options } = args
      return collection.createIndex(keys as never, options)
    }
    case 'dropIndex': {
      const { name: index, ...options } = args
      return collection.dropIndex(index as string, options)
    }
    case 'listIndexes':
      return collection.listIndexes(args).toArray()
    default:
      return updateOperation(name, collection, filter as Doc, rest)
  }
}

async function updateOperation(
  name: string,
  collection: Collection,
  filter: Doc,
  rest: Doc,
): Promise<unknown> {
  const { update, replacement, returnDocument, ...shared } = rest
  const options: FindOneAndUpdateOptions = {
    ...shared,
    ...(returnDocument ? { returnDocument: returnDocument === 'After' ? 'after' : 'before' } : {}),
  }
  switch (name) {
    case 'updateOne':
      return updateResult(await collection.updateOne(filter, update as Doc, shared))
    case 'updateMany':
      return updateResult(await collection.updateMany(filter, update as Doc, shared))
    case 'replaceOne':
      return updateResult(await collection.replaceOne(filter, replacement as Doc, shared))
    case 'findOneAndUpdate':
      return collection.findOneAndUpdate(filter, update as Doc, options)
    case 'findOneAndReplace':
      return collection.findOneAndReplace(filter, replacement as Doc, options)
    case 'findOneAndDelete':
      return collection.findOneAndDelete(filter, shared)
    default:
      return unknownOperation(name)
  }
}

async function databaseOperation(name: string, database: Db, args: Doc): Promise<unknown> {
  switch (name) {
    case 'aggregate': {
      const { pipeline, ...options } = args
      return database.aggregate(pipeline as Doc[], options).toArray()
    }
    case 'runCommand': {
      const { command, commandName: _name, ...options } = args
      return database.command(command as Doc, options)
    }
    case 'runCursorCommand':
      return commandCursor(database, args).toArray()
    case 'createCommandCursor': {
      const cursor = commandCursor(database, args)
      // The command is sent now, not with the first document that is asked for.
      await cursor.hasNext()
      return cursor
    }
    case 'createCollection': {
      const { collection, ...options } = args
      return database.createCollection(String(collection), options)
    }
    case 'dropCollection': {
      const { collection, ...options } = args
      return database.dropCollection(String(collection), options)
    }
    case 'modifyCollection': {
      const { collection, ...options } = args
      return database.command({ collMod: collection, ...options })
    }
    case 'listCollections': {
      const { filter = {}, ...options } = args
      return database.listCollections(filter as Doc, options).toArray()
    }
    default:
      return unknownOperation(name)
  }
}

function commandCursor(database: Db, args: Doc): RunCommandCursor {
  const { command, commandName: _name, batchSize, maxTimeMS, comment, ...options } = args
  const cursor = database.runCursorCommand(command as Doc, options)
  if (batchSize !== undefined) cursor.setBatchSize(Number(batchSize))
  if (maxTimeMS !== undefined) cursor.setMaxTimeMS(Number(maxTimeMS))
  if (comment !== undefined) cursor.setComment(comment)
  return cursor
}

async function clientOperation(name: string, client: MongoClient, args: Doc): Promise<unknown> {
  switch (name) {
    case 'listDatabases':
      return (await client.db('admin').admin().listDatabases(args)).databases
    case 'clientBulkWrite': {
      const { models, verboseResults, ...options } = args
      const named = (models as Doc[]).flatMap((model) =>
        Object.entries(model).map(([kind, fields]) => ({ name: kind, ...(fields as Doc) })),
      )
      return client.bulkWrite(named as never, { verboseResults: verboseResults === true, ...options })
    }
    case 'close':
      return client.close()
    default:
      return unknownOperation(name)
  }
}

async function sessionOperation(
  name: string,
  session: ClientSession,
  args: Doc,
  context: OperationContext,
): Promise<unknown> {
  switch (name) {
    case 'startTransaction':
      session.startTransaction(args)
      return undefined
    case 'commitTransaction':
      return session.commitTransaction()
    case 'abortTransaction':
      return session.abortTransaction()
    case 'endSession':
      return session.endSession()
    case 'withTransaction': {
      const { callback, ...options } = args
      await session.withTransaction(() => context.run(callback as Operation[]), options)
      return undefined
    }
    default:
      return unknownOperation(name)
  }
}

async function cursorOperation(name: string, cursor: ReturnType<Entities['cursor']>): Promise<unknown> {
  switch (name) {
    case 'iterateUntilDocumentOrError':
      return cursor.next()
    case 'iterateOnce':
      return cursor.tryNext()
    case 'close':
      return cursor.close()
    default:
      return unknownOperation(name)
  }
}

async function runnerOperation(name: string, args: Doc, context: OperationContext): Promise<unknown> {
  const { entities, internal, failPoints } = context
  const sessionOf = () => entities.session(String(args.session))
  switch (name) {
    case 'failPoint': {
      const command = args.failPoint as Doc
      failPoints.add(String(command.configureFailPoint))
      return internal.db('admin').command(command)
    }
    case 'createEntities':
      entities.create(args.entities as Doc[])
      return undefined
    case 'assertSessionTransactionState':
      return assertState(sessionOf(), String(args.state))
    case 'assertSessionDirty':
      return expect(sessionOf().serverSession.isDirty).toBe(true)
    case 'assertSessionNotDirty':
      return expect(sessionOf().serverSession.isDirty).toBe(false)
    case 'assertSameLsidOnLastTwoCommands':
    case 'assertDifferentLsidOnLastTwoCommands': {
      const [one, two] = entities.lastSessions(String(args.client))
      if (name.includes('Same')) return expect(two).toEqual(one)
      return expect(two).not.toEqual(one)
    }
    case 'assertCollectionExists':
    case 'assertCollectionNotExists': {
      const found = await internal
        .db(String(args.databaseName))
        .listCollections({ name: args.collectionName })
        .toArray()
      return expect(found.length).toBe(name.includes('Not') ? 0 : 1)
    }
    case 'assertIndexExists':
    case 'assertIndexNotExists': {
      const collection = internal.db(String(args.databaseName)).collection(String(args.collectionName))
      const names = await collection.indexes().then(
        (indexes) => indexes.map((index) => index.name),
        (): (string | undefined)[] => [],
      )
      return expect(names.includes(String(args.indexName))).toBe(!name.includes('Not'))
    }
    case 'assertNumberConnectionsCheckedOut':
      return expect(entities.checkedOut(String(args.client))).toBe(args.connections)
    default:
      return unknownOperation(name)
  }
}

function assertState(session: ClientSession, state: string): void {
  const { transaction } = session as unknown as { transaction: { state: string } }
  const names: Record<string, string> = {
    none: 'NO_TRANSACTION',
    starting: 'STARTING_TRANSACTION',
    in_progress: 'TRANSACTION_IN_PROGRESS',
    committed: 'TRANSACTION_COMMITTED',
    aborted: 'TRANSACTION_ABORTED',
  }
  expect(transaction.state).toBe(names[state])
}

function updateResult(result: unknown): Doc {
  const { upsertedId, ...rest } = (result ?? {}) as Doc
  return { ...rest, ...(upsertedId === null || upsertedId === undefined ? {} : { upsertedId }) }
}

/** The members of a bulk result, which the class keeps behind getters. */
export function bulkResult(result: object): Doc {
  const {
    insertedCount,
    matchedCount,
    modifiedCount,
    deletedCount,
    upsertedCount,
    upsertedIds,
    insertedIds,
  } = result as Doc
  return { insertedCount, matchedCount, modifiedCount, deletedCount, upsertedCount, upsertedIds, insertedIds }
}
