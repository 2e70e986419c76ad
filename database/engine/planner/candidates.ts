import type { CollectionView, Shadow } from '../transactions/unit.ts'
import type { Doc } from '../values/types.ts'
import type { IndexPlan, Plan } from './plan.ts'

/** What `explain` counts. */
export interface Counters {
  keys: number
  docs: number
}

/** The documents a plan leads to, with their record numbers: a superset of the query's, without repeats. */
export function candidates(view: CollectionView, plan: Plan): Iterable<[number, Doc]> {
  return plan.kind === 'scan' ? view.entries() : fetchEntries(view, complete(view, plan))
}

/** The same, for those who only read: without record numbers. */
export function candidateDocuments(view: CollectionView, plan: Plan, counters?: Counters): Iterable<Doc> {
  if (plan.kind === 'id' && !counters && !view.shadowed) return one(view, plan.key)
  const found = plan.kind === 'scan' ? view.documents() : fetch(view, complete(view, plan), counters)
  return counters ? counted(found, counters) : found
}

/** True when the candidates come in the plan's key order: another version of a record may lie elsewhere. */
export function keepsOrder(view: CollectionView): boolean {
  return view.shadowed === undefined
}

// internals

/** The document with this `_id`, without the machinery that many would need. */
function one(view: CollectionView, key: string): Doc[] {
  const record = view.collection.data.idIndex.lookup(key, view.snapshot)
  const doc = record === undefined ? undefined : view.get(record)
  return doc === undefined ? [] : [doc]
}

/** Live index entries say nothing about records whose visible version differs: those are looked at one by one. */
function complete(view: CollectionView, plan: Plan): Iterable<number> {
  const { shadowed } = view
  return shadowed ? withShadow(view, plan, shadowed) : records(view, plan)
}

function* withShadow(view: CollectionView, plan: Plan, shadowed: Shadow): Generator<number> {
  for (const record of records(view, plan)) if (!shadowed.hides(record)) yield record
  yield* shadowed.records()
}

function records(view: CollectionView, plan: Plan): Iterable<number> {
  switch (plan.kind) {
    case 'id': {
      const record = view.collection.data.idIndex.lookup(plan.key, view.snapshot)
      return record === undefined ? [] : [record]
    }
    case 'index':
      return fromIndex(view, plan)
    case 'or':
      return distinct(fromBranches(view, plan.branches))
    case 'scan':
      return []
  }
}

function fromIndex(view: CollectionView, plan: IndexPlan): Iterable<number> {
  const { index, ranges, exact, reverse } = plan
  const single = ranges.length === 1 ? ranges[0] : undefined
  if (!single || exact || index.multikey) return distinct(fromRanges(view, plan))
  return index.range(single.low, single.high, reverse, view.snapshot)
}

/** The snapshot is looked at for each range anew: it may have been taken while the last one was read. */
function* fromRanges(view: CollectionView, { index, ranges, exact, reverse }: IndexPlan): Generator<number> {
  for (const { low, high } of reverse ? ranges.toReversed() : ranges) {
    if (!exact) {
      yield* index.range(low, high, reverse, view.snapshot)
      continue
    }
    const record = index.lookup(low, view.snapshot)
    if (record !== undefined) yield record
  }
}

function* fromBranches(view: CollectionView, branches: readonly Plan[]): Generator<number> {
  for (const branch of branches) yield* records(view, branch)
}

function* distinct(found: Iterable<number>): Generator<number> {
  const seen = new Set<number>()
  for (const record of found) {
    if (seen.has(record)) continue
    seen.add(record)
    yield record
  }
}

function* fetchEntries(view: CollectionView, found: Iterable<number>): Generator<[number, Doc]> {
  for (const record of found) {
    const doc = view.get(record)
    if (doc !== undefined) yield [record, doc]
  }
}

function* fetch(
  view: CollectionView,
  found: Iterable<number>,
  counters: Counters | undefined,
): Generator<Doc> {
  for (const record of found) {
    if (counters) counters.keys++
    const doc = view.get(record)
    if (doc !== undefined) yield doc
  }
}

function* counted(found: Iterable<Doc>, counters: Counters): Generator<Doc> {
  for (const doc of found) {
    counters.docs++
    yield doc
  }
}
