/** Commands on ranges of sorted sets (spec/redis.md §3). */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { formatDouble, integer } from '../numbers.ts'
import { errors, type Reply } from '../reply.ts'
import { byRank, lexRange, limited, rankRange, scoreRange, type Within } from '../score-range.ts'
import { type ScoredMember, SortedSet } from '../sorted-set.ts'

export const sortedSetRangeCommands: CommandTable = {
  zrange: command(
    3,
    (keys, args) => {
      const options = rangeOptions(args.slice(3))
      return listed(select(keys, at(args, 0), args[1], args[2], options), options.withScores)
    },
    any,
  ),
  zrangestore: command(
    4,
    (keys, args) => {
      const options = rangeOptions(args.slice(4), true)
      return store(keys, at(args, 0), select(keys, at(args, 1), args[2], args[3], options))
    },
    any,
  ),
  zrevrange: command(3, (keys, args) => old(keys, args, 'rank', true), 4),
  zrangebyscore: command(3, (keys, args) => old(keys, args, 'score', false), any),
  zrevrangebyscore: command(3, (keys, args) => old(keys, args, 'score', true), any),
  zrangebylex: command(3, (keys, args) => old(keys, args, 'lex', false), any),
  zrevrangebylex: command(3, (keys, args) => old(keys, args, 'lex', true), any),
  zcount: command(3, (keys, [key, min, max]) => within(keys, key, scoreRange(min, max)).length),
  zlexcount: command(3, (keys, [key, min, max]) => within(keys, key, lexRange(min, max)).length),
  zremrangebyscore: command(3, (keys, [key, min, max]) =>
    remove(keys, key, within(keys, key, scoreRange(min, max))),
  ),
  zremrangebylex: command(3, (keys, [key, min, max]) =>
    remove(keys, key, within(keys, key, lexRange(min, max))),
  ),
  zremrangebyrank: command(3, (keys, [key, start, end]) => {
    const ends = rankRange(start, end)
    return remove(keys, key, byRank(items(keys, key), ends, false))
  }),
}

// internals

type By = 'rank' | 'score' | 'lex'

interface RangeOptions {
  by: By
  reverse: boolean
  withScores: boolean
  limit?: [offset: number, count: number]
}

function items(keys: Keyspace, key: Bytes | undefined): readonly ScoredMember[] {
  return keys.get(key as Bytes, 'zset')?.items() ?? []
}

/** Ranges are read before the key is looked at: their errors come first. */
function within(keys: Keyspace, key: Bytes | undefined, inside: Within): ScoredMember[] {
  return items(keys, key).filter(inside)
}

/** The commands before `zrange` learned everything. */
function old(keys: Keyspace, args: readonly Bytes[], by: By, reverse: boolean): Reply {
  const options: RangeOptions = { ...rangeOptions(args.slice(3), by === 'lex'), by, reverse }
  if (by === 'rank' && options.limit) throw errors.syntax()
  return listed(select(keys, at(args, 0), args[1], args[2], options), options.withScores)
}

function rangeOptions(args: readonly Bytes[], noScores = false): RangeOptions {
  const options: RangeOptions = { by: 'rank', reverse: false, withScores: false }
  for (let index = 0; index < args.length; index++) {
    const word = at(args, index).toLowerCase()
    if (word === 'withscores' && !noScores) options.withScores = true
    else if (word === 'byscore') options.by = 'score'
    else if (word === 'bylex') options.by = 'lex'
    else if (word === 'rev') options.reverse = true
    else if (word === 'limit' && index + 2 < args.length) {
      options.limit = [integer(args[index + 1]), integer(args[index + 2])]
      index += 2
    } else throw errors.syntax()
  }
  return options
}

/** In reverse, the first end is the larger one. */
function select(
  keys: Keyspace,
  key: Bytes,
  start: Bytes | undefined,
  end: Bytes | undefined,
  { by, reverse, limit }: RangeOptions,
): ScoredMember[] {
  if (by === 'rank') {
    if (limit) throw limitWithoutRange()
    const ends = rankRange(start, end)
    return byRank(items(keys, key), ends, reverse)
  }
  const [min, max] = reverse ? [end, start] : [start, end]
  const found = within(keys, key, by === 'score' ? scoreRange(min, max) : lexRange(min, max))
  if (reverse) found.reverse()
  return limit ? limited(found, ...limit) : found
}

function listed(found: readonly ScoredMember[], withScores: boolean): Reply {
  return found.flatMap(({ member, score }) => (withScores ? [member, formatDouble(score)] : [member]))
}

function store(keys: Keyspace, target: Bytes, found: readonly ScoredMember[]): Reply {
  if (found.length === 0) {
    keys.delete(target)
    return 0
  }
  const set = new SortedSet()
  for (const { member, score } of found) set.set(member, score)
  keys.set(target, 'zset', set)
  return found.length
}

function remove(keys: Keyspace, key: Bytes | undefined, found: readonly ScoredMember[]): Reply {
  const set = keys.get(key as Bytes, 'zset')
  for (const { member } of found) set?.delete(member)
  if (found.length > 0) keys.changed(key as Bytes)
  return found.length
}

function limitWithoutRange() {
  return errors.of('syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
}
