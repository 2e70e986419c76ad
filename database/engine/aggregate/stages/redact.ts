import { fail } from '../../errors.ts'
import { describeValue } from '../../values/describe.ts'
import { setOwn } from '../../values/own.ts'
import { type Doc, isDocument, MISSING } from '../../values/types.ts'
import { mapping } from '../flow.ts'
import { createFrame, type Expression, type Frame } from '../scope.ts'
import type { Stage, StageContext } from './stage.ts'

/** `$redact`: an expression decides at each level whether a document is kept, pruned, or looked into. */
export function redactStage(argument: unknown, { scope }: StageContext): Stage {
  // Three more names for this expression alone; field paths then start at the level in hand, not at the root.
  const current = scope.bind('CURRENT')
  const descend = current.scope.bind('DESCEND')
  const prune = descend.scope.bind('PRUNE')
  const keep = prune.scope.bind('KEEP')
  const decide = keep.scope.compile(argument)
  const frame = createFrame()
  frame.locals[descend.slot] = 'descend'
  frame.locals[prune.slot] = 'prune'
  frame.locals[keep.slot] = 'keep'
  return {
    run: mapping((doc) => {
      frame.root = doc
      const result = redact(doc, decide, frame, current.slot)
      return result === MISSING ? undefined : result
    }),
  }
}

// internals

function redact(doc: Doc, decide: Expression, frame: Frame, slot: number): Doc | typeof MISSING {
  frame.locals[slot] = doc
  const decision = decide(frame)
  switch (decision) {
    case 'keep':
      return doc
    case 'prune':
      return MISSING
    case 'descend':
      break
    default:
      return fail(
        17053,
        `$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE, but returned ${describeValue(decision)}`,
      )
  }
  const result: Doc = {}
  for (const key of Object.keys(doc)) {
    const value = redactValue(doc[key], decide, frame, slot)
    if (value !== MISSING) setOwn(result, key, value)
  }
  return result
}

function redactValue(value: unknown, decide: Expression, frame: Frame, slot: number): unknown {
  if (isDocument(value)) return redact(value, decide, frame, slot)
  if (!Array.isArray(value)) return value
  return value
    .map((element) => redactValue(element, decide, frame, slot))
    .filter((element) => element !== MISSING)
}
