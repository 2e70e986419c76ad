/**
 * Update commands: `db.command.inc(1)` and friends (spec/database.md §8.1). Each stands at a field of the data given
 * to `update`; `encode/update.ts` turns it into an update operator on that path.
 */
import { invalidParam } from '../errors.ts'
import { commandTag, isDocument } from '../snapshot.ts'

export class UpdateCommand {
  /** MongoDB's operator. */
  readonly operator: string
  /** The operand, not yet copied. */
  readonly value: unknown
  readonly [commandTag] = 'update'

  constructor(operator: string, value: unknown) {
    this.operator = operator
    this.value = value
  }
}

/** What `push` takes beside elements. */
export interface PushOptions {
  each: readonly unknown[]
  /** Where to insert; negative counts from the end. */
  position?: number
  sort?: 1 | -1 | Record<string, 1 | -1>
  slice?: number
}

/** The update commands as members of `db.command`. */
export const updateCommands = {
  /** Replaces the value as a whole; a plain value would be merged. */
  set: (value: unknown) => new UpdateCommand('$set', value),
  remove: () => new UpdateCommand('$unset', ''),
  inc: (amount: number) => new UpdateCommand('$inc', amount),
  mul: (factor: number) => new UpdateCommand('$mul', factor),
  min: (value: unknown) => new UpdateCommand('$min', value),
  max: (value: unknown) => new UpdateCommand('$max', value),
  /** @param path full path of the new place, from the root */
  rename: (path: string) => new UpdateCommand('$rename', renameTarget(path)),
  bit: (operation: { and?: number; or?: number; xor?: number }) => new UpdateCommand('$bit', operation),
  /** Elements, one array of elements, or `{each, position?, sort?, slice?}`. */
  push: (...values: unknown[]) => new UpdateCommand('$push', pushOperand(values)),
  unshift: (...values: unknown[]) => new UpdateCommand('$push', { $each: elements(values), $position: 0 }),
  pop: () => new UpdateCommand('$pop', 1),
  shift: () => new UpdateCommand('$pop', -1),
  /** A value, a query command, or a condition on elements that are documents. */
  pull: (condition: unknown) => new UpdateCommand('$pull', condition),
  pullAll: (values: readonly unknown[]) => new UpdateCommand('$pullAll', arrayOf('pullAll', values)),
  /** One element (also an array), or `{$each: [...]}` / `{each: [...]}`. */
  addToSet: (value: unknown) => new UpdateCommand('$addToSet', setOperand(value)),
} as const

// internals

function elements(values: unknown[]): unknown[] {
  return values.length === 1 && Array.isArray(values[0]) ? [...values[0]] : values
}

const modifiers = { each: '$each', position: '$position', sort: '$sort', slice: '$slice' } as const

function pushOperand(values: unknown[]): object {
  const [first] = values
  if (values.length !== 1 || !isDocument(first) || !('each' in first || '$each' in first)) {
    return { $each: elements(values) }
  }
  const operand: Record<string, unknown> = {}
  for (const [name, modifier] of Object.entries(modifiers)) {
    const value = first[name] ?? first[modifier]
    if (value !== undefined) operand[modifier] = value
  }
  return operand
}

function setOperand(value: unknown): unknown {
  if (!isDocument(value)) return value
  const each = value.$each ?? value.each
  return Array.isArray(each) ? { $each: each } : value
}

function arrayOf(name: string, values: unknown): readonly unknown[] {
  if (!Array.isArray(values)) throw invalidParam(`${name} needs an array`)
  return values
}

function renameTarget(path: unknown): string {
  if (typeof path !== 'string' || path === '')
    throw invalidParam('rename needs the full path of the new place')
  return path
}
