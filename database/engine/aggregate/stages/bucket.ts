import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { bsonTypeName, type Doc, isDocument, typeOrder } from '../../values/types.ts'
import { consume } from '../flow.ts'
import { isReference, mentions } from '../literals.ts'
import { createFrame, type Scope } from '../scope.ts'
import { compileOutputs, createGroup, documentOf, type Group, type Output } from './group.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$bucket`: groups by ranges, lower border included; only ranges with documents, in order. */
export function bucketStage(argument: unknown, { scope }: StageContext): Stage {
  const { groupBy, boundaries, fallback, outputs } = readArgument(argument, scope)
  const key = scope.compile(groupBy)
  const { compare } = scope
  const bucketOf = (value: unknown): unknown => {
    if (compare(value, boundaries[0]) >= 0 && compare(value, boundaries.at(-1)) < 0) {
      return boundaries.findLast((boundary) => compare(boundary, value) <= 0)
    }
    if (fallback) return fallback.value
    return fail(40066, '$switch could not find a matching branch for an input, and no default was specified.')
  }
  return {
    *run(input) {
      const groups: Group[] = []
      const frame = createFrame()
      yield* consume(input, (doc) => {
        frame.root = doc
        const id = bucketOf(key(frame))
        let group = groups.find((known) => known.id === id)
        if (!group) {
          group = createGroup(id, outputs)
          groups.push(group)
        }
        for (const [i, { plan }] of outputs.entries()) group.accumulators[i]!.add(plan.input(frame))
      })
      groups.sort((a, b) => compare(a.id, b.id))
      for (const group of groups) yield documentOf(group, outputs)
    },
  }
}

/** What `$bucket` and `$bucketAuto` put out when nothing else is asked for: the count. */
export function bucketOutputs(output: unknown, scope: Scope): Output[] {
  return compileOutputs(output === undefined ? { count: { $sum: 1 } } : (output as Doc), scope)
}

/** A `$`-path or an operator document; a constant makes no sense to group by. */
export function isGroupExpression(value: unknown): boolean {
  if (typeof value === 'string') return value.startsWith('$')
  return isDocument(value) && Object.keys(value)[0]?.startsWith('$') === true
}

// internals

interface BucketArguments {
  groupBy: unknown
  boundaries: unknown[]
  fallback: { value: unknown } | undefined
  outputs: Output[]
}

function readArgument(argument: unknown, scope: Scope): BucketArguments {
  if (!isDocument(argument)) {
    return fail(
      40201,
      `Argument to $bucket stage must be an object, but found type: ${bsonTypeName(argument)}.`,
    )
  }
  for (const member of Object.keys(argument)) {
    if (!['groupBy', 'boundaries', 'default', 'output'].includes(member)) {
      fail(40197, `Unrecognized option to $bucket: ${member}.`)
    }
  }
  const { groupBy, boundaries, output } = argument
  if (groupBy === undefined || boundaries === undefined) {
    fail(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.")
  }
  if (!isGroupExpression(groupBy)) {
    fail(
      40202,
      `The $bucket 'groupBy' field must be defined as a $-prefixed path or an expression, but found: ${describeValue(groupBy)}.`,
    )
  }
  if (output !== undefined && !isDocument(output)) {
    fail(40196, `The $bucket 'output' field must be an object, but found type: ${bsonTypeName(output)}.`)
  }
  const values = readBoundaries(boundaries, scope)
  return {
    groupBy,
    boundaries: values,
    fallback: readDefault(argument, values, scope),
    outputs: bucketOutputs(output, scope),
  }
}

function readBoundaries(boundaries: unknown, scope: Scope): unknown[] {
  if (!Array.isArray(boundaries)) {
    return fail(
      40200,
      `The $bucket 'boundaries' field must be an array, but found type: ${bsonTypeName(boundaries)}.`,
    )
  }
  const values = boundaries.map(
    (boundary) =>
      (
        constantOf(boundary, scope) ??
        fail(
          40191,
          `The $bucket 'boundaries' field must be an array of constant values, but found value: ${describeValue(boundary)}.`,
        )
      ).value,
  )
  if (values.length < 2) {
    fail(
      40192,
      `The $bucket 'boundaries' field must have at least 2 values, but found ${values.length} value(s).`,
    )
  }
  for (let i = 1; i < values.length; i += 1) checkNeighbours(values, i, scope)
  return values
}

function checkNeighbours(values: readonly unknown[], i: number, scope: Scope): void {
  const [low, high] = [values[i - 1], values[i]]
  if (typeOrder(low) !== typeOrder(high)) {
    fail(
      40193,
      `All values in the the 'boundaries' option to $bucket must have the same type. Found conflicting types ${bsonTypeName(low)} and ${bsonTypeName(high)}.`,
    )
  }
  if (scope.compare(low, high) >= 0) {
    fail(
      40194,
      `The 'boundaries' option to $bucket must be sorted, but elements ${i - 1} and ${i} are not in ascending order (${describeValue(low)} is not less than ${describeValue(high)}).`,
    )
  }
}

function readDefault(
  argument: Doc,
  boundaries: readonly unknown[],
  scope: Scope,
): { value: unknown } | undefined {
  if (!Object.hasOwn(argument, 'default')) return undefined
  const constant =
    constantOf(argument.default, scope) ??
    fail(
      40195,
      `The $bucket 'default' field must be a constant, but found: ${describeValue(argument.default)}.`,
    )
  const { compare } = scope
  if (compare(constant.value, boundaries[0]) >= 0 && compare(constant.value, boundaries.at(-1)) < 0) {
    fail(
      40199,
      "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
    )
  }
  return constant
}

/** A constant, also one that is written as an expression over constants. */
function constantOf(expression: unknown, scope: Scope): { value: unknown } | undefined {
  return mentions(expression, isReference) ? undefined : { value: scope.compile(expression)(createFrame()) }
}
