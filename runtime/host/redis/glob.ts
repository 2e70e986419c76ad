/** Patterns of `keys` and `scan`: `*`, `?`, `[ab]`, `[^a]`, `[a-c]`, `\x`. */
import type { Bytes } from './bytes.ts'

export function globMatcher(pattern: Bytes): (text: Bytes) => boolean {
  if (pattern === '*') return () => true
  const expression = new RegExp(`^${source(pattern)}$`, 's')
  return (text) => expression.test(text)
}

// internals

function source(pattern: Bytes): string {
  let result = ''
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string
    if (char === '*') {
      if (!result.endsWith('.*')) result += '.*'
    } else if (char === '?') result += '.'
    else if (char === '[') {
      const end = classEnd(pattern, at)
      result += classSource(pattern.slice(at + 1, end))
      at = end
    } else if (char === '\\' && at + 1 < pattern.length) result += escaped(pattern[++at] as string)
    else result += escaped(char)
  }
  return result
}

/** Index of the bracket that closes a class; the end of the pattern when none does. */
function classEnd(pattern: Bytes, start: number): number {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === ']') return at
  }
  return pattern.length
}

function classSource(body: Bytes): string {
  const negated = body.startsWith('^')
  const chars = negated ? body.slice(1) : body
  let result = ''
  for (let at = 0; at < chars.length; at++) {
    const first = chars[at] === '\\' && at + 1 < chars.length ? chars[++at] : chars[at]
    if (chars[at + 1] === '-' && at + 2 < chars.length) {
      const [low, high] = [first as string, chars[at + 2] as string].sort() as [string, string]
      result += `${inClass(low)}-${inClass(high)}`
      at += 2
    } else result += inClass(first as string)
  }
  if (result === '') return negated ? '.' : '(?!)'
  return `[${negated ? '^' : ''}${result}]`
}

function inClass(char: string): string {
  return /[\\\]^-]/.test(char) ? `\\${char}` : char
}

function escaped(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
