/** The text of one document of a file, and where it begins; line and column count from 1. */
export interface Piece {
  readonly text: string
  readonly line: number
  readonly column: number
}

/**
 * Takes a text that comes in chunks apart into its documents, without holding more of it than one of them: JSON lines,
 * documents written over several lines, or one JSON array. It only looks for where a document ends; whether it is one
 * is for the reader to say. A document that is cut off ends where the next line begins with `{`, so that one bad line
 * costs one document and not the rest of the file.
 */
export class DocumentSplitter {
  readonly #most: number
  #text = ''
  /** How far the text was looked at. */
  #at = 0
  #line = 1
  /** Where the line that was reached begins; below 0 when that is no longer held. */
  #lineStart = 0
  #kind: 'unknown' | 'lines' | 'array' | 'ended' = 'unknown'
  /** Where the piece under way begins; -1 between pieces. */
  #start = -1
  #startLine = 0
  #startColumn = 0
  #depth = 0
  #state: 'plain' | 'string' | 'line comment' | 'block comment' = 'plain'

  /** @param most UTF-16 units of one document, above which the file cannot be what it should */
  constructor(most = MAX_PIECE) {
    this.#most = most
  }

  /** True for a file that is one JSON array. */
  get isArray(): boolean {
    return this.#kind === 'array' || this.#kind === 'ended'
  }

  /** The line that was reached. */
  get line(): number {
    return this.#line
  }

  /** The pieces that end within this chunk. @throws SplitError */
  *add(chunk: string): Generator<Piece, void, void> {
    this.#drop()
    this.#text += chunk
    yield* this.#scan(false)
    if (this.#start >= 0 && this.#at - this.#start > this.#most) {
      throw new SplitError('this is longer than any document can be', this.#startLine)
    }
  }

  /** What is left when the text has ended. @throws SplitError */
  *end(): Generator<Piece, void, void> {
    yield* this.#scan(true)
    if (this.#start >= 0) yield this.#take(this.#text.length)
    if (this.#kind === 'array') throw new SplitError("the file ends before the array's ']'", this.#line)
    if (this.#state === 'block comment') throw new SplitError('a comment is not closed', this.#line)
  }

  // internals

  /** Forgets what was given out. */
  #drop(): void {
    const from = this.#start >= 0 ? this.#start : this.#at
    this.#text = this.#text.slice(from)
    this.#at -= from
    this.#lineStart -= from
    if (this.#start >= 0) this.#start = 0
  }

  /** @param last nothing follows: characters that need to see the next one can be taken as they are */
  *#scan(last: boolean): Generator<Piece, void, void> {
    const { length } = this.#text
    while (this.#at < length) {
      const piece = this.#start < 0 && this.#state === 'plain' ? this.#between(last) : this.#within(last)
      if (piece === 'wait') return
      if (piece) yield piece
    }
  }

  /** One step between pieces. */
  #between(last: boolean): 'wait' | undefined {
    const char = this.#text[this.#at]!
    if (char === '\n') this.#nextLine()
    if (isBlank(char) || (char === ',' && this.#kind !== 'unknown')) {
      this.#at++
    } else if (char === '/' && this.#comment(last)) {
      return this.#state === 'plain' ? 'wait' : undefined
    } else if (this.#kind === 'ended') {
      throw new SplitError("nothing may follow the array's ']'", this.#line)
    } else if (char === '[' && this.#kind === 'unknown') {
      this.#kind = 'array'
      this.#at++
    } else if (char === ']' && this.#kind === 'array') {
      this.#kind = 'ended'
      this.#at++
    } else {
      if (this.#kind === 'unknown') this.#kind = 'lines'
      this.#start = this.#at
      this.#startLine = this.#line
      this.#startColumn = this.#at - this.#lineStart + 1
      this.#depth = 0
    }
    return undefined
  }

  /** One step inside a piece or a comment: to the next character that matters, and past it. */
  #within(last: boolean): Piece | 'wait' | undefined {
    const stops = STOPS[this.#state]
    stops.lastIndex = this.#at
    const found = stops.exec(this.#text)
    if (!found) {
      this.#at = this.#text.length
      return undefined
    }
    this.#at = found.index
    const char = found[0]
    if (char === '\n') return this.#newLine(last)
    switch (this.#state) {
      case 'string':
        return this.#inString(char, last)
      case 'block comment':
        return this.#inBlockComment(last)
      default:
        return this.#inPlain(char, last)
    }
  }

  #newLine(last: boolean): Piece | 'wait' | undefined {
    const within = this.#start >= 0
    const next = this.#text[this.#at + 1]
    if (within && this.#kind === 'lines' && this.#state !== 'block comment') {
      if (next === undefined && !last) return 'wait'
      // A word that is no document ends with its line; a string may not run on; `{` begins the next document.
      if (this.#depth === 0 || this.#state === 'string' || next === '{') {
        this.#state = 'plain'
        return this.#take(this.#at)
      }
    }
    this.#nextLine()
    this.#at++
    if (this.#state === 'line comment') this.#state = 'plain'
    return undefined
  }

  /** The line break stands at the present place. */
  #nextLine(): void {
    this.#line++
    this.#lineStart = this.#at + 1
  }

  #inString(char: string, last: boolean): 'wait' | undefined {
    if (char === '\\') {
      if (this.#at + 1 >= this.#text.length && !last) return 'wait'
      // A line break behind it is no escape: it is left for the next step.
      this.#at += this.#text[this.#at + 1] === '\n' ? 1 : 2
    } else {
      this.#state = 'plain'
      this.#at++
    }
    return undefined
  }

  #inBlockComment(last: boolean): 'wait' | undefined {
    if (this.#at + 1 >= this.#text.length && !last) return 'wait'
    if (this.#text[this.#at + 1] === '/') {
      this.#state = 'plain'
      this.#at++
    }
    this.#at++
    return undefined
  }

  #inPlain(char: string, last: boolean): Piece | 'wait' | undefined {
    if (char === '/') {
      if (this.#comment(last)) return this.#state === 'plain' ? 'wait' : undefined
      this.#at++
      return undefined
    }
    if (char === ',' || char === ']') {
      // Between the elements of an array; anything else is part of the piece.
      if (this.#depth === 0 && this.#kind === 'array') return this.#take(this.#at)
    }
    this.#at++
    if (char === '"') this.#state = 'string'
    else if (char === '{' || char === '[') this.#depth++
    else if (char === '}' || char === ']') {
      this.#depth--
      if (this.#depth <= 0) return this.#take(this.#at)
    }
    return undefined
  }

  /** Enters a comment when one begins here; true also when that cannot be told yet, and the state then stays plain. */
  #comment(last: boolean): boolean {
    const next = this.#text[this.#at + 1]
    if (next === undefined && !last) return true
    if (next !== '/' && next !== '*') return false
    this.#state = next === '/' ? 'line comment' : 'block comment'
    this.#at += 2
    return true
  }

  #take(end: number): Piece {
    const text = this.#text.slice(this.#start, end)
    const piece = { text, line: this.#startLine, column: this.#startColumn }
    this.#at = end
    this.#start = -1
    this.#depth = 0
    return piece
  }
}

/** The text is of no form that documents come in. */
export class SplitError extends Error {
  override readonly name = 'SplitError'
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

// internals

/** A document has 16 MB at most; escapes and names of kinds make its text longer. */
const MAX_PIECE = 128 * 1024 * 1024

const STOPS = {
  plain: /["{}[\],/\n]/g,
  string: /["\\\n]/g,
  'line comment': /\n/g,
  'block comment': /[*\n]/g,
} as const

function isBlank(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\r' || char === '\t' || char === '\ufeff'
}
