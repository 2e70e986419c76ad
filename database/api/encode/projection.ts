/**
 * What `field()` takes -> MongoDB projection (spec/database.md §4).
 */
import { ProjectionCommand } from '../commands/projection-command.ts'
import { DatabaseApiError } from '../errors.ts'
import { type Doc, setOwn } from '../own-member.ts'
import { isDocument, snapshot } from '../snapshot.ts'
import { mapMembers, type StorageRules } from '../stored-values.ts'
import { type ConditionRules, encodeElementCondition } from './condition.ts'
import { storedElement } from './stored-condition.ts'

/** @returns undefined when everything is to be returned: no object, or nothing chosen in it */
export function encodeProjection(fields: unknown, rules: ConditionRules): Doc | undefined {
  if (!isDocument(fields)) return undefined
  const projection: Doc = {}
  for (const [path, choice] of Object.entries(fields)) {
    const encoded = encodeChoice(path, choice, rules)
    if (encoded !== undefined) setOwn(projection, path, encoded)
  }
  return Object.keys(projection).length > 0 ? projection : undefined
}

/** Provider-specific values in the conditions of an encoded projection. */
export function storedProjection(projection: Doc, rules: StorageRules): Doc {
  return mapMembers(projection, (choice) =>
    isDocument(choice) && '$elemMatch' in choice
      ? { ...choice, $elemMatch: storedElement(choice.$elemMatch, rules) }
      : choice,
  )
}

// internals

/** Expressions, literals and nested documents came with MongoDB 4.4 and would fail online. */
const operators: ReadonlySet<string> = new Set(['$slice', '$elemMatch', '$meta'])

function encodeChoice(path: string, choice: unknown, rules: ConditionRules): unknown {
  if (typeof choice === 'boolean') return choice ? 1 : 0
  if (typeof choice === 'number') return choice > 0 ? 1 : 0
  if (choice instanceof ProjectionCommand) return encodeOperator(choice.operator, choice.value, rules)
  if (isDocument(choice)) {
    const [operator, ...more] = Object.keys(choice)
    if (operator !== undefined && more.length === 0 && operators.has(operator)) {
      return encodeOperator(operator, choice[operator], rules)
    }
    throw new DatabaseApiError(
      'DATABASE_REQUEST_FAILED',
      `Unsupported projection option: ${path}: true, false, project.slice or project.elemMatch is expected`,
      { mongoCode: 2 },
    )
  }
  if (choice !== undefined) rules.warn(`field: ${path} is neither true nor false and is ignored`)
  return undefined
}

function encodeOperator(operator: string, value: unknown, rules: ConditionRules): Doc {
  if (operator !== '$elemMatch') return { [operator]: snapshot(value) }
  return { $elemMatch: encodeElementCondition(value, rules)[0] }
}
