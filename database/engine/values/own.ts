import { type Doc, MISSING } from './types.ts'

/**
 * Members of documents. `__proto__`, `constructor` and their like are ordinary field names in a database
 * (spec/embedded-database.md §5), so reading must not reach a prototype and writing must not change one.
 */

/** The document's own member, or MISSING. */
export function getOwn(doc: Doc, key: string): unknown {
  const value = doc[key]
  if (value === undefined) return MISSING
  // Everything a plain object inherits is a function, which no document holds, or hides behind `__proto__`.
  if (typeof value === 'function') return MISSING
  if (key === '__proto__' && !Object.hasOwn(doc, key)) return MISSING
  return value
}

/** Sets the document's own member. Only for documents that nobody else holds yet. */
export function setOwn(doc: Doc, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(doc, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    doc[key] = value
  }
}

/** True when the document itself has the member. */
export function hasOwn(doc: Doc, key: string): boolean {
  return Object.hasOwn(doc, key)
}
