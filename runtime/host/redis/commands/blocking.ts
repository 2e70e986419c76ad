/**
 * Commands that may wait (spec/redis.md §6). A row tries once and answers null when there is nothing yet, as these
 * commands do inside transactions; `waitPlan` tells what to wait for, and how long.
 */
import type { Bytes } from '../bytes.ts'
import { any, at, type Command, type CommandTable, command } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { parseDouble } from '../numbers.ts'
import { errors, type Reply } from '../reply.ts'
import { move, type Side, side, take } from './lists.ts'
import { pop } from './sorted-sets.ts'

export const blockingCommands: CommandTable = {
  blpop: firstOf((keys, key) => fromList(keys, key, 'left')),
  brpop: firstOf((keys, key) => fromList(keys, key, 'right')),
  bzpopmin: firstOf((keys, key) => fromSortedSet(keys, key, 'min')),
  bzpopmax: firstOf((keys, key) => fromSortedSet(keys, key, 'max')),
  brpoplpush: command(3, (keys, args) => move(keys, args.slice(0, 2), 'right', 'left')),
  blmove: command(5, (keys, args) => move(keys, args.slice(0, 2), side(at(args, 2)), side(at(args, 3)))),
}

/** Keys whose change may bring something, and the milliseconds to wait for it. @throws CommandError */
export function waitPlan(name: string, args: readonly Bytes[]): { keys: readonly Bytes[]; ms: number } {
  const timeout = parseDouble(args.at(-1) ?? '')
  if (timeout === undefined || !Number.isFinite(timeout)) {
    throw errors.of('timeout is not a float or out of range')
  }
  if (timeout < 0) throw errors.of('timeout is negative')
  const keys = name === 'brpoplpush' || name === 'blmove' ? args.slice(0, 1) : args.slice(0, -1)
  return { keys, ms: timeout === 0 ? Number.POSITIVE_INFINITY : timeout * 1000 }
}

// internals

function firstOf(takeFrom: (keys: Keyspace, key: Bytes) => Reply): Command {
  return command(
    2,
    (keys, args) => {
      for (const key of args.slice(0, -1)) {
        const found = takeFrom(keys, key)
        if (found !== null) return found
      }
      return null
    },
    any,
  )
}

function fromList(keys: Keyspace, key: Bytes, from: Side): Reply {
  const value = take(keys, key, from)
  return value === undefined ? null : [key, value]
}

function fromSortedSet(keys: Keyspace, key: Bytes, end: 'min' | 'max'): Reply {
  const found = pop(keys, end, key)
  return found.length === 0 ? null : [key, ...found]
}
