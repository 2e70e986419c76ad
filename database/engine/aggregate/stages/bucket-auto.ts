import { fail } from '../../errors.ts'
import { sortInTurns } from '../../sort-in-turns.ts'
import { describeValue } from '../../values/describe.ts'
import { isNumber, toDouble, toSafeInteger } from '../../values/numbers.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { int32Of } from '../expressions/integers.ts'
import { consume } from '../flow.ts'
import { type PreferredNumbers, preferredNumbers } from '../preferred-numbers.ts'
import { createFrame, type Scope } from '../scope.ts'
import { bucketOutputs, isGroupExpression } from './bucket.ts'
import { createGroup, documentOf, type Group, type Output } from './group.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$bucketAuto`: about equally full ranges; equal values are never parted. */
export function bucketAutoStage(argument: unknown, { scope, turns }: StageContext): Stage {
  const { groupBy, buckets, rounding, outputs } = readArgument(argument, scope)
  const key = scope.compile(groupBy)
  return {
    *run(input) {
      const frame = createFrame()
      const entries: Entry[] = []
      yield* consume(input, (doc) => {
        frame.root = doc
        const value = key(frame)
        if (rounding) checkNumber(value)
        entries.push({ value: value === MISSING ? null : value, doc })
      })
      const sorted = yield* sortInTurns(entries, (a, b) => scope.compare(a.value, b.value), turns)
      yield* new Filling(sorted, buckets, outputs, scope, rounding).documents()
    },
  }
}

// internals

interface Entry {
  value: unknown
  doc: Doc
}

/** Deals sorted entries out to buckets. */
class Filling {
  readonly #entries: readonly Entry[]
  readonly #buckets: number
  readonly #outputs: readonly Output[]
  readonly #scope: Scope
  readonly #rounding: PreferredNumbers | undefined
  #next = 0

  constructor(
    entries: readonly Entry[],
    buckets: number,
    outputs: readonly Output[],
    scope: Scope,
    rounding: PreferredNumbers | undefined,
  ) {
    this.#entries = entries
    this.#buckets = buckets
    this.#outputs = outputs
    this.#scope = scope
    this.#rounding = rounding
  }

  *documents(): Iterable<Doc> {
    const size = Math.max(1, Math.round(this.#entries.length / this.#buckets))
    let min: unknown
    for (let bucket = 1; this.#next < this.#entries.length; bucket += 1) {
      const first = this.#entries[this.#next]!.value
      if (bucket === 1) min = this.#rounding ? this.#rounding.down(toDouble(first)) : first
      const group = createGroup(undefined, this.#outputs)
      const wanted = bucket === this.#buckets ? Number.POSITIVE_INFINITY : size
      for (let taken = 0; taken < wanted && this.#next < this.#entries.length; taken += 1) this.#take(group)
      const max = this.#close(group)
      group.id = { min, max }
      yield documentOf(group, this.#outputs)
      min = max
    }
  }

  #take(group: Group): void {
    const frame = createFrame(this.#entries[this.#next]!.doc)
    for (const [i, { plan }] of this.#outputs.entries()) group.accumulators[i]!.add(plan.input(frame))
    this.#next += 1
  }

  /** Takes in what belongs below the bucket's upper border, and gives that border. */
  #close(group: Group): unknown {
    const last = this.#entries[this.#next - 1]!.value
    const { compare } = this.#scope
    if (!this.#rounding) {
      while (this.#next < this.#entries.length && compare(this.#entries[this.#next]!.value, last) === 0) {
        this.#take(group)
      }
      return this.#entries[this.#next]?.value ?? last
    }
    const border = this.#rounding.up(toDouble(last))
    while (this.#next < this.#entries.length && compare(this.#entries[this.#next]!.value, border) < 0) {
      this.#take(group)
    }
    const next = this.#entries[this.#next]
    // Zero has no neighbours in a series: the border is then the one below the next value.
    return border === 0 && next ? this.#rounding.down(toDouble(next.value)) : border
  }
}

function checkNumber(value: unknown): void {
  if (!isNumber(value)) {
    fail(
      40258,
      `$bucketAuto can specify a 'granularity' with numeric boundaries only, but found a value with type: ${bsonTypeName(value)}`,
    )
  }
  const number = toDouble(value)
  if (!Number.isFinite(number)) {
    const what = Number.isNaN(number) ? 'a NaN' : 'an infinite value'
    fail(40259, `$bucketAuto can specify a 'granularity' with numeric boundaries only, but found ${what}`)
  }
  if (number < 0) {
    fail(
      40260,
      "$bucketAuto can specify a 'granularity' with non-negative numbers only, but found a negative number",
    )
  }
}

interface BucketAutoArguments {
  groupBy: unknown
  buckets: number
  rounding: PreferredNumbers | undefined
  outputs: Output[]
}

function readArgument(argument: unknown, scope: Scope): BucketAutoArguments {
  if (!isDocument(argument)) {
    return fail(
      40240,
      `The argument to $bucketAuto must be an object, but found type: ${bsonTypeName(argument)}.`,
    )
  }
  for (const member of Object.keys(argument)) {
    if (!['groupBy', 'buckets', 'output', 'granularity'].includes(member)) {
      fail(40245, `Unrecognized option to $bucketAuto: ${member}.`)
    }
  }
  const { groupBy, buckets, output, granularity } = argument
  if (groupBy === undefined || buckets === undefined) {
    fail(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified.")
  }
  if (!isGroupExpression(groupBy)) {
    fail(
      40239,
      `The $bucketAuto 'groupBy' field must be defined as a $-prefixed path or an expression object, but found: ${describeValue(groupBy)}.`,
    )
  }
  if (output !== undefined && !isDocument(output)) {
    fail(40244, `The $bucketAuto 'output' field must be an object, but found type: ${bsonTypeName(output)}.`)
  }
  if (granularity !== undefined && typeof granularity !== 'string') {
    fail(
      40261,
      `The $bucketAuto 'granularity' field must be a string, but found type: ${bsonTypeName(granularity)}.`,
    )
  }
  return {
    groupBy,
    buckets: bucketCount(buckets),
    rounding: granularity === undefined ? undefined : preferredNumbers(granularity as string),
    outputs: bucketOutputs(output, scope),
  }
}

function bucketCount(value: unknown): number {
  if (!isNumber(value)) {
    return fail(
      40241,
      `The $bucketAuto 'buckets' field must be a numeric value, but found type: ${bsonTypeName(value)}.`,
    )
  }
  const count = int32Of(value)
  if (count === undefined) {
    return fail(
      40242,
      `The $bucketAuto 'buckets' field must be representable as a 32-bit integer, but found ${describeValue(toSafeInteger(value) ?? value)}.`,
    )
  }
  return count > 0
    ? count
    : fail(40243, `The $bucketAuto 'buckets' field must be greater than 0, but found: ${count}.`)
}
