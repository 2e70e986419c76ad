/** Arguments of library functions, checked as Lua's own libraries check them. */
import { toNumber, toStringValue } from './convert.ts'
import { LuaError, LuaTable, type LuaValue, typeName } from './value.ts'

/** The arguments of one call of a function named so. */
export class Arguments {
  readonly #values: readonly LuaValue[]
  readonly #name: string

  constructor(values: readonly LuaValue[], name: string) {
    this.#values = values
    this.#name = name
  }

  get count(): number {
    return this.#values.length
  }

  /** Positions count from 0; error texts from 1. */
  any(at: number): LuaValue {
    if (at >= this.#values.length) throw this.wrong(at, 'value expected')
    return this.#values[at]
  }

  optional(at: number): LuaValue {
    return this.#values[at]
  }

  number(at: number, fallback?: number): number {
    const given = this.#values[at]
    if (given === undefined && fallback !== undefined) return fallback
    const value = toNumber(given)
    if (value === undefined) throw this.#expected(at, 'number')
    return value
  }

  /** A number without its decimals. */
  integer(at: number, fallback?: number): number {
    return Math.trunc(this.number(at, fallback))
  }

  string(at: number, fallback?: string): string {
    const given = this.#values[at]
    if (given === undefined && fallback !== undefined) return fallback
    const value = toStringValue(given)
    if (value === undefined) throw this.#expected(at, 'string')
    return value
  }

  table(at: number): LuaTable {
    const value = this.#values[at]
    if (!(value instanceof LuaTable)) throw this.#expected(at, 'table')
    return value
  }

  wrong(at: number, why: string): LuaError {
    return new LuaError(`bad argument #${at + 1} to '${this.#name}' (${why})`)
  }

  #expected(at: number, type: string): LuaError {
    const given = at < this.#values.length ? typeName(this.#values[at]) : 'no value'
    return this.wrong(at, `${type} expected, got ${given}`)
  }
}

type Library = Readonly<Record<string, (args: Arguments) => LuaValue | readonly LuaValue[]>>

/** A library as a table that scripts cannot change. */
export function libraryTable(
  functions: Library,
  constants: Readonly<Record<string, LuaValue>> = {},
): LuaTable {
  const table = new LuaTable()
  for (const [name, value] of Object.entries(constants)) table.set(name, value)
  for (const [name, run] of Object.entries(functions)) table.set(name, libraryFunction(name, run))
  table.frozen = true
  return table
}

/** One function; a plain value it returns is its only one. */
export function libraryFunction(
  name: string,
  run: Library[string],
): (args: readonly LuaValue[]) => readonly LuaValue[] {
  return (args) => {
    const result = run(new Arguments(args, name))
    return Array.isArray(result) ? (result as readonly LuaValue[]) : [result as LuaValue]
  }
}
