import { fail } from '../errors.ts'
import type { Counters } from '../planner/candidates.ts'
import type { Plan } from '../planner/plan.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { compile, inputQuery, readAggregate, runCounted } from './aggregate.ts'
import { Arguments } from './arguments.ts'
import { type Context, viewOf } from './context.ts'
import { readFind } from './find.ts'
import { type PreparedQuery, prepare, type Query, readQuery, run } from './query.ts'

/** `explain`: how a command would be answered, and what it looks at on the way. Writes are planned, not carried out. */
export async function explain(context: Context, command: Doc): Promise<Doc> {
  const args = new Arguments('explain', command)
  const inner = args.required('explain', args.document('explain'))
  const verbosity = args.string('verbosity') ?? 'allPlansExecution'
  if (!VERBOSITIES.has(verbosity)) {
    fail(2, `Enumeration value '${verbosity}' for field 'explain.verbosity' is not a valid value.`)
  }
  args.end()
  const [name = ''] = Object.keys(inner)
  const target = targetOf(context, name, inner)
  const base = { explainVersion: '1', command: inner, serverInfo: SERVER, ok: 1 }
  if (name === 'aggregate') return { ...explainPipeline(context, inner, verbosity), ...base }
  return { ...(await explainQuery(context, target.name, target.query, verbosity, name)), ...base }
}

// internals

const VERBOSITIES: ReadonlySet<string> = new Set(['queryPlanner', 'executionStats', 'allPlansExecution'])

const SERVER = { host: 'localhost', port: 0, version: '7.0.0', gitVersion: 'unicloud-local' }

function targetOf(context: Context, command: string, inner: Doc): { name: string; query: Query } {
  if (command === 'aggregate') return { name: '', query: { filter: {} } }
  if (command === 'find') return readFind(context, inner)
  const args = new Arguments(command, inner)
  const name = () => args.collection(context.database)
  switch (command) {
    case 'count':
    case 'distinct':
    case 'findAndModify':
    case 'findandmodify':
      return {
        name: name(),
        query: readQuery(args, 'query', { sorted: command.toLowerCase() === 'findandmodify' }),
      }
    case 'update':
    case 'delete': {
      const [statement] = args.documents(command === 'update' ? 'updates' : 'deletes') ?? []
      return { name: name(), query: readQuery(new Arguments(command, statement ?? {}), 'q') }
    }
    default:
      return fail(59, `Explain failed due to unknown command: ${command}`)
  }
}

async function explainQuery(
  context: Context,
  name: string,
  query: Query,
  verbosity: string,
  command: string,
): Promise<Doc> {
  const namespace = `${context.database}.${name}`
  const view = viewOf(context, name)
  if (!view) return plannerPart(namespace, query.filter, { stage: 'EOF' }, verbosity, { keys: 0, docs: 0 }, 0)
  const prepared = prepare(context, view, query)
  const counters: Counters = { keys: 0, docs: 0 }
  let returned = 0
  if (verbosity !== 'queryPlanner') {
    const stream = await run(context, prepared, counters)
    while (!stream.done) returned += (await stream.take(Number.POSITIVE_INFINITY, context.pause)).length
  }
  const tree = stageTree(prepared, command)
  return plannerPart(namespace, query.filter, tree, verbosity, counters, command === 'count' ? 0 : returned)
}

function explainPipeline(context: Context, inner: Doc, verbosity: string): Doc {
  const request = readAggregate(context, inner, true)
  const pipeline = compile(context, request)
  const namespace = `${context.database}.${request.name ?? '$cmd.aggregate'}`
  const view = request.name === undefined ? undefined : viewOf(context, request.name)
  const counters: Counters = { keys: 0, docs: 0 }
  const prepared = view && inputQuery(context, view, request, pipeline)
  const tree = prepared ? stageTree({ ...prepared, sorter: undefined }, 'aggregate') : { stage: 'EOF' }
  const returned =
    verbosity === 'queryPlanner' || pipeline.writes ? 0 : runCounted(context, request, pipeline, counters)
  const cursor = plannerPart(namespace, pipeline.leadingMatch ?? {}, tree, verbosity, counters, returned)
  if (request.stages.length === 0) return cursor
  return { ...cursor, stages: [{ $cursor: cursor }, ...request.stages] }
}

function plannerPart(
  namespace: string,
  filter: Doc,
  tree: Doc,
  verbosity: string,
  counters: Counters,
  returned: number,
): Doc {
  return {
    queryPlanner: {
      namespace,
      indexFilterSet: false,
      parsedQuery: filter,
      maxIndexedOrSolutionsReached: false,
      winningPlan: tree,
      rejectedPlans: [],
    },
    ...(verbosity === 'queryPlanner' ? {} : { executionStats: executionStats(tree, counters, returned) }),
  }
}

function executionStats(tree: Doc, counters: Counters, returned: number): Doc {
  return {
    executionSuccess: true,
    nReturned: returned,
    executionTimeMillis: 0,
    totalKeysExamined: counters.keys,
    totalDocsExamined: counters.docs,
    executionStages: { ...tree, nReturned: returned },
    allPlansExecution: [],
  }
}

/** The stages the server would name for what happens here. */
function stageTree({ plan, query, sorter, shape, matcher }: PreparedQuery, command: string): Doc {
  let tree = accessStage(plan, query.filter)
  if (matcher.near) tree = { stage: 'GEO_NEAR_2DSPHERE', keyPattern: {}, inputStage: tree }
  if (sorter)
    tree = { stage: 'SORT', sortPattern: query.sort, type: 'simple', ...limited(query), inputStage: tree }
  if (query.skip) tree = { stage: 'SKIP', skipAmount: query.skip, inputStage: tree }
  if (query.limit && !sorter) tree = { stage: 'LIMIT', limitAmount: query.limit, inputStage: tree }
  if (shape) tree = { stage: 'PROJECTION_DEFAULT', transformBy: query.projection, inputStage: tree }
  const top = TOP_STAGES[command]
  return top ? { stage: top, inputStage: tree } : tree
}

const TOP_STAGES: Readonly<Record<string, string>> = {
  count: 'COUNT',
  update: 'UPDATE',
  delete: 'DELETE',
  findAndModify: 'UPDATE',
  findandmodify: 'UPDATE',
}

function limited(query: Query): Doc {
  return query.limit ? { limitAmount: query.limit + (query.skip ?? 0) } : {}
}

function accessStage(plan: Plan, filter: Doc): Doc {
  const rest = isDocument(filter) && Object.keys(filter).length > 0 ? { filter } : {}
  switch (plan.kind) {
    case 'scan':
      return { stage: 'COLLSCAN', ...rest, direction: 'forward' }
    case 'id':
      return { stage: 'IDHACK' }
    case 'index':
      return { stage: 'FETCH', ...rest, inputStage: indexStage(plan) }
    case 'or':
      return {
        stage: 'FETCH',
        ...rest,
        inputStage: { stage: 'OR', inputStages: plan.branches.map(indexStage) },
      }
  }
}

function indexStage(plan: Plan): Doc {
  if (plan.kind === 'or') return { stage: 'OR', inputStages: plan.branches.map(indexStage) }
  if (plan.kind !== 'index')
    return { stage: 'IXSCAN', indexName: '_id_', keyPattern: { _id: 1 }, direction: 'forward' }
  const { definition, multikey } = plan.index
  return {
    stage: 'IXSCAN',
    keyPattern: definition.key,
    indexName: definition.name,
    isMultiKey: multikey,
    isUnique: definition.unique,
    isSparse: definition.sparse,
    isPartial: definition.partialFilterExpression !== undefined,
    indexVersion: 2,
    direction: plan.reverse ? 'backward' : 'forward',
    indexBounds: Object.fromEntries(
      plan.used.map(({ path, points, intervals }) => [
        path,
        [points ? `${intervals.length} point(s)` : 'range'],
      ]),
    ),
  }
}
