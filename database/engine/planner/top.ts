import type { Matcher } from '../match/index.ts'
import type { Pause } from '../pause.ts'
import { Ranking } from '../ranking.ts'
import type { Sorter, SortKey } from '../sort.ts'
import { sortInTurns } from '../sort-in-turns.ts'
import type { Doc } from '../values/types.ts'
import type { Reading } from './reading.ts'
import { eachDocument, finish } from './streams.ts'

/**
 * The documents that match, in order. Equal ones stay in the order they came in.
 * @param limit how many of them are wanted: a few are picked out while the others pass
 */
export async function sortedMatches(
  reading: Reading,
  candidates: Iterable<Doc>,
  matcher: Matcher,
  sorter: Sorter,
  limit: number,
  pause: Pause,
): Promise<Doc[]> {
  const order = (a: Entry, b: Entry) => sorter.compareKeys(a.key, b.key)
  const first = limit <= FEW ? new Ranking<Entry>(limit, order) : undefined
  const all: Entry[] = []
  await eachDocument(reading, candidates, pause, (doc) => {
    if (!matcher.matches(doc)) return undefined
    const entry = { key: sorter.keyOf(doc), doc }
    if (first) first.add(entry)
    else all.push(entry)
    return undefined
  })
  const ordered = first?.ranked() ?? (await finish(sortInTurns(all, order, pause), reading, pause))
  return Array.from(limit < ordered.length ? ordered.slice(0, limit) : ordered, ({ doc }) => doc)
}

// internals

const FEW = 1000

interface Entry {
  readonly key: SortKey
  readonly doc: Doc
}
