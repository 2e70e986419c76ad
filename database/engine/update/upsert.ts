import { fail } from '../errors.ts'
import { isOperatorDocument, isRegex } from '../match/index.ts'
import { setOwn } from '../values/own.ts'
import { type Doc, isDocument } from '../values/types.ts'
import { withIdFirst } from './replacement.ts'

/**
 * The document an upsert starts from: the fields that the filter demands to be equal to something, in the order of
 * their paths (spec/embedded-database.md §6). `$and`, an `$or` of one branch, `$in` and `$all` of one value count.
 * @param onlyId as a replacement wants it: nothing but the `_id`
 * @throws code 54 when a path is demanded twice, 224 for `$expr`
 */
export function documentFromFilter(filter: Doc, onlyId = false): Doc {
  const equalities = new Map<string, unknown>()
  collect(filter, equalities, onlyId)
  let doc: Doc = {}
  for (const path of [...equalities.keys()].sort())
    doc = withValue(doc, path.split('.'), equalities.get(path))
  return withIdFirst(doc)
}

// internals

function collect(filter: Doc, equalities: Map<string, unknown>, onlyId: boolean): void {
  for (const key of Object.keys(filter)) {
    const condition = filter[key]
    if (key === '$expr') fail(224, '$expr is not allowed in the query predicate for an upsert')
    if (key === '$and' && Array.isArray(condition)) {
      for (const branch of condition) collect(branch as Doc, equalities, onlyId)
    } else if (key === '$or' && Array.isArray(condition)) {
      if (condition.length === 1) collect(condition[0] as Doc, equalities, onlyId)
    } else if (!key.startsWith('$')) {
      for (const value of equalValues(condition)) demand(key, value, equalities, onlyId)
    }
  }
}

/** The values a condition demands equality with. */
function equalValues(condition: unknown): unknown[] {
  if (isRegex(condition)) return []
  if (!isOperatorDocument(condition)) return [condition]
  const values: unknown[] = []
  for (const operator of Object.keys(condition)) {
    const operand = condition[operator]
    if (operator === '$eq') values.push(operand)
    if (!Array.isArray(operand)) continue
    if (operator === '$in' && operand.length === 1 && !isRegex(operand[0])) values.push(operand[0])
    if (operator === '$all')
      values.push(...operand.filter((value) => !isRegex(value) && !isOperatorDocument(value)))
  }
  return values
}

function demand(path: string, value: unknown, equalities: Map<string, unknown>, onlyId: boolean): void {
  if (onlyId && path !== '_id') {
    if (path.startsWith('_id.')) {
      fail(111, `field at '_id' must be exactly specified, field at sub-path '${path}'found`)
    }
    return
  }
  for (const known of equalities.keys()) {
    if (known === path) fail(54, `cannot infer query fields to set, path '${path}' is matched twice`)
    const [longer, shorter] = known.length > path.length ? [known, path] : [path, known]
    if (longer.startsWith(`${shorter}.`)) {
      fail(54, `cannot infer query fields to set, both paths '${longer}' and '${shorter}' are matched`)
    }
  }
  equalities.set(path, value)
}

function withValue(doc: Doc, [first = '', ...rest]: readonly string[], value: unknown): Doc {
  const old = Object.hasOwn(doc, first) ? doc[first] : undefined
  const copy = { ...doc }
  setOwn(copy, first, rest.length === 0 ? value : withValue(isDocument(old) ? old : {}, rest, value))
  return copy
}
