/** What a running script shares with its compiled code: where it is, and how long it may still run. */
import { LuaError, type LuaValue } from './value.ts'

/** Local variables live in cells, so that functions can keep them. */
export interface Cell {
  value: LuaValue
}

/** One call of a Lua function. */
export interface Frame {
  readonly machine: Machine
  readonly cells: Cell[]
  /** Cells of the functions around it. */
  readonly outer: readonly Cell[]
  readonly varargs: readonly LuaValue[]
}

const checkEvery = 5000

export class Machine {
  /** Line of the operation under way, for error texts. */
  line = 1
  #ticks = 0
  #deadline = 0
  readonly #limitMs: number

  /** @param limitMs of machine time: while a script runs, nothing else in the space does */
  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** A run begins. */
  start(): void {
    this.line = 1
    this.#ticks = 0
    this.#deadline = performance.now() + this.#limitMs
  }

  /** Called by loops and calls. @throws ScriptTimeout */
  tick(): void {
    if (++this.#ticks % checkEvery === 0 && performance.now() > this.#deadline)
      throw new ScriptTimeout(this.#limitMs)
  }

  /** The error value of anything thrown while the script ran; what is no error of the script is thrown on. */
  errorValue(error: unknown): LuaValue {
    if (error instanceof LuaError) {
      const { value, positioned } = error
      return typeof value === 'string' && !positioned ? `user_script:${this.line}: ${value}` : value
    }
    if (error instanceof RangeError) return `user_script:${this.line}: stack overflow`
    throw error
  }
}

export class ScriptTimeout extends Error {
  constructor(limitMs: number) {
    super(`the script ran for more than ${limitMs / 1000} seconds and was ended`)
  }
}
