/**
 * Condition objects and query commands -> MongoDB filter (spec/database.md §6). The result shares nothing with its
 * input; provider-specific values come later (`stored-condition.ts`), because `serverDate` is read at execution.
 */
import { QueryCommand, type QueryNode } from '../commands/query-command.ts'
import { invalidParam } from '../errors.ts'
import type { Doc } from '../own-member.ts'
import { commandTag, isAbsent, isDocument, snapshot } from '../snapshot.ts'
import { operatorAlternatives, standsForValue } from './element-condition.ts'
import { FilterBuilder, isOperatorDocument } from './filter-builder.ts'

export interface ConditionRules {
  /** alipay: plain objects without commands are compared as a whole. */
  wholeObjects: boolean
  warn(message: string): void
}

/**
 * Encodes what `where()` was given.
 *
 * @throws DatabaseApiError INVALID_PARAM when it is neither a plain object nor a logic command
 */
export function encodeWhere(condition: unknown, rules: ConditionRules): Doc {
  if (!(condition instanceof QueryCommand)) {
    if (!isDocument(condition)) throw invalidParam('查询参数必须为对象')
    const members = Object.values(condition)
    if (members.length > 0 && members.every((member) => member === undefined)) {
      throw invalidParam('查询参数对象值不能均为undefined')
    }
  }
  return encodeCondition(condition, rules)
}

/** Encodes a condition wherever one may stand: `match`, branches of logic commands, `elemMatch`, `pull`. */
export function encodeCondition(condition: unknown, rules: ConditionRules): Doc {
  return new ConditionEncoder(rules).alone('', condition)
}

/** Encodes a condition on array elements: documents, or scalars by commands. */
export function encodeElementCondition(condition: unknown, rules: ConditionRules): Doc[] {
  return new ConditionEncoder(rules).element(condition)
}

// internals

const noField = 'Cannot encode a comparison command with unset field name'

class ConditionEncoder {
  readonly #rules: ConditionRules
  /** Objects being encoded, to notice circular ones. */
  readonly #ancestors: object[] = []

  constructor(rules: ConditionRules) {
    this.#rules = rules
  }

  /** One operand as a filter of its own. */
  alone(path: string, operand: unknown): Doc {
    const builder = new FilterBuilder()
    this.#operand(builder, path, operand)
    return builder.build()
  }

  /** Operator documents or a filter, one of which an element has to meet. */
  element(condition: unknown): Doc[] {
    if (condition instanceof QueryCommand && standsForValue(condition)) {
      return operatorAlternatives(condition, (operator, value) => this.#operatorValue(operator, value, ''))
    }
    if (isOperatorDocument(condition) && !Object.keys(condition).some((name) => rootLogic.has(name))) {
      return [this.#operators(condition, '')]
    }
    return [this.alone('', condition)]
  }

  #operand(builder: FilterBuilder, path: string, operand: unknown): void {
    if (operand instanceof QueryCommand) this.#command(builder, path, operand)
    else if (path !== '') this.#field(builder, path, operand)
    else if (isDocument(operand)) this.#members(builder, path, operand)
    else throw invalidParam('查询参数必须为对象')
  }

  #field(builder: FilterBuilder, path: string, value: unknown): void {
    if (isAbsent(value)) return
    if (value instanceof QueryCommand) this.#command(builder, path, value)
    else if (!isDocument(value)) builder.add(path, asOperand(snapshot(value, path)))
    else if (this.#rules.wholeObjects && isPlainData(value)) builder.add(path, { $eq: snapshot(value, path) })
    else this.#members(builder, path, value)
  }

  #members(builder: FilterBuilder, path: string, members: Doc): void {
    if (this.#ancestors.includes(members)) throw invalidParam('Cannot convert circular structure to JSON')
    const names = Object.keys(members)
    if (names.length === 0 && path !== '') {
      this.#rules.warn(`where: ${path}: {} adds no condition; use _.eq({}) to find empty objects`)
    }
    this.#ancestors.push(members)
    const operators: Doc = {}
    for (const name of names) {
      const value = members[name]
      if (isAbsent(value)) continue
      if (!name.startsWith('$')) this.#field(builder, path === '' ? name : `${path}.${name}`, value)
      else if (path === '') builder.root(name, this.#rootOperand(name, value))
      else operators[name] = value
    }
    if (Object.keys(operators).length > 0) builder.add(path, this.#operators(operators, path))
    this.#ancestors.pop()
  }

  #rootOperand(operator: string, value: unknown): unknown {
    if (!rootLogic.has(operator) || !Array.isArray(value)) return snapshot(value, operator)
    return value.filter((branch) => branch !== undefined).map((branch) => this.alone('', branch))
  }

  #operators(operators: Doc, path: string): Doc {
    const result: Doc = {}
    for (const [operator, value] of Object.entries(operators)) {
      if (!isAbsent(value)) result[operator] = this.#operatorValue(operator, value, path)
    }
    return result
  }

  #operatorValue(operator: string, value: unknown, path: string): unknown {
    if (operator === '$elemMatch') return single(this.element(value), operator)
    if (operator === '$not' && isDocument(value)) return this.#operators(value, path)
    if (operator === '$not' && value instanceof QueryCommand) return single(this.element(value), operator)
    if (operator === '$all' && Array.isArray(value)) return value.map((item) => this.#allElement(item, path))
    return snapshot(value, path === '' ? operator : `${path}.${operator}`)
  }

  #allElement(item: unknown, path: string): unknown {
    if (item instanceof QueryCommand) return single(this.element(item), '$all')
    return isOperatorDocument(item) ? this.#operators(item, path) : snapshot(item, path)
  }

  #command(builder: FilterBuilder, path: string, { node }: QueryCommand): void {
    if (!node) return
    if (node.kind === 'compare') this.#compare(builder, path, node.operator, node.value)
    else if (node.kind === 'not') this.#not(builder, path, node.operand)
    else this.#logic(builder, path, node)
  }

  #compare(builder: FilterBuilder, path: string, operator: string, value: unknown): void {
    if (path === '') throw invalidParam(noField)
    const alternatives = operator === '$elemMatch' ? this.element(value) : undefined
    if (!alternatives || alternatives.length === 1) {
      const operand = alternatives ? alternatives[0] : this.#operatorValue(operator, value, path)
      builder.add(path, { [operator]: operand })
      return
    }
    // "One element meets a or b" is "one meets a, or one meets b"; MongoDB has no $or for scalar elements.
    builder.root(
      '$or',
      alternatives.map((operand) => ({ [path]: { $elemMatch: operand } })),
    )
  }

  #not(builder: FilterBuilder, path: string, operand: unknown): void {
    if (path === '') throw invalidParam(`${noField}: not() stands at a field`)
    const filter = this.alone(path, operand)
    const expression = filter[path]
    if (Object.keys(filter).length !== 1 || expression === undefined) builder.root('$nor', [filter])
    else if (isOperatorDocument(expression) || expression instanceof RegExp) {
      builder.add(path, { $not: expression })
    } else builder.add(path, { $not: { $eq: expression } })
  }

  #logic(builder: FilterBuilder, path: string, node: QueryNode & { kind: 'logic' }): void {
    const operands = node.operands.filter((operand) => operand !== undefined)
    if (node.operator === '$and' && operands.length > 0) {
      for (const operand of operands) this.#operand(builder, path, operand)
      return
    }
    builder.root(
      node.operator,
      operands.map((operand) => this.alone(path, operand)),
    )
  }
}

const rootLogic: ReadonlySet<string> = new Set(['$and', '$or', '$nor'])

/** GeoJSON made from a Geo object is a value: without `$eq` a document would be read as operators. */
function asOperand(value: unknown): unknown {
  return isDocument(value) ? { $eq: value } : value
}

/** True when no command and no raw operator stands anywhere inside. */
function isPlainData(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlainData)
  if (!isDocument(value)) return !(typeof value === 'object' && value !== null && commandTag in value)
  const members = Object.entries(value)
  return members.length > 0 && members.every(([name, member]) => !name.startsWith('$') && isPlainData(member))
}

function single(alternatives: Doc[], operator: string): Doc {
  if (alternatives.length === 1) return alternatives[0]!
  throw invalidParam(`or() cannot stand inside ${operator}: write the or() around it`)
}
