/** Commands on hashes (spec/redis.md §3). */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { double, integer } from '../numbers.ts'
import { randomPicks } from '../random.ts'
import { errors, ok, type Reply } from '../reply.ts'
import { scanOptions, scanStep } from '../scan.ts'
import { bigInteger, floatSum, integerSum } from './strings.ts'

export const hashCommands: CommandTable = {
  hset: command(3, (keys, args) => hset(keys, 'hset', args), any),
  hmset: command(
    3,
    (keys, args) => {
      hset(keys, 'hmset', args)
      return ok
    },
    any,
  ),
  hsetnx: command(3, (keys, [key, field, value]) => {
    if (keys.get(key as Bytes, 'hash')?.has(field as Bytes)) return 0
    keys.getOrCreate(key as Bytes, 'hash').set(field as Bytes, value as Bytes)
    keys.changed(key as Bytes)
    return 1
  }),
  hget: command(2, (keys, [key, field]) => keys.get(key as Bytes, 'hash')?.get(field as Bytes) ?? null),
  hmget: command(
    2,
    (keys, [key, ...fields]) => {
      const hash = keys.get(key as Bytes, 'hash')
      return fields.map((field) => hash?.get(field) ?? null)
    },
    any,
  ),
  hgetall: command(1, (keys, [key]) => [...(keys.get(key as Bytes, 'hash') ?? [])].flat()),
  hkeys: command(1, (keys, [key]) => [...(keys.get(key as Bytes, 'hash')?.keys() ?? [])]),
  hvals: command(1, (keys, [key]) => [...(keys.get(key as Bytes, 'hash')?.values() ?? [])]),
  hlen: command(1, (keys, [key]) => keys.get(key as Bytes, 'hash')?.size ?? 0),
  hexists: command(2, (keys, [key, field]) => (keys.get(key as Bytes, 'hash')?.has(field as Bytes) ? 1 : 0)),
  hstrlen: command(
    2,
    (keys, [key, field]) => keys.get(key as Bytes, 'hash')?.get(field as Bytes)?.length ?? 0,
  ),
  hdel: command(
    2,
    (keys, [key, ...fields]) => {
      const hash = keys.get(key as Bytes, 'hash')
      const removed = fields.filter((field) => hash?.delete(field)).length
      if (removed > 0) keys.changed(key as Bytes)
      return removed
    },
    any,
  ),
  hincrby: command(3, (keys, [key, field, by]) => {
    const amount = bigInteger(by)
    const before = keys.get(key as Bytes, 'hash')?.get(field as Bytes) ?? '0'
    const sum = integerSum(before, amount, () => errors.of('hash value is not an integer'))
    setField(keys, key as Bytes, field as Bytes, String(sum))
    return Number(sum)
  }),
  hincrbyfloat: command(3, (keys, [key, field, by]) => {
    double(by)
    const before = keys.get(key as Bytes, 'hash')?.get(field as Bytes) ?? '0'
    const sum = floatSum(before, by as Bytes, () => errors.of('hash value is not a float'))
    setField(keys, key as Bytes, field as Bytes, sum)
    return sum
  }),
  hscan: command(2, hscan, any),
  hrandfield: command(1, hrandfield, 3),
}

// internals

function hset(keys: Keyspace, name: string, args: readonly Bytes[]): number {
  if (args.length % 2 !== 1) throw errors.arity(name)
  const key = at(args, 0)
  const hash = keys.getOrCreate(key, 'hash')
  const before = hash.size
  for (let index = 1; index < args.length; index += 2) hash.set(at(args, index), at(args, index + 1))
  keys.changed(key)
  return hash.size - before
}

function setField(keys: Keyspace, key: Bytes, field: Bytes, value: Bytes): void {
  keys.getOrCreate(key, 'hash').set(field, value)
  keys.changed(key)
}

function hscan(keys: Keyspace, args: readonly Bytes[]): Reply {
  const options = scanOptions(args.slice(1))
  const hash = keys.get(at(args, 0), 'hash') ?? new Map<Bytes, Bytes>()
  const [cursor, step] = scanStep([...hash.keys()], options, true)
  return [
    String(cursor),
    step.filter((field) => options.matches(field)).flatMap((field) => [field, hash.get(field) as Bytes]),
  ]
}

function hrandfield(keys: Keyspace, args: readonly Bytes[]): Reply {
  const count = args.length > 1 ? integer(args[1]) : undefined
  const withValues = args[2]?.toLowerCase() === 'withvalues'
  if (args.length > 2 && !withValues) throw errors.syntax()
  const hash = keys.get(at(args, 0), 'hash')
  if (count === undefined) return randomPicks([...(hash?.keys() ?? [])], 1)[0] ?? null
  const fields = randomPicks([...(hash?.keys() ?? [])], count)
  return withValues ? fields.flatMap((field) => [field, hash?.get(field) as Bytes]) : fields
}
