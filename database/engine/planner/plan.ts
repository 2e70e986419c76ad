import type { Collection } from '../catalog.ts'
import { invert, type KeyPart } from '../index/entries.ts'
import type { Index } from '../index/index.ts'
import { encodeKey } from '../values/keys.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, MISSING } from '../values/types.ts'
import { alternativesOf, type Condition, conditionsOf, type Interval, isOperatorDocument } from './bounds.ts'

/** How the candidates of a query are found. Every candidate is still checked by the full matcher. */
export type Plan =
  | { readonly kind: 'scan' }
  | { readonly kind: 'id'; readonly key: string }
  | IndexPlan
  | { readonly kind: 'or'; readonly branches: readonly Plan[] }

export interface IndexPlan {
  readonly kind: 'index'
  readonly index: Index
  /** The ranges are whole keys of a unique index: one look-up each. */
  readonly exact: boolean
  /** Half-open key ranges, in key order. */
  readonly ranges: readonly { low: string; high: string | undefined }[]
  readonly reverse: boolean
  /** The candidates come in the order of the query's sort. */
  readonly sorted: boolean
  /** Conditions that were used, for `explain`. */
  readonly used: readonly Condition[]
}

export interface PlanRequest {
  filter: Doc
  sort?: Doc | undefined
  /** A collated operation uses no index: keys are ordered by bytes. */
  collated: boolean
  /** False when live index order is not the view's order. */
  ordered: boolean
  /** The index a `hint` names; `$natural` gives 'scan'. */
  hint?: Index | 'scan' | undefined
}

/** Chooses a plan by the rules of spec/embedded-database.md §9: no statistics, the most equalities win. */
export function choosePlan(collection: Collection, request: PlanRequest): Plan {
  const { filter, hint } = request
  if (hint === 'scan') return SCAN
  if (!request.collated && hint === undefined) {
    const id = idKey(filter)
    if (id !== undefined) return { kind: 'id', key: id }
  }
  if (request.collated && hint === undefined) return SCAN
  const conditions = request.collated ? [] : conditionsOf(filter)
  if (hint) return hinted(hint, conditions, request)
  const best = bestIndex(collection, conditions, request)
  if (best && best.used.length > 0) return best
  return union(collection, request) ?? best ?? SCAN
}

/** True when the sort is in the key order of the parts from `from` on; tells the direction. */
export function sortDirection(
  parts: readonly KeyPart[],
  from: number,
  sort: Doc,
): 'forward' | 'backward' | undefined {
  let direction: 'forward' | 'backward' | undefined
  let at = from
  for (const [path, order] of Object.entries(sort)) {
    const part = parts[at++]
    if (!part || part.path !== path || (order !== 1 && order !== -1)) return undefined
    // A number may be a position or a name (§6); index and sort need not read it alike.
    if (part.segments.some((segment) => /^\d+$/.test(segment))) return undefined
    const wanted = (order === -1) === part.descending ? 'forward' : 'backward'
    if (direction !== undefined && direction !== wanted) return undefined
    direction = wanted
  }
  return direction
}

// internals

const SCAN: Plan = { kind: 'scan' }
/** Above every byte a key can hold; 255 itself occurs, in descending parts. */
const BEYOND = '\u0100'
/** More combinations of `$in` values than this are not worth single look-ups. */
const MAX_RANGES = 1000

function idKey(filter: Doc): string | undefined {
  let id = getOwn(filter, '_id')
  if (id === MISSING) return undefined
  if (isOperatorDocument(id)) {
    if (!('$eq' in id)) return undefined
    id = id.$eq
  } else if (id instanceof RegExp) {
    return undefined
  }
  if (id === null || id === undefined || Array.isArray(id)) return undefined
  return typeof id === 'object' && '_bsontype' in id && id._bsontype === 'BSONRegExp'
    ? undefined
    : encodeKey(id)
}

function bestIndex(
  collection: Collection,
  conditions: readonly Condition[],
  request: PlanRequest,
): IndexPlan | undefined {
  let best: { plan: IndexPlan; score: number } | undefined
  for (const index of collection.data.indexes) {
    if (index.definition.hidden || !index.ordered) continue
    const plan = planFor(index, conditions, request)
    if (!plan) continue
    const score = scoreOf(plan)
    if (score === 0) continue
    if (
      !best ||
      score > best.score ||
      (score === best.score && index.parts.length < best.plan.index.parts.length)
    ) {
      best = { plan, score }
    }
  }
  return best?.plan
}

function scoreOf(plan: IndexPlan): number {
  let score = plan.sorted ? 0.5 : 0
  for (const condition of plan.used) score += condition.points ? 2 : 1
  return score
}

function hinted(index: Index, conditions: readonly Condition[], request: PlanRequest): Plan {
  if (!index.ordered) return SCAN
  // A hinted sparse index answers even when it leaves documents out: that is what the hint asks for.
  return (
    planFor(index, conditions, request) ??
    (index.definition.partialFilterExpression ? SCAN : wholeIndex(index))
  )
}

function wholeIndex(index: Index): IndexPlan {
  const ranges = [{ low: '', high: undefined }]
  return { kind: 'index', index, exact: false, ranges, reverse: false, sorted: false, used: [] }
}

function planFor(index: Index, all: readonly Condition[], request: PlanRequest): IndexPlan | undefined {
  const { definition, parts, multikey } = index
  if (definition.partialFilterExpression && !implies(request.filter, definition.partialFilterExpression))
    return undefined
  const conditions = all.filter((condition) => !(condition.matchesMissing && (definition.sparse || multikey)))
  const used: Condition[] = []
  let prefixes = ['']
  let singles = 0
  let at = 0
  for (; at < parts.length; at++) {
    if (multikey && at > 0 && sharesArray(parts, at)) break
    const condition = tightest(conditions, parts[at]!.path, multikey)
    if (!condition || prefixes.length * condition.intervals.length > MAX_RANGES) break
    used.push(condition)
    if (!condition.points) break
    if (condition.intervals.length === 1 && singles === at) singles++
    prefixes = extend(prefixes, condition, parts[at]!)
  }
  const last = used.at(-1)
  const ranged = last && !last.points ? last : undefined
  const ranges = ranged
    ? rangesOf(prefixes, ranged, parts[at]!)
    : prefixes.map((low) => ({ low, high: after(low) }))
  const direction = index.sorts ? sortable(index, request, singles) : undefined
  if (used.length === 0 && (direction === undefined || definition.sparse)) return undefined
  const exact = definition.unique && at === parts.length
  return {
    kind: 'index',
    index,
    exact,
    ranges,
    reverse: direction === 'backward',
    sorted: direction !== undefined,
    used,
  }
}

/** Parts that are equal to one single value do not matter for the order; those behind them must be the sort's. */
function sortable(index: Index, request: PlanRequest, singles: number) {
  const { sort } = request
  if (!sort || !request.ordered || request.collated || Object.keys(sort).length === 0) return undefined
  for (let from = singles; from >= 0; from--) {
    const direction = sortDirection(index.parts, from, sort)
    if (direction !== undefined) return direction
  }
  return undefined
}

/** Two parts that run through the same array: the element that satisfies one need not satisfy the other. */
function sharesArray(parts: readonly KeyPart[], at: number): boolean {
  const root = parts[at]!.segments[0]
  return parts.slice(0, at).some((part) => part.segments[0] === root)
}

function tightest(conditions: readonly Condition[], path: string, multikey: boolean): Condition | undefined {
  const here = conditions.filter((condition) => condition.path === path)
  const points = here.filter((condition) => condition.points)
  if (points.length > 0) return points.reduce((a, b) => (b.intervals.length < a.intervals.length ? b : a))
  // On a multikey index two different elements may satisfy the two sides of a range: only one side bounds.
  if (multikey || here.length < 2) return here[0]
  return here.reduce(intersect)
}

function intersect(a: Condition, b: Condition): Condition {
  const intervals: Interval[] = []
  for (const one of a.intervals) {
    for (const two of b.intervals) {
      const low = later(one.low, two.low)
      const high = lowerEnd(one.high, two.high)
      if (low <= high + BEYOND) intervals.push({ low, high })
    }
  }
  return { path: a.path, intervals, points: false, matchesMissing: a.matchesMissing && b.matchesMissing }
}

function later(a: string, b: string): string {
  if (a > b) return a
  return b
}

/** Of two inclusive ends that also admit every key beginning with them, the one that admits less. */
function lowerEnd(a: string, b: string): string {
  if (a.startsWith(b)) return a
  if (b.startsWith(a)) return b
  return a < b ? a : b
}

function extend(prefixes: readonly string[], condition: Condition, part: KeyPart): string[] {
  const keys = condition.intervals.map(({ low }) => (part.descending ? invert(low) : low))
  if (prefixes.length === 1 && keys.length === 1) return [prefixes[0]! + keys[0]!]
  keys.sort()
  return prefixes.flatMap((prefix) => keys.map((key) => prefix + key))
}

function rangesOf(prefixes: readonly string[], condition: Condition, part: KeyPart) {
  const intervals = condition.intervals.map(({ low, high }) =>
    part.descending ? { low: invert(high), high: invert(low) } : { low, high },
  )
  intervals.sort((a, b) => (a.low < b.low ? -1 : 1))
  return prefixes.flatMap((prefix) =>
    intervals.map(({ low, high }) => ({ low: prefix + low, high: after(prefix + high) })),
  )
}

/** An upper bound of all keys that begin with `prefix`. */
function after(prefix: string): string | undefined {
  return prefix === '' ? undefined : prefix + BEYOND
}

/** The partial filter's own conditions appear in the query, word for word (§7). */
function implies(filter: Doc, partial: Doc): boolean {
  const given = new Set(flatten(filter))
  return flatten(partial).every((condition) => given.has(condition))
}

function flatten(filter: Doc): string[] {
  return Object.entries(filter).flatMap(([name, value]) => {
    if (name === '$and' && Array.isArray(value)) return value.flatMap((part) => flatten(part as Doc))
    const operators = isOperatorDocument(value) ? Object.entries(value) : [['$eq', value] as const]
    return operators.map(([operator, operand]) => encodeKey([name, operator, operand]))
  })
}

function union(collection: Collection, request: PlanRequest): Plan | undefined {
  for (const alternatives of alternativesOf(request.filter)) {
    const branches = alternatives.map((filter) => branch(collection, filter))
    if (branches.every((plan) => plan !== undefined)) return { kind: 'or', branches }
  }
  return undefined
}

function branch(collection: Collection, filter: Doc): Plan | undefined {
  const plan = choosePlan(collection, { filter, collated: false, ordered: false })
  return plan.kind === 'scan' ? undefined : plan
}
