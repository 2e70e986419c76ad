import { Double, Long } from 'bson'
import { setOwn } from '../engine/values/own.ts'
import { isInt32 } from '../engine/values/types.ts'
import { type IdForm, readSpecial } from './special.ts'

/** Text that is no JSON, or not the JSON it claims to be; `offset` is where, in UTF-16 units. */
export class ExtendedJsonError extends Error {
  override readonly name = 'ExtendedJsonError'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/**
 * Reads Extended JSON, relaxed or canonical (spec/database.md §14). `JSON.parse` would not do: it forgets that a number
 * was written `5.0`, and the last digits of long ones. Comments and trailing commas are accepted, as in every JSON
 * file of a uniCloud project.
 * @param ids what `{"$oid": …}` becomes
 * @returns numbers of the JavaScript kind for int32 and fractions; `Long`, `Double` and the other classes of bson
 * @throws ExtendedJsonError
 */
export function parseExtendedJson(text: string, ids: IdForm = 'objectId'): unknown {
  return new Reader(text, ids).whole()
}

// internals

/** Deeper than anything that is stored, and not so deep that the database would refuse a command for it (§13). */
const MAX_DEPTH = 175

class Reader {
  readonly #text: string
  readonly #ids: IdForm
  #at = 0
  #depth = 0

  constructor(text: string, ids: IdForm) {
    this.#text = text
    this.#ids = ids
  }

  whole(): unknown {
    this.#blanks()
    const value = this.#value()
    this.#blanks()
    if (this.#at < this.#text.length) this.#fail('nothing may follow the value')
    return value
  }

  #value(): unknown {
    const start = this.#text[this.#at]
    switch (start) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      case undefined:
        return this.#fail('the text ends where a value should stand')
      default:
        return this.#word()
    }
  }

  #object(): unknown {
    const start = this.#enter()
    const object: Record<string, unknown> = {}
    for (let first = true; !this.#closes('}', first); first = false) {
      if (this.#text[this.#at] !== '"') this.#fail('expected a member name in double quotes')
      const start = this.#at
      const name = this.#string()
      if (name.includes('\0')) this.#failAt('a member name may not hold a NUL character', start)
      this.#blanks()
      if (this.#text[this.#at] !== ':') this.#fail("expected ':' after the member name")
      this.#at++
      this.#blanks()
      setOwn(object, name, this.#value())
    }
    this.#depth--
    try {
      return readSpecial(object, this.#ids)
    } catch (error) {
      throw new ExtendedJsonError((error as Error).message, start)
    }
  }

  #array(): unknown[] {
    this.#enter()
    const values: unknown[] = []
    for (let first = true; !this.#closes(']', first); first = false) values.push(this.#value())
    this.#depth--
    return values
  }

  #enter(): number {
    if (++this.#depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`)
    return this.#at++
  }

  /** Passes the comma between elements, and the bracket behind the last one: true then. */
  #closes(bracket: '}' | ']', first: boolean): boolean {
    this.#blanks()
    if (this.#text[this.#at] === bracket) return this.#pass()
    if (first) return false
    if (this.#text[this.#at] !== ',') {
      this.#fail(
        this.#at < this.#text.length ? `expected ',' or '${bracket}'` : `the text ends before '${bracket}'`,
      )
    }
    this.#at++
    this.#blanks()
    return this.#text[this.#at] === bracket && this.#pass()
  }

  #pass(): true {
    this.#at++
    return true
  }

  #string(): string {
    const start = this.#at
    STRING_END.lastIndex = start + 1
    const end = STRING_END.exec(this.#text)
    const stop = end?.[0] ?? ''
    if (stop === '"') {
      this.#at = STRING_END.lastIndex
      return this.#text.slice(start + 1, this.#at - 1)
    }
    if (stop !== '\\') this.#failAt('the string is not closed', start)
    return this.#escapedString(start)
  }

  #escapedString(start: number): string {
    STRING.lastIndex = start
    const literal = STRING.exec(this.#text)?.[0]
    if (literal === undefined) this.#failAt('the string is not closed, or holds an unknown escape', start)
    this.#at = start + literal.length
    return JSON.parse(literal) as string
  }

  #word(): unknown {
    const start = this.#at
    WORD.lastIndex = start
    const word = WORD.exec(this.#text)?.[0] ?? ''
    this.#at = start + word.length
    switch (word) {
      case 'true':
        return true
      case 'false':
        return false
      case 'null':
        return null
      default:
        if (NUMBER.test(word)) return numberValue(word)
        return this.#failAt(`'${word === '' ? this.#text[start] : word}' is no JSON value`, start)
    }
  }

  #blanks(): void {
    const text = this.#text
    for (;;) {
      const code = text.charCodeAt(this.#at)
      if (code === 32 || (code >= 9 && code <= 13) || code === 0xfeff) this.#at++
      else if (code === 47 && COMMENT.test(text.slice(this.#at, this.#at + 2))) this.#comment()
      else return
    }
  }

  #comment(): void {
    const block = this.#text[this.#at + 1] === '*'
    const end = this.#text.indexOf(block ? '*/' : '\n', this.#at + 2)
    if (end < 0 && block) this.#fail('the comment is not closed')
    this.#at = end < 0 ? this.#text.length : end + (block ? 2 : 1)
  }

  #fail(message: string): never {
    return this.#failAt(message, this.#at)
  }

  #failAt(message: string, offset: number): never {
    throw new ExtendedJsonError(message, offset)
  }
}

/** What ends the easy part of a string: its quote, an escape, or a control character that may not stand there. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const STRING_END = /["\\\u0000-\u001f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const WORD = /[^\s,:[\]{}"/]+/y
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const COMMENT = /^\/[/*]/

function numberValue(word: string): unknown {
  const number = Number(word)
  if (/^-?\d+$/.test(word)) {
    // An integer is of the smallest kind that holds it.
    if (isInt32(number)) return number
    const exact = BigInt(word)
    if (exact !== 0n && BigInt.asIntN(64, exact) === exact) return Long.fromBigInt(exact)
  }
  // Without the class a whole number would be taken for an integer.
  return Number.isInteger(number) ? new Double(number) : number
}
