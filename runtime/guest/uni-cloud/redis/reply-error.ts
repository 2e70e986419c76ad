/** Errors of redis, as node-redis v3 gives them to its callers (spec/redis.md §2). */
import type { RedisArgument } from './arguments.ts'

/** An answer of the server that says no. */
export class ReplyError extends Error {
  /** First word of the text: `ERR`, `WRONGTYPE` … */
  code: string
  /** Upper case. */
  command: string
  args: RedisArgument[]

  constructor(message: string, command: string, args: readonly RedisArgument[]) {
    super(message)
    this.code = /^[A-Z]+(?=\s|$)/.exec(message)?.[0] ?? 'ERR'
    this.command = command.toUpperCase()
    this.args = [...args]
  }

  override get name(): string {
    return 'ReplyError'
  }
}

/** A command that never reached the server because the connection is closed. */
export class AbortError extends Error {
  code = 'NR_CLOSED'
  command: string

  constructor(command: string) {
    super(`${command.toUpperCase()} can't be processed. The connection is already closed.`)
    this.command = command.toUpperCase()
  }

  override get name(): string {
    return 'AbortError'
  }
}

/** The extension is not declared, or the space has no redis (spec/redis.md §1). */
export class RedisNotEnabledError extends Error {
  errCode = 'REDIS_NOT_ENABLED'
  code = 'REDIS_NOT_ENABLED'
  errMsg: string

  constructor(message: string) {
    super(message)
    this.errMsg = message
  }
}
