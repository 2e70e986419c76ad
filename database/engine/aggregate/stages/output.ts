import { fail } from '../../errors.ts'
import { equalValues } from '../../values/compare.ts'
import { describeValue } from '../../values/describe.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { getNested } from '../document-paths.ts'
import { parseFieldPath } from '../field-path.ts'
import { documentsOf } from '../flow.ts'
import { checkVariableName, createFrame, type Variables } from '../scope.ts'
import type { MergeWrites, Stage, StageContext } from './stage.ts'

/** `$out`. The stage lets the results through; who runs the pipeline writes them. */
export function outStage(argument: unknown, context: StageContext): Stage {
  const target = readTarget('$out', argument, context)
  return { writes: { kind: 'out', ...target }, run: (input) => input }
}

/** `$merge`. The stage lets the results through; who runs the pipeline writes them. */
export function mergeStage(argument: unknown, context: StageContext): Stage {
  const spec = isDocument(argument) ? argument : { into: argument }
  for (const member of Object.keys(spec)) {
    if (!['into', 'on', 'let', 'whenMatched', 'whenNotMatched'].includes(member)) {
      fail(40415, `BSON field '$merge.${member}' is an unknown field.`)
    }
  }
  if (spec.into === undefined) fail(40414, "BSON field '$merge.into' is missing but a required field")
  const target = readTarget('$merge', spec.into, context)
  const on = readOn(spec.on)
  const change = compileChange(spec, context)
  const { whenNotMatched = 'insert' } = spec
  if (typeof whenNotMatched !== 'string' || !['insert', 'discard', 'fail'].includes(whenNotMatched)) {
    fail(
      2,
      `Enumeration value '${String(whenNotMatched)}' for field '$merge.whenNotMatched' is not a valid value.`,
    )
  }
  const writes: MergeWrites = {
    kind: 'merge',
    ...target,
    on,
    filter: (result) => filterFor(on, result),
    decide(existing, result) {
      if (existing) return change(existing, result, target)
      if (whenNotMatched === 'fail') {
        fail(
          13113,
          '$merge could not find a matching document in the target collection for at least one document in the source collection',
        )
      }
      return whenNotMatched === 'discard' ? undefined : result
    },
  }
  return { writes, run: (input) => input }
}

// internals

interface Target {
  database: string
  collection: string
}

/** What becomes of the document found: undefined leaves it alone. */
type Change = (existing: Doc, result: Doc, target: Target) => Doc | undefined

function readTarget(name: string, value: unknown, { database }: StageContext): Target {
  if (typeof value === 'string') return checkedTarget(name, database, value)
  if (!isDocument(value)) {
    return fail(
      name === '$out' ? 16990 : 51178,
      `${name} only supports a string or object argument, but found ${bsonTypeName(value)}`,
    )
  }
  const { db = database, coll } = value
  if (typeof coll !== 'string' || typeof db !== 'string') {
    return fail(
      name === '$out' ? 16994 : 51178,
      `${name} requires the names of a database ('db') and a collection ('coll')`,
    )
  }
  return checkedTarget(name, db, coll)
}

function checkedTarget(name: string, database: string, collection: string): Target {
  if (collection === '' || collection.includes('\0') || collection.startsWith('.')) {
    fail(73, `Invalid ${name} target namespace: ${database}.${collection}`)
  }
  if (collection.startsWith('system.')) fail(17385, `Can't ${name} to special collection: ${collection}`)
  return { database, collection }
}

function readOn(on: unknown): string[] {
  if (on === undefined) return ['_id']
  const names = Array.isArray(on) ? on : [on]
  if (names.length === 0) fail(51187, "If explicitly specifying $merge 'on', must include at least one field")
  return names.map((name) => {
    if (typeof name !== 'string') {
      return fail(
        Array.isArray(on) ? 51134 : 51186,
        `$merge 'on' field must be either a string or an array of strings, but found ${bsonTypeName(name)}`,
      )
    }
    return parseFieldPath(name).join('.')
  })
}

function filterFor(on: readonly string[], result: Doc): Doc {
  const filter: Doc = {}
  for (const path of on) {
    const value = getNested(result, path.split('.'))
    if (path === '_id' && value === MISSING) continue
    if (value === MISSING || value === null) {
      fail(51132, `$merge write error: 'on' field '${path}' cannot be missing, null, undefined or an array`)
    }
    if (Array.isArray(value)) {
      fail(51185, `$merge write error: 'on' field '${path}' cannot be missing, null, undefined or an array`)
    }
    filter[path] = { $eq: value }
  }
  return filter
}

function compileChange(spec: Doc, context: StageContext): Change {
  const { whenMatched = 'merge' } = spec
  if (Array.isArray(whenMatched)) return compilePipelineChange(whenMatched, spec.let, context)
  if (spec.let !== undefined) {
    fail(51199, `Cannot use 'let' variables with 'whenMatched: ${String(whenMatched)}' mode`)
  }
  switch (whenMatched) {
    case 'merge':
      return (existing, result) => sameId(existing, { ...existing, ...result })
    case 'replace':
      return (existing, result) => sameId(existing, { _id: existing._id, ...result })
    case 'keepExisting':
      return () => undefined
    case 'fail':
      return (existing, _result, { database, collection }) =>
        fail(
          11000,
          `E11000 duplicate key error collection: ${database}.${collection} index: _id_ dup key: { _id: ${describeValue(existing._id)} }`,
          { keyPattern: { _id: 1 }, keyValue: { _id: existing._id } },
        )
    default:
      return fail(
        2,
        `Enumeration value '${String(whenMatched)}' for field '$merge.whenMatched' is not a valid value.`,
      )
  }
}

const UPDATE_STAGES = ['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith']

function compilePipelineChange(stages: unknown[], letSpec: unknown, context: StageContext): Change {
  for (const stage of stages) {
    const [name = ''] = isDocument(stage) ? Object.keys(stage) : []
    if (!UPDATE_STAGES.includes(name)) fail(72, `${name} is not allowed to be used within an update`)
  }
  const spec = letSpec === undefined ? { new: '$$ROOT' } : letSpec
  if (!isDocument(spec)) {
    return fail(
      14,
      `BSON field '$merge.let' is the wrong type '${bsonTypeName(spec)}', expected type 'object'`,
    )
  }
  const variables = Object.create(null) as Variables
  const compiled = Object.keys({ new: '$$ROOT', ...spec }).map((name) => {
    checkVariableName(name)
    variables[name] = MISSING
    return [name, context.scope.compile(Object.hasOwn(spec, name) ? spec[name] : '$$ROOT')] as const
  })
  const pipeline = context.compile(stages, { place: 'lookup', variables })
  return (existing, result) => {
    for (const [name, value] of compiled) variables[name] = value(createFrame(result))
    const [changed] = documentsOf(pipeline.run([existing]))
    return changed && sameId(existing, changed)
  }
}

function sameId(existing: Doc, changed: Doc): Doc {
  if (!Object.hasOwn(changed, '_id')) return { _id: existing._id, ...changed }
  if (equalValues(existing._id, changed._id)) return changed
  return fail(
    66,
    "$merge failed to update the matching document, did you attempt to modify the _id or the shard key? :: caused by :: Performing an update on the path '_id' would modify the immutable field '_id'",
  )
}
