/**
 * Commands on array elements that are scalars: `elemMatch(_.gt(30).lt(50))`, `pull(_.gt(3).lt(8))`. MongoDB takes
 * one flat operator document there and knows no `$or`, so a command tree is spelled out as alternatives.
 */
import { QueryCommand } from '../commands/query-command.ts'
import { invalidParam } from '../errors.ts'
import type { Doc } from '../own-member.ts'
import { isDocument } from '../snapshot.ts'
import { isOperatorDocument } from './filter-builder.ts'

/** Copies an operator's value. */
export type EncodeValue = (operator: string, value: unknown) => unknown

/** True for commands on a value; false for logic over condition objects, which needs documents as elements. */
export function standsForValue({ node }: QueryCommand): boolean {
  if (!node) return false
  if (node.kind === 'compare') return true
  const operands = node.kind === 'not' ? [node.operand] : node.operands
  return operands.some((operand) => {
    if (operand instanceof QueryCommand) return standsForValue(operand)
    return !isDocument(operand) || isOperatorDocument(operand)
  })
}

/** Operator documents, at least one of which the element has to meet. */
export function operatorAlternatives(operand: unknown, encode: EncodeValue): Doc[] {
  if (!(operand instanceof QueryCommand)) return [constant(operand, encode)]
  const { node } = operand
  if (!node) return [{}]
  if (node.kind === 'compare') return [{ [node.operator]: encode(node.operator, node.value) }]
  if (node.kind === 'not') return [negation(operatorAlternatives(node.operand, encode))]
  const lists = node.operands.map((part) => operatorAlternatives(part, encode))
  if (node.operator === '$or') return lists.flat()
  if (node.operator === '$nor') return [negation(lists.flat())]
  return lists.reduce<Doc[]>(
    (all, list) => all.flatMap((left) => list.map((right) => both(left, right))),
    [{}],
  )
}

// internals

function constant(value: unknown, encode: EncodeValue): Doc {
  if (isOperatorDocument(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([operator, part]) => [operator, encode(operator, part)]),
    )
  }
  return value instanceof RegExp ? { $regex: encode('$regex', value) } : { $eq: encode('$eq', value) }
}

function negation(alternatives: Doc[]): Doc {
  if (alternatives.length === 1) return { $not: alternatives[0] }
  const values = alternatives.map((alternative) =>
    Object.keys(alternative).length === 1 && '$eq' in alternative ? [alternative.$eq] : undefined,
  )
  if (values.every((value) => value !== undefined)) return { $nin: values.flat(1) }
  throw invalidParam('nor() and not(or()) of several comparisons cannot be applied to array elements')
}

function both(left: Doc, right: Doc): Doc {
  if (Object.keys(right).some((operator) => operator in left)) {
    throw invalidParam('the same comparison cannot be applied twice to one array element')
  }
  return { ...left, ...right }
}
