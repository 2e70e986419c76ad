import { compilePipeline } from '../aggregate/pipeline.ts'
import { fail } from '../errors.ts'
import { type Doc, isDocument } from '../values/types.ts'

/**
 * An update written as a pipeline: gives the new document, before `_id` is looked after.
 * @param variables values of `let` and of the statement's constants
 * @throws code 72 for stages that have no place in an update, and what the stages throw
 */
export function compilePipelineUpdate(
  stages: readonly Doc[],
  {
    now,
    collation,
    variables,
  }: { now: Date; collation?: unknown; variables?: Record<string, unknown> | undefined },
): (doc: Doc) => Doc {
  for (const stage of stages) checkStage(stage)
  const pipeline = compilePipeline(stages, {
    database: '',
    collection: '',
    now,
    ...(collation === undefined ? {} : { collation }),
    ...(variables === undefined ? {} : { let: literals(variables) }),
    read: () => [],
  })
  return (doc) => {
    for (const result of pipeline.run([doc])) return result
    return fail(1, 'An update pipeline must give exactly one document')
  }
}

// internals

const ALLOWED = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith'])

function checkStage(stage: Doc): void {
  if (!isDocument(stage)) fail(14, "Each element of the 'pipeline' array must be an object")
  const [name] = Object.keys(stage)
  if (name?.startsWith('$') && !ALLOWED.has(name) && KNOWN.has(name)) {
    fail(72, `${name} is not allowed to be used within an update`)
  }
}

/** Stages that exist but may not appear here; a name that is no stage at all is the pipeline's to refuse. */
const KNOWN = new Set([
  '$match',
  '$sort',
  '$limit',
  '$skip',
  '$group',
  '$unwind',
  '$lookup',
  '$graphLookup',
  '$facet',
  '$count',
  '$sample',
  '$bucket',
  '$bucketAuto',
  '$sortByCount',
  '$out',
  '$merge',
  '$unionWith',
  '$geoNear',
  '$redact',
  '$setWindowFields',
  '$densify',
  '$fill',
  '$documents',
  '$collStats',
  '$indexStats',
])

/** Values that are known already must not be taken for expressions again. */
function literals(variables: Record<string, unknown>): Doc {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, { $literal: value }]))
}
