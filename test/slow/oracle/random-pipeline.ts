import type { Doc } from '../../../database/engine/values/types.ts'
import { randomExpression } from './random-expression.ts'
import type { Sample } from './sample.ts'

/**
 * One stage that computes. Nothing beside it takes documents away: a server moves that to the front, and what would
 * fail in such a document fails no more.
 */
export function randomPipeline(sample: Sample): Doc[] {
  return stage(sample)
}

// internals

function stage(sample: Sample): Doc[] {
  const name = sample.pick(names)
  switch (name) {
    case '$project':
      return [
        {
          $project: { x: randomExpression(sample, 3), ...(sample.chance(0.3) ? { [sample.path()]: 1 } : {}) },
        },
      ]
    case '$addFields':
      return [{ $addFields: { [sample.path()]: randomExpression(sample, 2) } }]
    case '$group':
      return [
        {
          $group: {
            _id: key(sample),
            v: { [sample.pick(accumulators)]: randomExpression(sample, 1) },
          },
        },
      ]
    case '$unwind':
      return [{ $unwind: sample.chance(0.5) ? `$${sample.path()}` : unwind(sample) }]
    case '$replaceRoot':
      return [{ $replaceRoot: { newRoot: sample.chance(0.7) ? { v: randomExpression(sample, 1) } : '$a' } }]
    case '$bucket':
      return [
        {
          $bucket: {
            groupBy: '$b',
            boundaries: [0, 2, 5],
            default: 'other',
            output: { n: { $sum: 1 }, m: { $max: '$b' } },
          },
        },
      ]
    case '$lookup':
      return [{ $lookup: sample.chance(0.5) ? equalityLookup(sample) : pipelineLookup(sample) }]
    case '$project, fields':
      return [{ $project: fields(sample) }]
    case '$sortByCount':
      return [{ $sortByCount: `$${sample.path()}` }]
    case '$bucketAuto':
      return [
        { $bucketAuto: { groupBy: '$_id', buckets: 1 + sample.integer(4), output: { v: { $push: '$b' } } } },
      ]
    case '$facet':
      return [
        {
          $facet: {
            one: [{ $project: fields(sample) }],
            two: [{ $match: { [sample.field()]: sample.value(1) } }, { $count: 'n' }],
          },
        },
      ]
    case '$graphLookup':
      return [
        {
          $graphLookup: {
            from: 'self',
            startWith: `$${sample.field()}`,
            connectFromField: sample.field(),
            connectToField: '_id',
            as: 'g',
          },
        },
        { $project: { n: { $size: '$g' } } },
      ]
    case '$redact':
      return [
        {
          $redact: { $cond: [randomExpression(sample, 1), '$$DESCEND', sample.pick(['$$PRUNE', '$$KEEP'])] },
        },
      ]
    default:
      throw new Error(`no stage ${name}`)
  }
}

function key(sample: Sample): unknown {
  const part = () => randomExpression(sample, 1)
  switch (sample.integer(4)) {
    case 0:
      return null
    case 1:
      return { g: part() }
    case 2:
      return { g: part(), h: part() }
    default:
      return part()
  }
}

/** Fields that are kept, or left out, some of them as nested documents. */
function fields(sample: Sample): Doc {
  const kept = sample.chance(0.6) ? 1 : 0
  const spec: Doc = sample.chance(0.3) ? { _id: 0 } : {}
  for (const name of ['a', 'b', 'c'].slice(sample.integer(3))) {
    spec[name] = sample.chance(0.5) ? kept : { [sample.field()]: kept }
  }
  return spec
}

function equalityLookup(sample: Sample): Doc {
  return {
    from: 'self',
    localField: sample.path(),
    foreignField: sample.path(),
    as: sample.pick(['joined', 'a.j']),
  }
}

function pipelineLookup(sample: Sample): Doc {
  const compare = sample.pick(['$eq', '$lt', '$gte'])
  return {
    from: 'self',
    let: { v: `$${sample.path()}`, w: randomExpression(sample, 1) },
    pipeline: [
      { $match: { $expr: { [compare]: [`$${sample.path()}`, '$$v'] } } },
      { $sort: { _id: 1 } },
      { $project: { x: { $ifNull: ['$$w', '$b'] } } },
    ],
    as: 'joined',
  }
}

function unwind(sample: Sample): Doc {
  return {
    path: `$${sample.path()}`,
    ...(sample.chance(0.6) ? { includeArrayIndex: 'i' } : {}),
    ...(sample.chance(0.6) ? { preserveNullAndEmptyArrays: true } : {}),
  }
}

const names = [
  '$project',
  '$project',
  '$project',
  '$project',
  '$addFields',
  '$group',
  '$group',
  '$unwind',
  '$replaceRoot',
  '$bucket',
  '$lookup',
  '$lookup',
  '$project, fields',
  '$sortByCount',
  '$bucketAuto',
  '$facet',
  '$graphLookup',
  '$redact',
]

const accumulators = [
  '$sum',
  '$avg',
  '$min',
  '$max',
  '$first',
  '$last',
  '$push',
  '$mergeObjects',
  '$stdDevPop',
  '$stdDevSamp',
]
