/** The queue of `redis.multi()` (spec/redis.md §4). */
import type { ProviderName } from '../../../project/manifest.ts'
import { redisArguments } from './arguments.ts'
import { addCommands, refuseForbidden } from './command-methods.ts'
import type { RedisCommand } from './link.ts'
import { ReplyError } from './reply-error.ts'

/** Methods of all commands, each of which returns the queue. */
export class RedisQueue {
  readonly #run: (commands: readonly RedisCommand[]) => Promise<unknown[] | null>
  #commands: RedisCommand[] = []
  /** The first command that can never run: it makes `exec` fail as the server would. */
  #refused: unknown
  #open = true;
  [command: string]: unknown

  constructor(provider: ProviderName, run: (commands: readonly RedisCommand[]) => Promise<unknown[] | null>) {
    this.#run = run
    addCommands(
      this,
      provider,
      (name) =>
        (...args: unknown[]) =>
          this.#add(name, args),
    )
  }

  /** Until `exec` or `discard`. */
  get open(): boolean {
    return this.#open
  }

  /**
   * Replies in order; a command that fails is an Error among them. Null when a watched key was changed.
   * Rejects with `EXECABORT` when one of the commands was refused before anything ran.
   */
  async exec(): Promise<unknown[] | null> {
    const commands = this.#take()
    if (this.#refused !== undefined) throw this.#refused
    return this.#run(commands)
  }

  async discard(): Promise<'OK'> {
    this.#take()
    return 'OK'
  }

  // internals

  #add(name: string, given: readonly unknown[]): this {
    const command: RedisCommand = { name, args: [] }
    try {
      command.args = redisArguments(name, given)
      refuseForbidden(command)
      this.#commands.push(command)
    } catch (error) {
      this.#refused ??=
        error instanceof ReplyError
          ? new ReplyError('EXECABORT Transaction discarded because of previous errors.', 'exec', [])
          : error
    }
    return this
  }

  #take(): RedisCommand[] {
    const commands = this.#commands
    this.#commands = []
    this.#open = false
    return commands
  }
}
