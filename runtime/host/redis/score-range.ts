/** Ranges over sorted sets: by score (`(1`, `-inf`), by the bytes of members (`[a`, `(b`, `-`, `+`), by rank. */
import type { Bytes } from './bytes.ts'
import { range } from './command.ts'
import { integer, parseDouble } from './numbers.ts'
import { type CommandError, errors } from './reply.ts'
import type { ScoredMember } from './sorted-set.ts'

export type Within = (item: ScoredMember) => boolean

/** @throws CommandError */
export function scoreRange(min: Bytes | undefined, max: Bytes | undefined): Within {
  const low = scoreBound(min)
  const high = scoreBound(max)
  return ({ score }) =>
    (low.open ? score > low.value : score >= low.value) &&
    (high.open ? score < high.value : score <= high.value)
}

/** @throws CommandError */
export function lexRange(min: Bytes | undefined, max: Bytes | undefined): Within {
  const low = lexBound(min)
  const high = lexBound(max)
  return ({ member }) => low.compare(member) >= low.from && high.compare(member) <= high.to
}

/** First and last rank as given. @throws CommandError */
export function rankRange(start: Bytes | undefined, end: Bytes | undefined): [number, number] {
  return [integer(start), integer(end)]
}

/** Items of a rank range, in order or from the back. */
export function byRank(
  items: readonly ScoredMember[],
  [start, end]: [number, number],
  reverse: boolean,
): ScoredMember[] {
  const part = range(start, end, items.length)
  if (!part) return []
  if (!reverse) return items.slice(part[0], part[1] + 1)
  return items.slice(items.length - 1 - part[1], items.length - part[0]).reverse()
}

/** `LIMIT offset count`; a negative count is all of them. */
export function limited<T>(items: T[], offset: number, count: number): T[] {
  if (offset < 0) return []
  return count < 0 ? items.slice(offset) : items.slice(offset, offset + count)
}

// internals

function scoreBound(text: Bytes | undefined): { value: number; open: boolean } {
  const open = text?.startsWith('(') ?? false
  const value = parseDouble((open ? text?.slice(1) : text) ?? '')
  if (value === undefined) throw errors.of('min or max is not a float')
  return { value, open }
}

interface LexBound {
  /** The sign of member minus bound. */
  compare(member: Bytes): number
  /** Smallest and largest sign that is inside. */
  from: number
  to: number
}

function lexBound(text = ''): LexBound {
  if (text === '-') return { compare: () => 1, from: 0, to: 0 }
  if (text === '+') return { compare: () => -1, from: 0, to: 0 }
  if (!text.startsWith('[') && !text.startsWith('(')) throw notLex()
  const bound = text.slice(1)
  const open = text.startsWith('(')
  return {
    compare: (member) => (member < bound ? -1 : member > bound ? 1 : 0),
    from: open ? 1 : 0,
    to: open ? -1 : 0,
  }
}

function notLex(): CommandError {
  return errors.of('min or max not valid string range item')
}
