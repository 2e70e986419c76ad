import { fail } from '../../errors.ts'
import { TURN, type Turn } from '../../pause.ts'
import { sortInTurns } from '../../sort-in-turns.ts'
import { groupKeyEncoder } from '../../values/keys.ts'
import { compareNumbers, numberKind, toDouble } from '../../values/numbers.ts'
import { setOwn } from '../../values/own.ts'
import { type Doc, isDocument, MISSING } from '../../values/types.ts'
import type { Accumulator, AccumulatorPlan } from '../accumulators/accumulator.ts'
import { compileAccumulator } from '../accumulators/accumulators.ts'
import { emit, type Flow } from '../flow.ts'
import { createFrame, type Expression, type Scope } from '../scope.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$group`: accumulates as the documents pass, and keeps none of them. Groups come in the order they appeared. */
export function groupStage(argument: unknown, { scope, turns }: StageContext): Stage {
  if (!isDocument(argument)) return fail(15947, "a group's fields must be specified in an object")
  if (!Object.hasOwn(argument, '_id')) fail(15955, 'a group specification must include an _id')
  const outputs = compileOutputs(argument, scope)
  const id = compileKey(argument._id, scope)
  return {
    *run(input) {
      const groups = yield* gatherGroups(input, id, outputs, scope)
      yield* emit(groups, turns, (group) => documentOf(group, outputs))
    },
  }
}

/** `$sortByCount`: groups by a value, most frequent first. */
export function sortByCountStage(argument: unknown, { scope, turns }: StageContext): Stage {
  const id = scope.compile(countedExpression(argument))
  const outputs = [{ field: 'count', plan: compileAccumulator('count', { $sum: 1 }, scope) }]
  return {
    *run(input) {
      const groups = yield* gatherGroups(input, id, outputs, scope)
      const counted = groups.map((group) => documentOf(group, outputs))
      const sorted = yield* sortInTurns(counted, (a, b) => compareNumbers(b.count, a.count), turns)
      yield* emit(sorted, turns, (doc) => doc)
    },
  }
}

/** An output field with what it accumulates. */
export interface Output {
  field: string
  plan: AccumulatorPlan
}

/** Compiles the output fields of a group specification; `_id` is not one. @throws DatabaseError 40235, 40236 … */
export function compileOutputs(spec: Doc, scope: Scope): Output[] {
  const fields = Object.keys(spec).filter((field) => field !== '_id')
  return fields.map((field) => {
    if (field.includes('.')) fail(40235, `The field name '${field}' cannot contain '.'`)
    if (field.startsWith('$')) fail(40236, `The field name '${field}' cannot be an operator name`)
    return { field, plan: compileAccumulator(field, spec[field], scope) }
  })
}

/** One group while it grows. */
export interface Group {
  id: unknown
  accumulators: Accumulator[]
}

export function createGroup(id: unknown, outputs: readonly Output[]): Group {
  return { id, accumulators: outputs.map(({ plan }) => plan.create(id)) }
}

export function documentOf({ id, accumulators }: Group, outputs: readonly Output[]): Doc {
  const doc: Doc = { _id: id }
  for (const [i, { field }] of outputs.entries()) setOwn(doc, field, accumulators[i]!.result())
  return doc
}

// internals

/** In a key of one field what is missing counts as null; in one of several it is left out (seen on a server of 3.6). */
function compileKey(id: unknown, scope: Scope): Expression {
  const whole = scope.compile(id)
  const names = isDocument(id) ? Object.keys(id) : []
  const [only] = names
  if (only === undefined || names.length > 1 || only.startsWith('$')) return whole
  const part = scope.compile((id as Doc)[only])
  return (frame) => {
    const value = part(frame)
    const key: Doc = {}
    setOwn(key, only, value === MISSING ? null : value)
    return key
  }
}

function* gatherGroups(
  input: Flow,
  id: Expression,
  outputs: readonly Output[],
  scope: Scope,
): Generator<Turn, Group[]> {
  const table = new GroupTable(scope.options.collation, outputs)
  const inputs = outputs.map(({ plan }) => plan.input)
  const frame = createFrame()
  for (const doc of input) {
    if (doc === TURN) {
      yield doc
      continue
    }
    frame.root = doc
    const { accumulators } = table.find(id(frame))
    for (let i = 0; i < inputs.length; i += 1) accumulators[i]!.add(inputs[i]!(frame))
  }
  return table.groups
}

/**
 * Groups by key. Strings and numbers, the usual keys, are looked up as they are; all others by their encoded key.
 * Missing and null are one key.
 */
class GroupTable {
  readonly groups: Group[] = []
  readonly #outputs: readonly Output[]
  readonly #encode: (value: unknown) => string
  readonly #collated: boolean
  readonly #strings = new Map<string, Group>()
  readonly #numbers = new Map<number, Group>()
  readonly #others = new Map<string, Group>()

  constructor(collation: unknown, outputs: readonly Output[]) {
    this.#outputs = outputs
    this.#encode = groupKeyEncoder(collation)
    this.#collated = collation !== undefined
  }

  find(key: unknown): Group {
    if (typeof key === 'string' && !this.#collated) return this.#in(this.#strings, key, key)
    if (typeof key === 'number') return this.#in(this.#numbers, key, key)
    if (numberKind(key) !== undefined) {
      // Numbers of other kinds belong to the same group as the double they equal.
      const double = toDouble(key)
      if (compareNumbers(key, double) === 0) return this.#in(this.#numbers, double, key)
    }
    return this.#in(this.#others, this.#encode(key), key === MISSING ? null : key)
  }

  #in<K>(map: Map<K, Group>, key: K, id: unknown): Group {
    let group = map.get(key)
    if (group === undefined) {
      group = createGroup(id, this.#outputs)
      map.set(key, group)
      this.groups.push(group)
    }
    return group
  }
}

function countedExpression(argument: unknown): unknown {
  if (isDocument(argument)) {
    const [name = ''] = Object.keys(argument)
    if (!name.startsWith('$'))
      fail(
        40147,
        'the sortByCount field must be defined as a $-prefixed path or an expression inside an object',
      )
    return argument
  }
  if (typeof argument !== 'string') {
    return fail(40149, 'the sortByCount field must be specified as a string or as an object')
  }
  if (!argument.startsWith('$')) {
    fail(
      40148,
      'the sortByCount field must be defined as a $-prefixed path or an expression inside an object',
    )
  }
  return argument
}
