/** Conversions between Lua values: numbers from text, text from numbers. */
import { formatGeneral } from '../numbers.ts'
import { cjsonNull, LuaTable, type LuaValue } from './value.ts'

/** As arithmetic and `tonumber` read it; undefined when it is no number. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  const [, sign, hex] = /^([+-]?)0x([\da-f]+)$/i.exec(text) ?? []
  return hex === undefined ? undefined : Number.parseInt(hex, 16) * (sign === '-' ? -1 : 1)
}

/** `%.14g`, as Lua 5.1 prints numbers: no decimals where there are none. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  return formatGeneral(value, 14)
}

/** A number or string as text; undefined for what has none by itself. */
export function toStringValue(value: LuaValue): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? numberText(value) : undefined
}

/** `tostring`, without metatables. */
export function display(value: LuaValue): string {
  const text = toStringValue(value)
  if (text !== undefined) return text
  if (value === undefined) return 'nil'
  if (typeof value === 'boolean') return String(value)
  if (value instanceof LuaTable) return 'table: 0x0'
  return value === cjsonNull ? 'userdata: NULL' : 'function: 0x0'
}
