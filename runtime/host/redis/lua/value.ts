/** Values of Lua 5.1 (spec/redis.md §5). Strings are bytes, one character each; numbers are doubles. */
import type { Bytes } from '../bytes.ts'

export type LuaValue = undefined | boolean | number | Bytes | LuaTable | LuaFunction | LuaNull
export type LuaFunction = (args: readonly LuaValue[]) => readonly LuaValue[]

/** What JSON's null becomes: a value of its own, not nil. */
export class LuaNull {
  readonly kind = 'null'
}

export const cjsonNull = new LuaNull()

/** A raised error: any value can be one. */
export class LuaError extends Error {
  readonly value: LuaValue
  /** The text already says where. */
  readonly positioned: boolean

  constructor(value: LuaValue, positioned = false) {
    super(typeof value === 'string' ? value : 'a Lua error')
    this.value = value
    this.positioned = positioned
  }
}

/** Items 1, 2, 3 … lie in a list, everything else in a map. */
export class LuaTable {
  readonly list: LuaValue[]
  readonly #map = new Map<LuaValue, LuaValue>()
  metatable: LuaTable | undefined
  /** Writing is an error; holds the libraries. */
  frozen = false

  constructor(list: LuaValue[] = []) {
    this.list = list
    this.#trim()
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === 'number' && key >= 1 && key <= this.list.length && Number.isInteger(key)) {
      return this.list[key - 1]
    }
    return this.#map.get(key)
  }

  /** @throws LuaError for nil and NaN as keys */
  set(key: LuaValue, value: LuaValue): void {
    if (key === undefined) throw new LuaError('table index is nil')
    if (typeof key === 'number') {
      if (Number.isNaN(key)) throw new LuaError('table index is NaN')
      if (this.#setItem(key, value)) return
    }
    if (value === undefined) this.#map.delete(key)
    else this.#map.set(key, value)
  }

  /** A length: an index with a value whose next has none. */
  get length(): number {
    return this.list.length
  }

  keys(): LuaValue[] {
    const keys: LuaValue[] = []
    for (const [at, value] of this.list.entries()) if (value !== undefined) keys.push(at + 1)
    return [...keys, ...this.#map.keys()]
  }

  // internals

  #setItem(key: number, value: LuaValue): boolean {
    const { list } = this
    if (!Number.isInteger(key) || key < 1 || key > list.length + 1) return false
    if (key <= list.length) {
      list[key - 1] = value
      this.#trim()
      return true
    }
    if (value === undefined) return false
    list.push(value)
    // What came earlier under later numbers follows.
    for (
      let next = this.#map.get(list.length + 1);
      next !== undefined;
      next = this.#map.get(list.length + 1)
    ) {
      this.#map.delete(list.length + 1)
      list.push(next)
    }
    this.#map.delete(key)
    return true
  }

  #trim(): void {
    while (this.list.length > 0 && this.list.at(-1) === undefined) this.list.pop()
  }
}

export function typeName(value: LuaValue): string {
  if (value === undefined) return 'nil'
  if (value instanceof LuaTable) return 'table'
  return value === cjsonNull ? 'userdata' : typeof value
}

export function isTruthy(value: LuaValue): boolean {
  return value !== undefined && value !== false
}
