import { fail } from '../../errors.ts'
import { isTruthy } from '../../values/truth.ts'
import { isDocument } from '../../values/types.ts'
import type { Expression, Operator, Scope } from '../scope.ts'
import {
  checkDocument,
  compileArguments,
  compileMember,
  isNullish,
  requiredMember,
  typeOf,
} from './arguments.ts'

/** Comparisons, `$and $or $not`, `$cond $ifNull $switch`. */
export const LOGIC: Readonly<Record<string, Operator>> = {
  $and: (argument, scope, name) => {
    const conditions = compileArguments(argument, scope, name, 0, Number.POSITIVE_INFINITY)
    return (frame) => {
      for (const condition of conditions) if (!isTruthy(condition(frame))) return false
      return true
    }
  },
  $or: (argument, scope, name) => {
    const conditions = compileArguments(argument, scope, name, 0, Number.POSITIVE_INFINITY)
    return (frame) => {
      for (const condition of conditions) if (isTruthy(condition(frame))) return true
      return false
    }
  },
  $not: (argument, scope, name) => {
    const [condition] = compileArguments(argument, scope, name, 1, 1)
    return (frame) => !isTruthy(condition!(frame))
  },
  $cmp: comparison((order) => order),
  $eq: comparison((order) => order === 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $ne: comparison((order) => order !== 0),
  $cond: conditional,
  $ifNull: (argument, scope, name) => {
    const list = Array.isArray(argument) ? argument : [argument]
    if (list.length < 2) fail(1257300, `$ifNull needs at least two arguments, had: ${list.length}`)
    const candidates = compileArguments(list, scope, name, 2, Number.POSITIVE_INFINITY)
    const last = candidates.pop()!
    return (frame) => {
      for (const candidate of candidates) {
        const value = candidate(frame)
        if (!isNullish(value)) return value
      }
      return last(frame)
    }
  },
  $switch: switchOperator,
}

// internals

function comparison(answer: (order: number) => unknown): Operator {
  return (argument, scope, name) => {
    const [left, right] = compileArguments(argument, scope, name, 2, 2)
    const { compare } = scope
    return (frame) => answer(compare(left!(frame), right!(frame)))
  }
}

function conditional(argument: unknown, scope: Scope, name: string): Expression {
  const [condition, yes, no] = isDocument(argument)
    ? conditionalMembers(argument, scope)
    : compileArguments(argument, scope, name, 3, 3)
  return (frame) => (isTruthy(condition!(frame)) ? yes!(frame) : no!(frame))
}

function conditionalMembers(argument: unknown, scope: Scope): Expression[] {
  const doc = checkDocument(argument, {
    shape: [17080, () => ''],
    unknown: [17083, (member) => `Unrecognized parameter to $cond: ${member}`],
    required: {
      if: [17080, "Missing 'if' parameter to $cond"],
      // biome-ignore lint/suspicious/noThenProperty: a member of the operator, never awaited
      then: [17081, "Missing 'then' parameter to $cond"],
      else: [17082, "Missing 'else' parameter to $cond"],
    },
  })
  return [
    requiredMember(doc, 'if', scope),
    requiredMember(doc, 'then', scope),
    requiredMember(doc, 'else', scope),
  ]
}

function switchOperator(argument: unknown, scope: Scope): Expression {
  if (!isDocument(argument)) {
    return fail(40060, `$switch requires an object as an argument, found: ${typeOf(argument)}`)
  }
  for (const member of Object.keys(argument)) {
    if (member !== 'branches' && member !== 'default')
      fail(40067, `$switch found an unknown argument: ${member}`)
  }
  const list = argument.branches ?? []
  if (!Array.isArray(list)) {
    return fail(40061, `$switch expected an array for 'branches', found: ${typeOf(list)}`)
  }
  if (list.length === 0) fail(40068, '$switch requires at least one branch.')
  const branches = list.map((branch) => compileBranch(branch, scope))
  const otherwise = compileMember(argument, 'default', scope)
  return (frame) => {
    for (const branch of branches) if (isTruthy(branch.condition(frame))) return branch.result(frame)
    if (otherwise) return otherwise(frame)
    return fail(40066, '$switch could not find a matching branch for an input, and no default was specified.')
  }
}

function compileBranch(branch: unknown, scope: Scope): { condition: Expression; result: Expression } {
  const doc = checkDocument(branch, {
    shape: [40062, (given) => `$switch expected each branch to be an object, found: ${typeOf(given)}`],
    unknown: [40063, (member) => `$switch found an unknown argument to a branch: ${member}`],
    required: {
      case: [40064, "$switch requires each branch have a 'case' expression"],
      // biome-ignore lint/suspicious/noThenProperty: a member of the operator, never awaited
      then: [40065, "$switch requires each branch have a 'then' expression."],
    },
  })
  return { condition: requiredMember(doc, 'case', scope), result: requiredMember(doc, 'then', scope) }
}
