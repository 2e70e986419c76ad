import { fail } from '../errors.ts'
import type { MatchEnv } from '../match/index.ts'
import { addToSetLeaf } from './add-to-set.ts'
import { arithmeticLeaf } from './arithmetic.ts'
import { bitLeaf } from './bit.ts'
import { compareLeaf, currentDateLeaf, setLeaf, setOnInsertLeaf, unsetLeaf } from './field-operators.ts'
import type { Leaf } from './node.ts'
import { popLeaf, pullAllLeaf, pullLeaf } from './pull.ts'
import { pushLeaf } from './push.ts'

/** What operators need to know when they are made. */
export interface OperatorContext {
  readonly compare: (a: unknown, b: unknown) => number
  readonly match: MatchEnv
}

/**
 * Makes the operator for one path.
 * @throws what the operator has to say about its operand
 */
export function makeLeaf(modifier: string, path: string, operand: unknown, context: OperatorContext): Leaf {
  switch (modifier) {
    case '$set':
      return setLeaf(operand)
    case '$setOnInsert':
      return setOnInsertLeaf(operand)
    case '$unset':
      return unsetLeaf()
    case '$min':
      return compareLeaf(operand, context.compare, -1)
    case '$max':
      return compareLeaf(operand, context.compare, 1)
    case '$currentDate':
      return currentDateLeaf(operand)
    case '$inc':
    case '$mul':
      return arithmeticLeaf(modifier, path, operand)
    case '$bit':
      return bitLeaf(operand)
    case '$push':
      return pushLeaf(operand, context.compare)
    case '$addToSet':
      return addToSetLeaf(operand, context.compare)
    case '$pop':
      return popLeaf(path, operand)
    case '$pull':
      return pullLeaf(operand, context)
    case '$pullAll':
      return pullAllLeaf(operand, context.compare)
    default:
      return fail(9, `Unknown modifier: ${modifier}`)
  }
}
