import { fail } from '../../errors.ts'
import { setOwn } from '../../values/own.ts'
import { bsonTypeName, type Doc, isDocument } from '../../values/types.ts'
import { checkFieldName } from '../field-path.ts'
import { emit, gather } from '../flow.ts'
import type { NestedPipeline, Stage, StageContext } from './stage.ts'

/** `$facet`: several pipelines over the same documents, one result document. */
export function facetStage(argument: unknown, context: StageContext): Stage {
  if (!isDocument(argument) || Object.keys(argument).length === 0) {
    return fail(40169, 'the $facet specification must be a non-empty object')
  }
  const facets = Object.keys(argument).map((name) => compileFacet(name, argument[name], context))
  return {
    *run(input) {
      const documents = yield* gather(input)
      const result: Doc = {}
      for (const { name, pipeline } of facets) {
        const again = emit(documents, context.turns, (doc) => doc)
        setOwn(result, name, yield* gather(pipeline.run(again)))
      }
      yield result
    },
  }
}

// internals

function compileFacet(
  name: string,
  stages: unknown,
  context: StageContext,
): { name: string; pipeline: NestedPipeline } {
  checkFieldName(name)
  if (name.includes('.'))
    fail(16412, "FieldPath field names may not contain '.'. Consider using $getField or $setField.")
  if (!Array.isArray(stages)) {
    fail(40170, `arguments to $facet must be arrays, ${name} is type ${bsonTypeName(stages)}`)
  }
  return { name, pipeline: context.compile(stages, { place: 'facet' }) }
}
