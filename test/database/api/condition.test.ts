import { Long, ObjectId } from 'bson'
import { describe, expect, it } from 'vitest'
import type { DatabaseApi, DatabaseProvider } from '../../../database/api/index.ts'
import { recordedApi } from './recording-database.ts'

type Build = (db: DatabaseApi, _: DatabaseApi['command'], $: DatabaseApi['command']['aggregate']) => object

async function filterOf(build: Build, provider: DatabaseProvider = 'tencent'): Promise<unknown> {
  const { db, database } = recordedApi(provider)
  await db
    .collection('t')
    .where(build(db, db.command, db.command.aggregate))
    .get()
  return database.sent[0]!.filter
}

const hex = '5F79FDB337D16D0001899566'
const id = new ObjectId(hex)
const iso = '2022-07-01T02:50:11.142Z'
const date = new Date(iso)

describe('conditions become filters (spec/database.md §6)', () => {
  const cases: Array<[name: string, build: Build, filter: object]> = [
    ['a constant', () => ({ a: 1 }), { a: 1 }],
    ['null', () => ({ a: null }), { a: null }],
    ['nested objects flatten', (_db, _) => ({ a: { b: 1, c: _.gt(2) } }), { 'a.b': 1, 'a.c': { $gt: 2 } }],
    [
      'undefined is dropped at every level',
      () => ({ a: undefined, b: { c: undefined, d: 1 } }),
      { 'b.d': 1 },
    ],
    ['functions are dropped', () => ({ a: () => 1, b: 1 }), { b: 1 }],
    ['raw operators stay at their path', () => ({ a: { $gt: 1, b: 2 } }), { 'a.b': 2, a: { $gt: 1 } }],
    ['an empty object vanishes', () => ({ a: {}, b: 1 }), { b: 1 }],
    ['eq keeps a whole object', (_db, _) => ({ a: _.eq({ b: 1 }) }), { a: { $eq: { b: 1 } } }],
    ['eq of an empty object', (_db, _) => ({ a: _.eq({}) }), { a: { $eq: {} } }],
    ['arrays are values', () => ({ a: [1, { b: 2 }] }), { a: [1, { b: 2 }] }],
    [
      'a class instance is a document',
      () => ({
        a: new (class {
          b = 1
        })(),
      }),
      { 'a.b': 1 },
    ],
    [
      'Geo objects are values',
      (db) => ({ a: new db.Geo.Point(1, 2) }),
      { a: { $eq: { type: 'Point', coordinates: [1, 2] } } },
    ],
    ['a chain means AND', (_db, _) => ({ a: _.gt(1).lt(5) }), { a: { $gt: 1, $lt: 5 } }],
    [
      'the same operator twice',
      (_db, _) => ({ a: _.gt(1).gt(5) }),
      { a: { $gt: 1 }, $and: [{ a: { $gt: 5 } }] },
    ],
    ['one path written twice', () => ({ 'a.b': 1, a: { b: 2 } }), { 'a.b': 1, $and: [{ 'a.b': 2 }] }],
    ['.and()', (_db, _) => ({ a: _.gt(1).and(_.lt(5)) }), { a: { $gt: 1, $lt: 5 } }],
    [
      '.or() joins what stands before',
      (_db, _) => ({ a: _.lt(4).or(_.gt(6).and(_.lt(8))) }),
      { $or: [{ a: { $lt: 4 } }, { a: { $gt: 6, $lt: 8 } }] },
    ],
    [
      'a chain before .or()',
      (_db, _) => ({ a: _.gt(1).lt(4).or(_.eq(9)) }),
      { $or: [{ a: { $gt: 1, $lt: 4 } }, { a: { $eq: 9 } }] },
    ],
    [
      'constants in a field-level or',
      (_db, _) => ({ a: _.or(1, [2], /x/) }),
      { $or: [{ a: 1 }, { a: [2] }, { a: /x/ }] },
    ],
    ['one array of constants', (_db, _) => ({ a: _.or([1, 2]) }), { $or: [{ a: 1 }, { a: 2 }] }],
    [
      'an object in a field-level or',
      (_db, _) => ({ a: _.or({ b: 1 }, { $gt: 3 }) }),
      { $or: [{ 'a.b': 1 }, { a: { $gt: 3 } }] },
    ],
    [
      'two field-level ors',
      (_db, _) => ({ a: _.or(1, 2), b: _.or(3, 4) }),
      { $or: [{ a: 1 }, { a: 2 }], $and: [{ $or: [{ b: 3 }, { b: 4 }] }] },
    ],
    [
      'a root or',
      (_db, _) => _.or({ a: { b: _.gt(1) } }, { c: 2 }),
      { $or: [{ 'a.b': { $gt: 1 } }, { c: 2 }] },
    ],
    [
      'a root and',
      (_db, _) => _.and({ a: 1 }, _.or([{ b: 1 }, { c: 2 }])),
      { a: 1, $or: [{ b: 1 }, { c: 2 }] },
    ],
    ['a root and of one field', (_db, _) => _.and({ a: _.gt(1) }, { a: _.lt(5) }), { a: { $gt: 1, $lt: 5 } }],
    [
      'a root nor, then and',
      (_db, _) => _.nor([{ a: 1 }, { b: 2 }]).and({ c: 3 }),
      { $nor: [{ a: 1 }, { b: 2 }], c: 3 },
    ],
    ['an empty or survives as an error', (_db, _) => _.or([]), { $or: [] }],
    ['an empty and survives as an error', (_db, _) => _.and({ a: 1 }, _.and([])), { a: 1, $and: [] }],
    [
      'raw root logic',
      (_db, _) => ({ $or: [{ a: { b: 1 } }, { c: _.gt(2) }], d: 1 }),
      { $or: [{ 'a.b': 1 }, { c: { $gt: 2 } }], d: 1 },
    ],
    [
      'exists().nor()',
      (_db, _) => ({ a: _.exists().nor([_.lt(2), _.gt(8)]) }),
      { a: { $exists: true }, $nor: [{ a: { $lt: 2 } }, { a: { $gt: 8 } }] },
    ],
    ['exists(false)', (_db, _) => ({ a: _.exists(false) }), { a: { $exists: false } }],
    ['not(command)', (_db, _) => ({ a: _.not(_.eq(1)) }), { a: { $not: { $eq: 1 } } }],
    ['not(chain)', (_db, _) => ({ a: _.not(_.gt(1).lt(5)) }), { a: { $not: { $gt: 1, $lt: 5 } } }],
    [
      'not(or)',
      (_db, _) => ({ a: _.not(_.or([_.lt(5), _.eq(9)])) }),
      { $nor: [{ $or: [{ a: { $lt: 5 } }, { a: { $eq: 9 } }] }] },
    ],
    ['not(RegExp)', (_db, _) => ({ a: _.not(/x/i) }), { a: { $not: /x/i } }],
    ['not(db.RegExp)', (db, _) => ({ a: _.not(new db.RegExp({ regexp: 'x' })) }), { a: { $not: /x/ } }],
    ['not(all)', (_db, _) => ({ a: _.not(_.all([1])) }), { a: { $not: { $all: [1] } } }],
    [
      'mod in both forms',
      (_db, _) => ({ a: _.mod(10, 1), b: _.mod([3, 0]) }),
      { a: { $mod: [10, 1] }, b: { $mod: [3, 0] } },
    ],
    [
      'elemMatch of a condition',
      (_db, _) => ({ a: _.elemMatch({ b: { c: _.gt(1) }, d: 2 }) }),
      { a: { $elemMatch: { 'b.c': { $gt: 1 }, d: 2 } } },
    ],
    [
      'elemMatch of a chain',
      (_db, _) => ({ a: _.elemMatch(_.gt(1).lt(5)) }),
      { a: { $elemMatch: { $gt: 1, $lt: 5 } } },
    ],
    [
      'elemMatch of raw operators',
      (_db, _) => ({ a: _.elemMatch({ $gt: 1 }) }),
      { a: { $elemMatch: { $gt: 1 } } },
    ],
    [
      'elemMatch of an or of scalars',
      (_db, _) => ({ a: _.elemMatch(_.lt(1).or(_.gt(5))) }),
      { $or: [{ a: { $elemMatch: { $lt: 1 } } }, { a: { $elemMatch: { $gt: 5 } } }] },
    ],
    [
      'elemMatch of an or of conditions',
      (_db, _) => ({ a: _.elemMatch(_.or({ b: 1 }, { c: 2 })) }),
      { a: { $elemMatch: { $or: [{ b: 1 }, { c: 2 }] } } },
    ],
    [
      'elemMatch of not',
      (_db, _) => ({ a: _.elemMatch(_.not(_.gt(1))) }),
      { a: { $elemMatch: { $not: { $gt: 1 } } } },
    ],
    [
      'all of elemMatch',
      (_db, _) => ({ a: _.all([_.elemMatch({ b: _.gt(1) }), _.elemMatch({ c: 2 })]) }),
      { a: { $all: [{ $elemMatch: { b: { $gt: 1 } } }, { $elemMatch: { c: 2 } }] } },
    ],
    ['a RegExp loses g and y', () => ({ a: /x/giy }), { a: /x/i }],
    ['in with a RegExp', (_db, _) => ({ a: _.in([/x/g, 'y']) }), { a: { $in: [/x/, 'y'] } }],
    ['raw $regex', () => ({ a: { $regex: '^x', $options: 'i' } }), { a: { $regex: '^x', $options: 'i' } }],
    [
      'expr, spread',
      (_db, _, $) => ({ k: 1, ..._.expr($.gt(['$a', '$b'])) }),
      { k: 1, $expr: { $gt: ['$a', '$b'] } },
    ],
    [
      'expr inside and',
      (_db, _, $) => _.and({ k: 1 }, _.expr($.neq(['$a', 1]))),
      { k: 1, $expr: { $ne: ['$a', 1] } },
    ],
    [
      'geoNear',
      (db, _) => ({ a: _.geoNear({ geometry: new db.Geo.Point(1, 2), maxDistance: 5 }) }),
      { a: { $nearSphere: { $geometry: { type: 'Point', coordinates: [1, 2] }, $maxDistance: 5 } } },
    ],
    [
      'geoWithin centerSphere',
      (db, _) => ({ a: _.geoWithin({ centerSphere: [new db.Geo.Point(1, 2), 0.5] }) }),
      { a: { $geoWithin: { $centerSphere: [[1, 2], 0.5] } } },
    ],
    [
      'serverDate',
      (db, _) => ({ a: _.lt(new db.serverDate({ offset: 1000 })) }),
      { a: { $lt: new Date(1_700_000_001_000) } },
    ],
    [
      'integers beyond int32 are longs',
      (_db, _) => ({ a: _.gt(2 ** 40) }),
      { a: { $gt: Long.fromNumber(2 ** 40) } },
    ],
    [
      'members named like prototype parts',
      () => JSON.parse('{"__proto__": 1, "constructor": 2}'),
      JSON.parse('{"__proto__": 1, "constructor": 2}'),
    ],
  ]
  it.each(cases)('%s', async (_name, build, filter) => {
    expect(await filterOf(build)).toStrictEqual(filter)
  })
})

describe('strings of aliyun in conditions (spec/database.md §5)', () => {
  const cases: Array<[name: string, build: Build, filter: object]> = [
    ['24 hex digits', () => ({ a: hex }), { a: id }],
    ['in', (_db, _) => ({ a: _.in([hex, 'x']) }), { a: { $in: [id, 'x'] } }],
    ['nested objects', () => ({ a: { b: hex } }), { 'a.b': id }],
    ['inside eq of an object', (_db, _) => ({ a: _.eq({ b: [hex] }) }), { a: { $eq: { b: [id] } } }],
    ['elemMatch', (_db, _) => ({ a: _.elemMatch({ b: hex }) }), { a: { $elemMatch: { b: id } } }],
    ['elemMatch of scalars', (_db, _) => ({ a: _.elemMatch(_.eq(hex)) }), { a: { $elemMatch: { $eq: id } } }],
    ['not', (_db, _) => ({ a: _.not(_.in([hex])) }), { a: { $not: { $in: [id] } } }],
    ['all', (_db, _) => ({ a: _.all([hex]) }), { a: { $all: [id] } }],
    ['ISO strings', (_db, _) => ({ a: _.gte(iso) }), { a: { $gte: date } }],
    [
      'expressions: ids yes, dates no',
      (_db, _, $) => _.expr($.eq(['$a', hex, iso])),
      { $expr: { $eq: ['$a', id, iso] } },
    ],
    ['patterns stay text', () => ({ a: { $regex: hex } }), { a: { $regex: hex } }],
    ['branches', (_db, _) => _.or({ a: hex }, { $and: [{ b: iso }] }), { $or: [{ a: id }, { b: date }] }],
    [
      'an impossible date stays text',
      () => ({ a: '2022-02-31T02:50:11.142Z' }),
      { a: '2022-02-31T02:50:11.142Z' },
    ],
    ['23 digits', () => ({ a: hex.slice(1) }), { a: hex.slice(1) }],
  ]
  it.each(cases)('%s', async (_name, build, filter) => {
    expect(await filterOf(build, 'aliyun')).toStrictEqual(filter)
  })

  it.each(['tencent', 'alipay'] as const)('%s leaves them alone', async (provider) => {
    expect(await filterOf(() => ({ a: hex, b: iso }), provider)).toStrictEqual({ a: hex, b: iso })
  })
})

describe('whole objects of alipay (spec/database.md §2)', () => {
  const cases: Array<[name: string, build: Build, filter: object]> = [
    ['a plain object', () => ({ a: { b: 1, c: { d: 2 } } }), { a: { $eq: { b: 1, c: { d: 2 } } } }],
    ['a command inside', (_db, _) => ({ a: { b: 1, c: _.gt(2) } }), { 'a.b': 1, 'a.c': { $gt: 2 } }],
    ['a raw operator inside', () => ({ a: { b: { $gt: 1 }, c: 1 } }), { 'a.b': { $gt: 1 }, 'a.c': 1 }],
    ['a dotted path', () => ({ 'a.b': 1 }), { 'a.b': 1 }],
    ['an empty object', () => ({ a: {} }), {}],
  ]
  it.each(cases)('%s', async (_name, build, filter) => {
    expect(await filterOf(build, 'alipay')).toStrictEqual(filter)
  })
})

describe('wrong conditions are refused', () => {
  const cases: Array<[name: string, build: Build, message: RegExp]> = [
    ['an array', () => [{ a: 1 }], /查询参数必须为对象/],
    ['a date', () => new Date(), /查询参数必须为对象/],
    [
      'a comparison on the root',
      (_db, _) => _.gt(1),
      /Cannot encode a comparison command with unset field name/,
    ],
    ['not on the root', (_db, _) => _.not(_.eq(1)), /unset field name/],
    ['a constant in a root or', (_db, _) => _.or(1, 2), /查询参数必须为对象/],
    ['an update command', (_db, _) => ({ a: _.inc(1) }), /plain value/],
    ['a command in an array', (_db, _) => ({ a: [_.gt(1)] }), /plain value/],
    ['size of a fraction', (_db, _) => ({ a: _.size(1.5) }), /must be integer/],
    ['mod without remainder', (_db, _) => ({ a: _.mod(5) }), /remainder/],
    ['an invalid date', () => ({ a: new Date('x') }), /date is invalid/],
    ['an unsafe bigint', () => ({ a: 2n ** 60n }), /bigint/],
    [
      'centerSphere',
      (_db, _) => ({ a: _.geoWithin({ centerSphere: [[1] as never, 2] }) }),
      /centersPhere结构不合法/,
    ],
    [
      'geoNear without a Point',
      (_db, _) => ({ a: _.geoNear({ geometry: {} as never }) }),
      /"geometry" must be of type Point\. Received type object/,
    ],
    [
      'or inside all',
      (_db, _) => ({ a: _.all([_.elemMatch(_.or(1, 2)), _.or(_.eq(1), _.eq(2))]) }),
      /or\(\) cannot stand inside/,
    ],
  ]
  it.each(cases)('%s', async (_name, build, message) => {
    await expect(filterOf(build)).rejects.toMatchObject({
      code: 'INVALID_PARAM',
      message: expect.stringMatching(message),
    })
  })

  it('a circular condition', async () => {
    const loop: Record<string, unknown> = {}
    loop.a = loop
    await expect(filterOf(() => loop)).rejects.toThrow(/circular/)
  })
})

it('an empty nested object is remarked upon', async () => {
  const { db, warnings } = recordedApi()
  await db.collection('t').where({ a: {} }).get()
  expect(warnings).toEqual([expect.stringContaining('a: {} adds no condition')])
})

it('later changes of the condition do not matter', async () => {
  const { db, database } = recordedApi()
  const condition = { a: 1, b: { c: [1] } }
  const query = db.collection('t').where(condition)
  condition.a = 2
  condition.b.c.push(2)
  await query.get()
  expect(database.sent[0]!.filter).toEqual({ a: 1, 'b.c': [1] })
})

it('serverDate is read at execution', async () => {
  const { db, database } = recordedApi('aliyun', { now: 5000 })
  const query = db.collection('t').where({ a: db.serverDate() })
  await query.get()
  expect(database.sent[0]!.filter).toEqual({ a: new Date(5000) })
})
