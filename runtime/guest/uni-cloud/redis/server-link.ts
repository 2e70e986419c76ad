/** A redis server, over a connection of this instance's own. */
import type { Redis } from 'ioredis'
import type { GuestRuntime } from '../../guest-context.ts'
import { packages } from '../packages.ts'
import type { RedisCommand, RedisLink } from './link.ts'

/** Attempts to connect before the waiting commands are given up. */
const maxRetries = 3

export class ServerLink implements RedisLink {
  readonly #redis: Redis

  /** @param url `redis://` or `rediss://`, with password and database number if any */
  constructor(runtime: GuestRuntime, url: string) {
    const { Redis: Client } = packages.ioredis()
    this.#redis = new Client(url, {
      lazyConnect: true,
      maxRetriesPerRequest: maxRetries,
      retryStrategy: (attempt) => Math.min(attempt * 100, 2000),
    })
    // Commands carry the error to their callers; the event needs a listener or it would end the instance.
    this.#redis.on('error', (error: Error) =>
      runtime.warnOnce(
        'redis.connection',
        `redis: no connection to ${withoutPassword(url)}: ${error.message}`,
      ),
    )
  }

  send({ name, args }: RedisCommand): Promise<unknown> {
    // Names in upper case pass ioredis's own conversions by: replies stay as the server sent them.
    return this.#redis.call(name.toUpperCase(), ...args.map(asArgument)) as Promise<unknown>
  }

  /** Written in one go on one connection, nothing of others comes between. */
  async transaction(commands: readonly RedisCommand[]): Promise<unknown[] | null> {
    const begun = this.#redis.call('MULTI')
    const queued = commands.map((command) => this.send(command))
    const executed = this.#redis.call('EXEC')
    // A refused command shows in EXEC, which then aborts; its own rejection says the same.
    await Promise.allSettled([begun, ...queued])
    return (await executed) as unknown[] | null
  }

  async close(): Promise<void> {
    if (this.#redis.status === 'wait' || this.#redis.status === 'end') this.#redis.disconnect()
    else await this.#redis.quit().catch(() => this.#redis.disconnect())
  }
}

// internals

function asArgument(argument: string | Uint8Array): string | Buffer {
  return typeof argument === 'string'
    ? argument
    : Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}
