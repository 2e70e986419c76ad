import { fail } from '../../errors.ts'
import { TURN, type Turns } from '../../pause.ts'
import { compileSorter } from '../../sort.ts'
import { bsonTypeName, type Doc, isDocument } from '../../values/types.ts'
import { setNested } from '../document-paths.ts'
import { parseFieldPath } from '../field-path.ts'
import type { Flow } from '../flow.ts'
import type { Scope } from '../scope.ts'
import { parseBounds } from '../windows/bounds.ts'
import { compileWindowFunction } from '../windows/functions.ts'
import { type Partition, partitionBy } from '../windows/partition.ts'
import type { PartitionView, WindowFunction } from '../windows/window-function.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$setWindowFields`: new fields from the neighbours in a partition; results come by partition, then sorted. */
export function setWindowFieldsStage(argument: unknown, { scope, turns }: StageContext): Stage {
  if (!isDocument(argument)) {
    return fail(
      9,
      `the $setWindowFields stage specification must be an object, found ${bsonTypeName(argument)}`,
    )
  }
  for (const member of Object.keys(argument)) {
    if (!['partitionBy', 'sortBy', 'output'].includes(member)) {
      fail(40415, `BSON field '$setWindowFields.${member}' is an unknown field.`)
    }
  }
  const { partitionBy: by, sortBy = {}, output } = argument
  if (!isDocument(sortBy)) {
    return fail(
      14,
      `BSON field '$setWindowFields.sortBy' is the wrong type '${bsonTypeName(sortBy)}', expected type 'object'`,
    )
  }
  if (output === undefined)
    fail(40414, "BSON field '$setWindowFields.output' is missing but a required field")
  if (!isDocument(output)) {
    return fail(
      14,
      `BSON field '$setWindowFields.output' is the wrong type '${bsonTypeName(output)}', expected type 'object'`,
    )
  }
  const outputs = Object.keys(output).map((field) => compileOutput(field, output[field], sortBy, scope))
  const partition = by === undefined ? undefined : scope.compile(by)
  const view = compileView(sortBy, scope)
  return {
    *run(input) {
      const parts = yield* partitionBy(input, partition, scope)
      for (const part of parts) yield* withFields(view(part), outputs, turns)
    },
  }
}

// internals

interface WindowOutput {
  path: readonly string[]
  compute: WindowFunction
}

function compileOutput(field: string, spec: unknown, sortBy: Doc, scope: Scope): WindowOutput {
  const path = parseFieldPath(field)
  if (!isDocument(spec)) return fail(9, `The field '${field}' must be an object`)
  const names = Object.keys(spec).filter((name) => name !== 'window')
  const [name, ...others] = names
  if (name === undefined || !name.startsWith('$')) {
    return fail(9, `Expected a $-prefixed window function, ${name ?? ''}`)
  }
  if (others.length > 0) fail(9, `Window function found an unknown argument: ${others[0]}`)
  const window = Object.hasOwn(spec, 'window')
    ? parseBounds(spec.window, Object.keys(sortBy).length)
    : undefined
  return { path, compute: compileWindowFunction({ name, argument: spec[name], scope, window, sortBy }) }
}

function compileView(sortBy: Doc, scope: Scope): (partition: Partition) => PartitionView {
  const sorter = compileSorter(sortBy, scope.options.collation)
  return ({ docs }) => {
    const decorated = docs.map((doc) => ({ doc, key: sorter.keyOf(doc) }))
    decorated.sort((a, b) => sorter.compareKeys(a.key, b.key))
    return {
      docs: decorated.map(({ doc }) => doc),
      sortValueAt: (place) => decorated[place]?.key[0],
      sameRank: (a, b) => sorter.compareKeys(decorated[a]!.key, decorated[b]!.key) === 0,
    }
  }
}

function* withFields(view: PartitionView, outputs: readonly WindowOutput[], turns: Turns): Flow {
  const columns: (readonly unknown[])[] = []
  for (const { compute } of outputs) {
    columns.push(compute(view))
    if (turns.due()) yield TURN
  }
  for (const [place, doc] of view.docs.entries()) {
    if (turns.due()) yield TURN
    yield outputs.reduce((row, { path }, i) => setNested(row, path, columns[i]![place]), doc)
  }
}
