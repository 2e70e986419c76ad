/** The space's redis behind the bridge. */
import type { Clock } from '../../../clock/clock.ts'
import type { HostService } from '../services.ts'
import { toBytes, toText } from './bytes.ts'
import { MemoryRedis } from './memory-redis.ts'
import { CommandError, type Reply, Status } from './reply.ts'

type Argument = string | Uint8Array

/** A reply as instances get it. */
type PlainReply = string | number | null | PlainReply[]

/** An item of a transaction. */
type Item = { ok: true; reply: PlainReply } | { ok: false; message: string }

export class RedisService implements HostService {
  readonly #redis: MemoryRedis

  constructor(clock: Clock, redis = new MemoryRedis(clock)) {
    this.#redis = redis
  }

  async handle(method: string, args: unknown[]): Promise<unknown> {
    try {
      return await this.#handle(method, args)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      throw Object.assign(new Error(toText(error.message)), { name: error.name, code: error.code })
    }
  }

  // internals

  async #handle(method: string, args: unknown[]): Promise<unknown> {
    const client = args[0] as string
    switch (method) {
      case 'command':
        return plain(this.#redis.execute(client, args[1] as string, bytesOf(args[2] as Argument[])))
      case 'transaction':
        return this.#transaction(client, args[1] as [string, Argument[]][])
      case 'poll':
        return this.#poll(args[1] as string, args[2] as Argument[], args[3] as { until: number } | undefined)
      case 'close':
        return this.#redis.forget(client)
      default:
        throw new Error(`redis has no method "${method}"`)
    }
  }

  #transaction(client: string, commands: readonly [string, Argument[]][]): Item[] | null {
    const replies = this.#redis.transaction(
      client,
      commands.map(([name, args]) => ({ name, args: bytesOf(args) })),
    )
    return (
      replies?.map((reply) =>
        reply instanceof CommandError
          ? { ok: false, message: toText(reply.message) }
          : { ok: true, reply: plain(reply) },
      ) ?? null
    )
  }

  async #poll(name: string, args: Argument[], token: { until: number } | undefined): Promise<unknown> {
    const polled = await this.#redis.poll(name, bytesOf(args), token?.until)
    return 'reply' in polled ? { reply: plain(polled.reply) } : polled
  }
}

// internals

function bytesOf(args: readonly Argument[]): string[] {
  return args.map(toBytes)
}

function plain(reply: Reply): PlainReply {
  if (typeof reply === 'string') return toText(reply)
  if (typeof reply === 'number' || reply === null) return reply
  if (reply instanceof Status) return toText(reply.text)
  if (reply instanceof CommandError) throw reply
  return reply.map(plain)
}
