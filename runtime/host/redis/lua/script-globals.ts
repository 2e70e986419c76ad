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
  keys: readonly Bytes[]
  args: readonly Bytes[]
  /** Runs one command of the store. @throws CommandError */
  execute(name: string, args: readonly Bytes[]): Reply
}

/** Reading or making any other global is an error. */
export function scriptGlobals(environment: ScriptEnvironment): Globals {
  const { machine, keys, args } = environment
  const values = new Map<string, LuaValue>(
    Object.entries({
      ...baseLibrary(machine, () => globals),
      string: stringLibrary(),
      table: tableLibrary(),
      math: mathLibrary(),
      cjson: jsonLibrary(),
      bit: bitLibrary(),
      redis: redisLibrary(environment),
      KEYS: new LuaTable([...keys]),
      ARGV: new LuaTable([...args]),
      _VERSION: 'Lua 5.1',
    }),
  )
  const globals: Globals = {
    get(name) {
      if (values.has(name)) return values.get(name)
      throw new LuaError(`Script attempted to access nonexistent global variable '${name}'`)
    },
    set(name) {
      throw new LuaError(
        values.has(name)
          ? 'Attempt to modify a readonly table'
          : `Script attempted to create global variable '${name}'`,
      )
    },
  }
  return globals
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
