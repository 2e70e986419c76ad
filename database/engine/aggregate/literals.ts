import { isDocument } from '../values/types.ts'

/** The value of a literal expression, known without a document; undefined when the expression is none. */
export function literalOf(expression: unknown): { value: unknown } | undefined {
  if (typeof expression === 'string') return expression.startsWith('$') ? undefined : { value: expression }
  if (Array.isArray(expression)) {
    const items = expression.map(literalOf)
    return items.every((item) => item !== undefined) ? { value: items.map((item) => item.value) } : undefined
  }
  if (!isDocument(expression)) return { value: expression }
  if (Object.hasOwn(expression, '$literal')) return { value: expression.$literal }
  const members = Object.entries(expression).map(([key, member]) => [key, literalOf(member)] as const)
  if (members.some(([key, member]) => key.startsWith('$') || member === undefined)) return undefined
  return { value: Object.fromEntries(members.map(([key, member]) => [key, member?.value])) }
}

/** True when a string somewhere in the expression or pipeline, in names or values, passes the test; not in `$literal`. */
export function mentions(expression: unknown, test: (text: string) => boolean): boolean {
  if (typeof expression === 'string') return test(expression)
  if (Array.isArray(expression)) return expression.some((item) => mentions(item, test))
  if (!isDocument(expression)) return false
  return Object.keys(expression).some((key) => key !== '$literal' && mentions(expression[key], test))
}

/** A field path or a variable, as a string of an expression. */
export function isReference(text: string): boolean {
  return text.startsWith('$')
}
