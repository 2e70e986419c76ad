/** The base library, without what could leave the script: no `require`, `dofile`, `print`, `setfenv`. */

import { type Arguments, libraryFunction } from './arguments.ts'
import { compile } from './compiler.ts'
import { display, toNumber } from './convert.ts'
import type { Globals } from './expressions.ts'
import { LuaSyntaxError } from './lexer.ts'
import { type Machine, ScriptTimeout } from './machine.ts'
import { call, metamethod } from './operators.ts'
import { isTruthy, LuaError, LuaTable, type LuaValue, typeName } from './value.ts'

/** Name -> function. @param globals for code that is compiled while the script runs */
export function baseLibrary(machine: Machine, globals: Globals): Record<string, LuaValue> {
  const functions: Record<string, (args: Arguments) => LuaValue | readonly LuaValue[]> = {
    assert(args) {
      if (!isTruthy(args.any(0)))
        throw new LuaError(args.count > 1 ? args.optional(1) : 'assertion failed!', args.count > 1)
      return all(args)
    },
    error(args) {
      const value = args.optional(0)
      const level = args.number(1, 1)
      if (typeof value !== 'string' || level <= 0) throw new LuaError(value, true)
      throw new LuaError(`user_script:${machine.line}: ${value}`, true)
    },
    getmetatable: (args) => {
      const value = args.any(0)
      return value instanceof LuaTable ? (value.metatable?.get('__metatable') ?? value.metatable) : undefined
    },
    setmetatable(args) {
      const table = args.table(0)
      const metatable = args.optional(1)
      if (metatable !== undefined && !(metatable instanceof LuaTable))
        throw args.wrong(1, 'nil or table expected')
      if (table.metatable?.get('__metatable') !== undefined)
        throw new LuaError('cannot change a protected metatable')
      if (table.frozen) throw new LuaError('Attempt to modify a readonly table')
      table.metatable = metatable
      return table
    },
    ipairs: (args) => [nextItem, args.table(0), 0],
    pairs: (args) => [iterate(args.table(0)), args.table(0), undefined],
    next: (args) => nextPair(args.table(0), args.optional(1)),
    pcall: (args) => protectedCall(machine, args.any(0), all(args).slice(1), (error) => [false, error]),
    xpcall: (args) => {
      const handler = args.optional(1)
      return protectedCall(machine, args.any(0), [], (error) => [false, ...call(handler, [error])])
    },
    rawequal: (args) => args.any(0) === args.any(1),
    rawget: (args) => args.table(0).get(args.any(1)),
    rawset(args) {
      const table = args.table(0)
      if (table.frozen) throw new LuaError('Attempt to modify a readonly table')
      table.set(args.any(1), args.any(2))
      return table
    },
    select(args) {
      const which = args.any(0)
      if (which === '#') return args.count - 1
      const from = args.integer(0)
      if (from === 0 || from < -(args.count - 1)) throw args.wrong(0, 'index out of range')
      return from < 0 ? all(args).slice(from) : all(args).slice(from)
    },
    tonumber: (args) => (args.optional(1) === undefined ? toNumber(args.any(0)) : inBase(args)),
    tostring(args) {
      const value = args.any(0)
      return metamethod(value, '__tostring')?.([value])[0] ?? display(value)
    },
    type: (args) => typeName(args.any(0)),
    unpack(args) {
      const table = args.table(0)
      const from = args.integer(1, 1)
      const to = args.integer(2, table.length)
      if (to - from >= 8000) throw new LuaError('too many results to unpack')
      return Array.from({ length: Math.max(to - from + 1, 0) }, (_, at) => table.get(from + at))
    },
    loadstring: (args) => loaded(machine, globals, args.string(0)),
    load: (args) => loaded(machine, globals, args.string(0)),
    collectgarbage: () => 0,
  }
  return Object.fromEntries(
    Object.entries(functions).map(([name, run]) => [name, libraryFunction(name, run)]),
  )
}

// internals

function all(args: Arguments): readonly LuaValue[] {
  return Array.from({ length: args.count }, (_, at) => args.optional(at))
}

const nextItem = ([table, at]: readonly LuaValue[]): readonly LuaValue[] => {
  const next = (at as number) + 1
  const value = (table as LuaTable).get(next)
  return value === undefined ? [undefined] : [next, value]
}

/** Walks the keys there are now; those that go meanwhile are passed over. */
function iterate(table: LuaTable): (args: readonly LuaValue[]) => readonly LuaValue[] {
  const keys = table.keys()
  let at = 0
  return () => {
    while (at < keys.length) {
      const key = keys[at++]
      const value = table.get(key)
      if (value !== undefined) return [key, value]
    }
    return [undefined]
  }
}

function nextPair(table: LuaTable, after: LuaValue): readonly LuaValue[] {
  const keys = table.keys()
  const at = after === undefined ? 0 : keys.indexOf(after) + 1
  if (after !== undefined && at === 0) throw new LuaError("invalid key to 'next'")
  const key = keys[at]
  return key === undefined ? [undefined] : [key, table.get(key)]
}

function protectedCall(
  machine: Machine,
  callee: LuaValue,
  args: readonly LuaValue[],
  failed: (error: LuaValue) => readonly LuaValue[],
): readonly LuaValue[] {
  try {
    return [true, ...call(callee, args)]
  } catch (error) {
    if (error instanceof ScriptTimeout) throw error
    return failed(machine.errorValue(error))
  }
}

function inBase(args: Arguments): LuaValue {
  const base = args.integer(1)
  if (base < 2 || base > 36) throw args.wrong(1, 'base out of range')
  const text = args.string(0).trim().toLowerCase()
  const digits = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, base)
  const valid = new RegExp(`^-?[${digits}]+$`)
  return valid.test(text) ? Number.parseInt(text, base) : undefined
}

function loaded(machine: Machine, globals: Globals, source: string): readonly LuaValue[] {
  try {
    const run = compile(source, globals)
    return [() => run(machine)]
  } catch (error) {
    if (error instanceof LuaSyntaxError) return [undefined, error.message]
    throw error
  }
}
