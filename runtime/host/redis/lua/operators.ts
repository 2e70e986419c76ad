/** Operators of Lua 5.1, with the metatables scripts can set. */
import { toNumber, toStringValue } from './convert.ts'
import { LuaError, type LuaFunction, LuaTable, type LuaValue, typeName } from './value.ts'

type Arithmetic = (a: number, b: number) => number

const arithmetic: Readonly<Record<string, { event: string; run: Arithmetic }>> = {
  '+': { event: '__add', run: (a, b) => a + b },
  '-': { event: '__sub', run: (a, b) => a - b },
  '*': { event: '__mul', run: (a, b) => a * b },
  '/': { event: '__div', run: (a, b) => a / b },
  // The sign of the divisor wins.
  '%': { event: '__mod', run: (a, b) => a - Math.floor(a / b) * b },
  '^': { event: '__pow', run: (a, b) => a ** b },
}

export type BinaryOperator = (a: LuaValue, b: LuaValue) => LuaValue

/** @throws Error for an operator that Lua 5.1 does not have */
export function binaryOperator(operator: string): BinaryOperator {
  const row = arithmetic[operator]
  if (row) return (a, b) => calculate(row, a, b)
  const other = others[operator]
  if (!other) throw new Error(`operator ${operator} is not one of Lua 5.1`)
  return other
}

export function negate(value: LuaValue): LuaValue {
  const number = toNumber(value)
  if (number !== undefined) return -number
  const handler = metamethod(value, '__unm')
  if (handler) return handler([value, value])[0]
  throw new LuaError(`attempt to perform arithmetic on a ${typeName(value)} value`)
}

export function lengthOf(value: LuaValue): number {
  if (typeof value === 'string') return value.length
  if (value instanceof LuaTable) return value.length
  throw new LuaError(`attempt to get length of a ${typeName(value)} value`)
}

/** `t[k]`, along `__index`. @param name of what is indexed, for the error */
export function index(base: LuaValue, key: LuaValue, name?: string): LuaValue {
  if (base instanceof LuaTable) {
    const value = base.get(key)
    if (value !== undefined || !base.metatable) return value
    const handler = base.metatable.get('__index')
    if (handler === undefined) return undefined
    return typeof handler === 'function' ? handler([base, key])[0] : index(handler, key)
  }
  throw new LuaError(`attempt to index ${described(base, name)}`)
}

/** `t[k] = v`, along `__newindex`. */
export function assign(base: LuaValue, key: LuaValue, value: LuaValue, name?: string): void {
  if (!(base instanceof LuaTable)) throw new LuaError(`attempt to index ${described(base, name)}`)
  if (base.frozen) throw new LuaError('Attempt to modify a readonly table')
  const handler = base.metatable && base.get(key) === undefined ? base.metatable.get('__newindex') : undefined
  if (handler === undefined) base.set(key, value)
  else if (typeof handler === 'function') handler([base, key, value])
  else assign(handler, key, value)
}

export function call(callee: LuaValue, args: readonly LuaValue[], name?: string): readonly LuaValue[] {
  if (typeof callee === 'function') return callee(args)
  const handler = metamethod(callee, '__call')
  if (handler) return handler([callee, ...args])
  throw new LuaError(`attempt to call ${described(callee, name)}`)
}

export function metamethod(value: LuaValue, event: string): LuaFunction | undefined {
  const handler = value instanceof LuaTable ? value.metatable?.get(event) : undefined
  return typeof handler === 'function' ? handler : undefined
}

// internals

function calculate({ event, run }: { event: string; run: Arithmetic }, a: LuaValue, b: LuaValue): LuaValue {
  const left = toNumber(a)
  const right = toNumber(b)
  if (left !== undefined && right !== undefined) return run(left, right)
  const handler = metamethod(a, event) ?? metamethod(b, event)
  if (handler) return handler([a, b])[0]
  const culprit = left === undefined ? a : b
  throw new LuaError(`attempt to perform arithmetic on a ${typeName(culprit)} value`)
}

const others: Readonly<Record<string, BinaryOperator>> = {
  '..': (a, b) => {
    const left = toStringValue(a)
    const right = toStringValue(b)
    if (left !== undefined && right !== undefined) return left + right
    const handler = metamethod(a, '__concat') ?? metamethod(b, '__concat')
    if (handler) return handler([a, b])[0]
    throw new LuaError(`attempt to concatenate a ${typeName(left === undefined ? a : b)} value`)
  },
  '==': equals,
  '~=': (a, b) => !equals(a, b),
  '<': (a, b) => compare(a, b, '__lt', (left, right) => left < right),
  '<=': (a, b) => compare(a, b, '__le', (left, right) => left <= right),
  '>': (a, b) => compare(b, a, '__lt', (left, right) => left < right),
  '>=': (a, b) => compare(b, a, '__le', (left, right) => left <= right),
}

function equals(a: LuaValue, b: LuaValue): boolean {
  if (a === b) return true
  if (!(a instanceof LuaTable && b instanceof LuaTable)) return false
  const handler = metamethod(a, '__eq')
  return handler !== undefined && handler === metamethod(b, '__eq') && Boolean(handler([a, b])[0])
}

function compare(
  a: LuaValue,
  b: LuaValue,
  event: string,
  run: (a: number | string, b: number | string) => boolean,
): LuaValue {
  if (typeof a === 'number' && typeof b === 'number') return run(a, b)
  if (typeof a === 'string' && typeof b === 'string') return run(a, b)
  const handler = metamethod(a, event)
  if (handler && handler === metamethod(b, event)) return Boolean(handler([a, b])[0])
  const [left, right] = [typeName(a), typeName(b)]
  throw new LuaError(
    left === right ? `attempt to compare two ${left} values` : `attempt to compare ${left} with ${right}`,
  )
}

function described(value: LuaValue, name: string | undefined): string {
  return name === undefined ? `a ${typeName(value)} value` : `${name} (a ${typeName(value)} value)`
}
