/** `dump` and `restore`: a payload of our own, good for this store only (spec/redis.md §3). */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command } from '../command.ts'
import type { Keyspace, ValueType } from '../keyspace.ts'
import { natural } from '../numbers.ts'
import { CommandError, errors, ok, type Reply } from '../reply.ts'
import { SortedSet } from '../sorted-set.ts'

export const dumpCommands: CommandTable = {
  dump: command(1, (keys, [key]) => dump(keys, key as Bytes)),
  restore: command(3, restore, any),
}

// internals

const magic = 'unicloud-local-dump:'

/** ASCII only, so that it survives being a string. */
function dump(keys: Keyspace, key: Bytes): Reply {
  const type = keys.type(key)
  if (!type) return null
  const text = JSON.stringify([type, plain(keys, key, type)])
  return (
    magic +
    text.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  )
}

function plain(keys: Keyspace, key: Bytes, type: ValueType): unknown {
  const value = keys.get(key, type)
  if (value instanceof SortedSet) return value.items().map(({ member, score }) => [member, String(score)])
  return value instanceof Map || value instanceof Set ? [...value] : value
}

function restore(keys: Keyspace, args: readonly Bytes[]): Reply {
  const key = at(args, 0)
  const ttl = natural(args[1], 'Invalid TTL value, must be >= 0')
  const words = args.slice(3).map((word) => word.toLowerCase())
  if (words.some((word) => word !== 'replace' && word !== 'absttl')) throw errors.syntax()
  if (keys.has(key) && !words.includes('replace'))
    throw new CommandError('BUSYKEY Target key name already exists.')
  load(keys, key, at(args, 2))
  if (ttl > 0) keys.expireAt(key, words.includes('absttl') ? ttl : keys.now() + ttl)
  return ok
}

function load(keys: Keyspace, key: Bytes, payload: Bytes): void {
  if (!payload.startsWith(magic)) throw errors.of('DUMP payload version or checksum are wrong')
  const [type, value] = JSON.parse(payload.slice(magic.length)) as [ValueType, never]
  if (type === 'zset') {
    const set = new SortedSet()
    for (const [member, score] of value as [Bytes, string][]) set.set(member, Number(score))
    keys.set(key, 'zset', set)
  } else if (type === 'hash') keys.set(key, 'hash', new Map(value as [Bytes, Bytes][]))
  else if (type === 'set') keys.set(key, 'set', new Set(value as Bytes[]))
  else keys.set(key, type, value)
}
