/** Names: ours are camelCase, each platform has its own (spec/uni-pay.md §2.1). */

export type Fields = Record<string, unknown>

/** `out_trade_no` -> `outTradeNo`, at every depth. */
export function camelCased(value: unknown): unknown {
  return renamed(value, (key) => key.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase()))
}

/** `outTradeNo` -> `out_trade_no`, at every depth; members that are undefined are left out. */
export function snakeCased(value: unknown): unknown {
  return renamed(value, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
}

/** Without members that are undefined. */
export function compact(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** An object as JSON has them: not null, no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Objects as they are, anything else as an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {}
}

/** Strings as they are, anything else as undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

// internals

function renamed(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((entry) => renamed(entry, rename))
  if (!isFields(value) || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([key, entry]) => [rename(key), renamed(entry, rename)]),
  )
}
