import { fail } from '../errors.ts'
import { describeValue } from '../values/describe.ts'
import { bsonTypeName, isDocument, MISSING } from '../values/types.ts'
import type { Leaf } from './node.ts'

/**
 * `$addToSet`: appends what the array does not hold yet; duplicates that are there already stay.
 * @throws code 2 or 14 for a malformed `$each`, 2 for fields that are no arrays
 */
export function addToSetLeaf(operand: unknown, compare: (a: unknown, b: unknown) => number): Leaf {
  const candidates = withoutDuplicates(parseEach(operand), compare)
  return {
    kind: 'leaf',
    apply(value, place) {
      if (value === MISSING) return candidates
      if (!Array.isArray(value)) {
        return fail(
          2,
          `Cannot apply $addToSet to non-array field. Field named '${place.path.at(-1)}' has non-array type ${bsonTypeName(value)}`,
        )
      }
      const added = candidates.filter(
        (candidate) => !value.some((element) => compare(element, candidate) === 0),
      )
      return added.length === 0 ? value : [...value, ...added]
    },
  }
}

// internals

function parseEach(operand: unknown): readonly unknown[] {
  if (!isDocument(operand) || Object.keys(operand)[0] !== '$each') return [operand]
  const { $each: each } = operand
  if (!Array.isArray(each)) {
    return fail(
      14,
      `The argument to $each in $addToSet must be an array but it was of type ${bsonTypeName(each)}`,
    )
  }
  if (Object.keys(operand).length > 1) {
    fail(2, `Found unexpected fields after $each in $addToSet: ${describeValue(operand)}`)
  }
  return each
}

function withoutDuplicates(
  values: readonly unknown[],
  compare: (a: unknown, b: unknown) => number,
): unknown[] {
  return values.filter(
    (value, index) => !values.slice(0, index).some((earlier) => compare(earlier, value) === 0),
  )
}
