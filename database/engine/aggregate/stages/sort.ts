import { fail } from '../../errors.ts'
import { Ranking } from '../../ranking.ts'
import { compileSorter, type SortKey } from '../../sort.ts'
import { sortInTurns } from '../../sort-in-turns.ts'
import { type Doc, isDocument } from '../../values/types.ts'
import { consume, emit } from '../flow.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$sort`. Stable; with a limit behind it only the documents that can still be asked for are kept. */
export function sortStage(argument: unknown, { scope, turns }: StageContext): Stage {
  if (!isDocument(argument)) return fail(15973, 'the $sort key specification must be an object')
  if (Object.keys(argument).length === 0) fail(15976, '$sort stage must have at least one sort key')
  const { collation, scores } = scope.options
  const sorter = compileSorter(argument, collation, (name, doc) => {
    if (name === 'randVal') return scope.random()
    return scores ? scores.of(doc) : fail(40218, `query requires ${name} metadata, but it is not available`)
  })
  let wanted = Number.POSITIVE_INFINITY
  return {
    sort: {
      order: argument,
      keep(count) {
        wanted = count
      },
    },
    *run(input) {
      const order = (a: Entry, b: Entry) => sorter.compareKeys(a.key, b.key)
      // Picking out a few while the others pass is cheap; picking out most of them is a sort, and done in turns.
      const first = wanted <= FEW ? new Ranking<Entry>(wanted, order) : undefined
      const all: Entry[] = []
      yield* consume(input, (doc) => {
        const entry = { doc, key: sorter.keyOf(doc) }
        if (first) first.add(entry)
        else all.push(entry)
      })
      const sorted = first?.ranked() ?? (yield* sortInTurns(all, order, turns))
      yield* emit(wanted < sorted.length ? sorted.slice(0, wanted) : sorted, turns, ({ doc }) => doc)
    },
  }
}

// internals

const FEW = 1000

interface Entry {
  readonly doc: Doc
  readonly key: SortKey
}
