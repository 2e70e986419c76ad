import type { NearSpec } from '../geo/near.ts'
import type { Doc } from '../values/types.ts'
import { createContext, type MatchEnv } from './context.ts'
import { compileDocument } from './document.ts'
import { compileElementCondition } from './elem-match.ts'
import { compileField, compileOperators, isOperatorDocument } from './field.ts'
import { asPredicate, bind, type Predicate } from './node.ts'

export type { NearSpec } from '../geo/near.ts'
export type { MatchEnv } from './context.ts'
export { isOperatorDocument, isRegex } from './field.ts'
export type { Predicate } from './node.ts'
export { regexPrefix, translateRegex } from './regex.ts'

/** A compiled filter. */
export interface Matcher {
  matches(doc: Doc): boolean
  /** Index for the positional `$`: that of the array element which satisfied the filter. Only for matching documents. */
  arrayIndex(doc: Doc): number | undefined
  /** Set when the filter orders by distance; `matches` has its bounds included. */
  near?: NearSpec
  /** Set when the filter has `$text`: how well the document fits, for `{$meta: 'textScore'}`. */
  textScore?(doc: Doc): number
}

/**
 * Compiles a filter to closures (spec/embedded-database.md §6).
 * @throws DatabaseError with MongoDB's code for whatever is malformed in the filter
 */
export function compileFilter(filter: Doc, env: MatchEnv): Matcher {
  const context = createContext(env, compileDocument)
  const node = compileDocument(filter, context, false)
  const { near, text } = context
  return {
    matches: near === undefined ? node.test : (doc) => near.distance(doc) !== undefined && node.test(doc),
    arrayIndex(doc) {
      const index = node.locate(doc)
      return index >= 0 ? index : undefined
    },
    ...(near ? { near } : {}),
    ...(text ? { textScore: (doc: Doc) => text.score(doc) } : {}),
  }
}

/**
 * The condition of `$pull` and of an array filter as a question about one element: operators ask the element itself,
 * a document of field names asks an element that is a document, a regular expression asks strings, anything else must
 * be equal.
 */
export function compileElement(condition: unknown, env: MatchEnv): Predicate {
  const context = createContext(env, compileDocument)
  if (isOperatorDocument(condition)) return compileElementCondition('', condition, context, compileOperators)
  return asPredicate(compileField('', condition, context, true))
}

/** The condition of an `$elemMatch` as a question about one element. */
export function compileElemMatchCondition(path: string, condition: Doc, env: MatchEnv): Predicate {
  return compileElementCondition(path, condition, createContext(env, compileDocument), compileOperators)
}

/** One field's condition as a question about a document: for array filters, whose identifier is such a field. */
export function compileFieldFilter(path: string, condition: unknown, env: MatchEnv): (doc: Doc) => boolean {
  return bind(path, compileField(path, condition, createContext(env, compileDocument), true)).test
}
