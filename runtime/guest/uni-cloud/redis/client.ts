/** `uniCloud.redis()`: a promisified node-redis v3 client (spec/redis.md §2, §4, §6). */
import type { GuestRuntime } from '../../guest-context.ts'
import { redisArguments } from './arguments.ts'
import { addCommands, refuseForbidden } from './command-methods.ts'
import type { RedisCommand, RedisLink } from './link.ts'
import { RedisQueue } from './queue.ts'
import { shapeReply } from './replies.ts'
import { AbortError, ReplyError } from './reply-error.ts'

/** The client's own methods; those of the commands are added by `addCommands`. */
export class RedisClient {
  readonly #runtime: GuestRuntime
  readonly #connect: () => RedisLink
  #link: RedisLink | undefined
  #queue: RedisQueue | undefined
  #closed = false
  readonly #pending = new Set<Promise<unknown>>();
  [command: string]: unknown

  /** @param connect called with the first command */
  constructor(runtime: GuestRuntime, connect: () => RedisLink) {
    this.#runtime = runtime
    this.#connect = connect
    addCommands(
      this,
      runtime.space.provider,
      (name) =>
        (...args: unknown[]) =>
          this.#command(name, args),
    )
  }

  /** False once `quit` was called: the next `uniCloud.redis()` is a new client. */
  get connected(): boolean {
    return !this.#closed
  }

  /** A queue that runs as one. Synchronous, and not a promise: `await redis.multi()` is the queue itself. */
  multi(): RedisQueue {
    const queue = new RedisQueue(this.#runtime.space.provider, (commands) => this.#transaction(commands))
    this.#queue = queue
    return queue
  }

  /** The documentation's other style: finishes the queue that was opened last. */
  async exec(): Promise<unknown[] | null> {
    return this.#openQueue('exec').exec()
  }

  async discard(): Promise<'OK'> {
    return this.#openQueue('discard').discard()
  }

  /** Waits for what is under way, then closes. Twice is no error. */
  async quit(): Promise<'OK'> {
    this.#closed = true
    await Promise.allSettled(this.#pending)
    const link = this.#link
    this.#link = undefined
    await link?.close()
    return 'OK'
  }

  /** Closes without waiting. @param _flush as node-redis has it */
  end(_flush?: boolean): void {
    this.#closed = true
    const link = this.#link
    this.#link = undefined
    void link?.close().catch(() => undefined)
  }

  // internals

  async #command(name: string, given: readonly unknown[]): Promise<unknown> {
    if (this.#closed) throw new AbortError(name)
    const command = { name, args: redisArguments(name, given) }
    refuseForbidden(command)
    return this.#track(this.#send(command))
  }

  async #send(command: RedisCommand): Promise<unknown> {
    this.#link ??= this.#connect()
    try {
      return shapeReply(command.name, await this.#link.send(command))
    } catch (error) {
      throw replyError(error, command)
    }
  }

  async #transaction(commands: readonly RedisCommand[]): Promise<unknown[] | null> {
    if (this.#closed) throw new AbortError('exec')
    return this.#track(this.#sendTransaction(commands))
  }

  async #sendTransaction(commands: readonly RedisCommand[]): Promise<unknown[] | null> {
    this.#link ??= this.#connect()
    let replies: unknown[] | null
    try {
      replies = await this.#link.transaction(commands)
    } catch (error) {
      throw replyError(error, { name: 'exec', args: [] })
    }
    return (
      replies?.map((reply, at) => {
        const command = commands[at] as RedisCommand
        return reply instanceof Error ? replyError(reply, command) : shapeReply(command.name, reply)
      }) ?? null
    )
  }

  /** Remembers what `quit` has to wait for. */
  async #track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work)
    try {
      return await work
    } finally {
      this.#pending.delete(work)
    }
  }

  #openQueue(command: 'exec' | 'discard'): RedisQueue {
    const queue = this.#queue
    if (!queue?.open) throw new ReplyError(`ERR ${command.toUpperCase()} without MULTI`, command, [])
    this.#runtime.warnOnce(
      'redis.exec',
      `redis: commands called on the client itself are not part of a transaction, they ran at once; ` +
        'queue them on what redis.multi() returned, and call exec() there',
    )
    return queue
  }
}

// internals

/** Errors of the server get v3's members; others (no connection) pass as they are. */
function replyError(error: unknown, command: RedisCommand): unknown {
  if (error instanceof ReplyError || !(error instanceof Error) || error.name !== 'ReplyError') return error
  return new ReplyError(error.message, command.name, command.args)
}
