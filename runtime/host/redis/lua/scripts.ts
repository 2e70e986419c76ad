/** `eval`, `evalsha` and `script` (spec/redis.md §5). */
import { createHash } from 'node:crypto'
import type { Bytes } from '../bytes.ts'
import { parseInt64 } from '../numbers.ts'
import { CommandError, errors, ok, type Reply } from '../reply.ts'
import { type CompiledScript, compile } from './compiler.ts'
import { display } from './convert.ts'
import { LuaSyntaxError } from './lexer.ts'
import { Machine, ScriptTimeout } from './machine.ts'
import { toReply } from './replies.ts'
import { ScriptGlobals } from './script-globals.ts'
import { LuaTable } from './value.ts'

type Execute = (name: string, args: readonly Bytes[]) => Reply

/** Compiled scripts that are kept; beyond it all are forgotten, which costs only compiling them again. */
const maxCompiled = 1000

export class Scripts {
  readonly #machine: Machine
  readonly #globals: ScriptGlobals
  readonly #sources = new Map<string, Bytes>()
  readonly #compiled = new Map<string, CompiledScript>()

  /**
   * @param execute runs one command; refuses those no script may run, `eval` among them
   * @param limitMs a script that runs longer is ended
   */
  constructor(execute: Execute, limitMs: number) {
    this.#machine = new Machine(limitMs)
    this.#globals = new ScriptGlobals({ machine: this.#machine, execute })
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
        const sha = sha1(source)
        this.#compile(source, sha)
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
    const script = this.#compile(source, sha)
    this.#globals.setArguments(rest.slice(0, Number(count)), rest.slice(Number(count)))
    this.#machine.start()
    try {
      const reply = toReply(script(this.#machine)[0])
      if (reply instanceof CommandError) throw reply
      return reply
    } catch (error) {
      throw scriptError(error, this.#machine, sha)
    }
  }

  /** @throws CommandError with Lua's text */
  #compile(source: Bytes, sha: string): CompiledScript {
    const known = this.#compiled.get(sha)
    if (known) return known
    if (this.#compiled.size >= maxCompiled) this.#compiled.clear()
    try {
      const script = compile(source, this.#globals)
      this.#compiled.set(sha, script)
      return script
    } catch (error) {
      if (!(error instanceof LuaSyntaxError)) throw error
      throw errors.of(`Error compiling script (new function): ${error.message}`)
    }
  }
}

// internals

function sha1(source: Bytes): string {
  return createHash('sha1').update(source, 'latin1').digest('hex')
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
