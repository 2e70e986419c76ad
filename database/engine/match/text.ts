import { fail } from '../errors.ts'
import { compileWalk } from '../values/paths.ts'
import { bsonTypeName, type Doc, isDocument } from '../values/types.ts'

/**
 * `$text` with a small tokeniser of our own: lower case, diacritics folded, words split at everything that is no
 * letter or digit, Chinese by single characters. No stemming, no stop words: this is not MongoDB's text search, it
 * only finds what plainly contains the words (spec/embedded-database.md §13).
 */

/** A parsed `$text`. */
export interface TextQuery {
  /** How well the document fits; 0 means not at all. Serves `{$meta: 'textScore'}`. */
  score(doc: Doc): number
}

/**
 * @param fields the fields of the collection's text index (`$**` for all), undefined without such an index
 * @throws code 27 without a text index, 9, 14 or 2 for a malformed operand
 */
export function parseText(operand: unknown, fields: readonly string[] | undefined): TextQuery {
  if (!isDocument(operand)) return fail(14, '$text expects an object')
  const { $search: search, $caseSensitive: caseSensitive, $diacriticSensitive: diacriticSensitive } = operand
  if (typeof search !== 'string') {
    return search === undefined
      ? fail(9, '"$search" had the wrong type. Expected string, found missing')
      : fail(14, `"$search" had the wrong type. Expected string, found ${bsonTypeName(search)}`)
  }
  for (const name of Object.keys(operand)) {
    if (!OPTIONS.has(name)) fail(2, `extra fields in $text`)
  }
  if (fields === undefined) return fail(27, 'text index required for $text query')
  const fold = folding(caseSensitive === true, diacriticSensitive === true)
  const query = parseSearch(search, fold)
  const read = textReader(fields)
  return { score: (doc) => scoreOf(fold(read(doc)), query) }
}

// internals

const OPTIONS = new Set(['$search', '$language', '$caseSensitive', '$diacriticSensitive'])

interface Search {
  readonly words: readonly string[]
  readonly phrases: readonly string[]
  readonly excluded: readonly string[]
}

function folding(caseSensitive: boolean, diacriticSensitive: boolean): (text: string) => string {
  return (text) => {
    const cased = caseSensitive ? text : text.toLowerCase()
    return diacriticSensitive
      ? cased
      : cased
          .normalize('NFD')
          .replace(/\p{M}+/gu, '')
          .normalize('NFC')
  }
}

function parseSearch(search: string, fold: (text: string) => string): Search {
  const phrases: string[] = []
  const rest = fold(search).replace(/"([^"]*)"/g, (_, phrase: string) => {
    phrases.push(phrase)
    return ` ${phrase} `
  })
  const excluded = [...rest.matchAll(/(?:^|\s)-(\S+)/g)].flatMap((found) => wordsOf(found[1] ?? ''))
  const words = wordsOf(rest.replace(/(?:^|\s)-\S+/g, ' '))
  return { words, phrases, excluded }
}

/** Words of letters and digits; each Han character is a word of its own. */
function wordsOf(text: string): string[] {
  return text.match(/\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu) ?? []
}

function scoreOf(text: string, { words, phrases, excluded }: Search): number {
  const found = new Map<string, number>()
  for (const word of wordsOf(text)) found.set(word, (found.get(word) ?? 0) + 1)
  if (excluded.some((word) => found.has(word)) || !phrases.every((phrase) => text.includes(phrase))) return 0
  let score = 0
  for (const word of words) {
    const count = found.get(word)
    // Diminishing weight for repetition, more for short texts: the shape of the server's formula, not its numbers.
    if (count !== undefined) score += (1 - 0.5 ** count) * 2 * (0.5 + 0.5 / found.size)
  }
  return score
}

function textReader(fields: readonly string[]): (doc: Doc) => string {
  if (fields.includes('$**')) return (doc) => allStrings(doc).join(' \n ')
  const walks = fields.map((field) => compileWalk(field, 'elements'))
  return (doc) => {
    const texts: string[] = []
    for (const walk of walks) {
      walk(doc, (value) => {
        if (typeof value === 'string') texts.push(value)
        return false
      })
    }
    return texts.join(' \n ')
  }
}

function allStrings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(allStrings)
  return isDocument(value) ? Object.keys(value).flatMap((key) => allStrings(value[key])) : []
}
