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
            _id: sample.chance(0.3) ? null : randomExpression(sample, 1),
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
      return [
        { $lookup: { from: 'self', localField: sample.path(), foreignField: sample.path(), as: 'joined' } },
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
