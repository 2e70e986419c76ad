import { fail } from '../errors.ts'
import { compileSort } from '../sort.ts'
import { isNumber, toDouble } from '../values/numbers.ts'
import { type Doc, isDocument } from '../values/types.ts'
import type { Scope } from './scope.ts'

/** Compares two values, as for `Array.prototype.sort`. */
export type ValueOrder = (a: unknown, b: unknown) => number

/**
 * The order of `$sortArray`: `1` or `-1` for whole values, or a sort document for documents; what is no document
 * sorts by its missing members.
 * @throws DatabaseError 2942505 or 2942506, and those of a sort document
 */
export function compileSortOrder(sortBy: unknown, scope: Scope): ValueOrder {
  if (isDocument(sortBy)) return compileDocumentOrder(sortBy, scope)
  if (!isNumber(sortBy)) return fail(2942505, 'Invalid sort direction: sortBy must be 1, -1 or a document')
  const direction = toDouble(sortBy)
  if (direction !== 1 && direction !== -1) {
    fail(2942506, 'The $sort element value must be either 1 or -1')
  }
  return (a, b) => direction * scope.compare(a, b)
}

/** The order of a sort document over documents. */
export function compileDocumentOrder(sortBy: Doc, scope: Scope): ValueOrder {
  const order = compileSort(sortBy, scope.options.collation)
  return (a, b) => order(isDocument(a) ? a : EMPTY, isDocument(b) ? b : EMPTY)
}

// internals

const EMPTY: Doc = Object.freeze({})
