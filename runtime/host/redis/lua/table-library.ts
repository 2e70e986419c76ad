/** The `table` and `math` libraries. */
import { type Arguments, libraryTable } from './arguments.ts'
import { toStringValue } from './convert.ts'
import { binaryOperator, call } from './operators.ts'
import { isTruthy, LuaError, type LuaTable, type LuaValue, typeName } from './value.ts'

export function tableLibrary(): LuaTable {
  return libraryTable({
    concat(args) {
      const table = args.table(0)
      const from = args.integer(2, 1)
      const parts: string[] = []
      for (let at = from; at <= args.integer(3, table.length); at++) {
        const text = toStringValue(table.get(at))
        if (text === undefined) {
          const type = typeName(table.get(at))
          throw new LuaError(`invalid value (${type}) at index ${at} in table for 'concat'`)
        }
        parts.push(text)
      }
      return parts.join(args.string(1, ''))
    },
    insert(args) {
      const table = writable(args)
      if (args.count === 2) table.set(table.length + 1, args.optional(1))
      else if (args.count === 3) insertAt(table, args.integer(1), args.optional(2))
      else throw new LuaError("wrong number of arguments to 'insert'")
      return []
    },
    remove(args) {
      const table = writable(args)
      const size = table.length
      const at = args.integer(1, size)
      if (size === 0 || at < 1 || at > size) return []
      const removed = table.get(at)
      for (let next = at; next < size; next++) table.set(next, table.get(next + 1))
      table.set(size, undefined)
      return removed
    },
    sort,
    getn: (args) => args.table(0).length,
    maxn: (args) =>
      args
        .table(0)
        .keys()
        .reduce<number>((most, key) => (typeof key === 'number' ? Math.max(most, key) : most), 0),
    foreach(args) {
      const table = args.table(0)
      return firstResult(table.keys(), (key) => call(args.any(1), [key, table.get(key)]))
    },
    foreachi(args) {
      const table = args.table(0)
      const items = Array.from({ length: table.length }, (_, at) => at + 1)
      return firstResult(items, (at) => call(args.any(1), [at, table.get(at)]))
    },
  })
}

export function mathLibrary(): LuaTable {
  const one = (run: (value: number) => number) => (args: Arguments) => run(args.number(0))
  return libraryTable(
    {
      abs: one(Math.abs),
      acos: one(Math.acos),
      asin: one(Math.asin),
      atan: one(Math.atan),
      atan2: (args) => Math.atan2(args.number(0), args.number(1)),
      ceil: one(Math.ceil),
      cos: one(Math.cos),
      cosh: one(Math.cosh),
      deg: one((value) => (value * 180) / Math.PI),
      exp: one(Math.exp),
      floor: one(Math.floor),
      fmod: (args) => args.number(0) % args.number(1),
      frexp: (args) => frexp(args.number(0)),
      ldexp: (args) => args.number(0) * 2 ** args.number(1),
      log: one(Math.log),
      log10: one(Math.log10),
      max: (args) => Math.max(...numbers(args)),
      min: (args) => Math.min(...numbers(args)),
      modf: (args) => {
        const value = args.number(0)
        return [Math.trunc(value), Number.isFinite(value) ? value % 1 : 0]
      },
      pow: (args) => args.number(0) ** args.number(1),
      rad: one((value) => (value * Math.PI) / 180),
      random,
      // Seeds are taken and forgotten: the numbers are random anyway.
      randomseed: () => [],
      sin: one(Math.sin),
      sinh: one(Math.sinh),
      sqrt: one(Math.sqrt),
      tan: one(Math.tan),
      tanh: one(Math.tanh),
    },
    { pi: Math.PI, huge: Number.POSITIVE_INFINITY },
  )
}

// internals

function writable(args: Arguments): LuaTable {
  const table = args.table(0)
  if (table.frozen) throw new LuaError('Attempt to modify a readonly table')
  return table
}

function insertAt(table: LuaTable, at: number, value: LuaValue): void {
  for (let next = Math.max(table.length, at - 1); next >= at; next--) table.set(next + 1, table.get(next))
  table.set(at, value)
}

function sort(args: Arguments): readonly LuaValue[] {
  const table = writable(args)
  const before = args.optional(1)
  const less =
    before === undefined ? binaryOperator('<') : (a: LuaValue, b: LuaValue) => call(before, [a, b])[0]
  const items = Array.from({ length: table.length }, (_, at) => table.get(at + 1))
  items.sort((a, b) => (isTruthy(less(a, b)) ? -1 : isTruthy(less(b, a)) ? 1 : 0))
  for (const [at, item] of items.entries()) table.set(at + 1, item)
  return []
}

function firstResult<T>(items: readonly T[], run: (item: T) => readonly LuaValue[]): readonly LuaValue[] {
  for (const item of items) {
    const [result] = run(item)
    if (result !== undefined) return [result]
  }
  return []
}

function numbers(args: Arguments): number[] {
  args.number(0)
  return Array.from({ length: args.count }, (_, at) => args.number(at))
}

function random(args: Arguments): LuaValue {
  if (args.count === 0) return Math.random()
  const low = args.count === 1 ? 1 : args.integer(0)
  const high = args.integer(args.count - 1)
  if (low > high) throw args.wrong(args.count - 1, 'interval is empty')
  return low + Math.floor(Math.random() * (high - low + 1))
}

/** Mantissa from 0.5 to 1, and the power of two. */
function frexp(value: number): readonly LuaValue[] {
  if (value === 0 || !Number.isFinite(value)) return [value, 0]
  const exponent = Math.floor(Math.log2(Math.abs(value))) + 1
  return [value / 2 ** exponent, exponent]
}
