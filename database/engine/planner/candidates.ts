import type { CollectionView } from '../transactions/unit.ts'
import type { Doc } from '../values/types.ts'
import type { IndexPlan, Plan } from './plan.ts'

/** What `explain` counts. */
export interface Counters {
  keys: number
  docs: number
}

/** The documents a plan leads to, with their record numbers: a superset of the query's, without repeats. */
export function candidates(view: CollectionView, plan: Plan, counters?: Counters): Iterable<[number, Doc]> {
  const found = plan.kind === 'scan' ? view.entries() : fetch(view, complete(view, plan), counters)
  return counters ? counted(found, counters) : found
}

/** True when the candidates come in the plan's key order: another version of a record may lie elsewhere. */
export function keepsOrder(view: CollectionView): boolean {
  return view.shadowed === undefined
}

// internals

/** Live index entries say nothing about records whose visible version differs: those are looked at one by one. */
function* complete(view: CollectionView, plan: Plan): Generator<number> {
  const { shadowed } = view
  if (!shadowed) {
    yield* records(view, plan)
    return
  }
  for (const record of records(view, plan)) if (!shadowed.hides(record)) yield record
  yield* shadowed.records()
}

function records(view: CollectionView, plan: Plan): Iterable<number> {
  switch (plan.kind) {
    case 'id': {
      const record = view.collection.data.idIndex.lookup(plan.key)
      return record === undefined ? [] : [record]
    }
    case 'index':
      return fromIndex(plan)
    case 'or':
      return distinct(plan.branches.map((branch) => records(view, branch)))
    case 'scan':
      return []
  }
}

function fromIndex(plan: IndexPlan): Iterable<number> {
  const single = plan.ranges.length === 1 ? plan.ranges[0] : undefined
  if (single && !plan.exact && !plan.index.multikey)
    return plan.index.range(single.low, single.high, plan.reverse)
  const ranges = plan.reverse ? plan.ranges.toReversed() : plan.ranges
  const lists = ranges.map((range) =>
    plan.exact ? one(plan, range.low) : plan.index.range(range.low, range.high, plan.reverse),
  )
  return distinct(lists)
}

function* one(plan: IndexPlan, key: string): Generator<number> {
  const record = plan.index.lookup(key)
  if (record !== undefined) yield record
}

function* distinct(lists: readonly Iterable<number>[]): Generator<number> {
  const seen = new Set<number>()
  for (const list of lists) {
    for (const record of list) {
      if (seen.has(record)) continue
      seen.add(record)
      yield record
    }
  }
}

function* fetch(
  view: CollectionView,
  found: Iterable<number>,
  counters: Counters | undefined,
): Generator<[number, Doc]> {
  for (const record of found) {
    if (counters) counters.keys++
    const doc = view.get(record)
    if (doc !== undefined) yield [record, doc]
  }
}

function* counted(found: Iterable<[number, Doc]>, counters: Counters): Generator<[number, Doc]> {
  for (const candidate of found) {
    counters.docs++
    yield candidate
  }
}
