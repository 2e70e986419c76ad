import { fail } from '../../errors.ts'
import { bsonTypeName, type Doc, isDocument } from '../../values/types.ts'
import { emit } from '../flow.ts'
import { createFrame } from '../scope.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$documents`: the documents stand in the pipeline itself. */
export function documentsStage(argument: unknown, { scope, turns }: StageContext): Stage {
  const expression = scope.compile(argument)
  return {
    source: true,
    *run() {
      const list = expression(createFrame({}))
      if (!Array.isArray(list)) {
        fail(
          5858203,
          `error during aggregation: $documents must evaluate to an array, found ${bsonTypeName(list)}`,
        )
      }
      yield* emit(list as unknown[], turns, (doc) => (isDocument(doc) ? doc : refuse(doc)))
    },
  }
}

// internals

function refuse(value: unknown): Doc {
  return fail(
    40228,
    `'newRoot' expression must evaluate to an object, but resulting value was of type '${bsonTypeName(value)}'`,
  )
}
