import type { Sorter, SortKey } from '../sort.ts'
import type { Doc } from '../values/types.ts'

/** Sorts documents; with a limit only the first `limit` are kept. Equal documents stay in the order they came in. */
export function sortDocuments(docs: Doc[], sorter: Sorter, limit = Number.POSITIVE_INFINITY): Doc[] {
  if (limit * 4 > docs.length) {
    const sorted = sorter.sort(docs)
    return sorted.length > limit ? sorted.slice(0, limit) : sorted
  }
  // Keep a buffer of twice the limit and cut it whenever it is full: about n·log(limit), and stable.
  const compare = (a: Entry, b: Entry) => sorter.compareKeys(a.key, b.key)
  let best: Entry[] = []
  let worst: SortKey | undefined
  for (const doc of docs) {
    const key = sorter.keyOf(doc)
    if (worst !== undefined && sorter.compareKeys(key, worst) >= 0) continue
    best.push({ key, doc })
    if (best.length < limit * 2 + 16) continue
    best = best.sort(compare).slice(0, limit)
    worst = best[limit - 1]?.key
  }
  return best
    .sort(compare)
    .slice(0, limit)
    .map(({ doc }) => doc)
}

// internals

interface Entry {
  readonly key: SortKey
  readonly doc: Doc
}
