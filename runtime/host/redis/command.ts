/** A row of the command table. */
import type { Bytes } from './bytes.ts'
import type { Keyspace } from './keyspace.ts'
import type { Reply } from './reply.ts'

export interface Command {
  /** Arguments at least and at most, without the name. */
  min: number
  max: number
  run(keys: Keyspace, args: readonly Bytes[]): Reply
}

export type CommandTable = Readonly<Record<string, Command>>

/** @param max default: exactly `min` */
export function command(min: number, run: Command['run'], max = min): Command {
  return { min, max, run }
}

export const any = Number.POSITIVE_INFINITY

/** An argument the arity check has made sure of. */
export function at(args: readonly Bytes[], index: number): Bytes {
  return args[index] as Bytes
}

/** Redis' ranges: negative ends count from the back, both ends are inclusive. Undefined = nothing. */
export function range(start: number, end: number, length: number): [number, number] | undefined {
  const from = Math.max(start < 0 ? start + length : start, 0)
  const to = Math.min(end < 0 ? end + length : end, length - 1)
  return from > to || from >= length ? undefined : [from, to]
}
