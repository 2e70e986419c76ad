import { fail } from '../../errors.ts'
import { compileFilter } from '../../match/index.ts'
import { TURN, type Turn } from '../../pause.ts'
import { describeValue } from '../../values/describe.ts'
import { groupKeyEncoder } from '../../values/keys.ts'
import { isNumber, toSafeInteger } from '../../values/numbers.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { setNested } from '../document-paths.ts'
import { parseFieldPath } from '../field-path.ts'
import { consume } from '../flow.ts'
import { createFrame } from '../scope.ts'
import { collectionSource, ForeignCollection } from './foreign.ts'
import { localValues } from './lookup.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$graphLookup`: follows a link from document to document, nearest first; each document is found once. */
export function graphLookupStage(argument: unknown, context: StageContext): Stage {
  const spec = readArgument(argument)
  const { scope } = context
  const start = scope.compile(spec.startWith)
  const search = compileSearch(spec, context)
  const frame = createFrame()
  return {
    *run(input) {
      for (const doc of input) {
        if (doc === TURN) {
          yield doc
          continue
        }
        frame.root = doc
        const from = start(frame)
        const values = Array.isArray(from) ? from : from === MISSING ? [] : [from]
        yield setNested(doc, spec.as, yield* search(values))
      }
    },
  }
}

// internals

interface GraphLookupSpec {
  from: string
  startWith: unknown
  connectFrom: readonly string[]
  connectTo: string
  as: readonly string[]
  maxDepth: number
  depthField: readonly string[] | undefined
  restrict: Doc | undefined
}

type Search = (values: readonly unknown[]) => Generator<Turn, Doc[]>

function compileSearch(spec: GraphLookupSpec, context: StageContext): Search {
  const foreign = new ForeignCollection(context.scope, collectionSource(context, spec.from), spec.connectTo)
  const { now, let: variables, collation } = context.scope.options
  const restriction = spec.restrict && compileFilter(spec.restrict, { now, let: variables, collation })
  const key = groupKeyEncoder(collation)
  return function* (values) {
    const found = new Map<string, Doc>()
    const asked = new Set<string>()
    let frontier = values
    for (let depth = 0; depth <= spec.maxDepth; depth += 1) {
      const fresh = frontier.filter((value) => !asked.has(key(value)) && asked.add(key(value)))
      if (fresh.length === 0) break
      const next: unknown[] = []
      yield* consume(foreign.find(fresh), (doc) => {
        const id = key(doc._id)
        if (found.has(id) || (restriction && !restriction.matches(doc))) return
        found.set(id, spec.depthField ? setNested(doc, spec.depthField, depth) : doc)
        next.push(...localValues(doc, spec.connectFrom))
      })
      frontier = next
    }
    return [...found.values()]
  }
}

const TEXTS = ['from', 'as', 'connectFromField', 'connectToField', 'depthField']
const REQUIRED = ['from', 'as', 'startWith', 'connectFromField', 'connectToField']

function readArgument(argument: unknown): GraphLookupSpec {
  if (!isDocument(argument)) {
    return fail(
      9,
      `the $graphLookup stage specification must be an object, but found ${bsonTypeName(argument)}`,
    )
  }
  for (const [name, value] of Object.entries(argument)) {
    if (TEXTS.includes(name)) {
      if (typeof value !== 'string') {
        fail(
          40103,
          `expected string as argument for ${name}, found: ${describeValue(value)} of type ${bsonTypeName(value)}`,
        )
      }
    } else if (!['startWith', 'maxDepth', 'restrictSearchWithMatch'].includes(name)) {
      fail(40104, `Unknown argument to $graphLookup: ${name}`)
    }
  }
  if (REQUIRED.some((name) => argument[name] === undefined)) {
    fail(
      40105,
      "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.",
    )
  }
  const { maxDepth, restrictSearchWithMatch: restrict, depthField } = argument
  if (restrict !== undefined && !isDocument(restrict)) {
    return fail(40185, `restrictSearchWithMatch must be an object, found ${bsonTypeName(restrict)}`)
  }
  return {
    from: argument.from as string,
    startWith: argument.startWith,
    connectFrom: parseFieldPath(argument.connectFromField as string),
    connectTo: parseFieldPath(argument.connectToField as string).join('.'),
    as: parseFieldPath(argument.as as string),
    maxDepth: maxDepth === undefined ? Number.POSITIVE_INFINITY : depthOf(maxDepth),
    depthField: depthField === undefined ? undefined : parseFieldPath(depthField as string),
    restrict,
  }
}

function depthOf(value: unknown): number {
  if (!isNumber(value)) return fail(40100, `maxDepth must be numeric, found type: ${bsonTypeName(value)}`)
  const depth = toSafeInteger(value)
  if (depth === undefined) {
    return fail(40102, `maxDepth could not be represented as a long long: ${describeValue(value)}`)
  }
  return depth >= 0 ? depth : fail(40101, `maxDepth requires a nonnegative argument, found: ${depth}`)
}
