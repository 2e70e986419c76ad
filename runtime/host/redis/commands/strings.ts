/** Commands on strings (spec/redis.md §3). */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command, range } from '../command.ts'
import { readExpiry, setOptions } from '../expiry.ts'
import type { Keyspace } from '../keyspace.ts'
import { addDecimals, fitsInt64, integer, parseDouble, parseInt64 } from '../numbers.ts'
import { CommandError, errors, ok, type Reply } from '../reply.ts'

const maxStringBytes = 512 * 1024 * 1024

export const stringCommands: CommandTable = {
  get: command(1, (keys, [key]) => keys.get(key as Bytes, 'string') ?? null),
  set: command(2, (keys, [key, value, ...options]) => set(keys, key as Bytes, value as Bytes, options), any),
  setnx: command(2, (keys, [key, value]) => {
    if (keys.has(key as Bytes)) return 0
    keys.set(key as Bytes, 'string', value as Bytes)
    return 1
  }),
  setex: command(3, (keys, [key, seconds, value]) =>
    setFor(keys, 'setex', [key, seconds, value] as Bytes[], 1000),
  ),
  psetex: command(3, (keys, [key, ms, value]) => setFor(keys, 'psetex', [key, ms, value] as Bytes[], 1)),
  getset: command(2, (keys, [key, value]) => {
    const before = keys.get(key as Bytes, 'string') ?? null
    keys.set(key as Bytes, 'string', value as Bytes)
    return before
  }),
  getdel: command(1, (keys, [key]) => {
    const value = keys.get(key as Bytes, 'string') ?? null
    keys.delete(key as Bytes)
    return value
  }),
  getex: command(1, (keys, [key, ...options]) => getex(keys, key as Bytes, options), any),
  getrange: command(3, (keys, [key, start, end]) =>
    getrange(keys, key as Bytes, integer(start), integer(end)),
  ),
  substr: command(3, (keys, [key, start, end]) => getrange(keys, key as Bytes, integer(start), integer(end))),
  setrange: command(3, setrange),
  strlen: command(1, (keys, [key]) => keys.get(key as Bytes, 'string')?.length ?? 0),
  append: command(2, (keys, [key, value]) => {
    const text = (keys.get(key as Bytes, 'string') ?? '') + value
    keys.set(key as Bytes, 'string', checkedLength(text), true)
    return text.length
  }),
  mget: command(
    1,
    (keys, args) =>
      args.map((key) => (keys.type(key) === 'string' ? (keys.get(key, 'string') ?? null) : null)),
    any,
  ),
  mset: command(
    2,
    (keys, args) => {
      for (const [key, value] of pairs('mset', args)) keys.set(key, 'string', value)
      return ok
    },
    any,
  ),
  msetnx: command(
    2,
    (keys, args) => {
      const all = pairs('msetnx', args)
      if (all.some(([key]) => keys.has(key))) return 0
      for (const [key, value] of all) keys.set(key, 'string', value)
      return 1
    },
    any,
  ),
  incr: command(1, (keys, [key]) => add(keys, key as Bytes, 1n)),
  decr: command(1, (keys, [key]) => add(keys, key as Bytes, -1n)),
  incrby: command(2, (keys, [key, by]) => add(keys, key as Bytes, bigInteger(by))),
  decrby: command(2, (keys, [key, by]) => {
    const amount = bigInteger(by)
    if (!fitsInt64(-amount)) throw errors.of('decrement would overflow')
    return add(keys, key as Bytes, -amount)
  }),
  incrbyfloat: command(2, (keys, [key, by]) => {
    const before = keys.get(key as Bytes, 'string') ?? '0'
    const sum = floatSum(before, by as Bytes, errors.notFloat)
    keys.set(key as Bytes, 'string', sum, true)
    return sum
  }),
}

/** The sum of two decimal texts; shared with hashes. @param complaint of a stored value that is no number */
export function floatSum(stored: Bytes, by: Bytes, complaint: () => CommandError): Bytes {
  const increment = parseDouble(by)
  if (increment === undefined) throw errors.notFloat()
  const value = parseDouble(stored)
  if (value === undefined) throw complaint()
  if (!Number.isFinite(value + increment)) throw errors.of('increment would produce NaN or Infinity')
  const sum = addDecimals(stored, by)
  if (sum === undefined) throw complaint()
  return sum
}

/** The sum of two 64-bit integers. @param complaint of a stored value that is none */
export function integerSum(stored: Bytes, by: bigint, complaint: () => CommandError): bigint {
  const value = parseInt64(stored)
  if (value === undefined) throw complaint()
  if (!fitsInt64(value + by)) throw errors.of('increment or decrement would overflow')
  return value + by
}

/** An increment. @throws CommandError */
export function bigInteger(text: Bytes | undefined): bigint {
  const value = parseInt64(text ?? '')
  if (value === undefined) throw errors.notInteger()
  return value
}

// internals

function set(keys: Keyspace, key: Bytes, value: Bytes, args: readonly Bytes[]): Reply {
  const options = setOptions('set', args, keys.now(), ['nx', 'xx', 'get', 'keepttl'])
  const expiresAt = options.expiresAt?.()
  const before = options.get ? (keys.get(key, 'string') ?? null) : null
  const exists = keys.has(key)
  if ((options.nx && exists) || (options.xx && !exists)) return options.get ? before : null
  keys.set(key, 'string', value, options.keepttl)
  if (expiresAt !== undefined) keys.expireAt(key, expiresAt)
  return options.get ? before : ok
}

function setFor(keys: Keyspace, name: string, [key, time, value]: readonly Bytes[], unit: number): Reply {
  const expiresAt = readExpiry(name, time, unit, keys.now())
  keys.set(key as Bytes, 'string', value as Bytes)
  keys.expireAt(key as Bytes, expiresAt)
  return ok
}

function getex(keys: Keyspace, key: Bytes, args: readonly Bytes[]): Reply {
  const options = setOptions('getex', args, keys.now(), ['persist'])
  const value = keys.get(key, 'string') ?? null
  if (value === null) return null
  if (options.persist) keys.expireAt(key, undefined)
  else if (options.expiresAt) keys.expireAt(key, options.expiresAt())
  return value
}

function getrange(keys: Keyspace, key: Bytes, start: number, end: number): Reply {
  const value = keys.get(key, 'string') ?? ''
  const part = range(start, end, value.length)
  return part ? value.slice(part[0], part[1] + 1) : ''
}

function setrange(keys: Keyspace, args: readonly Bytes[]): Reply {
  const key = at(args, 0)
  const patch = at(args, 2)
  const offset = integer(args[1])
  if (offset < 0) throw errors.of('offset is out of range')
  const before = keys.get(key, 'string') ?? ''
  if (patch === '') return before.length
  checkedLength({ length: offset + patch.length })
  const text = before.padEnd(offset, '\0')
  const after = text.slice(0, offset) + patch + text.slice(offset + patch.length)
  keys.set(key, 'string', after, true)
  return after.length
}

function add(keys: Keyspace, key: Bytes, by: bigint): Reply {
  const sum = integerSum(keys.get(key, 'string') ?? '0', by, errors.notInteger)
  keys.set(key, 'string', String(sum), true)
  return Number(sum)
}

function pairs(name: string, args: readonly Bytes[]): [Bytes, Bytes][] {
  if (args.length % 2 !== 0) throw errors.arity(name)
  return Array.from({ length: args.length / 2 }, (_, index) => [at(args, index * 2), at(args, index * 2 + 1)])
}

function checkedLength<T extends { readonly length: number }>(text: T): T {
  if (text.length > maxStringBytes) {
    throw new CommandError('ERR string exceeds maximum allowed size (proto-max-bulk-len)')
  }
  return text
}
