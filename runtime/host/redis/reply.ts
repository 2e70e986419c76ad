/** What a command answers (spec/redis.md §2). */
import type { Bytes } from './bytes.ts'

/** A status such as `OK`; scripts can tell it from a value. */
export class Status {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Reply = Bytes | number | null | Status | CommandError | readonly Reply[]

export const ok = new Status('OK')

/** An error of the server; its text begins with the code. */
export class CommandError extends Error {
  override readonly name = 'ReplyError'
  readonly code: string

  constructor(text: string) {
    super(text)
    this.code = text.split(' ', 1)[0] ?? 'ERR'
  }
}

/** Errors with the texts of redis 7 (spec/redis.md §2). */
export const errors = {
  wrongType: () => new CommandError('WRONGTYPE Operation against a key holding the wrong kind of value'),
  notInteger: () => new CommandError('ERR value is not an integer or out of range'),
  notFloat: () => new CommandError('ERR value is not a valid float'),
  syntax: () => new CommandError('ERR syntax error'),
  noSuchKey: () => new CommandError('ERR no such key'),
  arity: (command: string) => new CommandError(`ERR wrong number of arguments for '${command}' command`),
  expiry: (command: string) => new CommandError(`ERR invalid expire time in '${command}' command`),
  of: (text: string) => new CommandError(`ERR ${text}`),
} as const
