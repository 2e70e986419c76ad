import { fail } from '../../errors.ts'
import { groupKeyEncoder } from '../../values/keys.ts'
import { add, isNumber, multiply, numberKind, toDouble, toSafeInteger } from '../../values/numbers.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { addToDate, type DateUnit, isDateUnit } from '../date-arithmetic.ts'
import { getNested, setNested } from '../document-paths.ts'
import { parseFieldPath } from '../field-path.ts'
import { emit, gather } from '../flow.ts'
import type { Scope } from '../scope.ts'
import { UTC } from '../zones.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$densify`: adds documents where a number line or a calendar has holes. Results come in the field's order. */
export function densifyStage(argument: unknown, { scope, turns }: StageContext): Stage {
  const spec = readArgument(argument, scope)
  return {
    *run(input) {
      const docs = yield* gather(input)
      yield* emit(densified(docs, spec, scope), turns, (doc) => doc)
    },
  }
}

// internals

interface DensifySpec {
  field: readonly string[]
  partitionBy: readonly (readonly string[])[]
  line: Line
  bounds: 'full' | 'partition' | readonly [unknown, unknown]
}

/** The number line or calendar, in steps. */
interface Line {
  /** @throws DatabaseError for a value that does not lie on such a line */
  check(value: unknown): void
  /** The value so many steps behind the start. */
  at(start: unknown, steps: number): unknown
}

interface DensePartition {
  docs: Doc[]
  /** The values there are, by key. */
  keys: Set<string>
  fields: Doc
}

function densified(docs: readonly Doc[], spec: DensifySpec, scope: Scope): Doc[] {
  const { field, line } = spec
  const key = groupKeyEncoder()
  const plain: Doc[] = []
  const partitions = new Map<string, DensePartition>()
  for (const doc of docs) {
    const value = getNested(doc, field)
    if (value === MISSING || value === null) {
      plain.push(doc)
      continue
    }
    line.check(value)
    const partition = partitionOf(doc, spec, key, partitions)
    partition.docs.push(doc)
    partition.keys.add(key(value))
  }
  // A range given in numbers is filled even where nothing is.
  const nothing: DensePartition[] =
    typeof spec.bounds === 'string' ? [] : [{ docs: [], keys: new Set(), fields: {} }]
  const all = partitions.size === 0 ? nothing : [...partitions.values()]
  const order = (a: Doc, b: Doc) => scope.compare(getNested(a, field), getNested(b, field))
  const everything = all.flatMap((partition) => partition.docs).sort(order)
  const results = all.map((partition) => {
    partition.docs.sort(order)
    const range = rangeOf(spec, partition.docs, everything)
    return [...partition.docs, ...holes(range, spec, partition, key, scope)].sort(order)
  })
  return [...plain, ...(spec.bounds === 'partition' ? results.flat() : results.flat().sort(order))]
}

interface DenseRange {
  start: unknown
  end: unknown
  /** Explicit bounds leave out their end. */
  exclusive: boolean
}

function rangeOf({ bounds, field }: DensifySpec, own: readonly Doc[], all: readonly Doc[]): DenseRange {
  if (typeof bounds !== 'string') return { start: bounds[0], end: bounds[1], exclusive: true }
  const docs = bounds === 'full' ? all : own
  return { start: getNested(docs[0]!, field), end: getNested(docs.at(-1)!, field), exclusive: false }
}

function holes(
  { start, end, exclusive }: DenseRange,
  { field, line }: DensifySpec,
  partition: DensePartition,
  key: (value: unknown) => string,
  scope: Scope,
): Doc[] {
  const made: Doc[] = []
  for (let steps = 0; ; steps += 1) {
    const value = line.at(start, steps)
    const order = scope.compare(value, end)
    if (order > 0 || (exclusive && order === 0)) return made
    // Steps count too: a step below the precision of the values could go on for ever without making anything.
    if (made.length >= MOST_GENERATED || steps > MOST_GENERATED + partition.keys.size) {
      fail(
        5897900,
        `Generated ${made.length} documents in $densify, which is over the limit of ${MOST_GENERATED}`,
      )
    }
    if (!partition.keys.has(key(value))) made.push(setNested(partition.fields, field, value))
  }
}

/** The server's `internalQueryMaxAllowedDensifyDocs`. */
const MOST_GENERATED = 500_000

function partitionOf(
  doc: Doc,
  { partitionBy }: DensifySpec,
  key: (value: unknown) => string,
  partitions: Map<string, DensePartition>,
): DensePartition {
  const values = partitionBy.map((path) => getNested(doc, path))
  const id = values.map((value) => key(value)).join('')
  let partition = partitions.get(id)
  if (!partition) {
    const fields = values.reduce<Doc>(
      (built, value, i) => (value === MISSING ? built : setNested(built, partitionBy[i]!, value)),
      {},
    )
    partition = { docs: [], keys: new Set(), fields }
    partitions.set(id, partition)
  }
  return partition
}

function numberLine(step: unknown): Line {
  return {
    check(value) {
      if (!isNumber(value)) refuseValue(value)
    },
    at: (start, steps) => (steps === 0 ? start : add(start, multiply(step, steps))),
  }
}

function calendar(step: number, unit: DateUnit): Line {
  return {
    check(value) {
      if (!(value instanceof Date)) refuseValue(value)
    },
    at: (start, steps) => new Date(addToDate((start as Date).getTime(), unit, steps * step, UTC)),
  }
}

/** A date on a number line, a number on a calendar, or something that is neither. */
function refuseValue(value: unknown): never {
  if (value instanceof Date) {
    return fail(6053600, 'Encountered date densify value in collection when step does not have a date unit.')
  }
  if (isNumber(value)) {
    return fail(6053600, 'Encountered numeric densify value in collection when step has a date unit.')
  }
  return fail(5733201, 'Densify field type must be numeric or a date')
}

function readArgument(argument: unknown, scope: Scope): DensifySpec {
  if (!isDocument(argument)) {
    return fail(
      5733401,
      `The $densify stage specification must be an object, found ${bsonTypeName(argument)}`,
    )
  }
  for (const member of Object.keys(argument)) {
    if (!['field', 'partitionByFields', 'range'].includes(member)) {
      fail(40415, `BSON field '$densify.${member}' is an unknown field.`)
    }
  }
  const { field, partitionByFields = [], range } = argument
  if (typeof field !== 'string')
    return fail(40414, "BSON field '$densify.field' is missing but a required field")
  if (!Array.isArray(partitionByFields))
    return fail(14, "BSON field '$densify.partitionByFields' must be an array")
  if (!isDocument(range)) return fail(40414, "BSON field '$densify.range' is missing but a required field")
  const line = readLine(range)
  return {
    field: parseFieldPath(field),
    partitionBy: partitionByFields.map((name) => partitionPath(name, field)),
    line,
    bounds: readRangeBounds(range, line, scope, partitionByFields.length > 0),
  }
}

function partitionPath(name: unknown, field: string): string[] {
  if (typeof name !== 'string') return fail(14, "BSON field '$densify.partitionByFields' must hold strings")
  if (name === field || name.startsWith(`${field}.`) || field.startsWith(`${name}.`)) {
    fail(5733403, `BSON field 'partitionByFields' contains the field that is being densified: ${name}`)
  }
  return parseFieldPath(name)
}

function readLine({ step, unit }: Doc): Line {
  if (!isNumber(step)) return fail(5733401, 'The step parameter in a range statement must be a number')
  if (!(toDouble(step) > 0))
    fail(5733401, 'The step parameter in a range statement must be a strictly positive numeric value')
  if (unit === undefined) return numberLine(step)
  if (typeof unit !== 'string' || !isDateUnit(unit))
    return fail(9, `unknown time unit value: ${String(unit)}`)
  const whole = toSafeInteger(step)
  return whole === undefined
    ? fail(
        6586400,
        'The step parameter in a range statement must be a whole number when densifying a date range',
      )
    : calendar(whole, unit)
}

function readRangeBounds(
  { bounds, step }: Doc,
  line: Line,
  scope: Scope,
  partitioned: boolean,
): DensifySpec['bounds'] {
  if (bounds === 'full') return 'full'
  if (bounds === 'partition') {
    return partitioned
      ? 'partition'
      : fail(
          5733408,
          "One may not specify the bounds as 'partition' without specifying a non-empty array of partitionByFields. You may have meant to specify 'full' bounds.",
        )
  }
  if (typeof bounds === 'string') {
    return fail(5946802, "Bounds string must either be 'full' or 'partition'")
  }
  if (!Array.isArray(bounds) || bounds.length !== 2) {
    return fail(5733403, 'a bounding array in a range statement must have exactly two elements')
  }
  const [low, high] = bounds as [unknown, unknown]
  line.check(low)
  line.check(high)
  if (numberKind(low) !== numberKind(high) || (numberKind(low) && numberKind(low) !== numberKind(step))) {
    fail(5876900, 'Upper bound, lower bound, and step must all have the same type')
  }
  if (scope.compare(low, high) > 0) {
    fail(5733402, 'the bounds in a range statement must be in ascending order')
  }
  return [low, high]
}
