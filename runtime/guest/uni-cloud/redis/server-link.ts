/** A redis server, over a connection of this instance's own. */
import type { Redis } from 'ioredis'
import type { GuestRuntime } from '../../guest-context.ts'
import { packages } from '../packages.ts'
import type { RedisCommand, RedisLink } from './link.ts'

/** Attempts to connect before the waiting commands are given up. */
const maxRetries = 3

export class ServerLink implements RedisLink {
  readonly #redis: Redis
  readonly #place: string
  /** Why there is no connection; ioredis itself only says that it gave up. */
  #problem: Error | undefined

  /** @param url `redis://` or `rediss://`, with password and database number if any */
  constructor(runtime: GuestRuntime, url: string) {
    const { Redis: Client } = packages.ioredis()
    this.#place = url.replace(/\/\/[^@/]*@/, '//')
    this.#redis = new Client(url, {
      lazyConnect: true,
      maxRetriesPerRequest: maxRetries,
      retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
    })
    // Commands carry the error to their callers; the event needs a listener or it would end the instance.
    this.#redis.on('error', (error: Error) => {
      this.#problem = error
      runtime.warnOnce('redis.connection', `redis: no connection to ${this.#place}: ${textOf(error)}`)
    })
  }

  async send({ name, args }: RedisCommand): Promise<unknown> {
    try {
      // Names in upper case pass ioredis's own conversions by: replies stay as the server sent them.
      return await this.#redis.call(name.toUpperCase(), ...args.map(asArgument))
    } catch (error) {
      throw this.#explained(error)
    }
  }

  /** Written in one go on one connection, nothing of others comes between. */
  async transaction(commands: readonly RedisCommand[]): Promise<unknown[] | null> {
    const begun = this.send({ name: 'multi', args: [] })
    const queued = commands.map((command) => this.send(command))
    const executed = this.send({ name: 'exec', args: [] })
    // A refused command shows in EXEC, which then aborts; its own rejection says the same.
    await Promise.allSettled([begun, ...queued, executed])
    return (await executed) as unknown[] | null
  }

  async close(): Promise<void> {
    if (this.#redis.status === 'wait' || this.#redis.status === 'end') this.#redis.disconnect()
    else await this.#redis.quit().catch(() => this.#redis.disconnect())
  }

  // internals

  #explained(error: unknown): unknown {
    if (!this.#problem || !(error instanceof Error) || error.name !== 'MaxRetriesPerRequestError')
      return error
    const { code } = this.#problem as NodeJS.ErrnoException
    const text = `Redis connection to ${this.#place} failed - ${textOf(this.#problem)}`
    return Object.assign(new Error(text, { cause: this.#problem }), { code })
  }
}

// internals

/** Errors of a connection to several addresses at once have no text of their own. */
function textOf(error: Error): string {
  return error.message || String((error as NodeJS.ErrnoException).code ?? error.name)
}

function asArgument(argument: string | Uint8Array): string | Buffer {
  return typeof argument === 'string'
    ? argument
    : Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
}
