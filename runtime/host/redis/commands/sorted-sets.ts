/** Commands on members of sorted sets (spec/redis.md §3); ranges and combinations have files of their own. */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { double, formatDouble, integer, natural } from '../numbers.ts'
import { randomPicks } from '../random.ts'
import { errors, type Reply } from '../reply.ts'
import { scanOptions, scanStep } from '../scan.ts'

export const sortedSetCommands: CommandTable = {
  zadd: command(3, zadd, any),
  zincrby: command(3, (keys, [key, by, member]) =>
    increment(keys, key as Bytes, double(by), member as Bytes),
  ),
  zcard: command(1, (keys, [key]) => keys.get(key as Bytes, 'zset')?.size ?? 0),
  zscore: command(2, (keys, [key, member]) => shown(keys.get(key as Bytes, 'zset')?.score(member as Bytes))),
  zmscore: command(
    2,
    (keys, [key, ...members]) => {
      const set = keys.get(key as Bytes, 'zset')
      return members.map((member) => shown(set?.score(member)))
    },
    any,
  ),
  zrank: command(2, (keys, [key, member]) => keys.get(key as Bytes, 'zset')?.rank(member as Bytes) ?? null),
  zrevrank: command(2, (keys, [key, member]) => {
    const set = keys.get(key as Bytes, 'zset')
    const rank = set?.rank(member as Bytes)
    return set && rank !== undefined ? set.size - 1 - rank : null
  }),
  zrem: command(
    2,
    (keys, [key, ...members]) => {
      const set = keys.get(key as Bytes, 'zset')
      const removed = members.filter((member) => set?.delete(member)).length
      if (removed > 0) keys.changed(key as Bytes)
      return removed
    },
    any,
  ),
  zpopmin: command(1, (keys, args) => pop(keys, 'min', at(args, 0), args[1]), 2),
  zpopmax: command(1, (keys, args) => pop(keys, 'max', at(args, 0), args[1]), 2),
  zrandmember: command(1, zrandmember, 3),
  zscan: command(
    2,
    (keys, args) => {
      const options = scanOptions(args.slice(1))
      const set = keys.get(at(args, 0), 'zset')
      const names = (set?.items() ?? []).map(({ member }) => member)
      const [cursor, step] = scanStep(names, options, true)
      const matching = step.filter((member) => options.matches(member))
      return [String(cursor), matching.flatMap((member) => [member, shown(set?.score(member)) as Bytes])]
    },
    any,
  ),
}

/** A score as replies have it; null where there is none. */
export function shown(score: number | undefined): Bytes | null {
  return score === undefined ? null : formatDouble(score)
}

/** Takes members from one end, flat with their scores. */
export function pop(keys: Keyspace, end: 'min' | 'max', key: Bytes, countText?: Bytes): Bytes[] {
  const count = countText === undefined ? 1 : natural(countText)
  const set = keys.get(key, 'zset')
  if (!set) return []
  const items =
    end === 'min'
      ? set.items().slice(0, count)
      : set
          .items()
          .slice(-count || set.size)
          .reverse()
  for (const { member } of items) set.delete(member)
  if (items.length > 0) keys.changed(key)
  return items.flatMap(({ member, score }) => [member, formatDouble(score)])
}

// internals

type Flag = 'nx' | 'xx' | 'gt' | 'lt' | 'ch' | 'incr'

const flagNames: readonly string[] = ['nx', 'xx', 'gt', 'lt', 'ch', 'incr']

function zadd(keys: Keyspace, args: readonly Bytes[]): Reply {
  const key = at(args, 0)
  const flags = new Set<Flag>()
  let first = 1
  while (flagNames.includes((args[first] ?? '').toLowerCase())) {
    flags.add((args[first++] as Bytes).toLowerCase() as Flag)
  }
  const rest = args.slice(first)
  if (rest.length === 0 || rest.length % 2 !== 0) throw errors.syntax()
  checkFlags(flags, rest.length / 2)
  // All scores are read before anything is written.
  const items = Array.from({ length: rest.length / 2 }, (_, index) => ({
    score: double(rest[index * 2]),
    member: at(rest, index * 2 + 1),
  }))
  keys.get(key, 'zset')
  return flags.has('incr') ? addOne(keys, key, items[0] as Item, flags) : addAll(keys, key, items, flags)
}

interface Item {
  score: number
  member: Bytes
}

function checkFlags(flags: ReadonlySet<Flag>, pairs: number): void {
  if (flags.has('nx') && flags.has('xx')) {
    throw errors.of('XX and NX options at the same time are not compatible')
  }
  const exclusive = [flags.has('gt'), flags.has('lt'), flags.has('nx')].filter(Boolean).length
  if (exclusive > 1) throw errors.of('GT, LT, and/or NX options at the same time are not compatible')
  if (flags.has('incr') && pairs > 1) throw errors.of('INCR option supports a single increment-element pair')
}

function addAll(keys: Keyspace, key: Bytes, items: readonly Item[], flags: ReadonlySet<Flag>): number {
  const set = keys.getOrCreate(key, 'zset')
  let added = 0
  let changed = 0
  for (const { member, score } of items) {
    const before = set.score(member)
    if (!allowed(before, score, flags)) continue
    if (before === undefined) added++
    else if (before !== score) changed++
    set.set(member, score)
  }
  keys.changed(key)
  return flags.has('ch') ? added + changed : added
}

function addOne(keys: Keyspace, key: Bytes, { member, score }: Item, flags: ReadonlySet<Flag>): Reply {
  const before = keys.get(key, 'zset')?.score(member)
  const sum = (before ?? 0) + score
  if (Number.isNaN(sum)) throw errors.of('resulting score is not a number (NaN)')
  if (!allowed(before, sum, flags)) return null
  keys.getOrCreate(key, 'zset').set(member, sum)
  keys.changed(key)
  return formatDouble(sum)
}

function allowed(before: number | undefined, score: number, flags: ReadonlySet<Flag>): boolean {
  if (before === undefined) return !flags.has('xx')
  if (flags.has('nx')) return false
  return !(flags.has('gt') && score <= before) && !(flags.has('lt') && score >= before)
}

function increment(keys: Keyspace, key: Bytes, by: number, member: Bytes): Reply {
  return addOne(keys, key, { member, score: by }, new Set())
}

function zrandmember(keys: Keyspace, args: readonly Bytes[]): Reply {
  const count = args.length > 1 ? integer(args[1]) : undefined
  const withScores = args[2]?.toLowerCase() === 'withscores'
  if (args.length > 2 && !withScores) throw errors.syntax()
  const items = keys.get(at(args, 0), 'zset')?.items() ?? []
  if (count === undefined) return randomPicks(items, 1)[0]?.member ?? null
  return randomPicks(items, count).flatMap(({ member, score }) =>
    withScores ? [member, formatDouble(score)] : [member],
  )
}
