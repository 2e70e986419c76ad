import { fail } from '../../errors.ts'
import { TURN, type Turn } from '../../pause.ts'
import { describeMember } from '../../values/describe.ts'
import { isIndex } from '../../values/paths.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { setNested } from '../document-paths.ts'
import { compileReader, parseFieldPath } from '../field-path.ts'
import { type Flow, gather } from '../flow.ts'
import { mentions } from '../literals.ts'
import { checkVariableName, createFrame, type Expression, type Frame, type Variables } from '../scope.ts'
import { equalityOf } from './equality-hint.ts'
import { collectionSource, ForeignCollection } from './foreign.ts'
import type { NestedPipeline, Stage, StageContext } from './stage.ts'

/** `$lookup`: by equal fields, by a pipeline with variables, or both. */
export function lookupStage(argument: unknown, context: StageContext): Stage {
  const spec = readArgument(argument)
  const as = parseFieldPath(spec.as)
  const join = compileJoin(spec, context)
  return {
    *run(input) {
      for (const doc of input) {
        if (doc === TURN) yield doc
        else yield setNested(doc, as, yield* join(doc))
      }
    },
  }
}

/**
 * The values at a local path, as a join compares them: an array gives its elements, documents in arrays are entered,
 * and nothing at all counts as null.
 */
export function localValues(doc: unknown, segments: readonly string[]): unknown[] {
  const values: unknown[] = []
  collect(doc, segments, 0, values)
  return values.length === 0 ? [null] : values
}

// internals

interface LookupFields {
  local: readonly string[]
  foreign: string
}

interface LookupSpec {
  from: string | undefined
  as: string
  fields: LookupFields | undefined
  let: Doc
  pipeline: unknown[] | undefined
}

type Join = (doc: Doc) => Generator<Turn, Doc[]>

function compileJoin(spec: LookupSpec, context: StageContext): Join {
  const { from, fields, pipeline } = spec
  if (!pipeline) return compileEquality(spec, context)
  const variables = Object.create(null) as Variables
  const setVariables = compileVariables(spec.let, variables, context)
  const nested = context.compile(pipeline, {
    place: 'lookup',
    variables,
    ...(from === undefined ? {} : { collection: from }),
  })
  if (from === undefined && !nested.source) {
    fail(9, '$lookup stage without explicit collection must have a pipeline with $documents as first stage')
  }
  if (fields) return compileBoth(spec, fields, nested, { variables, setVariables }, context)
  const documents = compileSource(from, nested, variables, context)
  const run: Join = function* (doc) {
    setVariables(doc)
    return yield* gather(nested.run(documents()))
  }
  return isCorrelated(pipeline) ? run : once(run)
}

interface LookupVariables {
  variables: Variables
  setVariables: (doc: Doc) => void
}

/** Equal fields first, then the pipeline; the documents may come from a `$documents` at the pipeline's beginning. */
function compileBoth(
  { from, pipeline = [] }: LookupSpec,
  fields: LookupFields,
  nested: NestedPipeline,
  { variables, setVariables }: LookupVariables,
  context: StageContext,
): Join {
  const options = { place: 'lookup', variables } as const
  const generator = from === undefined ? context.compile(pipeline.slice(0, 1), options) : undefined
  const rest = generator ? context.compile(pipeline.slice(1), options) : nested
  const source =
    from === undefined
      ? { read: () => generator?.run([]) ?? [], indexed: () => false }
      : collectionSource(context, from)
  const foreign = new ForeignCollection(context.scope, source, fields.foreign)
  return function* (doc) {
    setVariables(doc)
    return yield* gather(rest.run(foreign.find(localValues(doc, fields.local))))
  }
}

function compileEquality({ from, fields }: LookupSpec, context: StageContext): Join {
  if (!fields || from === undefined) {
    return fail(
      9,
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    )
  }
  const foreign = new ForeignCollection(context.scope, collectionSource(context, from), fields.foreign)
  return (doc) => gather(foreign.find(localValues(doc, fields.local)))
}

/** Where the nested pipeline reads: by a table or an index when it begins with an equality on a variable. */
function compileSource(
  from: string | undefined,
  nested: NestedPipeline,
  variables: Variables,
  context: StageContext,
): () => Flow {
  if (from === undefined) return () => []
  const filter = nested.leadingMatch
  const equality = filter && equalityOf(filter, variables)
  if (!equality) return () => context.read(from, filter)
  const foreign = new ForeignCollection(context.scope, collectionSource(context, from), equality.path)
  return () => {
    const value = variables[equality.variable]
    return equality.isExact(value) ? foreign.find([value]) : context.read(from, filter)
  }
}

function compileVariables(spec: Doc, variables: Variables, { scope }: StageContext): (doc: Doc) => void {
  const frame = createFrame()
  const compiled = Object.keys(spec).map((name): [string, Expression] => {
    checkVariableName(name)
    variables[name] = MISSING
    return [name, scope.compile(spec[name])]
  })
  return (doc) => {
    frame.root = doc
    // The outer expressions must all run before the names they may read are overwritten.
    const values = compiled.map(([, value]) => value(frame as Frame))
    for (const [i, [name]] of compiled.entries()) variables[name] = values[i]
  }
}

const OWN_VARIABLES = /^\$\$(?:ROOT|CURRENT|REMOVE|NOW|CLUSTER_TIME)\b/

/** True when the pipeline may read variables from outside, so that each document needs a run of its own. */
function isCorrelated(pipeline: readonly unknown[]): boolean {
  return mentions(pipeline, (text) => text.startsWith('$$') && !OWN_VARIABLES.test(text))
}

function once(run: Join): Join {
  let result: Doc[] | undefined
  return function* (doc) {
    result ??= yield* run(doc)
    return result.slice()
  }
}

function collect(value: unknown, segments: readonly string[], at: number, values: unknown[]): void {
  if (Array.isArray(value)) {
    if (at === segments.length) {
      values.push(...(value as unknown[]))
      return
    }
    const segment = segments[at]!
    for (const element of value) if (isDocument(element)) collect(element, segments, at, values)
    if (isIndex(segment) && Number(segment) < value.length) {
      collect(value[Number(segment)], segments, at + 1, values)
    }
    return
  }
  if (at === segments.length) {
    if (value !== MISSING) values.push(value)
  } else if (isDocument(value)) {
    collect(compileReader([segments[at]!])(value), segments, at + 1, values)
  }
}

const MEMBERS = ['from', 'as', 'localField', 'foreignField', 'let', 'pipeline']

function readArgument(argument: unknown): LookupSpec {
  if (!isDocument(argument)) {
    return fail(9, `the $lookup stage specification must be an object, but found ${bsonTypeName(argument)}`)
  }
  for (const member of Object.keys(argument)) {
    if (!MEMBERS.includes(member)) fail(9, `unknown argument to $lookup: ${member}`)
  }
  const { let: variables = {}, pipeline } = argument
  if (pipeline !== undefined && !Array.isArray(pipeline)) {
    fail(14, "'pipeline' option must be specified as an array")
  }
  if (!isDocument(variables)) {
    return fail(
      9,
      `$lookup argument '${describeMember('let', variables)}' must be an object, is type ${bsonTypeName(variables)}`,
    )
  }
  const text = (name: string) => textMember(argument, name)
  const as = text('as') ?? fail(9, "must specify 'as' field for a $lookup")
  const from = text('from')
  if (from === undefined && pipeline === undefined) fail(9, "must specify 'from' field for a $lookup")
  return {
    from,
    as,
    fields: readFields(argument, pipeline !== undefined),
    let: variables,
    pipeline: pipeline as unknown[] | undefined,
  }
}

function readFields(argument: Doc, hasPipeline: boolean): LookupFields | undefined {
  const [local, foreign] = [textMember(argument, 'localField'), textMember(argument, 'foreignField')]
  if (local === undefined && foreign === undefined && hasPipeline) return undefined
  if (local === undefined || foreign === undefined) {
    return fail(
      9,
      hasPipeline
        ? "$lookup requires both or neither of 'localField' and 'foreignField' to be specified"
        : "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    )
  }
  if (!hasPipeline && Object.hasOwn(argument, 'let')) {
    fail(9, "$lookup with a 'let' argument must also specify 'pipeline'")
  }
  parseFieldPath(foreign)
  return { local: parseFieldPath(local), foreign }
}

function textMember(argument: Doc, name: string): string | undefined {
  const value = argument[name]
  if (value === undefined || typeof value === 'string') return value
  return fail(
    9,
    `$lookup argument '${describeMember(name, value)}' must be a string, found ${describeMember(name, value)} of type ${bsonTypeName(value)}`,
  )
}
