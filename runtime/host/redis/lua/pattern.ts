/** Lua patterns: classes, `*`, `+`, `-`, `?`, captures, `%b`, `%f`, anchors. */
import type { Bytes } from '../bytes.ts'
import { LuaError, type LuaValue } from './value.ts'

export interface Match {
  start: number
  end: number
  /** Text, or a position (from 1) for `()`; none = the whole match is the only capture. */
  captures: LuaValue[]
}

/** The first match at `from` or later. */
export function findMatch(text: Bytes, pattern: Bytes, from: number): Match | undefined {
  const anchored = pattern.startsWith('^')
  for (let start = from; start <= text.length; start++) {
    const match = matchAt(text, pattern, start)
    if (match) return match
    if (anchored) return undefined
  }
  return undefined
}

/** A match that begins exactly there. */
export function matchAt(text: Bytes, pattern: Bytes, start: number): Match | undefined {
  const matcher = new Matcher(text, pattern)
  const end = matcher.match(start, pattern.startsWith('^') ? 1 : 0)
  return end === undefined ? undefined : { start, end, captures: matcher.captures() }
}

/** The captures of a match, or all of it when the pattern has none. */
export function capturesOf(text: Bytes, { start, end, captures }: Match): LuaValue[] {
  return captures.length > 0 ? captures : [text.slice(start, end)]
}

// internals

const maxDepth = 200
const openCapture = -1
const positionCapture = -2

interface Capture {
  start: number
  length: number
}

class Matcher {
  readonly #text: Bytes
  readonly #pattern: Bytes
  #captures: Capture[] = []
  #depth = 0

  constructor(text: Bytes, pattern: Bytes) {
    this.#text = text
    this.#pattern = pattern
  }

  captures(): LuaValue[] {
    return this.#captures.map(({ start, length }) => {
      if (length === openCapture) throw new LuaError('unfinished capture')
      return length === positionCapture ? start + 1 : this.#text.slice(start, start + length)
    })
  }

  /** Index behind the match. @param s index in the text @param p index in the pattern */
  match(s: number, p: number): number | undefined {
    if (++this.#depth > maxDepth) throw new LuaError('pattern too complex')
    try {
      return this.#match(s, p)
    } finally {
      this.#depth--
    }
  }

  // internals

  #match(from: number, at: number): number | undefined {
    let s = from
    let p = at
    const pattern = this.#pattern
    for (;;) {
      if (p >= pattern.length) return s
      const char = pattern[p]
      if (char === '(') return this.#open(s, p)
      if (char === ')') return this.#close(s, p)
      if (char === '$' && p + 1 === pattern.length) return s === this.#text.length ? s : undefined
      if (char === '%') {
        const special = this.#special(s, p)
        if (special === 'failed') return undefined
        if (special) {
          ;[s, p] = special
          continue
        }
      }
      const end = this.#classEnd(p)
      const suffix = pattern[end]
      if (suffix === '*') return this.#most(s, p, end, 0)
      if (suffix === '+') return this.#most(s, p, end, 1)
      if (suffix === '-') return this.#least(s, p, end)
      if (suffix === '?') {
        const longer = this.#single(s, p, end) ? this.match(s + 1, end + 1) : undefined
        if (longer !== undefined) return longer
        p = end + 1
        continue
      }
      if (!this.#single(s, p, end)) return undefined
      s++
      p = end
    }
  }

  /** `%b`, `%f` and back references: the new places; undefined when it is an ordinary class. */
  #special(s: number, p: number): [number, number] | 'failed' | undefined {
    const kind = this.#pattern[p + 1] ?? ''
    if (kind === 'b') {
      const end = this.#balanced(s, p + 2)
      return end === undefined ? 'failed' : [end, p + 4]
    }
    if (kind === 'f') {
      const start = p + 2
      if (this.#pattern[start] !== '[') throw new LuaError("missing '[' after '%f' in pattern")
      const end = this.#classEnd(start)
      const before = s === 0 ? '\0' : (this.#text[s - 1] as string)
      const after = this.#text[s] ?? '\0'
      const isEdge = !this.#inSet(before, start, end) && this.#inSet(after, start, end)
      return isEdge ? [s, end] : 'failed'
    }
    if (!/\d/.test(kind)) return undefined
    const { start, length } = this.#captures[Number(kind) - 1] ?? { start: 0, length: openCapture }
    if (length === openCapture) throw new LuaError('invalid capture index')
    const part = this.#text.slice(start, start + length)
    return this.#text.startsWith(part, s) ? [s + part.length, p + 2] : 'failed'
  }

  #open(s: number, p: number): number | undefined {
    const position = this.#pattern[p + 1] === ')'
    const before = this.#captures
    this.#captures = [...before, { start: s, length: position ? positionCapture : openCapture }]
    const end = this.match(s, position ? p + 2 : p + 1)
    if (end === undefined) this.#captures = before
    return end
  }

  #close(s: number, p: number): number | undefined {
    const before = this.#captures
    const at = before.findLastIndex(({ length }) => length === openCapture)
    if (at < 0) throw new LuaError('invalid pattern capture')
    const { start } = before[at] as Capture
    this.#captures = before.with(at, { start, length: s - start })
    const end = this.match(s, p + 1)
    if (end === undefined) this.#captures = before
    return end
  }

  #most(s: number, p: number, end: number, least: number): number | undefined {
    let count = 0
    while (this.#single(s + count, p, end)) count++
    for (; count >= least; count--) {
      const match = this.match(s + count, end + 1)
      if (match !== undefined) return match
    }
    return undefined
  }

  #least(from: number, p: number, end: number): number | undefined {
    for (let s = from; ; s++) {
      const match = this.match(s, end + 1)
      if (match !== undefined) return match
      if (!this.#single(s, p, end)) return undefined
    }
  }

  #balanced(s: number, p: number): number | undefined {
    const [open, close] = [this.#pattern[p], this.#pattern[p + 1]]
    if (open === undefined || close === undefined) throw new LuaError('unbalanced pattern')
    if (this.#text[s] !== open) return undefined
    let depth = 1
    for (let at = s + 1; at < this.#text.length; at++) {
      const char = this.#text[at]
      if (char === close) {
        if (--depth === 0) return at + 1
      } else if (char === open) depth++
    }
    return undefined
  }

  /** Index behind the class that begins at `p`. */
  #classEnd(p: number): number {
    const pattern = this.#pattern
    if (pattern[p] === '%') {
      if (p + 1 >= pattern.length) throw new LuaError("malformed pattern (ends with '%')")
      return p + 2
    }
    if (pattern[p] !== '[') return p + 1
    let at = p + 1
    if (pattern[at] === '^') at++
    do {
      if (at >= pattern.length) throw new LuaError("malformed pattern (missing ']')")
      if (pattern[at] === '%') at++
      at++
    } while (pattern[at] !== ']')
    return at + 1
  }

  #single(s: number, p: number, end: number): boolean {
    const char = this.#text[s]
    if (char === undefined) return false
    const first = this.#pattern[p] as string
    if (first === '.') return true
    if (first === '%') return inClass(char, this.#pattern[p + 1] as string)
    return first === '[' ? this.#inSet(char, p, end) : first === char
  }

  #inSet(char: string, start: number, end: number): boolean {
    const pattern = this.#pattern
    const negated = pattern[start + 1] === '^'
    for (let at = start + (negated ? 2 : 1); at < end - 1; at++) {
      const item = pattern[at] as string
      if (item === '%') {
        if (inClass(char, pattern[++at] as string)) return !negated
      } else if (pattern[at + 1] === '-' && at + 2 < end - 1) {
        if (item <= char && char <= (pattern[at + 2] as string)) return !negated
        at += 2
      } else if (item === char) return !negated
    }
    return negated
  }
}

const classes: Readonly<Record<string, RegExp>> = {
  a: /[A-Za-z]/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the class of control characters
  c: /[\0-\x1f\x7f]/,
  d: /\d/,
  l: /[a-z]/,
  p: /[!-/:-@[-`{-~]/,
  s: /[ \t\n\v\f\r]/,
  u: /[A-Z]/,
  w: /[A-Za-z0-9]/,
  x: /[A-Fa-f0-9]/,
  z: /\0/,
}

function inClass(char: string, name: string): boolean {
  const known = classes[name.toLowerCase()]
  if (!known) return name === char
  return known.test(char) === (name === name.toLowerCase())
}
