import { Long, ObjectId } from 'bson'
import { describe, expect, it } from 'vitest'
import type { DatabaseApi, DatabaseProvider } from '../../../database/api/index.ts'
import { recordedApi } from './recording-database.ts'

type Build = (_: DatabaseApi['command'], db: DatabaseApi) => object

async function updateOf(build: Build, provider: DatabaseProvider = 'tencent'): Promise<unknown> {
  const { db, database } = recordedApi(provider)
  await db.collection('t').where({}).update(build(db.command, db))
  return (database.sent[0] as { updates?: Array<{ u: unknown }> } | undefined)?.updates?.[0]?.u
}

const hex = '5f79fdb337d16d0001899566'
const iso = '2022-07-01T02:50:11.142Z'

describe('data becomes an update document (spec/database.md §8.1)', () => {
  const cases: Array<[name: string, build: Build, update: object | undefined]> = [
    ['plain members', () => ({ a: 1, b: null }), { $set: { a: 1, b: null } }],
    ['nested members are merged', () => ({ a: { b: 1, c: { d: 2 } } }), { $set: { 'a.b': 1, 'a.c.d': 2 } }],
    ['numeric keys', () => ({ a: { 1: 'z' } }), { $set: { 'a.1': 'z' } }],
    ['dotted paths', () => ({ 'a.1': { n: 'c' } }), { $set: { 'a.1.n': 'c' } }],
    [
      'positional paths',
      () => ({ 's.$.n': 1, t: { '$[]': { n: 2 } } }),
      { $set: { 's.$.n': 1, 't.$[].n': 2 } },
    ],
    [
      'arrays are values',
      () => ({ a: [{ b: undefined, c: 1 }, undefined] }),
      { $set: { a: [{ c: 1 }, null] } },
    ],
    ['undefined is ignored', () => ({ a: undefined, b: { c: undefined } }), undefined],
    ['an empty object changes nothing', () => ({ a: {}, b: 1 }), { $set: { b: 1 } }],
    ['set', (_) => ({ a: { b: _.set({ c: 1 }) } }), { $set: { 'a.b': { c: 1 } } }],
    ['remove', (_) => ({ a: { b: _.remove() } }), { $unset: { 'a.b': '' } }],
    [
      'inc, mul, min, max',
      (_) => ({ a: _.inc(1), b: _.mul(2), c: _.min(3), d: _.max('x') }),
      { $inc: { a: 1 }, $mul: { b: 2 }, $min: { c: 3 }, $max: { d: 'x' } },
    ],
    ['rename', (_) => ({ a: { b: _.rename('a.c') } }), { $rename: { 'a.b': 'a.c' } }],
    ['bit', (_) => ({ a: _.bit({ and: 10 }) }), { $bit: { a: { and: 10 } } }],
    ['push one', (_) => ({ a: _.push(1) }), { $push: { a: { $each: [1] } } }],
    ['push several', (_) => ({ a: _.push(1, 2) }), { $push: { a: { $each: [1, 2] } } }],
    ['push an array', (_) => ({ a: _.push([1, 2]) }), { $push: { a: { $each: [1, 2] } } }],
    ['push an array as element', (_) => ({ a: _.push([[1, 2]]) }), { $push: { a: { $each: [[1, 2]] } } }],
    ['push an object', (_) => ({ a: _.push({ x: 1 }) }), { $push: { a: { $each: [{ x: 1 }] } } }],
    [
      'push with modifiers',
      (_) => ({ a: _.push({ each: [1], position: 0, sort: { b: -1 }, slice: 0 }) }),
      { $push: { a: { $each: [1], $position: 0, $sort: { b: -1 }, $slice: 0 } } },
    ],
    [
      'push with $each',
      (_) => ({ a: _.push({ $each: [1], $slice: 2 }) }),
      { $push: { a: { $each: [1], $slice: 2 } } },
    ],
    [
      'unshift',
      (_) => ({ a: _.unshift(1), b: _.unshift([1, 2]) }),
      { $push: { a: { $each: [1], $position: 0 }, b: { $each: [1, 2], $position: 0 } } },
    ],
    ['pop and shift', (_) => ({ a: _.pop(), b: _.shift() }), { $pop: { a: 1, b: -1 } }],
    ['pull a value', (_) => ({ a: _.pull(1) }), { $pull: { a: 1 } }],
    ['pull by a command', (_) => ({ a: _.pull(_.in([1])) }), { $pull: { a: { $in: [1] } } }],
    ['pull by a chain', (_) => ({ a: _.pull(_.gt(3).lt(8)) }), { $pull: { a: { $gt: 3, $lt: 8 } } }],
    [
      'pull by a condition',
      (_) => ({ a: _.pull({ b: _.gt(1), c: { d: 2 } }) }),
      { $pull: { a: { b: { $gt: 1 }, 'c.d': 2 } } },
    ],
    [
      'pull by nested elemMatch',
      (_) => ({ a: _.pull({ p: _.elemMatch({ x: _.gt(1) }) }) }),
      { $pull: { a: { p: { $elemMatch: { x: { $gt: 1 } } } } } },
    ],
    ['pull by or of values', (_) => ({ a: _.pull(_.or(1, _.eq(2))) }), { $pull: { a: { $in: [1, 2] } } }],
    [
      'pull by or of conditions',
      (_) => ({ a: _.pull(_.or({ b: 1 }, { c: 2 })) }),
      { $pull: { a: { $or: [{ b: 1 }, { c: 2 }] } } },
    ],
    ['pull by nor of values', (_) => ({ a: _.pull(_.nor(1, 2)) }), { $pull: { a: { $nin: [1, 2] } } }],
    ['pullAll', (_) => ({ a: _.pullAll([1, 2]) }), { $pullAll: { a: [1, 2] } }],
    [
      'addToSet',
      (_) => ({ a: _.addToSet([1]), b: _.addToSet({ $each: [1] }), c: _.addToSet({ each: [2] }) }),
      { $addToSet: { a: [1], b: { $each: [1] }, c: { $each: [2] } } },
    ],
    [
      'raw operators with plain members',
      () => ({ $set: { b: 2 }, $inc: { a: 5 }, c: 3 }),
      { $set: { b: 2, c: 3 }, $inc: { a: 5 } },
    ],
    [
      'raw $set keeps nested objects whole',
      () => ({ $set: { a: { b: undefined, c: 1 } } }),
      { $set: { a: { c: 1 } } },
    ],
    ['raw $pull', () => ({ $pull: { a: { b: { $gt: 1 } } } }), { $pull: { a: { b: { $gt: 1 } } } }],
    [
      'raw $push',
      () => ({ $push: { a: { $each: [1], $position: 0 } } }),
      { $push: { a: { $each: [1], $position: 0 } } },
    ],
    [
      'serverDate and Geo',
      (_, db) => ({ a: db.serverDate(), b: new db.Geo.Point(1, 2) }),
      { $set: { a: new Date(1_700_000_000_000), b: { type: 'Point', coordinates: [1, 2] } } },
    ],
    [
      'longs',
      (_) => ({ a: 2 ** 40, b: _.inc(-(2 ** 31) - 1) }),
      { $set: { a: Long.fromNumber(2 ** 40) }, $inc: { b: Long.fromNumber(-(2 ** 31) - 1) } },
    ],
    [
      'int32 and doubles stay numbers',
      () => ({ a: 2 ** 31 - 1, b: 1.5, c: 2 ** 60, d: Number.NaN }),
      { $set: { a: 2 ** 31 - 1, b: 1.5, c: 2 ** 60, d: Number.NaN } },
    ],
    ['nothing at all', () => ({}), undefined],
  ]
  it.each(cases)('%s', async (_name, build, update) => {
    expect(await updateOf(build)).toStrictEqual(update)
  })

  it('strings of aliyun', async () => {
    const id = new ObjectId(hex)
    const date = new Date(iso)
    expect(
      await updateOf(
        (_) => ({ a: hex, b: [iso], c: _.push(hex), d: _.pull({ e: hex }), f: _.rename(hex) }),
        'aliyun',
      ),
    ).toStrictEqual({
      $set: { a: id, b: [date] },
      $push: { c: { $each: [id] } },
      $pull: { d: { e: id } },
      $rename: { f: hex },
    })
  })
})

describe('wrong data is refused', () => {
  const cases: Array<[name: string, build: Build, code: string, message: RegExp]> = [
    ['an array', () => [1], 'INVALID_PARAM', /非空对象/],
    ['null', () => null as never, 'INVALID_PARAM', /非空对象/],
    ['_id', () => ({ _id: '2' }), 'INVALID_PARAM', /不能更新_id的值/],
    [
      'a raw operator below the root',
      () => ({ a: { $inc: 1 } }),
      'DATABASE_REQUEST_FAILED',
      /dollar \(\$\) prefixed field '\$inc' in 'a\.\$inc'/,
    ],
    [
      'a dollar name inside a value',
      (_) => ({ a: _.set({ b: { $c: 1 } }) }),
      'DATABASE_REQUEST_FAILED',
      /'\$c' in 'a\.b\.\$c'/,
    ],
    [
      'a dollar name inside an element',
      (_) => ({ a: [{ $c: 1 }] }),
      'DATABASE_REQUEST_FAILED',
      /'\$c' in 'a\.0\.\$c'/,
    ],
    ['a query command', (_) => ({ a: _.gt(1) }), 'INVALID_PARAM', /query command/],
    ['one path twice', () => ({ $set: { a: 1 }, a: 2 }), 'DATABASE_REQUEST_FAILED', /conflict at 'a'/],
    ['pullAll of no array', (_) => ({ a: _.pullAll(1 as never) }), 'INVALID_PARAM', /array/],
    [
      'an inexpressible pull',
      (_) => ({ a: _.pull(_.or(_.lt(1), _.gt(5))) }),
      'INVALID_PARAM',
      /one after the other/,
    ],
  ]
  it.each(cases)('%s', async (_name, build, code, message) => {
    await expect(updateOf(build)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})

describe('doc().set()', () => {
  it.each<[string, Build, string, RegExp]>([
    [
      'update commands',
      (_) => ({ a: { b: [_.inc(1)] } }),
      'DATABASE_REQUEST_FAILED',
      /update operator complicit/,
    ],
    ['_id', () => ({ _id: '1' }), 'INVALID_PARAM', /_id/],
    ['a dollar name', () => ({ $set: { a: 1 } }), 'DATABASE_REQUEST_FAILED', /'\$set' in '\$set'/],
  ])('refuses %s', async (_name, build, code, message) => {
    const { db } = recordedApi()
    await expect(db.collection('t').doc('1').set(build(db.command, db))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('sends the whole document', async () => {
    const { db, database, warnings } = recordedApi('aliyun')
    await db
      .collection('t')
      .doc(hex)
      .set({ a: { b: iso }, 'c.d': 1 })
    expect(database.sent).toStrictEqual([
      {
        update: 't',
        updates: [{ q: { _id: new ObjectId(hex) }, u: { a: { b: new Date(iso) }, 'c.d': 1 }, upsert: true }],
      },
    ])
    expect(warnings).toEqual([expect.stringContaining("'c.d'")])
  })
})
