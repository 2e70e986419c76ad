import { TURN, type Turn, type Turns } from './pause.ts'

/**
 * A stable sort that stops whenever others should get their turn: short runs are sorted as they are, then merged.
 * @returns the items in order; the list given may be used up
 */
export function* sortInTurns<T>(
  items: T[],
  order: (a: T, b: T) => number,
  turns: Turns,
): Generator<Turn, T[]> {
  if (items.length <= RUN) return items.sort(order)
  let from: T[] = []
  for (let start = 0; start < items.length; start += RUN) {
    for (const item of items.slice(start, start + RUN).sort(order)) from.push(item)
    if (turns.due()) yield TURN
  }
  let into: T[] = new Array(from.length)
  for (let width = RUN; width < from.length; width *= 2) {
    for (let start = 0; start < from.length; start += width * 2) {
      yield* merge(from, into, { start, middle: start + width, end: start + width * 2 }, order, turns)
    }
    ;[from, into] = [into, from]
  }
  return from
}

// internals

/** Sorting this many takes about a millisecond. */
const RUN = 1024
const CHECK_MASK = 511

interface Runs {
  start: number
  middle: number
  end: number
}

function* merge<T>(
  from: readonly T[],
  into: T[],
  runs: Runs,
  order: (a: T, b: T) => number,
  turns: Turns,
): Generator<Turn, void> {
  const middle = Math.min(runs.middle, from.length)
  const end = Math.min(runs.end, from.length)
  let left = runs.start
  let right = middle
  for (let at = runs.start; at < end; at++) {
    const takeLeft = left < middle && (right >= end || order(from[left]!, from[right]!) <= 0)
    into[at] = takeLeft ? from[left++]! : from[right++]!
    if ((at & CHECK_MASK) === 0 && turns.due()) yield TURN
  }
}
