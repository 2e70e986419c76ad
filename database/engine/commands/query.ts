import { evaluateLet } from '../aggregate/expression.ts'
import { fail } from '../errors.ts'
import { indexName, sameKey, textFields } from '../index/definition.ts'
import type { Index } from '../index/index.ts'
import { compileFilter, type MatchEnv, type Matcher, type NearSpec } from '../match/index.ts'
import { type Counters, candidateDocuments, candidates, keepsOrder } from '../planner/candidates.ts'
import { choosePlan, type Plan } from '../planner/plan.ts'
import { type DocumentStream, eachDocument, ListStream, ScanStream, type Shape } from '../planner/streams.ts'
import { sortedMatches } from '../planner/top.ts'
import { compileProjection } from '../projection.ts'
import { compileSorter, type Sorter } from '../sort.ts'
import type { CollectionView } from '../transactions/unit.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'
import type { Arguments } from './arguments.ts'
import type { Context } from './context.ts'

/** What `find`, `count`, `distinct`, `delete` … ask for: which documents, in which order. */
export interface Query {
  filter: Doc
  sort?: Doc | undefined
  skip?: number | undefined
  limit?: number | undefined
  projection?: Doc | undefined
  hint?: unknown
  collation?: Doc | undefined
  let?: Doc | undefined
}

/** A query made ready for one view. */
export interface PreparedQuery {
  readonly query: Query
  readonly view: CollectionView
  readonly matcher: Matcher
  readonly plan: Plan
  /** Order of the result when the plan does not give it. */
  readonly sorter: Sorter | undefined
  readonly shape: Shape | undefined
}

/** Compiles a query and chooses its plan. */
export function prepare(context: Context, view: CollectionView, query: Query): PreparedQuery {
  const env = matchEnv(context, view, query)
  const matcher = compileFilter(query.filter, env)
  if (matcher.near) needGeoIndex(view, matcher.near)
  const sort = query.sort && Object.keys(query.sort).length > 0 ? query.sort : undefined
  const natural = naturalOrder(sort)
  const sorter = sort && natural === undefined ? sorterOf(sort, env, matcher) : undefined
  const plan = choosePlan(view.collection, {
    filter: query.filter,
    sort: matcher.near || natural !== undefined ? undefined : sort,
    collated: env.collation !== undefined,
    ordered: keepsOrder(view),
    hint: natural === undefined ? findHint(view, query.hint) : 'scan',
  })
  const sorted = plan.kind === 'index' && plan.sorted
  return {
    query,
    view,
    matcher,
    plan,
    sorter: sorted ? undefined : sorter,
    shape: shapeOf(query, env, matcher),
  }
}

/** Runs a prepared query. A promise only of what has to be read to its end before the first document is known. */
export function run(
  context: Context,
  prepared: PreparedQuery,
  counters?: Counters,
): DocumentStream | Promise<DocumentStream> {
  const { query, view, matcher, plan, sorter, shape } = prepared
  const found = candidateDocuments(view, plan, counters)
  if (sorter || matcher.near || naturalOrder(query.sort) === -1) return runOrdered(context, prepared, found)
  const { largest } = view.collection.data
  const limit = query.limit || undefined
  return new ScanStream(context.reading, found, matcher, { skip: query.skip ?? 0, limit, shape, largest })
}

/**
 * The matching records of a query that is about to write, found at once and in full: what is written later must not
 * lead to more matches.
 */
export function matching(
  context: Context,
  prepared: PreparedQuery,
  limit = Number.POSITIVE_INFINITY,
): [number, Doc][] {
  const { matcher, sorter, view, plan } = prepared
  const enough = sorter || matcher.near ? Number.POSITIVE_INFINITY : limit
  const found: [number, Doc][] = []
  let seen = 0
  for (const [record, doc] of candidates(view, plan)) {
    if ((++seen & 127) === 0) context.pause.due()
    if (!matcher.matches(doc)) continue
    found.push([record, doc])
    if (found.length >= enough) break
  }
  const ordered = sorter ? sortEntries(found, sorter) : found
  return ordered.length > limit ? ordered.slice(0, limit) : ordered
}

/** What a filter of this query is compiled with. */
export function matchEnv(
  context: Context,
  view: CollectionView | undefined,
  query: Pick<Query, 'collation' | 'let'>,
): MatchEnv {
  const collation = collationOf(query.collation) ?? collationOf(view?.collection.options.collation)
  const text = view && textFieldsOf(view)
  return {
    now: context.now,
    javascript: context.state.javascript,
    collation,
    let: query.let && evaluateLet(query.let, { now: context.now, collation }),
    textFields: text,
  }
}

/** Reads a `hint`: a name or a key pattern. */
export function findHint(view: CollectionView, hint: unknown): Index | 'scan' | undefined {
  if (hint === undefined || hint === null) return undefined
  if (isDocument(hint)) {
    if (Object.keys(hint).length === 0) return undefined
    if ('$natural' in hint) return 'scan'
    for (const index of view.collection.data.indexes) if (sameKey(index.definition.key, hint)) return index
    return badHint(indexName(hint))
  }
  if (typeof hint !== 'string') fail(9, `Hint must be a string or an object, got ${bsonTypeName(hint)}`)
  return view.collection.data.index(hint) ?? badHint(hint)
}

/**
 * Reads `collation`, `let` and `hint` the same way for every command.
 * @param options `sorted` for commands that have a `sort`: in 7.0 neither `count` nor the statements of a write do;
 * `variables` are the command's own `let`, instead of the statement's
 */
export function readQuery(
  args: Arguments,
  filterName: string,
  { sorted = false, variables }: { sorted?: boolean; variables?: Doc | undefined } = {},
): Query {
  const own = args.document('let')
  return {
    filter: args.document(filterName) ?? {},
    sort: sorted ? args.document('sort') : undefined,
    collation: args.document('collation'),
    let: variables ?? own,
    hint: args.value('hint'),
    projection: undefined,
    skip: undefined,
    limit: undefined,
  }
}

/** Fields of the collection's text index, if it has one. */
export function textFieldsOf(view: CollectionView): string[] | undefined {
  for (const { key } of view.collection.indexes) {
    const fields = textFields(key)
    if (fields) return fields
  }
  return undefined
}

// internals

async function runOrdered(
  { reading, pause }: Context,
  { query, view, matcher, sorter, shape }: PreparedQuery,
  found: Iterable<Doc>,
): Promise<DocumentStream> {
  const { largest } = view.collection.data
  const skip = query.skip ?? 0
  const end = query.limit ? skip + query.limit : Number.POSITIVE_INFINITY
  if (sorter) {
    const sorted = await sortedMatches(reading, found, matcher, sorter, end, pause)
    return new ListStream(skip > 0 ? sorted.slice(skip) : sorted, shape, largest)
  }
  const docs: Doc[] = []
  await eachDocument(reading, found, pause, (doc) => {
    if (matcher.matches(doc)) docs.push(doc)
    return undefined
  })
  const ordered = matcher.near ? byDistance(docs, matcher.near) : docs.reverse()
  return new ListStream(ordered.slice(skip, end), shape, largest)
}

function collationOf(collation: unknown): Doc | undefined {
  if (!isDocument(collation) || Object.keys(collation).length === 0) return undefined
  if (typeof collation.locale !== 'string')
    fail(40414, "BSON field 'Collation.locale' is missing but a required field")
  return collation.locale === 'simple' ? undefined : collation
}

function naturalOrder(sort: Doc | undefined): 1 | -1 | undefined {
  if (!sort || !('$natural' in sort)) return undefined
  return Number(sort.$natural) < 0 ? -1 : 1
}

function sorterOf(sort: Doc, env: MatchEnv, matcher: Matcher): Sorter {
  return compileSorter(sort, env.collation, (name, doc) =>
    name === 'textScore' ? matcher.textScore?.(doc) : undefined,
  )
}

function sortEntries(entries: [number, Doc][], sorter: Sorter): [number, Doc][] {
  return entries
    .map((entry) => ({ entry, key: sorter.keyOf(entry[1]) }))
    .sort((a, b) => sorter.compareKeys(a.key, b.key))
    .map(({ entry }) => entry)
}

function badHint(name: string): never {
  fail(
    2,
    `error processing query: planner returned error: bad hint: hint provided does not correspond to an existing index (${name})`,
  )
}

function shapeOf(query: Query, env: MatchEnv, matcher: Matcher): Shape | undefined {
  const { projection } = query
  if (!projection || Object.keys(projection).length === 0) return undefined
  const meta = (name: string, doc: Doc) => (name === 'textScore' ? matcher.textScore?.(doc) : undefined)
  const project = compileProjection(projection, {
    ...env,
    filter: query.filter,
    ...(matcher.textScore ? { meta } : {}),
  })
  const positional = Object.keys(projection).some((path) => path.endsWith('.$'))
  return positional ? (doc) => project(doc, matcher.arrayIndex(doc)) : (doc) => project(doc)
}

function byDistance(docs: readonly Doc[], near: NearSpec): Doc[] {
  const measured = docs.map((doc) => ({ doc, distance: near.distance(doc) ?? Number.POSITIVE_INFINITY }))
  return measured.sort((a, b) => a.distance - b.distance).map(({ doc }) => doc)
}

/** @throws DatabaseError 291 when the collection has no geo index: `$near` is answered from one */
function needGeoIndex(view: CollectionView, { path, index }: NearSpec): void {
  const declared = view.collection.indexes.some(({ key }) => {
    const kind = key[path]
    return index === 'any' ? kind === '2d' || kind === '2dsphere' : kind === index
  })
  if (!declared)
    fail(291, 'error processing query: planner returned error: unable to find index for $geoNear query')
}
