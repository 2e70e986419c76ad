import { BSONRegExp } from 'bson'
import { type Doc, isBson } from '../../../database/engine/values/types.ts'
import type { Sample } from './sample.ts'

/** @param depth how deep `$and`, `$or`, `$nor` and `$not` may be nested */
export function randomFilter(sample: Sample, depth = 2): Doc {
  if (depth > 0 && sample.chance(0.25)) {
    const operator = sample.pick(['$and', '$or', '$nor'])
    return { [operator]: [randomFilter(sample, depth - 1), randomFilter(sample, depth - 1)] }
  }
  const filter: Doc = { [sample.path()]: condition(sample, depth) }
  if (sample.chance(0.2)) filter[sample.path()] = condition(sample, depth)
  return filter
}

/** Operators on one field, or a value it should be equal to. */
export function condition(sample: Sample, depth: number): unknown {
  if (sample.chance(0.25)) return sample.value()
  const operators: Doc = {}
  for (let left = sample.chance(0.2) ? 2 : 1; left > 0; left--) {
    const [name, operand] = operator(sample, depth)
    operators[name] = operand
  }
  return operators
}

// internals

function operator(sample: Sample, depth: number): [string, unknown] {
  const name = sample.pick(depth > 0 ? [...plain, '$not', '$elemMatch', '$elemMatch', '$all'] : plain)
  switch (name) {
    case '$in':
    case '$nin':
      return [name, sample.list(4, () => (sample.chance(0.1) ? new BSONRegExp('^a', 'i') : sample.value(1)))]
    case '$all':
      return [name, all(sample, depth)]
    case '$exists':
      return [name, sample.pick([true, false, 1, 0, null])]
    case '$type':
      return [name, sample.chance(0.3) ? sample.list(3, () => sample.pick(types)) : sample.pick(types)]
    case '$size':
      return [name, sample.pick([0, 1, 2, 3, 1.5, -1])]
    case '$mod':
      return [name, sample.pick([[2, 1], [3, 1.9], [-2, 1], [0, 1], [2]])]
    case '$regex':
      return [name, sample.pick(['a', '^a', 'B', '^$', '.b', 'a|2', '中'])]
    case '$not':
      return [name, nested(sample, depth)]
    case '$elemMatch':
      return [name, sample.chance(0.5) ? nested(sample, depth) : randomFilter(sample, depth - 1)]
    case '$lt':
    case '$lte':
    case '$gt':
    case '$gte':
      return [name, ordinary(sample)]
    default:
      return [name, sample.value()]
  }
}

/** Before 4.2 comparisons with the least and the greatest key held for everything. */
function ordinary(sample: Sample): unknown {
  const value = sample.value()
  return isBson(value, 'MinKey') || isBson(value, 'MaxKey') ? null : value
}

function nested(sample: Sample, depth: number): Doc {
  const [name, operand] = operator(sample, depth - 1)
  // `$not: { $regex }` is newer than 3.6.
  return name === '$regex' ? { $type: 'string' } : { [name]: operand }
}

function all(sample: Sample, depth: number): unknown[] {
  if (sample.chance(0.3)) return [{ $elemMatch: nested(sample, depth) }]
  return sample.list(3, () => sample.value(1))
}

const plain = [
  '$eq',
  '$ne',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$eq',
  '$gt',
  '$in',
  '$nin',
  '$exists',
  '$type',
  '$size',
  '$mod',
  '$regex',
]

const types = [
  'number',
  'string',
  'array',
  'object',
  'null',
  'int',
  'long',
  'double',
  'decimal',
  'bool',
  'date',
  2,
  4,
  16,
  'missing',
]
