import type { Doc } from '../../../database/engine/values/types.ts'
import { randomExpression } from './random-expression.ts'
import { randomFilter } from './random-filter.ts'
import { randomSort } from './random-reading.ts'
import { randomUpdate } from './random-update.ts'
import type { Sample } from './sample.ts'

/** Commands beside find, update and aggregate, and filters of other kinds. */
export function randomCommand(sample: Sample): Doc {
  const query = randomFilter(sample, 1)
  switch (
    sample.pick(['count', 'distinct', 'delete', 'findAndModify', 'findAndModify', '$expr', '$jsonSchema'])
  ) {
    case 'count':
      return { count: 'self', query, ...(sample.chance(0.5) ? { limit: 2, skip: 1 } : {}) }
    case 'distinct':
      return { distinct: 'self', key: sample.path(), query }
    case 'delete':
      return { delete: 'self', deletes: [{ q: query, limit: 0 }] }
    case 'findAndModify':
      return findAndModify(sample, query)
    case '$expr':
      return { find: 'self', filter: { $expr: randomExpression(sample, 2) }, sort: { _id: 1 } }
    default:
      return { find: 'self', filter: { $jsonSchema: schema(sample, 2) }, sort: { _id: 1 } }
  }
}

/** Reading by the rules of a language. */
export function randomCollated(sample: Sample): Doc {
  const collation = {
    locale: sample.pick(['en', 'zh', 'fr']),
    strength: 1 + sample.integer(3),
    ...(sample.chance(0.3) ? { numericOrdering: true } : {}),
    ...(sample.chance(0.3) ? { caseLevel: true } : {}),
  }
  const filter = sample.chance(0.5) ? { t: { [sample.pick(['$eq', '$gt', '$lte', '$in'])]: 'a' } } : {}
  if (typeof filter.t === 'object' && '$in' in filter.t) filter.t = { $in: ['A', 'é'] as never }
  return { find: 'self', filter, sort: { t: sample.pick([1, -1]), _id: 1 }, collation }
}

// internals

function findAndModify(sample: Sample, query: Doc): Doc {
  const common = { findAndModify: 'self', query, sort: { ...randomSort(sample), _id: 1 } }
  if (sample.chance(0.3)) return { ...common, remove: true }
  return { ...common, update: randomUpdate(sample), new: sample.chance(0.5), upsert: sample.chance(0.3) }
}

function schema(sample: Sample, depth: number): Doc {
  const rules: Doc = {}
  for (let left = 1 + sample.integer(2); left > 0; left--) {
    const [name, value] = rule(sample, depth)
    rules[name] = value
  }
  return rules
}

function rule(sample: Sample, depth: number): [string, unknown] {
  const inner = () => (depth > 0 ? schema(sample, depth - 1) : { bsonType: 'int' })
  switch (sample.pick(rules)) {
    case 'bsonType':
      return [
        'bsonType',
        sample.pick(['number', 'string', 'array', 'object', 'null', 'bool', 'date', ['string', 'number']]),
      ]
    case 'required':
      return ['required', [sample.field()]]
    case 'properties':
      return ['properties', { [sample.field()]: inner(), [sample.pick(['t', 'd'])]: inner() }]
    case 'items':
      return ['items', sample.chance(0.5) ? inner() : [inner(), inner()]]
    case 'enum':
      return ['enum', [sample.scalar(), sample.scalar(), sample.value(1)]]
    case 'minimum':
      return ['minimum', sample.pick([0, 1, 1.5])]
    case 'maxLength':
      return ['maxLength', sample.integer(3)]
    case 'pattern':
      return ['pattern', sample.pick(['a', '^b', '中'])]
    case 'minItems':
      return ['minItems', sample.integer(3)]
    case 'uniqueItems':
      return ['uniqueItems', sample.chance(0.7)]
    case 'not':
      return ['not', inner()]
    case 'anyOf':
      return [sample.pick(['anyOf', 'allOf', 'oneOf']), [inner(), inner()]]
    case 'additionalProperties':
      return ['additionalProperties', sample.chance(0.3) ? inner() : sample.chance(0.5)]
    case 'multipleOf':
      return ['multipleOf', sample.pick([2, 0.5])]
    default:
      return ['maxProperties', sample.integer(5)]
  }
}

const rules = [
  'bsonType',
  'required',
  'properties',
  'properties',
  'properties',
  'items',
  'enum',
  'minimum',
  'maxLength',
  'pattern',
  'minItems',
  'uniqueItems',
  'not',
  'anyOf',
  'additionalProperties',
  'multipleOf',
  'maxProperties',
]
