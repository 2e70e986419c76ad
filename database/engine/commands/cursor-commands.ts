import { fail } from '../errors.ts'
import { isNumber, toDouble } from '../values/numbers.ts'
import { bsonTypeName, type Doc } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import type { Context } from './context.ts'

/** `getMore` */
export async function getMore(context: Context, command: Doc): Promise<Doc> {
  const args = new Arguments('getMore', command)
  const id = cursorId(args.value('getMore'), 'getMore.getMore')
  const collection = args.required('collection', args.string('collection'))
  const batchSize = args.integer('batchSize')
  args.end('term', 'lastKnownCommittedOpTime')
  if (batchSize !== undefined && batchSize < 0) {
    fail(2, `Batch size for getMore must be positive, but received: ${batchSize}`)
  }
  const namespace = `${context.database}.${collection}`
  const { cursors } = context.state
  const cursor = cursors.get(id, namespace, context.session?.id)
  const transaction = context.unit.inTransaction ? context.unit : undefined
  if (cursor.transaction !== transaction) {
    fail(
      50740,
      `Cannot run getMore on cursor ${id}, which was created ${cursor.transaction ? 'in a transaction' : 'outside of a transaction'}`,
    )
  }
  cursor.busy = true
  try {
    const nextBatch = await cursor.stream.take(batchSize || Number.POSITIVE_INFINITY, context.pause)
    if (cursor.stream.done) cursors.kill(id)
    return { cursor: { nextBatch, id: cursor.stream.done ? 0 : id, ns: namespace }, ok: 1 }
  } catch (error) {
    cursors.kill(id)
    throw error
  } finally {
    cursor.busy = false
    if (!cursors.has(id)) cursor.reading[Symbol.dispose]()
  }
}

/** `killCursors` */
export function killCursors(context: Context, command: Doc): Doc {
  const args = new Arguments('killCursors', command)
  args.collection(context.database)
  const ids = args.required('cursors', args.array('cursors'))
  args.end()
  const killed: unknown[] = []
  const missing: unknown[] = []
  for (const id of ids) {
    const found = context.state.cursors.kill(cursorId(id, 'killCursors.cursors'))
    ;(found ? killed : missing).push(id)
  }
  return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [], ok: 1 }
}

// internals

function cursorId(value: unknown, field: string): number {
  if (!isNumber(value))
    fail(14, `BSON field '${field}' is the wrong type '${bsonTypeName(value ?? null)}', expected type 'long'`)
  return toDouble(value)
}
