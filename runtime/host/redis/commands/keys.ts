/** Commands on keys, whatever they hold (spec/redis.md §3). */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command } from '../command.ts'
import { globMatcher } from '../glob.ts'
import type { Keyspace } from '../keyspace.ts'
import { integer } from '../numbers.ts'
import { errors, ok, type Reply, Status } from '../reply.ts'
import { scanOptions, scanStep } from '../scan.ts'

export const keyCommands: CommandTable = {
  del: command(1, (keys, args) => count(args, (key) => keys.delete(key)), any),
  unlink: command(1, (keys, args) => count(args, (key) => keys.delete(key)), any),
  exists: command(1, (keys, args) => count(args, (key) => keys.has(key)), any),
  touch: command(1, (keys, args) => count(args, (key) => keys.has(key)), any),
  type: command(1, (keys, [key]) => new Status(keys.type(key as Bytes) ?? 'none')),
  keys: command(1, (keys, [pattern]) => keys.keys().filter(globMatcher(pattern as Bytes))),
  scan: command(1, scan, any),
  randomkey: command(0, (keys) => {
    const all = keys.keys()
    return all[Math.floor(Math.random() * all.length)] ?? null
  }),
  rename: command(2, (keys, [from, to]) => {
    if (!keys.has(from as Bytes)) throw errors.noSuchKey()
    if (from !== to) keys.rename(from as Bytes, to as Bytes)
    return ok
  }),
  renamenx: command(2, (keys, [from, to]) => {
    if (!keys.has(from as Bytes)) throw errors.noSuchKey()
    if (keys.has(to as Bytes)) return 0
    keys.rename(from as Bytes, to as Bytes)
    return 1
  }),
  copy: command(2, copy, any),
  expire: command(2, (keys, args) => expire(keys, 'expire', args, 1000, keys.now()), 3),
  pexpire: command(2, (keys, args) => expire(keys, 'pexpire', args, 1, keys.now()), 3),
  expireat: command(2, (keys, args) => expire(keys, 'expireat', args, 1000, 0), 3),
  pexpireat: command(2, (keys, args) => expire(keys, 'pexpireat', args, 1, 0), 3),
  ttl: command(1, (keys, [key]) => left(keys, key as Bytes, (at) => Math.round((at - keys.now()) / 1000))),
  pttl: command(1, (keys, [key]) => left(keys, key as Bytes, (at) => at - keys.now())),
  expiretime: command(1, (keys, [key]) => left(keys, key as Bytes, (at) => Math.round(at / 1000))),
  pexpiretime: command(1, (keys, [key]) => left(keys, key as Bytes, (at) => at)),
  persist: command(1, (keys, [key]) => {
    if (keys.expiresAt(key as Bytes) === undefined) return 0
    keys.expireAt(key as Bytes, undefined)
    return 1
  }),
}

// internals

function count(args: readonly Bytes[], does: (key: Bytes) => boolean): number {
  let total = 0
  for (const key of args) if (does(key)) total++
  return total
}

function scan(keys: Keyspace, args: readonly Bytes[]): Reply {
  const options = scanOptions(args, true)
  const [cursor, step] = scanStep(keys.keys(), options, false)
  const names = step.filter(
    (key) => options.matches(key) && (options.type === undefined || keys.type(key) === options.type),
  )
  return [String(cursor), names]
}

/** -2: no such key; -1: it never expires. */
function left(keys: Keyspace, key: Bytes, show: (at: number) => number): Reply {
  if (!keys.has(key)) return -2
  const expiresAt = keys.expiresAt(key)
  return expiresAt === undefined ? -1 : show(expiresAt)
}

function expire(keys: Keyspace, name: string, args: readonly Bytes[], unit: number, base: number): Reply {
  const key = at(args, 0)
  const instant = base + integer(args[1]) * unit
  if (!Number.isFinite(instant) || Math.abs(instant) > 9e15) throw errors.expiry(name)
  const condition = args[2]?.toLowerCase()
  if (condition !== undefined && !['nx', 'xx', 'gt', 'lt'].includes(condition)) {
    throw errors.of(`Unsupported option ${args[2]}`)
  }
  if (!keys.has(key)) return 0
  const before = keys.expiresAt(key)
  if (condition === 'nx' && before !== undefined) return 0
  if (condition === 'xx' && before === undefined) return 0
  if (condition === 'gt' && (before === undefined || instant <= before)) return 0
  if (condition === 'lt' && before !== undefined && instant >= before) return 0
  if (instant <= keys.now()) keys.delete(key)
  else keys.expireAt(key, instant)
  return 1
}

function copy(keys: Keyspace, args: readonly Bytes[]): Reply {
  const [from, to] = [at(args, 0), at(args, 1)]
  let replace = false
  for (let index = 2; index < args.length; index++) {
    const word = args[index]?.toLowerCase()
    if (word === 'replace') replace = true
    else if (word === 'db' && args[index + 1] === '0') index++
    else throw errors.syntax()
  }
  if (from === to) throw errors.of('source and destination objects are the same')
  if (!keys.has(from) || (keys.has(to) && !replace)) return 0
  keys.copy(from, to)
  return 1
}
