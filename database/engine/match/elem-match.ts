import { fail } from '../errors.ts'
import { type Doc, isDocument } from '../values/types.ts'
import type { MatchContext } from './context.ts'
import { isDocumentOperator } from './document-operators.ts'
import { asPredicate, type FieldNode, onWhole, type Predicate, RANK } from './node.ts'

/** Compiles a document of operators for one field. */
export type CompileOperators = (
  path: string,
  operators: Doc,
  context: MatchContext,
  nested: boolean,
) => FieldNode

/**
 * `$elemMatch`: one element of the array meets everything. With operators (`{$gt: 1}`) the element itself is asked,
 * with field names it has to be a document (or an array, whose indexes are then its field names).
 * @throws code 2 when the operand is no document
 */
export function compileElemMatch(
  path: string,
  operand: unknown,
  context: MatchContext,
  operators: CompileOperators,
): FieldNode {
  if (!isDocument(operand)) return fail(2, '$elemMatch needs an Object')
  const predicate = compileElementCondition(path, operand, context, operators)
  const find = (value: unknown) => (Array.isArray(value) ? value.findIndex(predicate) : -1)
  const rank = isValueCondition(operand) ? RANK.elemMatchValue : RANK.elemMatchObject
  return onWhole(rank, (value) => find(value) >= 0, find)
}

/** The condition of an `$elemMatch` as a question about one element. */
export function compileElementCondition(
  path: string,
  operand: Doc,
  context: MatchContext,
  operators: CompileOperators,
): Predicate {
  if (isValueCondition(operand)) return asPredicate(operators(path, operand, context, true))
  const node = context.compileDocument(operand, context, true)
  return (element) => {
    if (isDocument(element)) return node.test(element)
    return Array.isArray(element) && node.test(indexed(element))
  }
}

// internals

function isValueCondition(operand: Doc): boolean {
  const [first] = Object.keys(operand)
  return first?.startsWith('$') === true && !isDocumentOperator(first) && !REFERENCE.has(first)
}

/** A reference is a document although its field names begin with `$`. */
const REFERENCE = new Set(['$ref', '$id', '$db'])

/** An array in an array is asked by index, as the server reads arrays. */
function indexed(array: readonly unknown[]): Doc {
  return Object.fromEntries(array.entries())
}
