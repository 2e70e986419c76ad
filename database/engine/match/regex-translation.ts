import { fail } from '../errors.ts'
import { CLASS_ESCAPES, classEscape, POSIX_CLASSES, propertyClass } from './regex-classes.ts'

/**
 * One pass over a PCRE pattern, writing a JavaScript pattern for the `v` flag. Anchors, the dot and the white space
 * class are rewritten because the two dialects disagree on which characters end a line; everything else is copied
 * with its escapes made explicit.
 */
export class RegexTranslation {
  private readonly pattern: string
  private at = 0
  private output = ''
  private multiline: boolean
  private dotAll: boolean
  private extended: boolean
  private ignoreCase: boolean
  private groups = 0
  private depth = 0
  /** Whether a quantifier may follow what was written last. */
  private repeatable = false
  private readonly groupTotal: number

  constructor(pattern: string, options: string) {
    this.pattern = pattern
    this.ignoreCase = options.includes('i')
    this.multiline = options.includes('m')
    this.dotAll = options.includes('s')
    this.extended = options.includes('x')
    this.groupTotal = pattern.match(/(?<!\\)\((?!\?)|\(\?(?:P?<(?![=!])|')/g)?.length ?? 0
  }

  run(): { source: string; ignoreCase: boolean } {
    this.leadingFlags()
    while (this.at < this.pattern.length) {
      const { text, repeatable } = this.next()
      this.output += text
      // Comments and skipped white space leave what a quantifier would repeat as it was.
      if (text !== '') this.repeatable = repeatable
    }
    if (this.depth > 0) this.invalid('missing closing parenthesis')
    return { source: this.output, ignoreCase: this.ignoreCase }
  }

  // internals

  private next(): Piece {
    const char = this.take()
    switch (char) {
      case '\\':
        return this.escape()
      case '[':
        return this.characterClass()
      case '(':
        return this.open()
      case ')':
        if (this.depth === 0) this.invalid('unmatched closing parenthesis')
        this.depth -= 1
        return piece(')', true)
      case '|':
        return piece('|', false)
      case '^':
        return piece(this.multiline ? '(?:^|(?<=\\n)(?!$))' : '^', false)
      case '$':
        return piece(this.multiline ? '(?=\\n|$)' : '(?=\\n?$)', false)
      case '.':
        return piece(this.dotAll ? '[\\s\\S]' : '[^\\n]', true)
      case '*':
      case '+':
      case '?':
        return this.quantifier(char)
      case '{':
        return this.braces()
      default:
        if (this.extended && this.skipExtended(char)) return NOTHING
        return piece(literal(char), true)
    }
  }

  private take(): string {
    const char = String.fromCodePoint(this.pattern.codePointAt(this.at) ?? 0)
    this.at += char.length
    return char
  }

  private skipExtended(char: string): boolean {
    if (/\s/.test(char)) return true
    if (char !== '#') return false
    const end = this.pattern.indexOf('\n', this.at)
    this.at = end < 0 ? this.pattern.length : end + 1
    return true
  }

  /** Flags for the whole pattern, `(?i)`; in the middle of a pattern JavaScript has nothing for them. */
  private leadingFlags(): void {
    for (;;) {
      const flags = /^\(\?([imsxu]*)(?:-([imsx]+))?\)/.exec(this.pattern.slice(this.at))
      if (!flags || flags[0] === '(?)') return
      this.at += flags[0].length
      for (const letter of flags[1] ?? '') this.setFlag(letter, true)
      for (const letter of flags[2] ?? '') this.setFlag(letter, false)
    }
  }

  private setFlag(letter: string, on: boolean): void {
    if (letter === 'i') this.ignoreCase = on
    if (letter === 'm') this.multiline = on
    if (letter === 's') this.dotAll = on
    if (letter === 'x') this.extended = on
  }

  private open(): Piece {
    this.depth += 1
    if (this.pattern[this.at] !== '?') {
      if (this.pattern[this.at] === '*') this.unsupported(`(${this.pattern.slice(this.at, this.at + 8)}`)
      this.groups += 1
      return piece('(', false)
    }
    const rest = this.pattern.slice(this.at)
    const comment = /^\?#[^)]*\)/.exec(rest)?.[0]
    if (comment !== undefined) {
      this.at += comment.length
      this.depth -= 1
      return NOTHING
    }
    const name = /^\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest)
    if (name) {
      this.at += name[0].length
      this.groups += 1
      return piece(`(?<${name[1] ?? name[2] ?? ''}>`, false)
    }
    const reference = /^\?P=(\w+)\)/.exec(rest)
    if (reference) {
      this.at += reference[0].length
      this.depth -= 1
      return piece(`\\k<${reference[1] ?? ''}>`, true)
    }
    const plain = /^\?(?::|=|!|<=|<!)/.exec(rest)?.[0]
    if (plain === undefined) return this.unsupported(`(${/^\?[^\w]*\w?[^)]{0,6}/.exec(rest)?.[0] ?? '?'}`)
    this.at += plain.length
    return piece(`(${plain}`, false)
  }

  private quantifier(text: string): Piece {
    if (!this.repeatable) this.invalid('quantifier does not follow a repeatable item')
    if (this.pattern[this.at] === '+') this.unsupported(`possessive quantifier ${text}+`)
    const lazy = this.pattern[this.at] === '?'
    if (lazy) this.at += 1
    return piece(lazy ? `${text}?` : text, false)
  }

  private braces(): Piece {
    const range = /^\{\d+(?:,\d*)?\}/.exec(this.pattern.slice(this.at - 1))?.[0]
    if (range === undefined) return piece('\\{', true)
    this.at += range.length - 1
    const [low = 0, high] = range.slice(1, -1).split(',').map(Number)
    if (low > 65535 || (high ?? 0) > 65535) this.invalid('number too big in {} quantifier')
    if (high !== undefined && !range.endsWith(',}') && high < low) {
      this.invalid('numbers out of order in {} quantifier')
    }
    return this.quantifier(range)
  }

  private escape(): Piece {
    if (this.at >= this.pattern.length) this.invalid('\\ at end of pattern')
    const char = this.take()
    const anchor = ANCHORS[char]
    if (anchor !== undefined) return piece(anchor, false)
    if (char === 'Q') return this.quoted()
    if (char === 'E') return NOTHING
    if (char === 'R') return piece('(?:\\r\\n|[\\n\\v\\f\\r\\x85\\u2028\\u2029])', true)
    if (char === 'N' && this.pattern[this.at] !== '{') return piece('[^\\n]', true)
    if (char === 'k' || char === 'g') return this.namedReference(char)
    if (/[1-9]/.test(char)) return this.numericEscape(char)
    if (char === 'p' || char === 'P') return piece(`[${this.property(char)}]`, true)
    const set = CLASS_ESCAPES.get(char)
    if (set !== undefined) return piece(`[${set}]`, true)
    return piece(this.characterEscape(char), true)
  }

  private quoted(): Piece {
    const end = this.pattern.indexOf('\\E', this.at)
    const text = this.pattern.slice(this.at, end < 0 ? undefined : end)
    this.at = end < 0 ? this.pattern.length : end + 2
    return piece([...text].map(literal).join(''), true)
  }

  private namedReference(char: string): Piece {
    const rest = this.pattern.slice(this.at)
    const name = /^(?:<(\w+)>|'(\w+)'|\{([A-Za-z_]\w*)\})/.exec(rest)
    if (name) {
      this.at += name[0].length
      return piece(`\\k<${name[1] ?? name[2] ?? name[3] ?? ''}>`, true)
    }
    const number = /^(?:\{(-?\d+)\}|(-?\d+))/.exec(rest)
    if (char === 'k' || !number) return this.invalid(`a numbered reference must not be zero`)
    this.at += number[0].length
    const given = Number(number[1] ?? number[2])
    return piece(`(?:\\${given < 0 ? this.groups + 1 + given : given})`, true)
  }

  private numericEscape(first: string): Piece {
    const digits = first + (/^\d*/.exec(this.pattern.slice(this.at))?.[0] ?? '')
    const group = Number(digits)
    if (group < 10 || group <= this.groupTotal) {
      this.at += digits.length - 1
      if (group > this.groupTotal) this.invalid('reference to non-existent subpattern')
      return piece(`(?:\\${group})`, true)
    }
    return piece(this.characterEscape(first), true)
  }

  private property(char: string): string {
    const name = /^(?:\{(\^?)([\w &]+)\}|([A-Z]))/.exec(this.pattern.slice(this.at))
    if (!name) return this.invalid('malformed \\P or \\p sequence')
    this.at += name[0].length
    const negated = (char === 'P') !== (name[1] === '^')
    return (
      propertyClass(name[2] ?? name[3] ?? '', negated) ?? this.invalid('unknown property after \\P or \\p')
    )
  }

  /** An escape that stands for one character, inside a class and outside. */
  private characterEscape(char: string): string {
    const known = classEscape(char)
    if (known !== undefined) return known
    const rest = this.pattern.slice(this.at)
    if (char === 'x') {
      const hex = /^(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{0,2}))/.exec(rest)
      this.at += hex?.[0].length ?? 0
      return `\\u{${hex?.[1] ?? (hex?.[2] || '0')}}`
    }
    if (char === 'c') return `\\u{${(this.take().toUpperCase().charCodeAt(0) ^ 64).toString(16)}}`
    if (/[0-7]/.test(char)) {
      const octal = char + (/^[0-7]{0,2}/.exec(rest)?.[0] ?? '')
      this.at += octal.length - 1
      return `\\u{${Number.parseInt(octal, 8).toString(16)}}`
    }
    if (/[FLlUu]/.test(char) || char === 'N') {
      return this.invalid('PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u')
    }
    if (/[GKX]/.test(char)) return this.unsupported(`\\${char}`)
    if (/[A-Za-z]/.test(char)) return this.invalid('unrecognized character follows \\')
    return literal(char)
  }

  private characterClass(): Piece {
    let set = '['
    if (this.pattern[this.at] === '^') {
      this.at += 1
      set += '^'
    }
    let first = true
    for (;;) {
      if (this.at >= this.pattern.length) this.invalid('missing terminating ] for character class')
      if (this.pattern[this.at] === ']' && !first) break
      set += this.classMember()
      first = false
    }
    this.at += 1
    return piece(`${set}]`, true)
  }

  private classMember(): string {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.pattern.slice(this.at))
    if (posix) {
      this.at += posix[0].length
      const set = POSIX_CLASSES.get(posix[2] ?? '') ?? this.invalid('unknown POSIX class name')
      return posix[1] === '^' ? `[^${set}]` : set
    }
    const low = this.classCharacter()
    if (low.length > 0 && this.pattern[this.at] === '-' && !/^-\]|^-$/.test(this.pattern.slice(this.at))) {
      const mark = this.at
      this.at += 1
      const high = this.classCharacter()
      if (!isSet(low) && !isSet(high)) return `${low}-${high}`
      this.at = mark
    }
    return low
  }

  private classCharacter(): string {
    const char = this.take()
    if (char !== '\\') return literal(char)
    if (this.at >= this.pattern.length) this.invalid('\\ at end of pattern')
    const escaped = this.take()
    if (escaped === 'b') return '\\x08'
    if (escaped === 'p' || escaped === 'P') return `[${this.property(escaped)}]`
    if (escaped === 'Q' || escaped === 'E') return ''
    const set = CLASS_ESCAPES.get(escaped)
    return set === undefined ? this.characterEscape(escaped) : `[${set}]`
  }

  private invalid(text: string): never {
    return fail(51091, `Regular expression is invalid: ${text}`)
  }

  private unsupported(construct: string): never {
    return fail(
      51091,
      `Regular expression is invalid: the embedded database cannot run the PCRE construct '${construct}'; rewrite the pattern or use a MongoDB server`,
    )
  }
}

/** What one construct turns into, and whether a quantifier may follow it. */
interface Piece {
  readonly text: string
  readonly repeatable: boolean
}

const NOTHING: Piece = { text: '', repeatable: false }

function piece(text: string, repeatable: boolean): Piece {
  return { text, repeatable }
}

const ANCHORS: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  z: '(?![\\s\\S])',
  Z: '(?=\\n?(?![\\s\\S]))',
  b: '\\b',
  B: '\\B',
}

function isSet(member: string): boolean {
  return member.startsWith('[')
}

/** One character written so that it stands for itself, in a pattern and in a class of the `v` flag. */
function literal(char: string): string {
  if (/[\p{L}\p{N}_ ]/u.test(char)) return char
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
}
