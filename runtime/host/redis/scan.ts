/**
 * One step of `scan` and its relatives. Items are walked in the order of a hash of their name and the cursor is a
 * place in that order: whatever is there during the whole walk is met, whatever else comes and goes.
 */
import type { Bytes } from './bytes.ts'
import { globMatcher } from './glob.ts'
import { integer, parseInt64 } from './numbers.ts'
import { errors } from './reply.ts'

export interface ScanOptions {
  cursor: number
  count: number
  matches(name: Bytes): boolean
  /** Of `scan` only. */
  type?: string
}

/** Small collections come whole, as redis does it. */
const wholeUpTo = 128

/** @param args from the cursor on */
export function scanOptions(args: readonly Bytes[], withType = false): ScanOptions {
  const cursor = parseInt64(args[0] ?? '')
  if (cursor === undefined || cursor < 0n) throw errors.of('invalid cursor')
  const options: ScanOptions = { cursor: Number(cursor), count: 10, matches: () => true }
  for (let at = 1; at < args.length; at += 2) {
    const value = args[at + 1]
    const word = args[at]?.toLowerCase()
    if (value === undefined) throw errors.syntax()
    if (word === 'match') options.matches = globMatcher(value)
    else if (word === 'count') options.count = positive(value)
    else if (word === 'type' && withType) options.type = value.toLowerCase()
    else throw errors.syntax()
  }
  return options
}

/** @returns the next cursor (0 = the walk is over) and the names of this step, before matching */
export function scanStep(names: readonly Bytes[], options: ScanOptions, small: boolean): [number, Bytes[]] {
  if (small && names.length <= wholeUpTo) return [0, options.cursor === 0 ? [...names] : []]
  const ahead = names
    .map((name) => ({ name, place: hash(name) }))
    .filter(({ place }) => place >= options.cursor)
    .sort((a, b) => a.place - b.place)
  const last = ahead[options.count - 1]
  if (!last || ahead.length <= options.count) return [0, ahead.map(({ name }) => name)]
  // Names of the same place go together: the cursor cannot tell them apart.
  const step = ahead.filter(({ place }) => place <= last.place)
  return [step.length === ahead.length ? 0 : last.place + 1, step.map(({ name }) => name)]
}

// internals

function positive(text: Bytes): number {
  const value = integer(text)
  if (value < 1) throw errors.syntax()
  return value
}

/** FNV-1a, 32 bits, never 0: a cursor of 0 is the end. */
function hash(name: Bytes): number {
  let value = 0x811c9dc5
  for (let at = 0; at < name.length; at++) {
    value = Math.imul(value ^ name.charCodeAt(at), 0x01000193)
  }
  return value >>> 0 || 1
}
