/** `eval`, `evalsha` and `script` (spec/redis.md §5). */
import { createHash } from 'node:crypto'
import type { Bytes } from '../bytes.ts'
import { parseInt64 } from '../numbers.ts'
import { CommandError, errors, ok, type Reply } from '../reply.ts'
import { compile } from './compiler.ts'
import { display } from './convert.ts'
import { LuaSyntaxError } from './lexer.ts'
import { Machine, ScriptTimeout } from './machine.ts'
import { toReply } from './replies.ts'
import { scriptGlobals } from './script-globals.ts'
import { LuaTable } from './value.ts'

type Execute = (name: string, args: readonly Bytes[]) => Reply

export class Scripts {
  readonly #execute: Execute
  readonly #limitMs: number
  readonly #sources = new Map<string, Bytes>()

  /**
   * @param execute runs one command; refuses those no script may run
   * @param limitMs a script that runs longer is ended
   */
  constructor(execute: Execute, limitMs: number) {
    this.#execute = execute
    this.#limitMs = limitMs
  }

  /** @param args number of keys, keys, arguments. @throws CommandError */
  eval(source: Bytes, args: readonly Bytes[]): Reply {
    const sha = sha1(source)
    this.#sources.set(sha, source)
    return this.#run(source, sha, args)
  }

  evalsha(sha: Bytes, args: readonly Bytes[]): Reply {
    const source = this.#sources.get(sha.toLowerCase())
    if (source === undefined) throw new CommandError('NOSCRIPT No matching script. Please use EVAL.')
    return this.#run(source, sha.toLowerCase(), args)
  }

  script([action, ...args]: readonly Bytes[]): Reply {
    switch (action?.toLowerCase()) {
      case 'load': {
        const source = args[0]
        if (source === undefined) throw errors.arity('script|load')
        compiled(source)
        const sha = sha1(source)
        this.#sources.set(sha, source)
        return sha
      }
      case 'exists':
        return args.map((sha) => (this.#sources.has(sha.toLowerCase()) ? 1 : 0))
      case 'flush':
        this.#sources.clear()
        return ok
      default:
        throw errors.of(`unknown subcommand '${action ?? ''}'. Try SCRIPT HELP.`)
    }
  }

  // internals

  #run(source: Bytes, sha: string, [countText, ...rest]: readonly Bytes[]): Reply {
    const count = parseInt64(countText ?? '')
    if (count === undefined) throw errors.notInteger()
    if (count < 0n) throw errors.of("Number of keys can't be negative")
    if (count > BigInt(rest.length)) throw errors.of("Number of keys can't be greater than number of args")
    const keys = rest.slice(0, Number(count))
    const args = rest.slice(Number(count))
    const machine = new Machine(this.#limitMs)
    const globals = scriptGlobals({ machine, keys, args, execute: this.#execute })
    try {
      const reply = toReply(compiled(source, globals)(machine)[0])
      if (reply instanceof CommandError) throw reply
      return reply
    } catch (error) {
      throw scriptError(error, machine, sha)
    }
  }
}

// internals

function sha1(source: Bytes): string {
  return createHash('sha1').update(source, 'latin1').digest('hex')
}

const noGlobals = { get: () => undefined, set: () => undefined }

function compiled(source: Bytes, globals: Parameters<typeof compile>[1] = noGlobals) {
  try {
    return compile(source, globals)
  } catch (error) {
    if (!(error instanceof LuaSyntaxError)) throw error
    throw errors.of(`Error compiling script (new function): ${error.message}`)
  }
}

/** An uncaught error with the text of redis 7: what, which script, which line. */
function scriptError(error: unknown, machine: Machine, sha: string): unknown {
  if (error instanceof CommandError) return error
  if (error instanceof ScriptTimeout) return errors.of(error.message)
  const value = machine.errorValue(error)
  const raised = value instanceof LuaTable ? value.get('err') : undefined
  const text = typeof raised === 'string' ? raised : `ERR ${display(value)}`
  return new CommandError(`${text} script: ${sha}, on @user_script:${machine.line}.`)
}
