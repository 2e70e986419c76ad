/** What a script finds in its global scope (spec/redis.md §5). */
import { createHash } from 'node:crypto'
import type { Bytes } from '../bytes.ts'
import { formatGeneral } from '../numbers.ts'
import { CommandError, errors, type Reply } from '../reply.ts'
import { type Arguments, libraryTable } from './arguments.ts'
import { baseLibrary } from './base-library.ts'
import { bitLibrary } from './bit-library.ts'
import type { Globals } from './expressions.ts'
import { jsonLibrary } from './json-library.ts'
import type { Machine } from './machine.ts'
import { fromReply } from './replies.ts'
import { stringLibrary } from './string-library.ts'
import { mathLibrary, tableLibrary } from './table-library.ts'
import { LuaError, LuaTable, type LuaValue } from './value.ts'

export interface ScriptEnvironment {
  machine: Machine
  /** Runs one command of the store. @throws CommandError */
  execute(name: string, args: readonly Bytes[]): Reply
}

/** Made once: scripts cannot change what they find here. Reading or making any other global is an error. */
export class ScriptGlobals implements Globals {
  readonly #values: Map<string, LuaValue>

  constructor(environment: ScriptEnvironment) {
    this.#values = new Map<string, LuaValue>(
      Object.entries({
        ...baseLibrary(environment.machine, this),
        string: stringLibrary(),
        table: tableLibrary(),
        math: mathLibrary(),
        cjson: jsonLibrary(),
        bit: bitLibrary(),
        redis: redisLibrary(environment),
        _VERSION: 'Lua 5.1',
      }),
    )
  }

  /** Before each run. */
  setArguments(keys: readonly Bytes[], args: readonly Bytes[]): void {
    this.#values.set('KEYS', new LuaTable([...keys]))
    this.#values.set('ARGV', new LuaTable([...args]))
  }

  get(name: string): LuaValue {
    if (this.#values.has(name)) return this.#values.get(name)
    throw new LuaError(`Script attempted to access nonexistent global variable '${name}'`)
  }

  set(name: string): void {
    throw new LuaError(
      this.#values.has(name)
        ? 'Attempt to modify a readonly table'
        : `Script attempted to create global variable '${name}'`,
    )
  }
}

// internals

function redisLibrary(environment: ScriptEnvironment): LuaTable {
  return libraryTable(
    {
      call: (args) => fromReply(run(environment, args)),
      pcall(args) {
        try {
          return fromReply(run(environment, args))
        } catch (error) {
          if (error instanceof LuaError) return error.value
          throw error
        }
      },
      error_reply: (args) => table('err', args.string(0).replace(/^-/, '')),
      status_reply: (args) => table('ok', args.string(0)),
      sha1hex: (args) => createHash('sha1').update(args.string(0), 'latin1').digest('hex'),
      log: () => [],
      replicate_commands: () => true,
      set_repl: () => [],
      setresp: () => [],
    },
    { LOG_DEBUG: 0, LOG_VERBOSE: 1, LOG_NOTICE: 2, LOG_WARNING: 3, REPL_ALL: 3, REPL_NONE: 0 },
  )
}

/** @throws LuaError with a table `{err = text}`, as redis raises it */
function run({ execute }: ScriptEnvironment, args: Arguments): Reply {
  const given = Array.from({ length: args.count }, (_, at) => commandArgument(args.optional(at)))
  const [name, ...rest] = given
  try {
    if (name === undefined) throw errors.of('Please specify at least one argument for this redis.call() call')
    return execute(name.toLowerCase(), rest)
  } catch (error) {
    if (error instanceof CommandError) throw new LuaError(table('err', error.message), true)
    throw error
  }
}

/** Numbers become text here; large ones lose digits only where doubles do. */
function commandArgument(value: LuaValue): Bytes {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return formatGeneral(value, 17)
  throw new LuaError(table('err', 'ERR Lua redis lib command arguments must be strings or integers'), true)
}

function table(name: string, text: Bytes): LuaTable {
  const made = new LuaTable()
  made.set(name, text)
  return made
}
