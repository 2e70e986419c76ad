import { randomBytes } from 'node:crypto'
import { compilePipeline } from '../engine/aggregate/pipeline.ts'
import { fail } from '../engine/errors.ts'
import type { EngineState } from '../engine/state.ts'
import { isNumber, toDouble } from '../engine/values/numbers.ts'
import { type Doc, isBson, isDocument } from '../engine/values/types.ts'
import { ChangeStream, type StreamOptions, type StreamScope } from './change-stream.ts'
import { type Position, positionOf, WHOLE } from './resume-token.ts'

/** True for an `aggregate` that opens a change stream. */
export function opensChangeStream({ aggregate, pipeline }: Doc): boolean {
  return (
    aggregate !== undefined &&
    Array.isArray(pipeline) &&
    isDocument(pipeline[0]) &&
    '$changeStream' in pipeline[0]
  )
}

/** The change streams clients of a wire server have open (spec/embedded-database.md §15). */
export class ChangeStreams {
  readonly #state: EngineState
  readonly #streams = new Map<number, ChangeStream>()

  constructor(state: EngineState) {
    this.#state = state
  }

  /** True when a cursor is one of ours. */
  has(id: unknown): boolean {
    return this.#streams.has(Number(id))
  }

  /** `aggregate` with `$changeStream` */
  async open(database: string, command: Doc, signal: AbortSignal): Promise<Doc> {
    const { feed } = this.#state
    feed.describeUpdates()
    this.#expire()
    const stream = new ChangeStream(feed, readOptions(this.#state, database, command))
    const id = Number(randomBytes(8).readBigUInt64BE() >> 11n)
    const size = isDocument(command.cursor) ? command.cursor.batchSize : undefined
    const firstBatch = await stream.next(batchLimit(size), 0, signal)
    if (!stream.ended) this.#streams.set(id, stream)
    return { cursor: { firstBatch, ...tail(stream, id) }, ok: 1 }
  }

  /** `getMore` */
  async next(command: Doc, signal: AbortSignal): Promise<Doc> {
    const id = Number(command.getMore)
    const stream = this.#streams.get(id)!
    const { batchSize, maxTimeMS } = command
    const wait = isNumber(maxTimeMS) ? toDouble(maxTimeMS) : AWAIT_MS
    try {
      const nextBatch = await stream.next(batchLimit(batchSize), wait, signal)
      if (stream.ended) this.#streams.delete(id)
      return { cursor: { nextBatch, ...tail(stream, id) }, ok: 1 }
    } catch (error) {
      this.#streams.delete(id)
      throw error
    }
  }

  /** Closes a stream; false when there is none of that id. */
  kill(id: unknown): boolean {
    this.#streams.get(Number(id))?.close()
    return this.#streams.delete(Number(id))
  }

  /** Closes all of them. */
  close(): void {
    for (const id of [...this.#streams.keys()]) this.kill(id)
  }

  // internals

  /** Clients that are gone without a word. */
  #expire(): void {
    const limit = performance.now() - LIFETIME_MS
    for (const [id, { lastUse }] of this.#streams) if (lastUse < limit) this.kill(id)
  }
}

// internals

/** How long a `getMore` waits that does not say. */
const AWAIT_MS = 1000
const LIFETIME_MS = 10 * 60_000
const FIRST_BATCH = 101

/** Stages that look at one event at a time. */
const ALLOWED: ReadonlySet<string> = new Set([
  '$match',
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
  '$redact',
])

function batchLimit(size: unknown): number {
  return isNumber(size) && toDouble(size) > 0 ? toDouble(size) : FIRST_BATCH
}

function tail(stream: ChangeStream, id: number): Doc {
  return { id: stream.ended ? 0 : id, ns: stream.namespace, postBatchResumeToken: stream.token }
}

function readOptions(state: EngineState, database: string, command: Doc): StreamOptions {
  if (command.autocommit === false) fail(263, 'Operation not permitted in transaction: $changeStream')
  const [first, ...stages] = command.pipeline as Doc[]
  const options = (isDocument(first!.$changeStream) ? first!.$changeStream : {}) as Doc
  for (const stage of stages) {
    const [name = ''] = isDocument(stage) ? Object.keys(stage) : []
    if (name.startsWith('$') && !ALLOWED.has(name)) {
      fail(20, `${name} is not permitted in a $changeStream pipeline`)
    }
  }
  const collection = typeof command.aggregate === 'string' ? command.aggregate : undefined
  const env = {
    database,
    collection: collection ?? '$cmd.aggregate',
    now: new Date(state.clock.now()),
    read: () => [],
  }
  return {
    scope: scopeOf(database, collection, options),
    namespace: `${database}.${env.collection}`,
    pipeline: compilePipeline(stages, { ...env, let: isDocument(command.let) ? command.let : undefined }),
    start: startOf(state, options),
    notBefore: isBson(options.startAtOperationTime, 'Timestamp') ? timeOf(options.startAtOperationTime) : 0,
    fullDocument: options.fullDocument !== undefined && options.fullDocument !== 'default',
    beforeChange: beforeChange(options.fullDocumentBeforeChange),
  }
}

function scopeOf(database: string, collection: string | undefined, options: Doc): StreamScope {
  if (options.allChangesForCluster !== true) return { database, collection }
  if (database !== 'admin' || collection !== undefined) {
    fail(72, 'A $changeStream with allChangesForCluster:true may only be opened on the admin database')
  }
  return { database: undefined, collection: undefined }
}

function startOf(
  { store, feed }: EngineState,
  { resumeAfter, startAfter, startAtOperationTime }: Doc,
): Position {
  const token = resumeAfter ?? startAfter
  if (token !== undefined && token !== null) return positionOf(token)
  if (!isBson(startAtOperationTime, 'Timestamp')) return { seq: store.sequence, index: WHOLE }
  // The clock stands at one more than the last commit, and that commit is to be told as well.
  const seq = Math.max(timeOf(startAtOperationTime) - 2, 0)
  return { seq: seq === feed.start - 1 ? feed.start : seq, index: WHOLE }
}

/** The number a commit has in the logical clock. */
function timeOf(timestamp: unknown): number {
  return (timestamp as { i: number }).i
}

function beforeChange(option: unknown): boolean {
  if (option === 'required') {
    fail(
      47,
      'The embedded database keeps no versions from before a change; use fullDocumentBeforeChange: whenAvailable',
    )
  }
  return option === 'whenAvailable'
}
