import { Decimal128, Long } from 'bson'
import { describe, expect, test } from 'vitest'
import type { Doc } from '../../../database/engine/values/types.ts'
import { aggregate, type Collections, codeOf, frozen } from './support.ts'

/** Stages one by one: results on frozen documents, and error codes. */

type Row = [name: string, docs: Doc[], pipeline: unknown[], result: Doc[]]

const SALES: Doc[] = frozen([
  { _id: 1, item: 'a', price: 10, tags: ['x', 'y'], at: { zone: 'n' } },
  { _id: 2, item: 'b', price: 20, tags: [], at: { zone: 's' } },
  { _id: 3, item: 'a', price: 5, tags: ['x'], at: { zone: 'n' } },
  { _id: 4, item: null, price: 'free' },
  { _id: 5, price: Long.fromNumber(7) },
])

const ROWS: Row[] = [
  [
    '$match',
    SALES,
    [{ $match: { price: { $gte: 10 } } }, { $project: { _id: 1 } }],
    [{ _id: 1 }, { _id: 2 }],
  ],
  [
    '$match $expr',
    SALES,
    [{ $match: { $expr: { $eq: ['$item', null] } } }, { $project: { _id: 1 } }],
    [{ _id: 4 }],
  ],
  [
    '$limit and $skip',
    SALES,
    [{ $skip: 1 }, { $limit: 2 }, { $project: { _id: 1 } }],
    [{ _id: 2 }, { _id: 3 }],
  ],
  ['$count', SALES, [{ $count: 'n' }], [{ n: 5 }]],
  ['$count of nothing', [], [{ $count: 'n' }], []],
  [
    '$sort',
    SALES,
    [{ $sort: { price: -1 } }, { $project: { _id: 1 } }],
    [{ _id: 4 }, { _id: 2 }, { _id: 1 }, { _id: 5 }, { _id: 3 }],
  ],
  [
    '$sort with a limit',
    SALES,
    [{ $sort: { price: 1 } }, { $skip: 1 }, { $limit: 1 }, { $project: { _id: 1 } }],
    [{ _id: 5 }],
  ],
  [
    '$sort is stable under a limit',
    [
      { _id: 1, a: 1 },
      { _id: 2, a: 1 },
      { _id: 3, a: 0 },
    ],
    [{ $sort: { a: 1 } }, { $limit: 2 }],
    [
      { _id: 3, a: 0 },
      { _id: 1, a: 1 },
    ],
  ],

  [
    '$project keeps the order of the document',
    [{ _id: 1, b: 1, a: 2, c: 3 }],
    [{ $project: { a: 1, b: 1 } }],
    [{ _id: 1, b: 1, a: 2 }],
  ],
  ['$project without _id', [{ _id: 1, a: 2 }], [{ $project: { _id: 0, a: 1 } }], [{ a: 2 }]],
  ['$project only _id: 0', [{ _id: 1, a: 2 }], [{ $project: { _id: 0 } }], [{ a: 2 }]],
  [
    '$project exclusion in arrays',
    [{ _id: 1, l: [{ a: 1, b: 2 }, [{ a: 3 }], 5] }],
    [{ $project: { 'l.a': 0 } }],
    [{ _id: 1, l: [{ b: 2 }, [{}], 5] }],
  ],
  [
    '$project inclusion in arrays',
    [{ _id: 1, l: [{ a: 1, b: 2 }, [{ a: 3 }], 5] }],
    [{ $project: { 'l.a': 1 } }],
    [{ _id: 1, l: [{ a: 1 }, [{ a: 3 }]] }],
  ],
  [
    '$project nested form',
    [{ _id: 1, a: { b: 1, c: 2 } }],
    [{ $project: { a: { b: 1 } } }],
    [{ _id: 1, a: { b: 1 } }],
  ],
  ['$project of a scalar path', [{ _id: 1, a: 5 }], [{ $project: { 'a.b': 1 } }], [{ _id: 1 }]],
  [
    '$project computed',
    [{ _id: 1, a: 2 }],
    [{ $project: { x: { $add: ['$a', 1] }, y: '$a', z: 'text', w: ['$a', '$q'] } }],
    [{ _id: 1, x: 3, y: 2, z: 'text', w: [2, null] }],
  ],
  [
    '$project computed below',
    [{ _id: 1, a: { c: 1 }, x: 5 }],
    [{ $project: { 'a.b': '$x' } }],
    [{ _id: 1, a: { b: 5 } }],
  ],
  [
    '$project computed in arrays',
    [{ _id: 1, l: [1, { d: 1 }, [2], 'x'] }],
    [{ $project: { 'l.c': 'v' } }],
    [{ _id: 1, l: [{ c: 'v' }, { c: 'v' }, [{ c: 'v' }], { c: 'v' }] }],
  ],
  ['$project literal', [{ _id: 1 }], [{ $project: { one: { $literal: 1 } } }], [{ _id: 1, one: 1 }]],
  ['$project missing', [{ _id: 1 }], [{ $project: { x: '$nope' } }], [{ _id: 1 }]],
  [
    '$project $$REMOVE',
    [{ _id: 1, a: 0, b: 1 }],
    [{ $project: { a: { $cond: ['$a', '$a', '$$REMOVE'] }, b: 1 } }],
    [{ _id: 1, b: 1 }],
  ],

  ['$addFields', [{ _id: 1, a: 1 }], [{ $addFields: { b: '$a', a: 2 } }], [{ _id: 1, a: 2, b: 1 }]],
  [
    '$addFields nested',
    [{ _id: 1, a: { b: 1 } }],
    [{ $addFields: { 'a.c': 2, d: { e: 3 } } }],
    [{ _id: 1, a: { b: 1, c: 2 }, d: { e: 3 } }],
  ],
  [
    '$addFields merges documents',
    [{ _id: 1, a: { b: 1 } }],
    [{ $addFields: { a: { c: 2 } } }],
    [{ _id: 1, a: { b: 1, c: 2 } }],
  ],
  ['$addFields over a scalar', [{ _id: 1, a: 5 }], [{ $addFields: { 'a.b': 1 } }], [{ _id: 1, a: { b: 1 } }]],
  [
    '$addFields into arrays',
    [{ _id: 1, l: [{ x: 1 }, 5, [{}]] }],
    [{ $addFields: { 'l.y': 2 } }],
    [{ _id: 1, l: [{ x: 1, y: 2 }, { y: 2 }, [{ y: 2 }]] }],
  ],
  [
    '$addFields missing takes away',
    [{ _id: 1, a: 1, b: 2 }],
    [{ $addFields: { a: '$nope' } }],
    [{ _id: 1, b: 2 }],
  ],
  ['$set numbers are values', [{ _id: 1 }], [{ $set: { a: 0, b: true } }], [{ _id: 1, a: 0, b: true }]],
  ['$unset', [{ _id: 1, a: { b: 1, c: 2 }, d: 3 }], [{ $unset: ['a.b', 'd'] }], [{ _id: 1, a: { c: 2 } }]],
  ['$replaceRoot', [{ _id: 1, a: { b: 1 } }], [{ $replaceRoot: { newRoot: '$a' } }], [{ b: 1 }]],
  [
    '$replaceWith',
    [{ _id: 1, a: { b: 1 } }],
    [{ $replaceWith: { $mergeObjects: ['$a', { c: 2 }] } }],
    [{ b: 1, c: 2 }],
  ],

  [
    '$unwind',
    SALES,
    [{ $unwind: '$tags' }, { $project: { tags: 1 } }],
    [
      { _id: 1, tags: 'x' },
      { _id: 1, tags: 'y' },
      { _id: 3, tags: 'x' },
    ],
  ],
  [
    '$unwind preserving',
    [{ _id: 1, a: [] }, { _id: 2 }, { _id: 3, a: null }, { _id: 4, a: 7 }],
    [{ $unwind: { path: '$a', preserveNullAndEmptyArrays: true, includeArrayIndex: 'i' } }],
    [
      { _id: 1, i: null },
      { _id: 2, i: null },
      { _id: 3, a: null, i: null },
      { _id: 4, a: 7, i: null },
    ],
  ],
  [
    '$unwind below',
    [{ _id: 1, a: { b: [1, 2], c: 3 } }],
    [{ $unwind: { path: '$a.b', includeArrayIndex: 'n.i' } }],
    [
      { _id: 1, a: { b: 1, c: 3 }, n: { i: 0 } },
      { _id: 1, a: { b: 2, c: 3 }, n: { i: 1 } },
    ],
  ],
  ['$unwind does not enter arrays', [{ _id: 1, a: [{ b: [1] }] }], [{ $unwind: '$a.b' }], []],

  [
    '$group',
    SALES,
    [{ $group: { _id: '$item', n: { $sum: 1 }, total: { $sum: '$price' } } }],
    [
      { _id: 'a', n: 2, total: 15 },
      { _id: 'b', n: 1, total: 20 },
      { _id: null, n: 2, total: Long.fromNumber(7) },
    ],
  ],
  ['$group of nothing', [], [{ $group: { _id: null, n: { $sum: 1 } } }], []],
  ['$group by {}', SALES, [{ $group: { _id: {}, n: { $count: {} } } }], [{ _id: {}, n: 5 }]],
  [
    '$group numbers of all kinds',
    [
      { _id: 1, k: 1 },
      { _id: 2, k: Long.ONE },
      { _id: 3, k: Decimal128.fromString('1.0') },
      { _id: 4, k: '1' },
    ],
    [{ $group: { _id: '$k', n: { $sum: 1 } } }, { $project: { n: 1, _id: 0 } }],
    [{ n: 3 }, { n: 1 }],
  ],
  [
    '$group documents in order',
    [
      { _id: 1, k: { a: 1, b: 2 } },
      { _id: 2, k: { b: 2, a: 1 } },
    ],
    [{ $group: { _id: '$k' } }, { $count: 'n' }],
    [{ n: 2 }],
  ],
  [
    '$group accumulators',
    [{ _id: 1, v: 3 }, { _id: 2 }, { _id: 3, v: null }, { _id: 4, v: 'z' }, { _id: 5, v: 3 }],
    [
      {
        $group: {
          _id: null,
          min: { $min: '$v' },
          max: { $max: '$v' },
          avg: { $avg: '$v' },
          first: { $first: '$v' },
          last: { $last: '$_id' },
          push: { $push: '$v' },
          set: { $addToSet: '$v' },
          dev: { $stdDevPop: '$v' },
          samp: { $stdDevSamp: '$q' },
        },
      },
    ],
    [
      {
        _id: null,
        min: 3,
        max: 'z',
        avg: 3,
        first: 3,
        last: 5,
        push: [3, null, 'z', 3],
        set: [3, null, 'z'],
        dev: 0,
        samp: null,
      },
    ],
  ],
  [
    '$group N accumulators',
    [{ _id: 1, v: 3 }, { _id: 2, v: 1 }, { _id: 3 }, { _id: 4, v: 2 }],
    [
      {
        $group: {
          _id: null,
          f: { $firstN: { n: 2, input: '$v' } },
          l: { $lastN: { n: 2, input: '$v' } },
          mx: { $maxN: { n: 2, input: '$v' } },
          mn: { $minN: { n: 2, input: '$v' } },
        },
      },
    ],
    [{ _id: null, f: [3, 1], l: [null, 2], mx: [3, 2], mn: [1, 2] }],
  ],
  [
    '$group top and bottom',
    SALES,
    [
      { $match: { item: { $type: 'string' } } },
      {
        $group: {
          _id: '$item',
          top: { $top: { sortBy: { price: -1 }, output: '$_id' } },
          bottom: { $bottom: { sortBy: { price: -1 }, output: ['$_id', '$q'] } },
          two: { $topN: { n: 2, sortBy: { price: 1 }, output: '$price' } },
          all: { $bottomN: { n: 9, sortBy: { price: 1 }, output: '$price' } },
        },
      },
    ],
    [
      { _id: 'a', top: 1, bottom: [3, null], two: [5, 10], all: [5, 10] },
      { _id: 'b', top: 2, bottom: [2, null], two: [20], all: [20] },
    ],
  ],
  [
    '$group n of the key',
    SALES,
    [
      { $match: { item: { $type: 'string' } } },
      {
        $group: {
          _id: { i: '$item' },
          p: { $firstN: { n: { $cond: [{ $eq: ['$i', 'a'] }, 1, 2] }, input: '$price' } },
        },
      },
    ],
    [
      { _id: { i: 'a' }, p: [10] },
      { _id: { i: 'b' }, p: [20] },
    ],
  ],
  [
    '$group mergeObjects',
    [
      { _id: 1, v: { a: 1 } },
      { _id: 2, v: null },
      { _id: 3, v: { a: 2, b: 3 } },
    ],
    [{ $group: { _id: 1, m: { $mergeObjects: '$v' } } }],
    [{ _id: 1, m: { a: 2, b: 3 } }],
  ],
  [
    '$sortByCount',
    SALES,
    [{ $unwind: '$tags' }, { $sortByCount: '$tags' }],
    [
      { _id: 'x', count: 2 },
      { _id: 'y', count: 1 },
    ],
  ],

  [
    '$bucket',
    SALES,
    [
      {
        $bucket: {
          groupBy: '$price',
          boundaries: [0, 10, 20],
          default: 'rest',
          output: { ids: { $push: '$_id' } },
        },
      },
    ],
    [
      { _id: 0, ids: [3, 5] },
      { _id: 10, ids: [1] },
      { _id: 'rest', ids: [2, 4] },
    ],
  ],
  [
    '$bucketAuto',
    [1.5, 7.25, 3, 9.75, 20.5].map((v, _id) => ({ _id, v })),
    [{ $bucketAuto: { groupBy: '$v', buckets: 3 } }],
    [
      { _id: { min: 1.5, max: 7.25 }, count: 2 },
      { _id: { min: 7.25, max: 20.5 }, count: 2 },
      { _id: { min: 20.5, max: 20.5 }, count: 1 },
    ],
  ],
  [
    '$bucketAuto keeps equals together',
    [1, 1, 1, 2].map((v, _id) => ({ _id, v })),
    [{ $bucketAuto: { groupBy: '$v', buckets: 2 } }],
    [
      { _id: { min: 1, max: 2 }, count: 3 },
      { _id: { min: 2, max: 2 }, count: 1 },
    ],
  ],

  [
    '$facet',
    SALES,
    [
      {
        $facet: {
          n: [{ $count: 'n' }],
          none: [{ $match: { q: 1 } }],
          top: [{ $sort: { _id: -1 } }, { $limit: 1 }, { $project: { _id: 1 } }],
        },
      },
    ],
    [{ n: [{ n: 5 }], none: [], top: [{ _id: 5 }] }],
  ],
  [
    '$redact',
    [{ _id: 1, level: 1, sub: { level: 5, x: 1 }, list: [{ level: 1, y: 1 }, { level: 9 }, 3] }],
    [{ $redact: { $cond: [{ $gt: ['$level', 3] }, '$$PRUNE', '$$DESCEND'] } }],
    [{ _id: 1, level: 1, list: [{ level: 1, y: 1 }, 3] }],
  ],
  [
    '$redact keeps',
    [{ _id: 1, k: true, sub: { z: 1 } }],
    [{ $redact: { $cond: ['$k', '$$KEEP', '$$PRUNE'] } }],
    [{ _id: 1, k: true, sub: { z: 1 } }],
  ],
  [
    '$documents',
    [],
    [{ $documents: [{ a: 1 }, { a: { $add: [1, 1] } }] }, { $match: { a: { $gt: 1 } } }],
    [{ a: 2 }],
  ],
]

test.each(ROWS)('%s', (_name, docs, pipeline, result) => {
  expect(aggregate(frozen(docs), pipeline)).toEqual(result)
})

test.each<[name: string, granularity: string, buckets: string]>([
  ['powers of two', 'POWERSOF2', '0-32:32 32-64:32 64-128:36'],
  ['1-2-5', '1-2-5', '0-20:20 20-50:30 50-100:50'],
  ['R5', 'R5', '0-25:25 25-63:38 63-100:37'],
  ['R10', 'R10', '0-20:20 20-40:20 40-63:23 63-100:37'],
  ['R20', 'R20', '0-20:20 20-40:20 40-63:23 63-90:27 90-100:10'],
  ['E6', 'E6', '0-22:22 22-47:25 47-68:21 68-100:32'],
  ['E24', 'E24', '0-20:20 20-43:23 43-68:25 68-91:23 91-100:9'],
  ['E48', 'E48', '0-19.6:20 19.6-40.2:21 40.2-61.9:21 61.9-82.5:21 82.5-100:17'],
  ['E192', 'E192', '0-19.1:20 19.1-39.2:20 39.2-59.7:20 59.7-79.6:20 79.6-100:20'],
])('$bucketAuto by %s', (_name, granularity, buckets) => {
  const docs = Array.from({ length: 100 }, (_, i) => ({ _id: i, amount: i }))
  const rows = aggregate(docs, [{ $bucketAuto: { groupBy: '$amount', buckets: 5, granularity } }])
  const text = rows.map(({ _id, count }) => {
    const { min, max } = _id as { min: number; max: number }
    return `${min}-${max}:${count}`
  })
  expect(text.join(' ')).toBe(buckets)
})

test.each<[name: string, pipeline: unknown[], code: number]>([
  ['unknown stage', [{ $nope: 1 }], 40324],
  ['two stages in one', [{ $limit: 1, $skip: 1 }], 40323],
  ['no stage', [5], 14],
  ['$match', [{ $match: 5 }], 15959],
  ['$match $near', [{ $match: { a: { $near: [0, 0] } } }], 5626500],
  ['$limit 0', [{ $limit: 0 }], 15958],
  ['$limit negative', [{ $limit: -1 }], 5107201],
  ['$limit text', [{ $limit: 'x' }], 5107201],
  ['$skip fraction', [{ $skip: 1.5 }], 5107200],
  ['$count', [{ $count: '' }], 40156],
  ['$count dollar', [{ $count: '$a' }], 40158],
  ['$count dot', [{ $count: 'a.b' }], 40160],
  ['$sample', [{ $sample: { size: 0 } }], 28747],
  ['$sample without size', [{ $sample: {} }], 28749],
  ['$sort empty', [{ $sort: {} }], 15976],
  ['$sort direction', [{ $sort: { a: 2 } }], 15975],
  ['$project empty', [{ $project: {} }], 51272],
  ['$project mixed', [{ $project: { a: 1, b: 0 } }], 31254],
  ['$project mixed the other way', [{ $project: { a: 0, b: 1 } }], 31253],
  ['$project exclusion with expression', [{ $project: { a: 0, b: '$c' } }], 31252],
  ['$project unknown expression', [{ $project: { a: { $nope: 1 } } }], 31325],
  ['$project collision', [{ $project: { a: 1, 'a.b': 1 } }], 31249],
  ['$project collision the other way', [{ $project: { 'a.b': 1, a: 1 } }], 31250],
  ['$project empty document', [{ $project: { a: {} } }], 51270],
  ['$project positional', [{ $project: { 'a.$': 1 } }], 31324],
  ['$project dollar name', [{ $project: { 'a.$b': 1 } }], 16410],
  ['$addFields number', [{ $addFields: 5 }], 40272],
  ['$addFields unknown expression', [{ $addFields: { a: { $nope: 1 } } }], 168],
  ['$addFields empty document', [{ $addFields: { a: {} } }], 40180],
  ['$unset empty', [{ $unset: [] }], 31119],
  ['$unset number', [{ $unset: [1] }], 31120],
  ['$replaceRoot missing', [{ $replaceRoot: { newRoot: '$a' } }], 40228],
  ['$replaceRoot without newRoot', [{ $replaceRoot: {} }], 40414],
  ['$unwind without dollar', [{ $unwind: 'a' }], 28818],
  ['$unwind unknown', [{ $unwind: { path: '$a', foo: 1 } }], 28811],
  ['$unwind index', [{ $unwind: { path: '$a', includeArrayIndex: '$i' } }], 28822],
  ['$group without _id', [{ $group: { n: { $sum: 1 } } }], 15955],
  ['$group plain value', [{ $group: { _id: null, n: '$a' } }], 40234],
  ['$group unknown', [{ $group: { _id: null, n: { $nope: 1 } } }], 15952],
  ['$group two', [{ $group: { _id: null, n: { $sum: 1, $avg: 1 } } }], 40238],
  ['$group list', [{ $group: { _id: null, n: { $sum: ['$a', 1] } } }], 40237],
  ['$group dotted', [{ $group: { _id: null, 'a.b': { $sum: 1 } } }], 40235],
  ['$group dollar', [{ $group: { _id: null, $a: { $sum: 1 } } }], 40236],
  ['$group mergeObjects', [{ $group: { _id: null, m: { $mergeObjects: '$_id' } } }], 40400],
  ['$top without sortBy', [{ $group: { _id: null, t: { $top: { output: '$a' } } } }], 5788005],
  ['$firstN without n', [{ $group: { _id: null, t: { $firstN: { input: '$a' } } } }], 5787906],
  [
    '$percentile range',
    [{ $group: { _id: null, t: { $percentile: { input: '$a', p: [2], method: 'approximate' } } } }],
    7750303,
  ],
  ['$sortByCount constant', [{ $sortByCount: 'a' }], 40148],
  ['$bucket outside', [{ $bucket: { groupBy: '$_id', boundaries: [5, 6] } }], 40066],
  ['$bucket one boundary', [{ $bucket: { groupBy: '$a', boundaries: [0] } }], 40192],
  ['$bucket order', [{ $bucket: { groupBy: '$a', boundaries: [5, 0] } }], 40194],
  ['$bucket types', [{ $bucket: { groupBy: '$a', boundaries: [5, 'a'] } }], 40193],
  ['$bucket default inside', [{ $bucket: { groupBy: '$a', boundaries: [0, 9], default: 5 } }], 40199],
  ['$bucket constant', [{ $bucket: { groupBy: 'a', boundaries: [0, 9] } }], 40202],
  ['$bucket path as boundary', [{ $bucket: { groupBy: '$a', boundaries: ['$x', 9] } }], 40191],
  ['$bucketAuto buckets', [{ $bucketAuto: { groupBy: '$a', buckets: 0 } }], 40243],
  ['$bucketAuto granularity', [{ $bucketAuto: { groupBy: '$a', buckets: 1, granularity: 'R7' } }], 40257],
  ['$bucketAuto text', [{ $bucketAuto: { groupBy: '$a', buckets: 1, granularity: 'R5' } }], 40258],
  ['$facet empty', [{ $facet: {} }], 40169],
  ['$facet no list', [{ $facet: { a: {} } }], 40170],
  ['$facet in $facet', [{ $facet: { a: [{ $facet: { b: [] } }] } }], 40600],
  ['$out in $facet', [{ $facet: { a: [{ $out: 'x' }] } }], 40600],
  ['$redact other value', [{ $redact: 'x' }], 17053],
  ['$out not last', [{ $out: 'x' }, { $limit: 1 }], 40601],
  ['$geoNear not first', [{ $limit: 1 }, { $geoNear: { near: [0, 0], distanceField: 'd' } }], 40602],
  ['$documents not first', [{ $limit: 1 }, { $documents: [] }], 40602],
  ['$documents no list', [{ $documents: 5 }], 5858203],
  ['$lookup $out', [{ $lookup: { from: 'x', pipeline: [{ $out: 'y' }], as: 'l' } }], 51047],
  ['$lookup without as', [{ $lookup: { from: 'x', localField: 'a', foreignField: 'b' } }], 9],
  ['$lookup without fields', [{ $lookup: { from: 'x', as: 'l' } }], 9],
  ['$lookup variable', [{ $lookup: { from: 'x', let: { Foo: 1 }, pipeline: [], as: 'l' } }], 16867],
  [
    '$graphLookup depth',
    [
      {
        $graphLookup: {
          from: 'x',
          startWith: 1,
          connectFromField: 'a',
          connectToField: 'b',
          as: 'l',
          maxDepth: -1,
        },
      },
    ],
    40101,
  ],
  ['$unionWith unknown', [{ $unionWith: { coll: 'x', foo: 1 } }], 40415],
  ['$merge member', [{ $merge: { into: 'x', foo: 1 } }], 40415],
  ['$merge mode', [{ $merge: { into: 'x', whenMatched: 'foo' } }], 2],
])('refused: %s', (_name, pipeline, code) => {
  expect(codeOf(() => aggregate([{ _id: 1, a: 'x' }], pipeline))).toBe(code)
})

test('errors of projections name their stage', () => {
  expect(() => aggregate([], [{ $project: { a: 1, b: 0 } }])).toThrow(
    'Invalid $project :: caused by :: Cannot do exclusion on field b in inclusion projection',
  )
  expect(() => aggregate([], [{ $set: { a: { $nope: 1 } } }])).toThrow(
    "Invalid $set :: caused by :: Unrecognized expression '$nope'",
  )
})

describe('$sample', () => {
  const docs = Array.from({ length: 50 }, (_, _id) => ({ _id }))

  test('gives distinct documents, at most all', () => {
    const ids = aggregate(docs, [{ $sample: { size: 20 } }]).map(({ _id }) => _id)
    expect(new Set(ids).size).toBe(20)
    expect(aggregate(docs, [{ $sample: { size: 99 } }])).toHaveLength(50)
  })

  test('chooses all places alike', () => {
    const counts = docs.map(() => 0)
    for (let round = 0; round < 2000; round += 1) {
      for (const { _id } of aggregate(docs, [{ $sample: { size: 5 } }])) counts[_id as number]! += 1
    }
    expect(Math.min(...counts)).toBeGreaterThan(120)
    expect(Math.max(...counts)).toBeLessThan(290)
  })
})

describe('joins', () => {
  const other: Collections = {
    other: frozen([
      { _id: 'x', k: 10, v: 1 },
      { _id: 'y', k: null },
      { _id: 'z' },
      { _id: 'w', k: [10, 20] },
      { _id: 'r', k: /a/ },
    ]),
    people: frozen([
      { _id: 1, n: 'a', boss: null },
      { _id: 2, n: 'b', boss: 'a' },
      { _id: 3, n: 'c', boss: 'b' },
      { _id: 4, n: 'd', boss: ['b', 'c'] },
    ]),
  }
  const ids = (rows: Doc[], field = 'l') => rows.map((row) => (row[field] as Doc[]).map(({ _id }) => _id))
  const byField = { $lookup: { from: 'other', localField: 'r', foreignField: 'k', as: 'l' } }

  test.each([false, true])('by equal fields, with index: %s', (indexed) => {
    const docs = [
      { _id: 1, r: 10 },
      { _id: 2 },
      { _id: 3, r: [20, 10] },
      { _id: 4, r: null },
      { _id: 5, r: /a/ },
      { _id: 6, r: 9 },
    ]
    const rows = aggregate(frozen(docs), [byField], { other, indexed: () => indexed })
    expect(ids(rows)).toEqual([['x', 'w'], ['y', 'z'], ['x', 'w'], ['y', 'z'], ['r'], []])
  })

  test('local paths run through arrays', () => {
    const docs = [{ _id: 1, a: [{ r: 10 }, { r: 99 }, 5] }]
    const rows = aggregate(
      docs,
      [{ $lookup: { from: 'other', localField: 'a.r', foreignField: 'k', as: 'l' } }],
      { other },
    )
    expect(ids(rows)).toEqual([['x', 'w']])
  })

  test('an unknown collection is empty; as may be a path', () => {
    const rows = aggregate(
      [{ _id: 1, a: { b: 1 } }],
      [{ $lookup: { from: 'none', localField: 'q', foreignField: 'q', as: 'a.l' } }],
    )
    expect(rows).toEqual([{ _id: 1, a: { b: 1, l: [] } }])
  })

  test.each([false, true])('by a pipeline with variables, with index: %s', (indexed) => {
    const pipeline = [{ $match: { $expr: { $eq: ['$k', '$$r'] } } }, { $project: { _id: 1 } }]
    const docs = [{ _id: 1, r: 10 }, { _id: 2 }, { _id: 3, r: null }, { _id: 4, r: [10, 20] }]
    const rows = aggregate(
      frozen(docs),
      [{ $lookup: { from: 'other', let: { r: '$r' }, pipeline, as: 'l' } }],
      {
        other,
        indexed: () => indexed,
      },
    )
    // Expressions compare whole values, and missing is not null.
    expect(ids(rows)).toEqual([['x'], ['z'], ['y'], ['w']])
  })

  test('fields and pipeline together', () => {
    const pipeline = [{ $match: { $expr: { $gte: ['$v', '$$min'] } } }]
    const lookup = { ...byField.$lookup, let: { min: '$min' }, pipeline }
    const rows = aggregate(
      [
        { _id: 1, r: 10, min: 1 },
        { _id: 2, r: 10, min: 2 },
      ],
      [{ $lookup: lookup }],
      { other },
    )
    expect(ids(rows)).toEqual([['x'], []])
  })

  test('pipelines inside pipelines see all variables, anew for each document', () => {
    const inner = [{ $match: { $expr: { $and: [{ $eq: ['$n', '$$boss'] }, { $lt: ['$_id', '$$outer'] }] } } }]
    const pipeline = [
      { $match: { $expr: { $eq: ['$_id', '$$outer'] } } },
      { $lookup: { from: 'people', let: { boss: '$boss' }, pipeline: inner, as: 'bosses' } },
    ]
    const rows = aggregate(
      [{ _id: 2 }, { _id: 3 }],
      [{ $lookup: { from: 'people', let: { outer: '$_id' }, pipeline, as: 'l' } }],
      { other },
    )
    expect(rows.map((row) => ids(row.l as Doc[], 'bosses'))).toEqual([[[1]], [[2]]])
  })

  test('a pipeline without variables runs once', () => {
    let reads = 0
    const read = () => {
      reads += 1
      return [{ _id: 'q' }]
    }
    const rows = aggregate(
      [{ _id: 1 }, { _id: 2 }],
      [{ $lookup: { from: 'x', pipeline: [{ $match: {} }], as: 'l' } }],
      { read },
    )
    expect(ids(rows)).toEqual([['q'], ['q']])
    expect(reads).toBe(1)
  })

  test('over $documents', () => {
    const lookup = {
      localField: 'r',
      foreignField: 'k',
      pipeline: [
        {
          $documents: [
            { k: 1, _id: 'a' },
            { k: 2, _id: 'b' },
          ],
        },
      ],
      as: 'l',
    }
    expect(ids(aggregate([{ _id: 1, r: 2 }], [{ $lookup: lookup }]))).toEqual([['b']])
  })

  test('a collation reaches the join', () => {
    const rows = aggregate([{ _id: 1, r: 'A' }], [byField], {
      other: { other: [{ _id: 'x', k: 'a' }] },
      collation: { locale: 'en', strength: 2 },
    })
    expect(ids(rows)).toEqual([['x']])
  })

  test('$unionWith', () => {
    const rows = aggregate(
      [{ _id: 1 }],
      [{ $unionWith: { coll: 'people', pipeline: [{ $match: { n: 'a' } }, { $project: { _id: 1 } }] } }],
      { other },
    )
    expect(rows).toEqual([{ _id: 1 }, { _id: 1 }])
    expect(aggregate([{ _id: 1 }], [{ $unionWith: 'people' }], { other })).toHaveLength(5)
  })

  test('$graphLookup', () => {
    const graph = {
      from: 'people',
      startWith: '$boss',
      connectFromField: 'boss',
      connectToField: 'n',
      as: 'l',
    }
    const run = (more: object) =>
      aggregate(other.people!, [{ $match: { _id: 4 } }, { $graphLookup: { ...graph, ...more } }], { other })
    expect(ids(run({}))).toEqual([[2, 3, 1]])
    expect(ids(run({ maxDepth: 0 }))).toEqual([[2, 3]])
    expect(ids(run({ restrictSearchWithMatch: { n: { $ne: 'b' } } }))).toEqual([[3]])
    expect((run({ depthField: 'd' })[0]!.l as Doc[]).map(({ d }) => d)).toEqual([0, 0, 1])
  })

  test('$graphLookup ends in circles', () => {
    const ring = [
      { _id: 1, to: 2 },
      { _id: 2, to: 3 },
      { _id: 3, to: 1 },
    ]
    const graph = { from: 'self', startWith: '$to', connectFromField: 'to', connectToField: '_id', as: 'l' }
    expect(ids(aggregate(ring, [{ $limit: 1 }, { $graphLookup: graph }]))).toEqual([[2, 3, 1]])
  })
})

describe('$geoNear', () => {
  const docs = frozen([
    { _id: 1, loc: { type: 'Point', coordinates: [116.4, 39.9] }, k: 1 },
    { _id: 2, loc: { type: 'Point', coordinates: [121.47, 31.23] }, k: 2 },
    { _id: 3 },
  ])
  const near = { type: 'Point', coordinates: [121, 31] }
  const geoPaths = () => ['loc']

  test('nearest first, with distance and place', () => {
    const rows = aggregate(
      docs,
      [{ $geoNear: { near, distanceField: 'd.m', includeLocs: 'd.loc', spherical: true } }],
      { geoPaths },
    )
    expect(rows.map(({ _id }) => _id)).toEqual([2, 1])
    expect((rows[0]!.d as Doc).loc).toEqual(docs[1]!.loc)
    expect(Math.round((rows[0]!.d as { m: number }).m)).toBe(51594)
  })

  test('query, bounds, multiplier', () => {
    const run = (more: object) =>
      aggregate(docs, [{ $geoNear: { near, distanceField: 'd', ...more } }], { geoPaths })
    expect(run({ query: { k: 1 } }).map(({ _id }) => _id)).toEqual([1])
    expect(run({ maxDistance: 60000 }).map(({ _id }) => _id)).toEqual([2])
    expect(run({ minDistance: 60000 }).map(({ _id }) => _id)).toEqual([1])
    expect(Math.round(run({ distanceMultiplier: 0.001 })[0]!.d as number)).toBe(52)
  })

  test('needs an index', () => {
    const run = (paths: string[], key?: string) =>
      codeOf(() =>
        aggregate(docs, [{ $geoNear: { near, distanceField: 'd', ...(key ? { key } : {}) } }], {
          geoPaths: () => paths,
        }),
      )
    expect(run([])).toBe(27)
    expect(run(['loc', 'other'])).toBe(27)
    expect(run(['loc'], 'other')).toBe(291)
  })
})
