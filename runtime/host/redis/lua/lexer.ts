/** Tokens of Lua 5.1. The source is bytes, one character each. */
import type { Bytes } from '../bytes.ts'

export interface Token {
  kind: 'name' | 'keyword' | 'string' | 'number' | 'symbol' | 'end'
  /** Text of names, keywords and symbols; value of strings. */
  text: Bytes
  /** Of numbers. */
  value: number
  line: number
}

/** A script that cannot be compiled; the text is Lua's. */
export class LuaSyntaxError extends Error {}

export function syntaxError(line: number, message: string): LuaSyntaxError {
  return new LuaSyntaxError(`user_script:${line}: ${message}`)
}

export function tokenize(source: Bytes): Token[] {
  const tokens: Token[] = []
  const lexer = new Lexer(source)
  for (let token = lexer.next(); ; token = lexer.next()) {
    tokens.push(token)
    if (token.kind === 'end') return tokens
  }
}

// internals

const keywords = new Set(
  [
    'and',
    'break',
    'do',
    'else',
    'elseif',
    'end',
    'false',
    'for',
    'function',
    'if',
    'in',
    'local',
    'nil',
  ].concat(['not', 'or', 'repeat', 'return', 'then', 'true', 'until', 'while']),
)

const symbol = /\.\.\.|\.\.|==|~=|<=|>=|[-+*/%^#<>=(){}[\];:,.]/y
const name = /[A-Za-z_]\w*/y
const number = /0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const space = /[ \t\r\n\f\v]+/y
const longOpen = /\[(=*)\[/y

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '\n',
}

class Lexer {
  readonly #source: Bytes
  #at = 0
  #line = 1

  constructor(source: Bytes) {
    this.#source = source
    if (source.startsWith('#')) this.#match(/[^\n]*/y)
  }

  next(): Token {
    this.#skip()
    const line = this.#line
    const char = this.#source[this.#at]
    if (char === undefined) return { kind: 'end', text: '<eof>', value: 0, line }
    const word = this.#match(name)
    if (word !== undefined)
      return { kind: keywords.has(word) ? 'keyword' : 'name', text: word, value: 0, line }
    const digits = this.#match(number)
    if (digits !== undefined) return this.#number(digits, line)
    if (char === '"' || char === "'") return { kind: 'string', text: this.#quoted(char), value: 0, line }
    const long = this.#long()
    if (long !== undefined) return { kind: 'string', text: long, value: 0, line }
    const text = this.#match(symbol)
    if (text === undefined) throw syntaxError(line, `unexpected symbol near '${char}'`)
    return { kind: 'symbol', text, value: 0, line }
  }

  #number(text: string, line: number): Token {
    if (this.#match(name) !== undefined) throw syntaxError(line, `malformed number near '${text}'`)
    return { kind: 'number', text, value: Number(text), line }
  }

  /** Spaces and comments. */
  #skip(): void {
    for (;;) {
      const blank = this.#match(space)
      if (blank !== undefined) continue
      if (!this.#source.startsWith('--', this.#at)) return
      this.#at += 2
      if (this.#long() === undefined) this.#match(/[^\n]*/y)
    }
  }

  /** `[[…]]`, `[==[…]==]`. */
  #long(): Bytes | undefined {
    longOpen.lastIndex = this.#at
    const open = longOpen.exec(this.#source)
    if (!open) return undefined
    const start = this.#at + open[0].length
    const end = this.#source.indexOf(`]${open[1]}]`, start)
    if (end < 0) throw syntaxError(this.#line, "unfinished long string near '<eof>'")
    const text = this.#source.slice(start, end)
    this.#advance(end + open[0].length)
    return text.replace(/^\r?\n/, '')
  }

  #quoted(quote: string): Bytes {
    const line = this.#line
    let text = ''
    for (let at = this.#at + 1; ; at++) {
      const char = this.#source[at]
      if (char === undefined || char === '\n') throw syntaxError(line, `unfinished string near '${text}'`)
      if (char === quote) {
        this.#advance(at + 1)
        return text
      }
      if (char !== '\\') {
        text += char
        continue
      }
      const decimal = /^\d{1,3}/.exec(this.#source.slice(at + 1, at + 4))?.[0]
      if (decimal !== undefined) {
        if (Number(decimal) > 255) throw syntaxError(line, `escape sequence too large near '\\${decimal}'`)
        text += String.fromCharCode(Number(decimal))
        at += decimal.length
      } else {
        const escaped = this.#source[++at] ?? ''
        text += simpleEscapes[escaped] ?? escaped
      }
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#source)?.[0]
    if (text === undefined || text === '') return undefined
    this.#advance(this.#at + text.length)
    return text
  }

  #advance(to: number): void {
    for (let at = this.#at; at < to; at++) if (this.#source[at] === '\n') this.#line++
    this.#at = to
  }
}
