/** Commands on lists (spec/redis.md §3). Those that wait come to the same rows, see `blocking.ts`. */
import type { Bytes } from '../bytes.ts'
import { any, at, type CommandTable, command, range } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { integer, natural } from '../numbers.ts'
import { type CommandError, errors, ok, type Reply } from '../reply.ts'

export type Side = 'left' | 'right'

export const listCommands: CommandTable = {
  lpush: command(2, (keys, args) => push(keys, 'left', args, false), any),
  rpush: command(2, (keys, args) => push(keys, 'right', args, false), any),
  lpushx: command(2, (keys, args) => push(keys, 'left', args, true), any),
  rpushx: command(2, (keys, args) => push(keys, 'right', args, true), any),
  lpop: command(1, (keys, args) => pop(keys, 'left', args), 2),
  rpop: command(1, (keys, args) => pop(keys, 'right', args), 2),
  rpoplpush: command(2, (keys, [from, to]) => move(keys, [from, to] as Bytes[], 'right', 'left')),
  lmove: command(4, (keys, [from, to, out, into]) =>
    move(keys, [from, to] as Bytes[], side(out as Bytes), side(into as Bytes)),
  ),
  linsert: command(4, linsert),
  lindex: command(2, (keys, [key, index]) => keys.get(key as Bytes, 'list')?.at(integer(index)) ?? null),
  llen: command(1, (keys, [key]) => keys.get(key as Bytes, 'list')?.length ?? 0),
  lrange: command(3, (keys, [key, start, end]) => {
    const [from, to] = [integer(start), integer(end)]
    const list = keys.get(key as Bytes, 'list') ?? []
    const part = range(from, to, list.length)
    return part ? list.slice(part[0], part[1] + 1) : []
  }),
  lrem: command(3, lrem),
  lset: command(3, lset),
  ltrim: command(3, (keys, [key, start, end]) => {
    const [from, to] = [integer(start), integer(end)]
    const list = keys.get(key as Bytes, 'list')
    if (!list) return ok
    const part = range(from, to, list.length)
    const kept = part ? list.slice(part[0], part[1] + 1) : []
    list.splice(0, list.length, ...kept)
    keys.changed(key as Bytes)
    return ok
  }),
  lpos: command(2, lpos, any),
}

/** Takes one element; undefined when there is none. */
export function take(keys: Keyspace, key: Bytes, from: Side): Bytes | undefined {
  const list = keys.get(key, 'list')
  if (!list) return undefined
  const value = from === 'left' ? list.shift() : list.pop()
  keys.changed(key)
  return value
}

/** Takes from one list and puts into another, or into the same. */
export function move(keys: Keyspace, [from, to]: readonly Bytes[], out: Side, into: Side): Bytes | null {
  const source = keys.get(from as Bytes, 'list')
  if (!source) return null
  if (from === to) {
    // Turned in place: the key never goes away in between, and with it its expiry.
    const value = (out === 'left' ? source.shift() : source.pop()) as Bytes
    if (into === 'left') source.unshift(value)
    else source.push(value)
    keys.changed(from as Bytes)
    return value
  }
  // The target's type is looked at before anything moves.
  keys.get(to as Bytes, 'list')
  const value = take(keys, from as Bytes, out) as Bytes
  const target = keys.getOrCreate(to as Bytes, 'list')
  if (into === 'left') target.unshift(value)
  else target.push(value)
  keys.changed(to as Bytes)
  return value
}

/** LEFT or RIGHT. @throws CommandError */
export function side(word: Bytes): Side {
  const name = word.toLowerCase()
  if (name !== 'left' && name !== 'right') throw errors.syntax()
  return name
}

// internals

function push(keys: Keyspace, onto: Side, args: readonly Bytes[], onlyExisting: boolean): Reply {
  const [key, ...values] = args as [Bytes, ...Bytes[]]
  if (onlyExisting && !keys.get(key, 'list')) return 0
  const list = keys.getOrCreate(key, 'list')
  for (const value of values) {
    if (onto === 'left') list.unshift(value)
    else list.push(value)
  }
  keys.changed(key)
  return list.length
}

function pop(keys: Keyspace, from: Side, args: readonly Bytes[]): Reply {
  const key = at(args, 0)
  if (args.length < 2) return take(keys, key, from) ?? null
  const count = natural(args[1])
  const list = keys.get(key, 'list')
  if (!list) return null
  const taken: Bytes[] = []
  for (let value = ''; taken.length < count && list.length > 0; taken.push(value)) {
    value = (from === 'left' ? list.shift() : list.pop()) as Bytes
  }
  keys.changed(key)
  return taken
}

function linsert(keys: Keyspace, args: readonly Bytes[]): Reply {
  const where = at(args, 1).toLowerCase()
  if (where !== 'before' && where !== 'after') throw errors.syntax()
  const key = at(args, 0)
  const list = keys.get(key, 'list')
  if (!list) return 0
  const index = list.indexOf(at(args, 2))
  if (index < 0) return -1
  list.splice(where === 'before' ? index : index + 1, 0, at(args, 3))
  keys.changed(key)
  return list.length
}

function lrem(keys: Keyspace, args: readonly Bytes[]): Reply {
  const key = at(args, 0)
  const count = integer(args[1])
  const list = keys.get(key, 'list')
  if (!list) return 0
  const limit = count === 0 ? Number.POSITIVE_INFINITY : Math.abs(count)
  let removed = 0
  const keep = (value: Bytes): boolean => value !== args[2] || ++removed > limit
  const kept = count < 0 ? [...list].reverse().filter(keep).reverse() : list.filter(keep)
  removed = list.length - kept.length
  list.splice(0, list.length, ...kept)
  keys.changed(key)
  return removed
}

function lset(keys: Keyspace, args: readonly Bytes[]): Reply {
  const key = at(args, 0)
  const list = keys.get(key, 'list')
  if (!list) throw errors.noSuchKey()
  const given = integer(args[1])
  const index = given < 0 ? given + list.length : given
  if (index < 0 || index >= list.length) throw errors.of('index out of range')
  list[index] = at(args, 2)
  keys.changed(key)
  return ok
}

function lpos(keys: Keyspace, args: readonly Bytes[]): Reply {
  const options = { rank: 1, count: undefined as number | undefined, maxlen: 0 }
  for (let index = 2; index < args.length; index += 2) {
    const word = at(args, index).toLowerCase()
    if (args[index + 1] === undefined) throw errors.syntax()
    if (word === 'rank') options.rank = integer(args[index + 1])
    else if (word === 'count') options.count = natural(args[index + 1], "COUNT can't be negative")
    else if (word === 'maxlen') options.maxlen = natural(args[index + 1], "MAXLEN can't be negative")
    else throw errors.syntax()
  }
  if (options.rank === 0) throw rankZero()
  const list = keys.get(at(args, 0), 'list') ?? []
  const found = positions(list, at(args, 1), options)
  return options.count === undefined ? (found[0] ?? null) : found
}

function positions(
  list: readonly Bytes[],
  value: Bytes,
  { rank, count = 1, maxlen }: { rank: number; count: number | undefined; maxlen: number },
): number[] {
  const step = rank < 0 ? -1 : 1
  const wanted = count === 0 ? list.length : count
  let skip = Math.abs(rank) - 1
  const found: number[] = []
  for (let looked = 0; looked < list.length && found.length < wanted; looked++) {
    if (maxlen > 0 && looked >= maxlen) break
    const index = step > 0 ? looked : list.length - 1 - looked
    if (list[index] === value && --skip < 0) found.push(index)
  }
  return found
}

function rankZero(): CommandError {
  return errors.of(
    "RANK can't be zero: use 1 to start from the first match, 2 from the second ... " +
      'or use negative to start from the end of the list',
  )
}
