/** Commands on sets (spec/redis.md §3). */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { integer, natural } from '../numbers.ts'
import { randomPicks } from '../random.ts'
import { errors, type Reply } from '../reply.ts'
import { scanOptions, scanStep } from '../scan.ts'

type Combine = (sets: readonly ReadonlySet<Bytes>[]) => Bytes[]

export const setCommands: CommandTable = {
  sadd: command(
    2,
    (keys, [key, ...members]) => {
      const set = keys.getOrCreate(key as Bytes, 'set')
      const before = set.size
      for (const member of members) set.add(member)
      keys.changed(key as Bytes)
      return set.size - before
    },
    any,
  ),
  srem: command(
    2,
    (keys, [key, ...members]) => {
      const set = keys.get(key as Bytes, 'set')
      const removed = members.filter((member) => set?.delete(member)).length
      if (removed > 0) keys.changed(key as Bytes)
      return removed
    },
    any,
  ),
  scard: command(1, (keys, [key]) => keys.get(key as Bytes, 'set')?.size ?? 0),
  smembers: command(1, (keys, [key]) => [...members(keys, key as Bytes)]),
  sismember: command(2, (keys, [key, member]) => (members(keys, key as Bytes).has(member as Bytes) ? 1 : 0)),
  smismember: command(
    2,
    (keys, [key, ...names]) => {
      const set = members(keys, key as Bytes)
      return names.map((name) => (set.has(name) ? 1 : 0))
    },
    any,
  ),
  smove: command(3, smove),
  spop: command(1, spop, 2),
  srandmember: command(
    1,
    (keys, args) => {
      const count = args.length > 1 ? integer(args[1]) : undefined
      const all = [...members(keys, at(args, 0))]
      return count === undefined ? (randomPicks(all, 1)[0] ?? null) : randomPicks(all, count)
    },
    2,
  ),
  sscan: command(
    2,
    (keys, args) => {
      const options = scanOptions(args.slice(1))
      const [cursor, step] = scanStep([...members(keys, at(args, 0))], options, true)
      return [String(cursor), step.filter((member) => options.matches(member))]
    },
    any,
  ),
  sdiff: combined(difference),
  sinter: combined(intersection),
  sunion: combined(union),
  sdiffstore: stored(difference),
  sinterstore: stored(intersection),
  sunionstore: stored(union),
  sintercard: command(2, sintercard, any),
}

// internals

function members(keys: Keyspace, key: Bytes): ReadonlySet<Bytes> {
  return keys.get(key, 'set') ?? new Set()
}

function combined(combine: Combine) {
  return command(1, (keys, args) => combine(args.map((key) => members(keys, key))), any)
}

function stored(combine: Combine) {
  return command(
    2,
    (keys, [target, ...sources]) => {
      const result = new Set(combine(sources.map((key) => members(keys, key))))
      if (result.size === 0) keys.delete(target as Bytes)
      else keys.set(target as Bytes, 'set', result)
      return result.size
    },
    any,
  )
}

function difference([first, ...others]: readonly ReadonlySet<Bytes>[]): Bytes[] {
  return [...(first ?? [])].filter((member) => !others.some((set) => set.has(member)))
}

function intersection([first, ...others]: readonly ReadonlySet<Bytes>[]): Bytes[] {
  return [...(first ?? [])].filter((member) => others.every((set) => set.has(member)))
}

function union(sets: readonly ReadonlySet<Bytes>[]): Bytes[] {
  return [...new Set(sets.flatMap((set) => [...set]))]
}

function smove(keys: Keyspace, args: readonly Bytes[]): Reply {
  const [from, to, member] = [at(args, 0), at(args, 1), at(args, 2)]
  const source = keys.get(from, 'set')
  if (!source) return 0
  keys.get(to, 'set')
  if (!source.has(member)) return 0
  if (from === to) return 1
  source.delete(member)
  keys.changed(from)
  keys.getOrCreate(to, 'set').add(member)
  keys.changed(to)
  return 1
}

function spop(keys: Keyspace, args: readonly Bytes[]): Reply {
  const key = at(args, 0)
  const count = args.length > 1 ? natural(args[1]) : undefined
  const set = keys.get(key, 'set')
  const picked = randomPicks([...(set ?? [])], count ?? 1)
  for (const member of picked) set?.delete(member)
  if (picked.length > 0) keys.changed(key)
  return count === undefined ? (picked[0] ?? null) : picked
}

function sintercard(keys: Keyspace, args: readonly Bytes[]): Reply {
  const count = integer(args[0])
  if (count < 1) throw errors.of('numkeys should be greater than 0')
  if (count > args.length - 1) throw errors.of("Number of keys can't be greater than number of args")
  const names = args.slice(1, 1 + count)
  const [word, limitText, ...more] = args.slice(1 + count)
  if (
    more.length > 0 ||
    (word !== undefined && (word.toLowerCase() !== 'limit' || limitText === undefined))
  ) {
    throw errors.syntax()
  }
  const limit = word === undefined ? 0 : natural(limitText, "LIMIT can't be negative")
  const size = intersection(names.map((key) => members(keys, key))).length
  return limit > 0 ? Math.min(size, limit) : size
}
