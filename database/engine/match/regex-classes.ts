/**
 * Character classes where PCRE (in UTF mode, without Unicode properties for `\d \s \w`) and JavaScript differ.
 */

/** Members, in the syntax of the `v` flag, of the escapes that stand for a set. */
export const CLASS_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['d', '0-9'],
  ['D', '^0-9'],
  ['w', 'A-Za-z0-9_'],
  ['W', '^A-Za-z0-9_'],
  ['s', '\\t\\n\\v\\f\\r\\u{20}'],
  ['S', '^\\t\\n\\v\\f\\r\\u{20}'],
  ['h', '\\t\\u{20}\\u{a0}\\u{1680}\\u{180e}\\u{2000}-\\u{200a}\\u{202f}\\u{205f}\\u{3000}'],
  ['H', '^\\t\\u{20}\\u{a0}\\u{1680}\\u{180e}\\u{2000}-\\u{200a}\\u{202f}\\u{205f}\\u{3000}'],
  ['v', '\\n\\v\\f\\r\\u{85}\\u{2028}\\u{2029}'],
  ['V', '^\\n\\v\\f\\r\\u{85}\\u{2028}\\u{2029}'],
])

/** Members of `[[:name:]]`. */
export const POSIX_CLASSES: ReadonlyMap<string, string> = new Map([
  ['alnum', 'A-Za-z0-9'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\x00-\\x7f'],
  ['blank', '\\t\\u{20}'],
  ['cntrl', '\\x00-\\x1f\\x7f'],
  ['digit', '0-9'],
  ['graph', '\\x21-\\x7e'],
  ['lower', 'a-z'],
  ['print', '\\x20-\\x7e'],
  ['punct', '\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e'],
  ['space', '\\t\\n\\v\\f\\r\\u{20}'],
  ['upper', 'A-Z'],
  ['word', 'A-Za-z0-9_'],
  ['xdigit', '0-9A-Fa-f'],
])

/** The JavaScript spelling of a control escape such as `\n`; undefined for any other letter. */
export function classEscape(letter: string): string | undefined {
  return CONTROL_ESCAPES.get(letter)
}

/** A Unicode property by its PCRE name (`L`, `Lu`, `Han`, `Any`, `L&`); undefined when JavaScript does not know it. */
export function propertyClass(name: string, negated: boolean): string | undefined {
  const letter = negated ? '\\P' : '\\p'
  for (const candidate of [SPECIAL_PROPERTIES.get(name) ?? name, `Script=${name}`]) {
    const source = `${letter}{${candidate}}`
    if (isProperty(source)) return source
  }
  return undefined
}

// internals

const CONTROL_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\\x07'],
  ['e', '\\x1b'],
  ['f', '\\f'],
  ['n', '\\n'],
  ['r', '\\r'],
  ['t', '\\t'],
])

const SPECIAL_PROPERTIES: ReadonlyMap<string, string> = new Map([
  ['L&', 'LC'],
  ['Any', 'Any'],
])

function isProperty(source: string): boolean {
  try {
    new RegExp(source, 'v')
    return true
  } catch {
    return false // unknown to JavaScript: the caller reports it
  }
}
