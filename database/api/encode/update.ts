/**
 * Data of `update()` -> MongoDB update document (spec/database.md §8.1): plain members become `$set` on dotted
 * paths, commands become their operators, raw operators of the root pass through.
 */
import { QueryCommand } from '../commands/query-command.ts'
import { UpdateCommand } from '../commands/update-command.ts'
import { DatabaseApiError, dollarField, invalidParam } from '../errors.ts'
import { type Doc, getOwn, setOwn } from '../own-member.ts'
import { commandTag, isAbsent, isDocument, snapshot } from '../snapshot.ts'
import { mapMembers, type StorageRules, toStored } from '../stored-values.ts'
import { type ConditionRules, encodeElementCondition } from './condition.ts'
import { storedElement } from './stored-condition.ts'

/**
 * Encodes what `update` and `updateAndReturn` were given.
 *
 * @returns operators by name; empty when nothing is to be changed
 */
export function encodeUpdate(data: unknown, rules: ConditionRules): Doc {
  checkData(data)
  return new UpdateEncoder(rules).encode(data)
}

/** Encodes what `doc().set()` was given: a whole document. */
export function encodeReplacement(data: unknown, warn: (message: string) => void): Doc {
  checkData(data)
  if (holdsUpdateCommand(data, [])) {
    throw new DatabaseApiError('DATABASE_REQUEST_FAILED', 'update operator complicit')
  }
  return encodeDocument(data, warn)
}

/** A document to be stored as it is: `add`, `set`, imported data. */
export function encodeDocument(data: Doc, warn: (message: string) => void): Doc {
  return snapshot(data, '', true, (name) =>
    warn(`the member '${name}' is stored under a name with a dot: no path reaches it`),
  ) as Doc
}

/** Provider-specific values in an encoded update. */
export function storedUpdate(update: Doc, rules: StorageRules): Doc {
  return mapMembers(update, (fields, operator) => {
    if (!isDocument(fields) || verbatim.has(operator)) return fields
    if (operator === '$pull') return mapMembers(fields, (condition) => storedElement(condition, rules))
    return mapMembers(fields, (operand) => toStored(operand, rules))
  })
}

// internals

/** Operators whose operands are no stored values. */
const verbatim: ReadonlySet<string> = new Set(['$unset', '$rename', '$pop', '$currentDate', '$bit'])

function checkData(data: unknown): asserts data is Doc {
  if (!isDocument(data)) throw invalidParam('参数必需是非空对象')
  if (Object.hasOwn(data, '_id')) throw invalidParam('不能更新_id的值')
}

class UpdateEncoder {
  readonly #rules: ConditionRules
  readonly #update: Doc = {}
  readonly #ancestors: object[] = []

  constructor(rules: ConditionRules) {
    this.#rules = rules
  }

  encode(data: Doc): Doc {
    for (const [name, value] of Object.entries(data)) {
      if (isAbsent(value)) continue
      if (name.startsWith('$')) this.#rawOperator(name, value)
      else this.#member(name, value)
    }
    return this.#update
  }

  #member(path: string, value: unknown): void {
    if (value instanceof UpdateCommand) this.#add(value.operator, path, value.value)
    else if (value instanceof QueryCommand) throw invalidParam(`${path}: a query command cannot be written`)
    else if (isDocument(value)) this.#members(path, value)
    else this.#add('$set', path, value)
  }

  /** Nested documents are merged member by member; an empty one changes nothing. */
  #members(path: string, members: Doc): void {
    if (this.#ancestors.includes(members)) throw invalidParam('Cannot convert circular structure to JSON')
    this.#ancestors.push(members)
    for (const [name, value] of Object.entries(members)) {
      if (isAbsent(value)) continue
      this.#member(`${path}.${name}`, value)
    }
    this.#ancestors.pop()
  }

  #rawOperator(operator: string, fields: unknown): void {
    if (!isDocument(fields)) {
      this.#update[operator] = snapshot(fields, operator)
      return
    }
    this.#update[operator] ??= {}
    for (const [path, operand] of Object.entries(fields)) {
      if (!isAbsent(operand)) this.#add(operator, path, operand)
    }
  }

  #add(operator: string, path: string, operand: unknown): void {
    if (isAbsent(operand)) return
    checkPath(path)
    const former = getOwn(this.#update, operator)
    const fields: Doc = isDocument(former) ? former : {}
    if (Object.hasOwn(fields, path)) {
      throw new DatabaseApiError(
        'DATABASE_REQUEST_FAILED',
        `Updating the path '${path}' would create a conflict at '${path}'`,
        { mongoCode: 40 },
      )
    }
    setOwn(fields, path, this.#operand(operator, path, operand))
    this.#update[operator] = fields
  }

  #operand(operator: string, path: string, operand: unknown): unknown {
    switch (operator) {
      case '$pull':
        return this.#pull(path, operand)
      case '$push':
      case '$addToSet':
        return this.#listOperand(path, operand)
      case '$set':
      case '$setOnInsert':
      case '$min':
      case '$max':
        return snapshot(operand, path, true)
      default:
        return snapshot(operand, path)
    }
  }

  /** `{$each: [...], …}` is the operator's own form, anything else an element. */
  #listOperand(path: string, operand: unknown): unknown {
    if (!isDocument(operand) || !('$each' in operand)) return snapshot(operand, path, true)
    return mapMembers(operand, (value, name) => snapshot(value, path, name === '$each'))
  }

  #pull(path: string, condition: unknown): unknown {
    const isCondition = condition instanceof QueryCommand || isDocument(condition)
    if (!isCondition) return snapshot(condition, path)
    const alternatives = encodeElementCondition(condition, this.#rules)
    if (alternatives.length === 1) return alternatives[0]
    if (alternatives.every((alternative) => Object.keys(alternative).join() === '$eq')) {
      return { $in: alternatives.map((alternative) => alternative.$eq) }
    }
    throw invalidParam(`${path}: pull() cannot take an or() of comparisons; pull them one after the other`)
  }
}

/** `$`, `$[]` and `$[name]` as parts of a path. */
const positional = /^\$(\[[A-Za-z0-9]*\])?$/

/** Other names with a dollar sign below the root are data, and not valid there. */
function checkPath(path: string): void {
  if (!path.includes('$')) return
  for (const name of path.split('.')) {
    if (name.startsWith('$') && !positional.test(name)) throw dollarField(name, path)
  }
}

function holdsUpdateCommand(value: unknown, ancestors: unknown[]): boolean {
  if (value instanceof UpdateCommand) return true
  if (typeof value !== 'object' || value === null || commandTag in value || ancestors.includes(value)) {
    return false
  }
  const members = Array.isArray(value) ? value : isDocument(value) ? Object.values(value) : []
  return members.some((member) => holdsUpdateCommand(member, [...ancestors, value]))
}
