/** The space's own store, which lives in the host. */
import { randomUUID } from 'node:crypto'
import type { GuestRuntime } from '../../guest-context.ts'
import { blockingCommands } from './commands.ts'
import type { RedisCommand, RedisLink } from './link.ts'
import { AbortError } from './reply-error.ts'

/** An item of a transaction as it comes over the bridge. */
type Item = { ok: true; reply: unknown } | { ok: false; message: string }

export class MemoryLink implements RedisLink {
  readonly #runtime: GuestRuntime
  /** The store keeps watched keys per client. */
  readonly #client = randomUUID()
  #closed = false

  constructor(runtime: GuestRuntime) {
    this.#runtime = runtime
  }

  send({ name, args }: RedisCommand): Promise<unknown> {
    if (blockingCommands.has(name)) return this.#poll(name, args)
    return this.#runtime.request('redis', 'command', [this.#client, name, args])
  }

  async transaction(commands: readonly RedisCommand[]): Promise<unknown[] | null> {
    const plain = commands.map(({ name, args }) => [name, args])
    const items = (await this.#runtime.request('redis', 'transaction', [this.#client, plain])) as
      | Item[]
      | null
    return items?.map((item) => (item.ok ? item.reply : serverError(item.message))) ?? null
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#runtime.request('redis', 'close', [this.#client])
  }

  // internals

  /**
   * The store never keeps an element for someone who waits: it says that there may be one, and the waiting instance
   * takes it, if it still lives.
   */
  async #poll(name: string, args: RedisCommand['args']): Promise<unknown> {
    let token: unknown
    for (;;) {
      if (this.#closed) throw new AbortError(name)
      const answer = (await this.#runtime.request('redis', 'poll', [this.#client, name, args, token])) as Poll
      if ('reply' in answer) return answer.reply
      token = answer.again
    }
  }
}

// internals

function serverError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' })
}

/** Either the reply, or a sign to try again with this token. */
type Poll = { reply: unknown } | { again: unknown }
