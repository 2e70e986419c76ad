/**
 * Provider-specific values in an encoded filter: 24-hex strings and ISO strings in operands, never in patterns, type
 * names and other operands that are no stored values (spec/database.md §5, §6).
 */
import type { Doc } from '../own-member.ts'
import { isDocument } from '../snapshot.ts'
import { mapMembers, type StorageRules, toStored } from '../stored-values.ts'
import { isOperatorDocument } from './filter-builder.ts'

/** Converts a filter of `encodeCondition` for sending. */
export function storedFilter(filter: Doc, rules: StorageRules): Doc {
  return mapMembers(filter, (operand, name) => {
    if (!name.startsWith('$')) return storedPredicate(operand, rules)
    if (name === '$expr') return toStored(operand, { ...rules, isoDates: false })
    if (logic.has(name) && Array.isArray(operand)) return operand.map((branch) => storedBranch(branch, rules))
    return operand
  })
}

// internals

const logic: ReadonlySet<string> = new Set(['$and', '$or', '$nor'])

/** Operators whose operand is compared with stored values. */
const valueOperators: ReadonlySet<string> = new Set([
  '$eq',
  '$ne',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$in',
  '$nin',
])

function storedBranch(branch: unknown, rules: StorageRules): unknown {
  return isDocument(branch) ? storedFilter(branch, rules) : branch
}

/** What stands at a path: operators, or a value. */
export function storedPredicate(predicate: unknown, rules: StorageRules): unknown {
  if (!isOperatorDocument(predicate)) return toStored(predicate, rules)
  return mapMembers(predicate, (operand, operator) => {
    if (valueOperators.has(operator)) return toStored(operand, rules)
    if (operator === '$not') return storedPredicate(operand, rules)
    if (operator === '$elemMatch') return storedElement(operand, rules)
    if (operator === '$all' && Array.isArray(operand)) {
      return operand.map((item) => storedPredicate(item, rules))
    }
    return operand
  })
}

/** A condition on array elements: operators on scalars, or a filter on documents. */
export function storedElement(condition: unknown, rules: StorageRules): unknown {
  if (!isDocument(condition)) return toStored(condition, rules)
  const names = Object.keys(condition)
  const scalar = names.length > 0 && names.every((name) => name.startsWith('$') && !logic.has(name))
  return scalar ? storedPredicate(condition, rules) : storedFilter(condition, rules)
}
