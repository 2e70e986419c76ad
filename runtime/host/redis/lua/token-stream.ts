/** Tokens, one after the other. */
import type { Bytes } from '../bytes.ts'
import { type LuaSyntaxError, syntaxError, type Token, tokenize } from './lexer.ts'

export class TokenStream {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(source: Bytes) {
    this.#tokens = tokenize(source)
  }

  get current(): Token {
    return this.#tokens[this.#at] as Token
  }

  /** Whether the current token is this keyword or symbol. */
  is(text: string): boolean {
    const { kind } = this.current
    return (kind === 'keyword' || kind === 'symbol') && this.current.text === text
  }

  /** Whether the token after the current one is this symbol. */
  nextIs(text: string): boolean {
    const next = this.#tokens[this.#at + 1]
    return next?.kind === 'symbol' && next.text === text
  }

  take(): Token {
    const token = this.current
    if (token.kind !== 'end') this.#at++
    return token
  }

  /** Takes the token if it is this one. */
  accept(text: string): boolean {
    if (!this.is(text)) return false
    this.#at++
    return true
  }

  expect(text: string): Token {
    if (!this.is(text)) throw this.unexpected(`'${text}' expected`)
    return this.take()
  }

  name(): string {
    if (this.current.kind !== 'name') throw this.unexpected('<name> expected')
    return this.take().text
  }

  unexpected(message = 'unexpected symbol'): LuaSyntaxError {
    return syntaxError(this.current.line, `${message} near '${this.current.text}'`)
  }
}
