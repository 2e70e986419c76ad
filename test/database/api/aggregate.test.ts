import { ObjectId } from 'bson'
import { describe, expect, it } from 'vitest'
import type { DatabaseApi, DatabaseProvider, Pipeline } from '../../../database/api/index.ts'
import { recordedApi } from './recording-database.ts'

type Build = (
  pipeline: Pipeline,
  _: DatabaseApi['command'],
  $: DatabaseApi['command']['aggregate'],
  db: DatabaseApi,
) => Pipeline

async function sent(build: Build, provider: DatabaseProvider = 'aliyun', allowNewerOperators = false) {
  const { db, database } = recordedApi(provider, { allowNewerOperators })
  await build(db.collection('t').aggregate(), db.command, db.command.aggregate, db).end()
  return database.sent[0]!.pipeline
}

const hex = '5f79fdb337d16d0001899566'
const id = new ObjectId(hex)
const iso = '2022-07-01T02:50:11.142Z'

describe('stages (spec/database.md §9)', () => {
  const cases: Array<[name: string, build: Build, stages: object[]]> = [
    [
      'match flattens',
      (p, _) => p.match({ a: { b: _.gt(1) }, c: undefined }),
      [{ $match: { 'a.b': { $gt: 1 } } }],
    ],
    ['match of undefined only', (p) => p.match({ a: undefined }), [{ $match: {} }]],
    [
      'match of a logic command',
      (p, _) => p.match(_.or({ a: 1 }, { b: 2 })),
      [{ $match: { $or: [{ a: 1 }, { b: 2 }] } }],
    ],
    [
      'match of an expression operator',
      (p, _, $) => p.match({ a: $.gt(5) }),
      [{ $match: { a: { $gt: 5 } } }],
    ],
    ['match converts dates', (p) => p.match({ a: iso }), [{ $match: { a: new Date(iso) } }]],
    [
      'other stages do not flatten',
      (p, _, $) => p.project({ a: { b: 1 }, c: $.sum(['$x', '$y']) }),
      [{ $project: { a: { b: 1 }, c: { $sum: ['$x', '$y'] } } }],
    ],
    [
      'literals: ids yes, dates no',
      (p, _, $) => p.addFields({ a: $.eq(['$b', hex]), c: iso }),
      [{ $addFields: { a: { $eq: ['$b', id] }, c: iso } }],
    ],
    [
      'undefined members are dropped',
      (p) => p.group({ _id: { a: undefined, b: '$b' }, n: { $sum: 1 } }),
      [{ $group: { _id: { b: '$b' }, n: { $sum: 1 } } }],
    ],
    [
      'calls need not be chained',
      (p) => {
        p.match({ a: 1 })
        p.limit(1)
        return p
      },
      [{ $match: { a: 1 } }, { $limit: 1 }],
    ],
    [
      'names in lookup stay names',
      (p) => p.lookup({ from: hex, localField: hex, foreignField: 'x', as: hex }),
      [{ $lookup: { from: hex, localField: hex, foreignField: 'x', as: hex } }],
    ],
    [
      'lookup with a pipeline',
      (p, _, $) =>
        p.lookup({
          from: 'u',
          let: { k: '$uid' },
          pipeline: $.pipeline()
            .match(_.expr($.eq(['$_id', '$$k'])))
            .match({ o: hex, d: iso })
            .done(),
          as: 'l',
        }),
      [
        {
          $lookup: {
            from: 'u',
            let: { k: '$uid' },
            as: 'l',
            pipeline: [
              { $match: { $expr: { $eq: ['$_id', '$$k'] } } },
              { $match: { o: id, d: new Date(iso) } },
            ],
          },
        },
      ],
    ],
    [
      'lookup with stages by hand',
      (p, _) => p.lookup({ from: 'u', let: {}, pipeline: [{ $match: { a: { b: _.gt(1) } } }], as: 'l' }),
      [{ $lookup: { from: 'u', let: {}, as: 'l', pipeline: [{ $match: { 'a.b': { $gt: 1 } } }] } }],
    ],
    [
      'geoNear',
      (p, _, _$, db) =>
        p.geoNear({
          near: new db.Geo.Point(1, 2),
          spherical: true,
          distanceField: 'd',
          query: { a: { b: _.neq(1) } },
        }),
      [
        {
          $geoNear: {
            near: { type: 'Point', coordinates: [1, 2] },
            spherical: true,
            distanceField: 'd',
            query: { 'a.b': { $ne: 1 } },
          },
        },
      ],
    ],
    [
      'the rest',
      (p) =>
        p
          .unwind('$a')
          .sort({ a: -1 })
          .skip(1)
          .limit(2)
          .count('n')
          .sortByCount('$a')
          .sample({ size: 1 })
          .replaceRoot({ newRoot: '$a' }),
      [
        { $unwind: '$a' },
        { $sort: { a: -1 } },
        { $skip: 1 },
        { $limit: 2 },
        { $count: 'n' },
        { $sortByCount: '$a' },
        { $sample: { size: 1 } },
        { $replaceRoot: { newRoot: '$a' } },
      ],
    ],
  ]
  it.each(cases)('%s', async (_name, build, stages) => {
    expect(await sent(build)).toStrictEqual(stages)
  })
})

it('tencent returns 20 rows without a limit', async () => {
  expect(await sent((p) => p.match({}), 'tencent')).toEqual([{ $match: {} }, { $limit: 20 }])
  expect(await sent((p) => p.limit(50).match({}), 'tencent')).toEqual([{ $limit: 50 }, { $match: {} }])
})

it('$.pipeline() cannot be run', async () => {
  const { db } = recordedApi()
  const pipeline = db.command.aggregate.pipeline().match({ a: db.command.gt(1) })
  expect(pipeline.done()).toEqual([{ $match: { a: { $gt: 1 } } }])
  await expect(pipeline.end()).rejects.toThrow('Aggregation pipeline cannot send request')
})

it('the renamed operator', () => {
  const { db } = recordedApi()
  const argument = ['$a', 1]
  expect(db.command.aggregate.neq(argument)).toEqual({ $ne: argument })
  expect(db.command.aggregate.dateToString(argument).$dateToString).toBe(argument)
})

describe('what MongoDB 4.0 does not know (spec/database.md, introduction)', () => {
  const cases: Array<[name: string, build: Build, message: RegExp]> = [
    ['expressions', (p) => p.project({ a: { $round: ['$b', 1] } }), /\$round came with MongoDB 4\.2/],
    [
      'nested expressions',
      (p, _, $) => p.addFields({ a: $.cond([{ $regexMatch: {} }, 1, 2]) }),
      /\$regexMatch/,
    ],
    ['array $first', (p) => p.project({ a: { $first: '$l' } }), /expression \$first/],
    ['accumulators', (p) => p.group({ _id: null, n: { $count: {} } }), /accumulator \$count/],
    [
      'stages in lookup',
      (p) => p.lookup({ from: 'u', let: {}, pipeline: [{ $set: { a: 1 } }], as: 'l' }),
      /stage \$set/,
    ],
    [
      'both forms of lookup',
      (p) => p.lookup({ from: 'u', localField: 'a', foreignField: 'b', pipeline: [], as: 'l' }),
      /lookup/,
    ],
    ['expressions in match', (p, _) => p.match(_.and({ a: 1 }, _.expr({ $round: '$a' }))), /\$round/],
    [
      'names of months',
      (p, _, $) => p.project({ a: $.dateToString({ date: '$d', format: '%%b %B' }) }),
      /%B/,
    ],
    ['trunc to a place', (p, _, $) => p.project({ a: $.trunc(['$b', 1]) }), /\$trunc/],
  ]
  it.each(cases)('%s', async (_name, build, message) => {
    await expect(sent(build)).rejects.toMatchObject({
      code: 'DATABASE_INVALID_OPERRATOR',
      message: expect.stringMatching(message),
    })
    await expect(sent(build, 'aliyun', true)).resolves.toBeDefined()
  })

  it('leaves data and older operators alone', async () => {
    await expect(
      sent((p, _, $) => p.group({ _id: null, a: $.first('$x') }).project({ b: $.literal({ $round: 1 }) })),
    ).resolves.toBeDefined()
  })

  it('in where()', async () => {
    const { db } = recordedApi()
    await expect(
      db
        .collection('t')
        .where({ $expr: { $round: '$a' } })
        .get(),
    ).rejects.toThrow(/\$round/)
  })
})
