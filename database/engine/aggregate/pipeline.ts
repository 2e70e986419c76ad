import { fail } from '../errors.ts'
import { NO_TURNS, type Turns } from '../pause.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'
import { createScope, evaluateLet } from './expression.ts'
import { documentsOf, type Flow } from './flow.ts'
import type { Scope, Variables } from './scope.ts'
import type { NestedOptions, PipelineWrites, Stage, StageContext } from './stages/stage.ts'
import { STAGES } from './stages/stages.ts'
import { asksForText, MAKE_OF_ONE, TextScores } from './text-scores.ts'
import type { TimeZones } from './zones.ts'

export type { MergeWrites, OutWrites, PipelineWrites } from './stages/stage.ts'
export { TimeZones } from './zones.ts'

/** The world around a pipeline. */
export interface PipelineEnv {
  database: string
  /** The collection the pipeline starts from. */
  collection: string
  /** `$$NOW`. */
  now: Date
  /** The command's `let`, as given. */
  let?: Doc | undefined
  collation?: unknown
  /**
   * Documents of a collection of the same database, in natural order; none for an unknown collection. With a filter
   * at least those that match it: the pipeline looks again itself.
   */
  read(collection: string, filter?: Doc): Flow
  /** True when an index serves equality on that path; decides whether `$lookup` asks or makes its own table. */
  indexed?(collection: string, path: string): boolean
  /** Paths with a geo index, for `$geoNear` without `key`. */
  geoPaths?(collection: string): readonly string[]
  /** Fields of a collection's text index, if it has one, for `$text` in a first `$match`. */
  textFields?(collection: string): readonly string[] | undefined
  /** Documents of a first stage that this folder does not know (`$collStats` …), or undefined. */
  source?(stage: Doc): Iterable<Doc> | undefined
  /** What is known of time zones, to share among pipelines. */
  zones?: TimeZones | undefined
  /** When others should get their turn; without it a flow never stops for them by itself. */
  turns?: Turns | undefined
  /** Source of `$rand` and `$sample`, in [0, 1). Default `Math.random`. */
  random?: (() => number) | undefined
}

/** What whoever feeds a pipeline has done of its beginning already. */
export interface Done {
  /** The input holds only documents that match {@link Pipeline.leadingMatch}. */
  matched?: boolean
  /** The input comes in the order of {@link Pipeline.leadingSort}; only together with `matched`, if there is a match. */
  sorted?: boolean
}

/** A compiled pipeline. It may run more than once, but not twice at the same time. */
export interface Pipeline {
  /** Lazily gives the results; nothing is read before the first is asked for. Input documents are never changed. */
  run(input: Iterable<Doc>, done?: Done): Iterable<Doc>
  /** The same for those who let others in between: see {@link Flow}. */
  flow(input: Flow, done?: Done): Flow
  /** What the first stages filter by, for index use: all documents that do not match are dropped. */
  readonly leadingMatch?: Doc | undefined
  /** What is sorted by right at the beginning, or right behind the leading match. */
  readonly leadingSort?: Doc | undefined
  /** How many documents are asked of the beginning (match and sort), when a limit follows at once. */
  readonly leadingLimit?: number | undefined
  /** Set when the results are to be written: see {@link PipelineWrites}. */
  readonly writes?: PipelineWrites | undefined
  /** True when the pipeline reads no input (`$documents`, `$collStats` …). */
  readonly source: boolean
  /** Set for a pipeline that begins with `$geoNear`; the collection must have a geo index (on that path, if given). */
  readonly near?: { readonly path: string | undefined } | undefined
}

/**
 * Compiles an aggregation pipeline (spec/database.md §9).
 * @throws DatabaseError for everything that is wrong without looking at a document: unknown stages (40324), misplaced
 * ones (40601, 40602), malformed arguments
 */
export function compilePipeline(stages: readonly unknown[], env: PipelineEnv): Pipeline {
  const { now, collation, zones, random } = env
  const options = { now, collation, zones, random }
  const scope = createScope({ ...options, let: evaluateLet(env.let, options) })
  return assemble(stages, { env, scope, collection: env.collection, place: 'top', depth: 0 })
}

// internals

interface Position {
  env: PipelineEnv
  scope: Scope
  collection: string
  place: 'top' | NestedOptions['place']
  /** How many pipelines this one stands in. */
  depth: number
}

function assemble(specs: unknown, position: Position): Pipeline {
  if (!Array.isArray(specs)) return fail(14, "'pipeline' option must be specified as an array")
  if (position.depth > MOST_NESTED) {
    fail(232, `Maximum number of nested sub-pipelines exceeded. Limit is ${MOST_NESTED}`)
  }
  if (specs.length > MOST_STAGES)
    fail(7749501, `Pipeline length must be no longer than ${MOST_STAGES} stages`)
  const own = withScores(position, specs[0])
  const context = createContext(own)
  const stages = specs.map((spec, i) => compileStage(spec, i, specs.length, context, own))
  limitSorts(stages)
  const beginning = beginningOf(stages)
  const { matches, sort } = beginning
  const flow = (input: Flow, done: Done = {}) => {
    let rest = done.matched ? stages.slice(matches) : stages
    if (done.sorted && sort) rest = rest.filter((stage) => stage !== sort)
    return rest.reduce((documents, stage) => stage.run(documents), input)
  }
  return {
    run: (input, done) => documentsOf(flow(input, done)),
    flow,
    leadingMatch: beginning.match,
    leadingSort: sort?.sort?.order,
    leadingLimit: beginning.limit,
    writes: stages.at(-1)?.writes,
    source: stages[0]?.source === true,
    near: stages[0]?.near,
  }
}

const MOST_STAGES = 1000
const MOST_NESTED = 20

function createContext(position: Position): StageContext {
  const { env, scope, collection } = position
  return {
    database: env.database,
    collection,
    scope,
    turns: env.turns ?? NO_TURNS,
    read: (name, filter) => env.read(name, filter && withoutExpressions(filter)),
    indexed: (name, path) => path === '_id' || env.indexed?.(name, path) === true,
    geoPaths: (name) => env.geoPaths?.(name),
    textFields: () => env.textFields?.(collection),
    compile(stages, { place, collection: other = collection, variables }) {
      const { flow, leadingMatch, source } = assemble(stages, {
        env,
        scope: variables ? scope.withVariables(layered(variables, scope)) : scope,
        collection: other,
        place,
        depth: position.depth + 1,
      })
      return { run: flow, leadingMatch, source }
    },
  }
}

/** The parts of a filter that say something about fields: others may use variables that only this pipeline knows. */
function withoutExpressions(filter: Doc): Doc {
  const plain: Doc = {}
  for (const key of Object.keys(filter)) {
    const condition = filter[key]
    if (key === '$and' && Array.isArray(condition)) {
      const parts = condition.filter(isDocument).map(withoutExpressions)
      const kept = parts.filter((part) => Object.keys(part).length > 0)
      if (kept.length > 0) plain[key] = kept
    } else if (!key.startsWith('$')) {
      plain[key] = condition
    }
  }
  return plain
}

/** Puts inner variables before outer ones, so that both stay live. */
function layered(variables: Variables, scope: Scope): Variables {
  Object.setPrototypeOf(variables, scope.options.let ?? null)
  return variables
}

function compileStage(
  spec: unknown,
  index: number,
  count: number,
  context: StageContext,
  position: Position,
): Stage {
  if (!isDocument(spec)) {
    return fail(14, `Each element of the 'pipeline' array must be an object, found ${bsonTypeName(spec)}`)
  }
  const [name, ...others] = Object.keys(spec)
  if (name === undefined || others.length > 0) {
    return fail(40323, 'A pipeline stage specification object must contain exactly one field.')
  }
  const known = STAGES.get(name)
  if (!known) return foreignStage(name, spec, index, position)
  const { compile, only, notIn = [] } = known
  if (only === 'first' && index > 0) fail(40602, `${name} is only valid as the first stage in a pipeline.`)
  if (only === 'last' && index < count - 1) fail(40601, `${name} can only be the final stage in the pipeline`)
  if (position.place !== 'top' && notIn.includes(position.place)) refusePlace(name, position.place)
  if (name === '$match' && (index > 0 || position.place === 'facet') && asksForText(spec[name])) {
    return fail(17313, '$match with $text is only allowed as the first pipeline stage')
  }
  const stage = compile(spec[name], context, name)
  const { scores } = position.scope.options
  if (!scores || !MAKE_OF_ONE.has(name)) return stage
  return { ...stage, run: (input) => scores.carry(input, (flow) => stage.run(flow)) }
}

/** A pipeline that begins with `$text` knows how well its documents fit; one inside another has scores of its own. */
function withScores(position: Position, first: unknown): Position {
  const { scope } = position
  const scores = isDocument(first) && asksForText(first.$match) ? new TextScores() : undefined
  return scores || scope.options.scores ? { ...position, scope: scope.withScores(scores) } : position
}

function refusePlace(name: string, place: NestedOptions['place']): never {
  switch (place) {
    case 'facet':
      return fail(40600, `${name} is not allowed to be used within a $facet stage`)
    case 'lookup':
      return fail(51047, `${name} is not allowed within a $lookup's sub-pipeline`)
    default:
      return fail(31441, `${name} is not allowed within a $unionWith's sub-pipeline`)
  }
}

/** A source the surroundings provide, at the beginning of the outermost pipeline. */
function foreignStage(name: string, spec: Doc, index: number, { env, place }: Position): Stage {
  const documents = place === 'top' ? env.source?.(spec) : undefined
  if (!documents) return fail(40324, `Unrecognized pipeline stage name: '${name}'`)
  if (index > 0) fail(40602, `${name} is only valid as the first stage in a pipeline.`)
  return { source: true, run: () => documents }
}

/** Tells each sort how many documents the skips and the limit behind it let anyone see. */
function limitSorts(stages: readonly Stage[]): void {
  for (const [i, stage] of stages.entries()) {
    const count = stage.sort && limitAt(stages, i + 1)
    if (count !== undefined) stage.sort?.keep(count)
  }
}

function limitAt(stages: readonly Stage[], from: number): number | undefined {
  let skipped = 0
  for (const { skip, limit } of stages.slice(from)) {
    if (limit !== undefined) return skipped + limit
    if (skip === undefined) return undefined
    skipped += skip
  }
  return undefined
}

interface Beginning {
  /** How many stages the match is made of. */
  matches: number
  match: Doc | undefined
  sort: Stage | undefined
  limit: number | undefined
}

function beginningOf(stages: readonly Stage[]): Beginning {
  const filters: Doc[] = []
  for (const { match } of stages) {
    if (!match) break
    filters.push(match)
  }
  const matches = filters.length
  const sort = stages[matches]?.sort ? stages[matches] : undefined
  return {
    // A $geoNear filters too, but cannot leave that to others: it is no stage of its own.
    matches,
    match: filters.length > 1 ? { $and: filters } : (filters[0] ?? stages[0]?.nearQuery),
    sort,
    limit: limitAt(stages, matches + (sort ? 1 : 0)),
  }
}
