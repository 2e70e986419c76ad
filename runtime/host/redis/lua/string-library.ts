/** The `string` library. */
import type { Bytes } from '../bytes.ts'
import { type Arguments, libraryTable } from './arguments.ts'
import { display, toStringValue } from './convert.ts'
import { format } from './format.ts'
import { call } from './operators.ts'
import { capturesOf, findMatch, type Match, matchAt } from './pattern.ts'
import { isTruthy, LuaError, LuaTable, type LuaValue } from './value.ts'

/** Characters one string may have: a script must not take the space's memory. */
const maxLength = 64 * 1024 * 1024

export function stringLibrary(): LuaTable {
  return libraryTable({
    byte(args) {
      const text = args.string(0)
      const first = args.integer(1, 1)
      const [from, to] = part(text, first, args.integer(2, first))
      return [...text.slice(from, to)].map((char) => char.charCodeAt(0))
    },
    char: (args) => {
      const codes = Array.from({ length: args.count }, (_, at) => args.integer(at))
      if (codes.some((code) => code < 0 || code > 255)) throw args.wrong(0, 'invalid value')
      return String.fromCharCode(...codes)
    },
    find: (args) => find(args, true),
    match: (args) => find(args, false),
    format,
    gmatch: (args) => matches(args.string(0), args.string(1)),
    gsub,
    len: (args) => args.string(0).length,
    lower: (args) => args.string(0).replace(/[A-Z]+/g, (part) => part.toLowerCase()),
    upper: (args) => args.string(0).replace(/[a-z]+/g, (part) => part.toUpperCase()),
    rep(args) {
      const text = args.string(0)
      const count = Math.max(args.integer(1), 0)
      if (text.length * count > maxLength) throw new LuaError('resulting string too large')
      return text.repeat(count)
    },
    reverse: (args) => [...args.string(0)].reverse().join(''),
    sub(args) {
      const text = args.string(0)
      return text.slice(...part(text, args.integer(1), args.integer(2, -1)))
    },
  })
}

// internals

/** Lua's inclusive positions from 1, or from the back -> slice indexes. */
function part(text: Bytes, first: number, last: number): [number, number] {
  const from = first < 0 ? Math.max(text.length + first, 0) : Math.max(first - 1, 0)
  const to = last < 0 ? text.length + last + 1 : Math.min(last, text.length)
  return [from, Math.max(to, from)]
}

function find(args: Arguments, positions: boolean): readonly LuaValue[] {
  const text = args.string(0)
  const pattern = args.string(1)
  const given = args.integer(2, 1)
  const start = given < 0 ? Math.max(text.length + given, 0) : Math.max(given - 1, 0)
  if (start > text.length) return [undefined]
  if (positions && (isTruthy(args.optional(3)) || !/[\^$*+?.([%-]/.test(pattern))) {
    const at = text.indexOf(pattern, start)
    return at < 0 ? [undefined] : [at + 1, at + pattern.length]
  }
  const match = findMatch(text, pattern, start)
  if (!match) return [undefined]
  return positions ? [match.start + 1, match.end, ...match.captures] : capturesOf(text, match)
}

function matches(text: Bytes, pattern: Bytes): () => readonly LuaValue[] {
  let from = 0
  return () => {
    const match = from <= text.length ? findMatch(text, pattern, from) : undefined
    if (!match) return [undefined]
    from = match.end === match.start ? match.end + 1 : match.end
    return capturesOf(text, match)
  }
}

function gsub(args: Arguments): readonly LuaValue[] {
  const text = args.string(0)
  const pattern = args.string(1)
  const replacement = args.any(2)
  const limit = args.optional(3) === undefined ? Number.POSITIVE_INFINITY : args.number(3)
  const anchored = pattern.startsWith('^')
  let result = ''
  let count = 0
  let at = 0
  while (count < limit) {
    const match = matchAt(text, pattern, at)
    if (match) {
      count++
      result += replaced(text, match, replacement)
    }
    if (match && match.end > at) at = match.end
    else if (at < text.length) result += text[at++]
    else break
    if (anchored) break
  }
  return [result + text.slice(at), count]
}

function replaced(text: Bytes, match: Match, replacement: LuaValue): Bytes {
  const whole = text.slice(match.start, match.end)
  const captures = capturesOf(text, match)
  const plain = toStringValue(replacement)
  if (plain !== undefined) return expanded(plain, whole, captures)
  const value =
    replacement instanceof LuaTable ? replacement.get(captures[0]) : call(replacement, captures)[0]
  if (!isTruthy(value)) return whole
  const shown = toStringValue(value)
  if (shown === undefined) throw new LuaError(`invalid replacement value (a ${display(value)})`)
  return shown
}

/** `%0` to `%9` in a replacement. */
function expanded(replacement: Bytes, whole: Bytes, captures: readonly LuaValue[]): Bytes {
  return replacement.replace(/%(.?)/gs, (_, char: string) => {
    if (char === '0') return whole
    if (!/\d/.test(char)) return char
    const capture = captures[Number(char) - 1]
    if (capture === undefined) throw new LuaError('invalid capture index')
    return display(capture)
  })
}
