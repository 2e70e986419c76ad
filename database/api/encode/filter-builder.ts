/**
 * Collects clauses into one MongoDB filter. All clauses are ANDed, also several of one operator on one path and
 * several logic commands (spec/database.md §6.1 rule 5).
 */
import { type Doc, getOwn, setOwn } from '../own-member.ts'
import { isDocument } from '../snapshot.ts'

export class FilterBuilder {
  readonly #filter: Doc = {}
  readonly #rest: Doc[] = []

  /** @param expression a value, or a document of operators */
  add(path: string, expression: unknown): void {
    const former = getOwn(this.#filter, path)
    if (!Object.hasOwn(this.#filter, path)) setOwn(this.#filter, path, expression)
    else if (mergeable(former, expression)) Object.assign(former, expression)
    else this.#push(path, expression)
  }

  /** A clause of the root: `$or`, `$expr` … */
  root(operator: string, operand: unknown): void {
    if (operator === '$and' && Array.isArray(operand) && operand.length > 0) this.#rest.push(...operand)
    else if (Object.hasOwn(this.#filter, operator)) this.#push(operator, operand)
    else this.#filter[operator] = operand
  }

  build(): Doc {
    if (this.#rest.length === 0) return this.#filter
    return Object.keys(this.#filter).length === 0 && this.#rest.length === 1
      ? this.#rest[0]!
      : { ...this.#filter, $and: [...emptyAnd(this.#filter), ...this.#rest] }
  }

  #push(name: string, operand: unknown): void {
    const clause: Doc = {}
    setOwn(clause, name, operand)
    this.#rest.push(clause)
  }
}

/** True for `{$gt: 1}` and the like: a document whose members are operators. */
export function isOperatorDocument(value: unknown): value is Doc {
  if (!isDocument(value)) return false
  const names = Object.keys(value)
  return names.length > 0 && names.every((name) => name.startsWith('$'))
}

// internals

function mergeable(former: unknown, added: unknown): former is Doc {
  if (!isOperatorDocument(former) || !isOperatorDocument(added)) return false
  return Object.keys(added).every((operator) => !(operator in former))
}

/** An empty `$and` is an error of the caller's that must survive: it becomes a clause of its own. */
function emptyAnd(filter: Doc): Doc[] {
  return Object.hasOwn(filter, '$and') ? [{ $and: filter.$and }] : []
}
