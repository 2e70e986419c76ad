/**
 * `pfadd` and its relatives over an exact set of hashes, stored in a string, since `type` must say so
 * (spec/redis.md §3): counts are right where redis estimates.
 */
import { createHash } from 'node:crypto'
import type { Bytes } from '../bytes.ts'
import { any, type CommandTable, command } from '../command.ts'
import type { Keyspace } from '../keyspace.ts'
import { CommandError, ok } from '../reply.ts'

export const hyperLogLogCommands: CommandTable = {
  pfadd: command(
    1,
    (keys, [key, ...elements]) => {
      const exists = keys.has(key as Bytes)
      const before = read(keys, key as Bytes)
      const after = new Set([...before, ...elements.map(hashed)])
      if (exists && after.size === before.size) return 0
      write(keys, key as Bytes, after)
      return 1
    },
    any,
  ),
  pfcount: command(1, (keys, names) => merged(keys, names).size, any),
  pfmerge: command(
    1,
    (keys, [target, ...sources]) => {
      write(keys, target as Bytes, merged(keys, [target as Bytes, ...sources]))
      return ok
    },
    any,
  ),
}

// internals

/** What redis begins its own with; what follows is ours. */
const magic = 'HYLL:exact:'
const hashBytes = 8

function hashed(element: Bytes): Bytes {
  return createHash('sha1').update(element, 'latin1').digest().toString('latin1', 0, hashBytes)
}

function read(keys: Keyspace, key: Bytes): Set<Bytes> {
  const text = keys.get(key, 'string')
  if (text === undefined) return new Set()
  if (!text.startsWith(magic)) {
    throw new CommandError('WRONGTYPE Key is not a valid HyperLogLog string value.')
  }
  const elements = new Set<Bytes>()
  for (let at = magic.length; at < text.length; at += hashBytes) elements.add(text.slice(at, at + hashBytes))
  return elements
}

function write(keys: Keyspace, key: Bytes, elements: ReadonlySet<Bytes>): void {
  keys.set(key, 'string', magic + [...elements].join(''), true)
}

function merged(keys: Keyspace, names: readonly Bytes[]): Set<Bytes> {
  return new Set(names.flatMap((key) => [...read(keys, key)]))
}
