import { fail } from '../../errors.ts'
import { bsonTypeName, isDocument } from '../../values/types.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$unionWith`: the input, then the results of a pipeline over another collection. */
export function unionWithStage(argument: unknown, context: StageContext): Stage {
  const { collection, stages } = readArgument(argument)
  const pipeline = context.compile(stages, {
    place: 'unionWith',
    ...(collection === undefined ? {} : { collection }),
  })
  if (collection === undefined && !pipeline.source) {
    fail(
      9,
      '$unionWith stage without explicit collection must have a pipeline with $documents as first stage',
    )
  }
  return {
    *run(input) {
      yield* input
      yield* pipeline.run(collection === undefined ? [] : context.read(collection, pipeline.leadingMatch))
    },
  }
}

// internals

function readArgument(argument: unknown): { collection: string | undefined; stages: unknown } {
  if (typeof argument === 'string') return { collection: argument, stages: [] }
  if (!isDocument(argument)) {
    return fail(
      9,
      `the $unionWith stage specification must be an object or string, but found ${bsonTypeName(argument)}`,
    )
  }
  for (const member of Object.keys(argument)) {
    if (member !== 'coll' && member !== 'pipeline') {
      fail(40415, `BSON field '$unionWith.${member}' is an unknown field.`)
    }
  }
  const { coll, pipeline = [] } = argument
  if (coll !== undefined && typeof coll !== 'string') {
    fail(14, `BSON field '$unionWith.coll' is the wrong type '${bsonTypeName(coll)}', expected type 'string'`)
  }
  return { collection: coll as string | undefined, stages: pipeline }
}
