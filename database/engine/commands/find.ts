import { fail } from '../errors.ts'
import { compileFilter } from '../match/index.ts'
import { compileProjection } from '../projection.ts'
import { compileSort } from '../sort.ts'
import type { Doc } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, viewOf } from './context.ts'
import { cursorReply } from './cursor-reply.ts'
import { matchEnv, prepare, type Query, readQuery, run } from './query.ts'
import { prefixed } from './write-results.ts'

/** `find` */
export function find(context: Context, command: Doc): Doc | Promise<Doc> {
  const request = readFind(context, command)
  const namespace = `${context.database}.${request.name}`
  const view = viewOf(context, request.name)
  if (!view) {
    check(context, request.query)
    return { cursor: { firstBatch: [], id: 0, ns: namespace }, ok: 1 }
  }
  const prepared = prepare(context, view, request.query)
  const { batchSize, singleBatch, noTimeout } = request
  const options = { namespace, batchSize, singleBatch, noTimeout }
  try {
    const stream = run(context, prepared)
    const reply =
      stream instanceof Promise
        ? stream.then((ordered) => cursorReply(context, ordered, options))
        : cursorReply(context, stream, options)
    return reply instanceof Promise ? reply.catch(failed) : reply
  } catch (error) {
    return failed(error)
  }
}

export interface FindRequest {
  name: string
  query: Query
  batchSize: number | undefined
  singleBatch: boolean
  noTimeout: boolean
}

/** Reads a `find` command. */
export function readFind(context: Context, command: Doc): FindRequest {
  const args = new Arguments('find', command)
  const name = args.collection(context.database)
  // Not spread: that alone would take as long as all the rest of a look-up.
  const query: Query = readQuery(args, 'filter', { sorted: true })
  query.projection = args.document('projection')
  query.skip = args.count('skip')
  query.limit = args.count('limit')
  const request: FindRequest = {
    name,
    query,
    batchSize: args.count('batchSize'),
    singleBatch: args.boolean('singleBatch'),
    noTimeout: args.boolean('noCursorTimeout'),
  }
  if (args.boolean('tailable')) {
    fail(2, 'error processing query: tailable cursor requested on non capped collection')
  }
  for (const option of ['min', 'max', 'returnKey', 'showRecordId'] as const) {
    const value = args.value(option)
    if (value === undefined || value === false) continue
    fail(2, `The '${option}' option of find is not available in the embedded database; use a mongodb:// URI`)
  }
  args.end('allowDiskUse', 'awaitData', 'oplogReplay', 'allowPartialResults', 'snapshot')
  return request
}

// internals

function failed(error: unknown): never {
  throw prefixed('Executor error during find command', error)
}

/** A query of a collection that is not there is still checked. */
function check(context: Context, query: Query): void {
  const env = matchEnv(context, undefined, query)
  compileFilter(query.filter, env)
  if (query.projection) compileProjection(query.projection, { ...env, filter: query.filter })
  if (query.sort && !('$natural' in query.sort)) compileSort(query.sort, env.collation)
}
