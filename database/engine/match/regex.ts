import { fail } from '../errors.ts'
import { RegexTranslation } from './regex-translation.ts'

/**
 * Regular expressions: MongoDB speaks PCRE, JavaScript does not (spec/embedded-database.md §6). Patterns are
 * translated; what cannot be is refused with error 51091 and the construct's name.
 */

/**
 * Translates a PCRE pattern.
 * @param options the BSON letters `i m s x u`
 * @returns a RegExp without `g`, so it keeps no state between uses
 * @throws code 51091 for a pattern that is malformed or beyond JavaScript, 51108 for unknown options, 2 for a pattern
 * that is too long
 */
export function translateRegex(pattern: string, options = ''): RegExp {
  if (pattern.length > MAX_LENGTH) fail(2, 'Regular expression is too long')
  if (pattern.includes('\0')) fail(2, 'Regular expression cannot contain an embedded null byte')
  for (const letter of options) {
    if (!'imsxu'.includes(letter)) fail(51108, ` invalid flag in regex options: ${letter}`.trimStart())
  }
  const { source, ignoreCase } = new RegexTranslation(pattern, options).run()
  try {
    return new RegExp(source, ignoreCase ? 'vi' : 'v')
  } catch (error) {
    return fail(51091, `Regular expression is invalid: ${reason(error)}`, { cause: error })
  }
}

/**
 * The literal text every match starts with, for index ranges; undefined when there is none to rely on.
 */
export function regexPrefix(pattern: string, options = ''): string | undefined {
  if (/[imx]/.test(options) || pattern.includes('|')) return undefined
  const anchored = /^(?:\^|\\A)/.exec(pattern)?.[0]
  if (anchored === undefined) return undefined
  const literal = /^(?:[^\\^$.|?*+()[\]{}]|\\[^A-Za-z0-9])*/.exec(pattern.slice(anchored.length))?.[0] ?? ''
  const rest = pattern.slice(anchored.length + literal.length)
  // A quantifier belongs to the last character, which then need not be there.
  const certain = /^[?*{]/.test(rest) ? literal.replace(/(?:\\.|[\s\S])$/u, '') : literal
  return certain === '' ? undefined : certain.replace(/\\(.)/gsu, '$1')
}

// internals

/** The server's own limit. */
const MAX_LENGTH = 32764

function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/^Invalid regular expression: .*: /s, '')
}
