import type { DocumentStream } from '../planner/streams.ts'
import type { Doc } from '../values/types.ts'
import type { Context } from './context.ts'

export interface CursorOptions {
  /** `database.collection` as the reply names it. */
  namespace: string
  /** Documents of the first batch; 101 when not given. */
  batchSize: number | undefined
  singleBatch?: boolean
  noTimeout?: boolean
}

/** Reads the first batch of a result and keeps a cursor for the rest. */
export function cursorReply(
  context: Context,
  stream: DocumentStream,
  options: CursorOptions,
): Doc | Promise<Doc> {
  const count = options.batchSize ?? FIRST_BATCH
  const firstBatch = count === 0 ? [] : stream.take(count, context.pause)
  if (!(firstBatch instanceof Promise)) return replyWith(firstBatch, context, stream, options)
  return firstBatch.then((docs) => replyWith(docs, context, stream, options))
}

// internals

const FIRST_BATCH = 101

function replyWith(
  firstBatch: readonly Doc[],
  context: Context,
  stream: DocumentStream,
  { namespace, singleBatch, noTimeout = false }: CursorOptions,
): Doc {
  if (singleBatch || stream.done) return { cursor: { firstBatch, id: 0, ns: namespace }, ok: 1 }
  context.reading.kept = true
  const cursor = context.state.cursors.open({
    namespace,
    stream,
    reading: context.reading,
    session: context.session?.id,
    transaction: context.unit.inTransaction ? context.unit : undefined,
    owner: context.owner,
    batchSize: undefined,
    noTimeout,
  })
  return { cursor: { firstBatch, id: cursor.id, ns: namespace }, ok: 1 }
}
