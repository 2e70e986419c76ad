import { isRegex } from '../../match/index.ts'
import { type Doc, isDocument, MISSING } from '../../values/types.ts'
import type { Variables } from '../scope.ts'

/** An equality between a field and a variable that every result of a pipeline fulfils. */
export interface Equality {
  path: string
  variable: string
  /**
   * True for values by which a query finds at least the documents that `$expr` finds. Queries and expressions differ
   * for null, missing, arrays, and regular expressions.
   */
  isExact(value: unknown): boolean
}

/**
 * Finds `{$expr: {$eq: ['$path', '$$variable']}}` in a filter, also inside `$and`, at its top level: the usual way to
 * join with a pipeline, worth more than a scan for every document.
 */
export function equalityOf(filter: Doc, variables: Variables): Equality | undefined {
  for (const name of Object.keys(filter)) {
    const found =
      name === '$expr'
        ? fromExpression(filter[name], variables)
        : name === '$and'
          ? firstOf(filter[name], (part) => (isDocument(part) ? equalityOf(part, variables) : undefined))
          : undefined
    if (found) return found
  }
  return undefined
}

// internals

function fromExpression(expression: unknown, variables: Variables): Equality | undefined {
  if (!isDocument(expression)) return undefined
  const [name] = Object.keys(expression)
  const operands = name === undefined ? undefined : expression[name]
  if (name === '$and') return firstOf(operands, (part) => fromExpression(part, variables))
  if (name !== '$eq' || !Array.isArray(operands) || operands.length !== 2) return undefined
  return (
    fromOperands(operands[0], operands[1], variables) ?? fromOperands(operands[1], operands[0], variables)
  )
}

function fromOperands(field: unknown, variable: unknown, variables: Variables): Equality | undefined {
  if (typeof field !== 'string' || typeof variable !== 'string') return undefined
  // A numeric segment is an index to a query and a name to an expression.
  if (!field.startsWith('$') || field.startsWith('$$') || /\.\d/.test(field)) return undefined
  if (!variable.startsWith('$$') || !Object.hasOwn(variables, variable.slice(2))) return undefined
  return { path: field.slice(1), variable: variable.slice(2), isExact }
}

function isExact(value: unknown): boolean {
  return value !== MISSING && value !== null && !Array.isArray(value) && !isRegex(value)
}

function firstOf<T>(list: unknown, find: (item: unknown) => T | undefined): T | undefined {
  if (!Array.isArray(list)) return undefined
  for (const item of list) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
