/**
 * The redis of a space without a server (spec/redis.md §8). Commands, transactions and scripts run to their end before
 * the next begins: everything is atomic.
 */
import type { Clock } from '../../../clock/clock.ts'
import type { Bytes } from './bytes.ts'
import type { Command } from './command.ts'
import { bitmapCommands } from './commands/bitmaps.ts'
import { blockingCommands, waitPlan } from './commands/blocking.ts'
import { dumpCommands } from './commands/dump.ts'
import { hashCommands } from './commands/hashes.ts'
import { hyperLogLogCommands } from './commands/hyperloglogs.ts'
import { keyCommands } from './commands/keys.ts'
import { listCommands } from './commands/lists.ts'
import { serverCommands } from './commands/server.ts'
import { setCommands } from './commands/sets.ts'
import { sortedSetCombinationCommands } from './commands/sorted-set-combinations.ts'
import { sortedSetRangeCommands } from './commands/sorted-set-ranges.ts'
import { sortedSetCommands } from './commands/sorted-sets.ts'
import { stringCommands } from './commands/strings.ts'
import { Keyspace } from './keyspace.ts'
import { Scripts } from './lua/scripts.ts'
import { CommandError, errors, ok, type Reply } from './reply.ts'

export interface QueuedCommand {
  name: string
  args: readonly Bytes[]
}

/** Either the reply, or what to call again with once something has changed. */
export type Polled = { reply: Reply } | { again: { until: number } }

/** Commands a script may not run. */
const notFromScripts = new Set(['eval', 'evalsha', 'script', 'watch', 'unwatch'])

export class MemoryRedis {
  readonly #keys: Keyspace
  readonly #scripts: Scripts
  /** Client -> key -> its version when it was watched. */
  readonly #watched = new Map<string, Map<Bytes, number | undefined>>()

  /** @param scriptLimitMs see `Scripts` */
  constructor(clock: Clock, scriptLimitMs = 5000) {
    this.#keys = new Keyspace(clock)
    this.#scripts = new Scripts((name, args) => {
      if (notFromScripts.has(name)) throw errors.of('This Redis command is not allowed from script')
      return this.#run(name, args)
    }, scriptLimitMs)
  }

  /** One command of a client. @throws CommandError */
  execute(client: string, name: string, args: readonly Bytes[]): Reply {
    if (name === 'watch') return this.#watch(client, args)
    if (name === 'unwatch') return this.#unwatch(client)
    return this.#run(name, args)
  }

  /**
   * All of them, or none when one could never run. Failures are items; null when a watched key has changed.
   * @throws CommandError EXECABORT
   */
  transaction(client: string, commands: readonly QueuedCommand[]): Reply[] | null {
    const untouched = this.#isUntouched(client)
    this.#unwatch(client)
    for (const { name, args } of commands) {
      if (refusal(name, args)) {
        throw new CommandError('EXECABORT Transaction discarded because of previous errors.')
      }
    }
    if (!untouched) return null
    return commands.map(({ name, args }) => {
      try {
        return this.#run(name, args)
      } catch (error) {
        if (error instanceof CommandError) return error
        throw error
      }
    })
  }

  /**
   * A step of a command that may wait: it takes what is there, or waits for a change and asks to be called again. It
   * takes nothing for a caller that may be gone by then.
   * @param until from the step before; absent at first
   */
  async poll(name: string, args: readonly Bytes[], until?: number): Promise<Polled> {
    if (!Object.hasOwn(blockingCommands, name)) return { reply: this.#run(name, args) }
    checkKnown(name, args)
    const plan = waitPlan(name, args)
    const reply = this.#run(name, args)
    const end = until ?? this.#keys.now() + plan.ms
    const left = end - this.#keys.now()
    if (reply !== null || left <= 0) return { reply }
    await this.#keys.waitFor(plan.keys, left)
    return { again: { until: end } }
  }

  /** The client is gone. */
  forget(client: string): void {
    this.#watched.delete(client)
  }

  // internals

  #run(name: string, args: readonly Bytes[]): Reply {
    if (name === 'eval' || name === 'evalsha') {
      const [script, ...rest] = args
      if (script === undefined || rest.length === 0) throw errors.arity(name)
      return name === 'eval' ? this.#scripts.eval(script, rest) : this.#scripts.evalsha(script, rest)
    }
    if (name === 'script') return this.#scripts.script(args)
    checkKnown(name, args)
    return (table[name] as Command).run(this.#keys, args)
  }

  #watch(client: string, names: readonly Bytes[]): Reply {
    if (names.length === 0) throw errors.arity('watch')
    const watched = this.#watched.get(client) ?? new Map<Bytes, number | undefined>()
    this.#watched.set(client, watched)
    for (const key of names) if (!watched.has(key)) watched.set(key, this.#keys.version(key))
    return ok
  }

  #unwatch(client: string): Reply {
    this.#watched.delete(client)
    return ok
  }

  #isUntouched(client: string): boolean {
    for (const [key, version] of this.#watched.get(client) ?? []) {
      if (this.#keys.version(key) !== version) return false
    }
    return true
  }
}

// internals

const table: Readonly<Record<string, Command>> = {
  ...stringCommands,
  ...keyCommands,
  ...dumpCommands,
  ...listCommands,
  ...hashCommands,
  ...setCommands,
  ...sortedSetCommands,
  ...sortedSetRangeCommands,
  ...sortedSetCombinationCommands,
  ...bitmapCommands,
  ...hyperLogLogCommands,
  ...blockingCommands,
  ...serverCommands,
}

/** Commands with an arity that are no rows of the table. */
const scripting = new Set(['eval', 'evalsha', 'script'])

/** Why a command could never run: unknown, or with a wrong number of arguments. */
function refusal(name: string, args: readonly Bytes[]): CommandError | undefined {
  if (scripting.has(name)) return args.length < (name === 'script' ? 1 : 2) ? errors.arity(name) : undefined
  const row = Object.hasOwn(table, name) ? table[name] : undefined
  if (!row) return unknown(name, args)
  return args.length < row.min || args.length > row.max ? errors.arity(name) : undefined
}

function checkKnown(name: string, args: readonly Bytes[]): void {
  const refused = refusal(name, args)
  if (refused) throw refused
}

function unknown(name: string, args: readonly Bytes[]): CommandError {
  const shown = args.map((argument) => `'${argument.slice(0, 128)}' `).join('')
  return errors.of(
    `unknown command '${name}', with args beginning with: ${shown}(the store of the local space does not have it; ` +
      'a real server does: --redis redis://127.0.0.1:6379)',
  )
}
