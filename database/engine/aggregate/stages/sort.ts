import { fail } from '../../errors.ts'
import { compileSorter, type Sorter, type SortKey } from '../../sort.ts'
import { type Doc, isDocument } from '../../values/types.ts'
import { Ranking } from '../ranking.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$sort`. Stable; with a limit behind it only the documents that can still be asked for are kept. */
export function sortStage(argument: unknown, { scope }: StageContext): Stage {
  if (!isDocument(argument)) return fail(15973, 'the $sort key specification must be an object')
  if (Object.keys(argument).length === 0) fail(15976, '$sort stage must have at least one sort key')
  const sorter = compileSorter(argument, scope.options.collation, (name) =>
    name === 'randVal'
      ? scope.random()
      : fail(40218, `query requires ${name} metadata, but it is not available`),
  )
  let wanted = Number.POSITIVE_INFINITY
  return {
    sort: {
      order: argument,
      keep(count) {
        wanted = count
      },
    },
    *run(input) {
      yield* Number.isFinite(wanted) ? firstSorted(input, sorter, wanted) : sorter.sort(input)
    },
  }
}

// internals

function* firstSorted(input: Iterable<Doc>, sorter: Sorter, count: number): Iterable<Doc> {
  const ranking = new Ranking<{ doc: Doc; key: SortKey }>(count, (a, b) => sorter.compareKeys(a.key, b.key))
  for (const doc of input) ranking.add({ doc, key: sorter.keyOf(doc) })
  for (const { doc } of ranking.ranked()) yield doc
}
