/** The `cjson` library of redis scripts. */
import { toText } from '../bytes.ts'
import { libraryTable } from './arguments.ts'
import { numberText } from './convert.ts'
import { cjsonNull, LuaError, LuaTable, type LuaValue, typeName } from './value.ts'

const maxDepth = 1000

export function jsonLibrary(): LuaTable {
  return libraryTable(
    {
      encode: (args) => encode(args.any(0), 0),
      decode(args) {
        const text = args.string(0)
        try {
          return decode(JSON.parse(toText(text)))
        } catch (error) {
          throw new LuaError(`Expected value but found invalid token: ${(error as Error).message}`)
        }
      },
    },
    { null: cjsonNull },
  )
}

// internals

function encode(value: LuaValue, depth: number): string {
  if (depth > maxDepth) throw new LuaError('Cannot serialise, excessive depth')
  if (value === undefined || value === cjsonNull) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new LuaError('Cannot serialise number: must not be NaN or Inf')
    return numberText(value)
  }
  if (typeof value === 'string') return quoted(value)
  if (value instanceof LuaTable) return encodeTable(value, depth)
  throw new LuaError(`Cannot serialise ${typeName(value)}: type not supported`)
}

/** Tables with items only are lists; an empty one is an object, as in redis. */
function encodeTable(table: LuaTable, depth: number): string {
  const keys = table.keys()
  if (keys.length > 0 && keys.every((key) => typeof key === 'number' && Number.isInteger(key) && key > 0)) {
    const last = Math.max(...(keys as number[]))
    if (last > 10 && last > keys.length * 2) {
      throw new LuaError('Cannot serialise table: excessively sparse array')
    }
    const items = Array.from({ length: last }, (_, at) => encode(table.get(at + 1), depth + 1))
    return `[${items.join(',')}]`
  }
  const members = keys.map((key) => {
    if (typeof key !== 'string' && typeof key !== 'number') {
      throw new LuaError('Cannot serialise table: table key must be a number or string')
    }
    const name = typeof key === 'number' ? numberText(key) : key
    return `${quoted(name)}:${encode(table.get(key), depth + 1)}`
  })
  return `{${members.join(',')}}`
}

/** Bytes stay as they are; what JSON forbids is escaped, and the slash, as cjson does. */
function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is escaped
  const escaped = text.replace(/["\\/\u0000-\u001f\u007f]/g, (char) => {
    const short = shortEscapes[char]
    return short ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

function decode(value: unknown): LuaValue {
  if (value === null) return cjsonNull
  if (typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('latin1')
  if (Array.isArray(value)) return new LuaTable(value.map(decode))
  const table = new LuaTable()
  for (const [name, member] of Object.entries(value as object)) {
    table.set(Buffer.from(name, 'utf8').toString('latin1'), decode(member))
  }
  return table
}
