/** What a client talks to: the space's own store, or a redis server. */
import type { RedisArgument } from './arguments.ts'

export interface RedisCommand {
  /** Lower case. */
  name: string
  args: RedisArgument[]
}

export interface RedisLink {
  /**
   * One command. Replies are strings, numbers, null and lists of them, as the protocol has them.
   * What the server refuses rejects with an Error named `ReplyError` whose message is the server's text.
   */
  send(command: RedisCommand): Promise<unknown>
  /**
   * All at once. A command that fails is an Error in the list; null when a watched key was changed before.
   * Rejects when the server refuses one of them (`EXECABORT`).
   */
  transaction(commands: readonly RedisCommand[]): Promise<unknown[] | null>
  close(): Promise<void>
}
