import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { bsonTypeName, type Doc, isDocument, MISSING } from '../../values/types.ts'
import { mapping } from '../flow.ts'
import { createFrame } from '../scope.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$replaceRoot`. */
export function replaceRootStage(argument: unknown, context: StageContext): Stage {
  if (!isDocument(argument)) {
    return fail(
      40229,
      `expected an object as specification for $replaceRoot stage, got ${bsonTypeName(argument)}`,
    )
  }
  for (const member of Object.keys(argument)) {
    if (member === 'newRoot') continue
    fail(40415, `BSON field '$replaceRoot.${member}' is an unknown field.`)
  }
  if (!Object.hasOwn(argument, 'newRoot'))
    fail(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field")
  return replacing(argument.newRoot, context, "'newRoot' expression ")
}

/** `$replaceWith`. */
export function replaceWithStage(argument: unknown, context: StageContext): Stage {
  return replacing(argument, context, "'replacement document' ")
}

// internals

function replacing(expression: unknown, { scope }: StageContext, what: string): Stage {
  const compute = scope.compile(expression)
  const frame = createFrame()
  return {
    run: mapping((doc) => {
      frame.root = doc
      const root = compute(frame)
      return isDocument(root) ? root : refuse(root, doc, what)
    }),
  }
}

function refuse(root: unknown, doc: Doc, what: string): never {
  const shown = root === MISSING ? 'MISSING' : describeValue(root)
  return fail(
    40228,
    `${what}must evaluate to an object, but resulting value was: ${shown}. Type of resulting value: '${bsonTypeName(root)}'. Input document: ${describeValue(doc)}`,
  )
}
