/**
 * Own members of documents. `__proto__`, `constructor` and the like are ordinary names in data and must neither
 * reach prototypes nor change them (spec/database.md §5).
 */

/** A document under construction. */
export type Doc = Record<string, unknown>

/** Sets an own member, whatever its name. */
export function setOwn(doc: Doc, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(doc, name, { value, enumerable: true, configurable: true, writable: true })
  } else doc[name] = value
}

/** An own member, or undefined. */
export function getOwn(doc: Doc, name: string): unknown {
  return Object.hasOwn(doc, name) ? doc[name] : undefined
}
