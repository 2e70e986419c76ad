import { documentsOf, type Flow } from '../aggregate/flow.ts'
import { compilePipeline, type Pipeline, type PipelineEnv } from '../aggregate/pipeline.ts'
import { checkNamespace } from '../catalog.ts'
import { fail } from '../errors.ts'
import { SparseTurns, TURN } from '../pause.ts'
import { type Counters, candidateDocuments } from '../planner/candidates.ts'
import { PipelineStream } from '../planner/streams.ts'
import type { CollectionView } from '../transactions/unit.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'
import { Arguments } from './arguments.ts'
import { type Context, viewOf } from './context.ts'
import { cursorReply } from './cursor-reply.ts'
import { type PreparedQuery, prepare, textFieldsOf } from './query.ts'
import { statisticsSource } from './statistics-source.ts'
import { writePipeline } from './write-pipeline.ts'
import { prefixed } from './write-results.ts'

/** `aggregate`. With `$out` or `$merge` it writes, and then runs to its end at once like any other write. */
export function aggregate(context: Context, command: Doc): Doc | Promise<Doc> {
  const request = readAggregate(context, command)
  const pipeline = compile(context, request)
  if (!pipeline.writes) return readPipeline(context, request, pipeline)
  if (isDocument(command.readConcern) && command.readConcern.level === 'linearizable') {
    fail(72, `$${pipeline.writes.kind} cannot be used with a 'linearizable' read concern level`)
  }
  if (context.unit.inTransaction) {
    fail(263, `$${pipeline.writes.kind} is not available in a multi-document transaction.`)
  }
  const results = guarded(() => [...documentsOf(pipeline.flow(inputOf(context, request, pipeline)))])
  writePipeline(context, pipeline.writes, results, request.bypass)
  return { cursor: { firstBatch: [], id: 0, ns: namespaceOf(context, request) }, ok: 1 }
}

/** True for a pipeline whose last stage is `$out` or `$merge`. */
export function endsInWrite({ pipeline }: Doc): boolean {
  const last: unknown = Array.isArray(pipeline) ? pipeline.at(-1) : undefined
  return isDocument(last) && ('$out' in last || '$merge' in last)
}

export interface AggregateRequest {
  /** Undefined for `{aggregate: 1}`: a pipeline without a collection. */
  name: string | undefined
  stages: unknown[]
  batchSize: number | undefined
  collation: Doc | undefined
  variables: Doc | undefined
  hint: unknown
  bypass: boolean
}

/** Reads an `aggregate` command. */
export function readAggregate(context: Context, command: Doc, explained = false): AggregateRequest {
  const args = new Arguments('aggregate', command)
  const target = args.value('aggregate')
  const name = target === 1 ? undefined : target
  if (name !== undefined) {
    if (typeof name !== 'string') {
      fail(
        9,
        `Invalid command format: the 'aggregate' field must specify a collection name or 1, but was ${bsonTypeName(name)}`,
      )
    }
    checkNamespace(context.database, name)
  }
  const stages = args.required('pipeline', args.array('pipeline'))
  const cursor = args.document('cursor')
  if (args.boolean('explain')) fail(72, "Use the explain command instead of the 'explain' option")
  if (!cursor && !explained) {
    fail(9, "The 'cursor' option is required, except for aggregate with the explain argument")
  }
  const hint = args.value('hint')
  const request = {
    name,
    stages,
    batchSize: new Arguments('cursor', cursor ?? {}).count('batchSize'),
    collation: args.document('collation'),
    variables: args.document('let'),
    hint,
    bypass: args.boolean('bypassDocumentValidation'),
  }
  args.end('allowDiskUse', 'fromMongos', 'needsMerge', 'exchange')
  return request
}

/** Compiles a pipeline with everything it may ask its surroundings. */
export function compile(context: Context, request: AggregateRequest): Pipeline {
  const view = request.name === undefined ? undefined : viewOf(context, request.name)
  const env: PipelineEnv = {
    database: context.database,
    collection: request.name ?? '$cmd.aggregate',
    now: context.now,
    let: request.variables,
    turns: new SparseTurns(context.pause),
    collation: request.collation ?? view?.collection.options.collation,
    read: (collection, filter) => readCollection(context, collection, filter),
    indexed: (collection, path) => hasIndex(context, collection, path),
    geoPaths: (collection) => geoPaths(context, collection),
    textFields: (collection) => {
      const own = viewOf(context, collection)
      return own && textFieldsOf(own)
    },
    source: (stage) => statisticsSource(context, request.name, stage),
  }
  const pipeline = compilePipeline(request.stages, env)
  if (request.name === undefined && !pipeline.source) {
    const first = Object.keys((request.stages[0] as Doc | undefined) ?? { nothing: 1 })[0]
    fail(73, `{aggregate: 1} is not valid for '${first}'; a collection is required.`)
  }
  if (pipeline.near) checkGeoIndex(context, request.name, pipeline.near.path)
  return pipeline
}

/** The query that finds a pipeline's input. */
export function inputQuery(
  context: Context,
  view: CollectionView,
  request: AggregateRequest,
  pipeline: Pipeline,
): PreparedQuery {
  return prepare(context, view, {
    filter: pipeline.leadingMatch ?? {},
    sort: pipeline.leadingSort,
    collation: request.collation,
    let: request.variables,
    hint: request.hint,
  })
}

/** The results of a pipeline with what it had to look at, for `explain`. */
export function runCounted(
  context: Context,
  request: AggregateRequest,
  pipeline: Pipeline,
  counters: Counters,
): number {
  let n = 0
  for (const _ of documentsOf(pipeline.flow(inputOf(context, request, pipeline, counters)))) n++
  return n
}

// internals

async function readPipeline(context: Context, request: AggregateRequest, pipeline: Pipeline): Promise<Doc> {
  const options = { namespace: namespaceOf(context, request), batchSize: request.batchSize }
  try {
    const stream = new PipelineStream(context.reading, resultsOf(context, request, pipeline))
    return await cursorReply(context, stream, options)
  } catch (error) {
    throw prefixed(PREFIX, error)
  }
}

function resultsOf(context: Context, request: AggregateRequest, pipeline: Pipeline): Flow {
  const view = request.name === undefined || pipeline.source ? undefined : viewOf(context, request.name)
  if (!view) return pipeline.flow([])
  const prepared = inputQuery(context, view, request, pipeline)
  const { plan } = prepared
  const sorted = plan.kind === 'index' && plan.sorted
  // Key order lets the pipeline skip its sort, provided that the match before it is ours.
  const matched = sorted && pipeline.leadingMatch !== undefined
  const found = paced(context, candidateDocuments(view, plan))
  return pipeline.flow(matched ? matching(found, prepared) : found, { matched, sorted })
}

const PREFIX = 'PlanExecutor error during aggregation'

function guarded<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw prefixed(PREFIX, error)
  }
}

function inputOf(context: Context, request: AggregateRequest, pipeline: Pipeline, counters?: Counters): Flow {
  const view = request.name === undefined || pipeline.source ? undefined : viewOf(context, request.name)
  if (!view) return []
  const { plan } = inputQuery(context, view, request, pipeline)
  return paced(context, candidateDocuments(view, plan, counters))
}

/** Lets others in from time to time. */
function* paced(context: Context, found: Iterable<Doc>): Flow {
  const turns = new SparseTurns(context.pause)
  for (const doc of context.reading.source(found)) {
    if (turns.due()) yield TURN
    yield doc
  }
}

function* matching(found: Flow, { matcher }: PreparedQuery): Flow {
  for (const doc of found) if (doc === TURN || matcher.matches(doc)) yield doc
}

/** What `$lookup` and its like read from another collection. */
function readCollection(context: Context, name: string, filter: Doc | undefined): Flow {
  const view = viewOf(context, name)
  if (!view) return []
  const { plan } = prepare(context, view, { filter: filter ?? {} })
  return paced(context, candidateDocuments(view, plan))
}

function hasIndex(context: Context, name: string, path: string): boolean {
  const collection = context.unit.find(context.database, name)
  if (!collection) return false
  for (const index of collection.data.indexes) {
    const { sparse, partialFilterExpression, hidden } = index.definition
    if (index.ordered && !sparse && !hidden && !partialFilterExpression && index.parts[0]?.path === path)
      return true
  }
  return false
}

function geoPaths(context: Context, name: string): string[] {
  const indexes = context.unit.find(context.database, name)?.indexes ?? []
  return indexes.flatMap(({ key }) =>
    Object.entries(key)
      .filter(([, kind]) => kind === '2d' || kind === '2dsphere')
      .map(([path]) => path),
  )
}

function checkGeoIndex(context: Context, name: string | undefined, path: string | undefined): void {
  const paths = name === undefined ? [] : geoPaths(context, name)
  if (path === undefined ? paths.length > 0 : paths.includes(path)) return
  if (name !== undefined && !context.unit.find(context.database, name)) return
  fail(27, '$geoNear requires a 2d or 2dsphere index, but none were found')
}

function namespaceOf(context: Context, request: AggregateRequest): string {
  return `${context.database}.${request.name ?? '$cmd.aggregate'}`
}
