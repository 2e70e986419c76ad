/**
 * `uniCloud.database()`: the database as cloud functions and cloud objects see it (spec/database.md §3).
 */
import type { DocumentDatabase } from '../command.ts'
import { Pipeline } from './aggregate.ts'
import { CollectionReference, checkCollectionName } from './collection.ts'
import { createExpressionCommands, type ExpressionCommands } from './commands/aggregate-commands.ts'
import { projectionCommands } from './commands/projection-command.ts'
import { QueryCommand } from './commands/query-command.ts'
import { updateCommands } from './commands/update-command.ts'
import { type ApiContext, Executor } from './executor.ts'
import { Geo } from './geo.ts'
import { type Now, ObjectIdSource, randomId } from './object-id-source.ts'
import { type DatabaseProvider, databaseProfiles } from './profile.ts'
import { conditionRules } from './query.ts'
import { type Callable, callable, RegExpValue, ServerDate } from './server-values.ts'
import { snapshot } from './snapshot.ts'
import { Transaction } from './transaction.ts'

export interface DatabaseApiOptions {
  /** The waist. */
  database: DocumentDatabase
  /** MongoDB database name of the space. */
  name: string
  provider: DatabaseProvider
  /** The space's clock: `serverDate` and generated ids read it. */
  clock: Now
  /** Id of the request that is running, for results and errors. */
  requestId(): string
  /** Remarks about the user's code. */
  warn(message: string): void
  /** Operators newer than MongoDB 4.0; they would fail online. Default false. */
  allowNewerOperators?: boolean
  /** Upper bound of one operation in milliseconds. Default 5000, uniCloud's. */
  defaultTimeoutMS?: number
  /** Source of ascending ids; hand the same one to every api of an instance, and share its state in a space. */
  ids?: ObjectIdSource
}

type QueryCommandName = Exclude<keyof QueryCommand, 'node' | symbol>

/** `db.command`. */
export type DatabaseCommand = Pick<QueryCommand, QueryCommandName> &
  typeof updateCommands & {
    /** An aggregation expression as a condition. */
    expr(expression: unknown): { $expr: unknown }
    readonly project: typeof projectionCommands
    readonly aggregate: ExpressionCommands & {
      /** Stages without a collection, for `lookup`. */
      pipeline(): Pipeline
    }
  }

export interface DatabaseApi {
  readonly command: DatabaseCommand
  readonly Geo: typeof Geo
  readonly RegExp: Callable<ConstructorParameters<typeof RegExpValue>, RegExpValue>
  readonly serverDate: Callable<ConstructorParameters<typeof ServerDate>, ServerDate>
  collection(name: string): CollectionReference
  startTransaction(): Promise<Transaction>
  /** Absent on aliyun. @param times executions at most, default 3 */
  runTransaction?<T>(callback: (transaction: Transaction) => Promise<T> | T, times?: number): Promise<T>
  /** Absent on aliyun, where writing creates collections. */
  createCollection?(name: string): Promise<object>
}

/** Builds one `db` object. It is light: all of a space share the store behind the waist. */
export function createDatabaseApi(options: DatabaseApiOptions): DatabaseApi {
  const context = createContext(options)
  const executor = new Executor(context)
  return {
    command: createCommand(executor),
    Geo,
    RegExp: callable(RegExpValue),
    serverDate: callable(ServerDate),
    collection: (name) => new CollectionReference(executor, name),
    startTransaction: () => Transaction.start(context),
    ...(context.profile.runTransaction
      ? {
          runTransaction: <T>(callback: (transaction: Transaction) => Promise<T> | T, times = 3) =>
            Transaction.run(context, callback, times),
        }
      : {}),
    ...(context.profile.createCollection
      ? { createCollection: (name: string) => createCollection(executor, name) }
      : {}),
  }
}

// internals

const defaultTimeoutMS = 5000

function createContext(options: DatabaseApiOptions): ApiContext {
  const profile = databaseProfiles[options.provider]
  const ids = options.ids ?? new ObjectIdSource(options.clock)
  return {
    database: options.database,
    name: options.name,
    profile,
    clock: options.clock,
    allowNewerOperators: options.allowNewerOperators ?? false,
    timeoutMS: options.defaultTimeoutMS ?? defaultTimeoutMS,
    requestId: () => options.requestId(),
    warn: (message) => options.warn(message),
    newId: profile.generatedId === 'random-32' ? randomId : () => ids.next(),
  }
}

const queryCommandNames = [
  ...['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'all', 'exists', 'mod', 'size', 'elemMatch'],
  ...['geoNear', 'geoWithin', 'geoIntersects', 'and', 'or', 'nor', 'not'],
] as QueryCommandName[]

function createCommand(executor: Executor): DatabaseCommand {
  const start = new QueryCommand()
  // Loose functions, because real code takes them apart: `const { gt, lt } = db.command`.
  const query = Object.fromEntries(
    queryCommandNames.map((name) => [name, start[name].bind(start)]),
  ) as unknown as Pick<QueryCommand, QueryCommandName>
  return {
    ...query,
    ...updateCommands,
    expr: (expression) => ({ $expr: snapshot(expression, '$expr') }),
    project: projectionCommands,
    aggregate: {
      ...createExpressionCommands(),
      pipeline: () => new Pipeline(conditionRules(executor)),
    },
  }
}

async function createCollection(executor: Executor, name: string): Promise<object> {
  return executor.run(async (requestId) => {
    await executor.command({ create: checkCollectionName(name) })
    return executor.profile.shapes.createCollection(requestId)
  })
}
