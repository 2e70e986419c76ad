import { Binary, Double, Long, ObjectId } from 'bson'
import { describe, expect, it } from 'vitest'
import type { DatabaseApi } from '../../../database/api/index.ts'
import { DatabaseError } from '../../../database/command.ts'
import { recordedApi } from './recording-database.ts'

type Call = (db: DatabaseApi) => Promise<object>

const first = (db: DatabaseApi) => db.collection('t')

describe('commands sent (spec/database.md §4)', () => {
  const cases: Array<[name: string, call: Call, command: object]> = [
    ['get', (db) => first(db).get(), { find: 't', filter: {}, limit: 100, batchSize: 100 }],
    [
      'get with everything',
      (db) =>
        first(db)
          .where({ a: 1 })
          .field({ b: true, c: 0.5, _id: false })
          .orderBy('x', 'asc')
          .orderBy('y', 'desc')
          .skip(3)
          .limit(5)
          .get(),
      {
        find: 't',
        filter: { a: 1 },
        projection: { b: 1, c: 1, _id: 0 },
        sort: { x: 1, y: -1 },
        skip: 3,
        limit: 5,
        batchSize: 5,
      },
    ],
    [
      'limit is clamped',
      (db) => first(db).limit(5000).get(),
      { find: 't', filter: {}, limit: 1000, batchSize: 1000 },
    ],
    [
      'limit 0 is the default',
      (db) => first(db).limit(0).get(),
      { find: 't', filter: {}, limit: 100, batchSize: 100 },
    ],
    [
      'a second where replaces the first',
      (db) => first(db).where({ a: 1 }).where({ b: 2 }).limit(1).get(),
      { find: 't', filter: { b: 2 }, limit: 1, batchSize: 1 },
    ],
    [
      'slice and elemMatch in field',
      (db) =>
        first(db)
          .field({ a: db.command.project.slice([1, 2]), b: db.command.project.elemMatch(db.command.gt(1)) })
          .limit(1)
          .get(),
      {
        find: 't',
        filter: {},
        projection: { a: { $slice: [1, 2] }, b: { $elemMatch: { $gt: 1 } } },
        limit: 1,
        batchSize: 1,
      },
    ],
    [
      'count ignores limits',
      (db) => first(db).where({ a: 1 }).skip(1).limit(1).count(),
      { count: 't', query: { a: 1 } },
    ],
    [
      'doc().get',
      (db) => first(db).doc(5).field({ a: 1 }).get(),
      { find: 't', filter: { _id: 5 }, projection: { a: 1 }, limit: 1 },
    ],
    [
      'doc().update',
      (db) => first(db).doc('x').update({ a: 1 }),
      { update: 't', updates: [{ q: { _id: 'x' }, u: { $set: { a: 1 } } }] },
    ],
    [
      'doc().remove',
      (db) => first(db).doc('x').remove(),
      { delete: 't', deletes: [{ q: { _id: 'x' }, limit: 1 }] },
    ],
    [
      'where().remove',
      (db) => first(db).where({ a: 1 }).remove(),
      { delete: 't', deletes: [{ q: { a: 1 }, limit: 0 }] },
    ],
    [
      'updateAndReturn',
      (db) => first(db).where({ a: 1 }).orderBy('b', 'desc').updateAndReturn({ c: 1 }),
      { findAndModify: 't', query: { a: 1 }, sort: { b: -1 }, update: { $set: { c: 1 } }, new: true },
    ],
    [
      'an empty updateAndReturn reads',
      (db) => first(db).doc('1').updateAndReturn({}),
      { find: 't', filter: { _id: '1' }, limit: 1 },
    ],
    [
      'add puts _id first',
      (db) => first(db).add({ a: 1, _id: 'x' }),
      { insert: 't', documents: [{ _id: 'x', a: 1 }], ordered: true },
    ],
  ]
  it.each(cases)('%s', async (_name, call, command) => {
    const { db, database } = recordedApi('aliyun')
    await call(db)
    expect(database.sent[0]).toStrictEqual(command)
  })

  it('add of alipay: ids are text, 24 digits', async () => {
    const { db, database } = recordedApi('alipay')
    const { id } = (await db.collection('t').add({ _id: null })) as { id: string }
    expect(id).toMatch(/^[0-9a-f]{24}$/)
    expect(database.sent.at(-1)).toStrictEqual({ insert: 't', documents: [{ _id: id }], ordered: true })
  })

  it('fetches all batches', async () => {
    const { db, database } = recordedApi('aliyun')
    database.replies.push(
      { ok: 1, cursor: { id: 7n, firstBatch: [{ _id: '1' }] } },
      { ok: 1, cursor: { id: Long.ZERO, nextBatch: [{ _id: '2' }] } },
    )
    expect(await db.collection('t').aggregate().end()).toEqual({
      affectedDocs: 2,
      data: [{ _id: '1' }, { _id: '2' }],
    })
    expect(database.sent[1]).toEqual({ getMore: 7n, collection: 't' })
  })
})

it('what comes back is plain (spec/database.md §5)', async () => {
  const { db, database } = recordedApi('aliyun')
  const hex = '5f79fdb337d16d0001899566'
  const document = {
    _id: new ObjectId(hex),
    long: Long.fromNumber(2 ** 40),
    double: new Double(5),
    binary: new Binary(Buffer.from('abc')),
    list: [new ObjectId(hex)],
  }
  database.replies.push({ ok: 1, cursor: { id: 0, firstBatch: [document] } })
  expect(await db.collection('t').get()).toStrictEqual({
    affectedDocs: 1,
    data: [{ _id: hex, long: 2 ** 40, double: 5, binary: Buffer.from('abc'), list: [hex] }],
  })
})

describe('wrong calls are refused before anything is sent', () => {
  const cases: Array<[name: string, call: Call, message: RegExp]> = [
    ['an empty collection name', (db) => db.collection('').get(), /Collection name is required/],
    [
      'doc without id',
      (db) =>
        first(db)
          .doc(null as never)
          .get(),
      /docId必须为字符串或数字/,
    ],
    [
      'a text limit',
      (db) =>
        first(db)
          .limit('5' as never)
          .get(),
      /must be integer/,
    ],
    ['a negative skip', (db) => first(db).skip(-1).get(), /must be integer/],
    [
      'an order',
      (db) =>
        first(db)
          .orderBy('a', 'up' as never)
          .get(),
      /排序字符不合法/,
    ],
    [
      'update without where',
      (db) => first(db).update({ a: 1 }),
      /param should have required property 'query'/,
    ],
    [
      'remove without where',
      (db) => first(db).limit(1).remove(),
      /param should have required property 'query'/,
    ],
    [
      'updateAndReturn after field',
      (db) => first(db).where({}).field({ a: 1 }).updateAndReturn({ a: 1 }),
      /field/,
    ],
    ['add of text', (db) => first(db).add('x' as never), /参数/],
    ['add of nothing', (db) => first(db).add([]), /参数/],
    ['add of a list with a number', (db) => first(db).add([{}, 1]), /参数/],
    ['an _id that is an object', (db) => first(db).add({ _id: { a: 1 } }), /_id必须为字符串或数字/],
  ]
  it.each(cases)('%s', async (_name, call, message) => {
    const { db, database } = recordedApi('aliyun')
    await expect((async () => call(db))()).rejects.toMatchObject({
      code: 'INVALID_PARAM',
      errCode: 'INVALID_PARAM',
      message: expect.stringMatching(message),
      errMsg: expect.stringMatching(message),
    })
    expect(database.sent).toEqual([])
  })

  it('1001 documents at once on alipay', async () => {
    const { db } = recordedApi('alipay')
    await expect(db.collection('t').add(Array.from({ length: 1001 }, () => ({})))).rejects.toThrow(/1001/)
  })
})

describe('errors of the database (spec/database.md §13)', () => {
  const cases: Array<[mongoCode: number, text: string, code: string, message: RegExp]> = [
    [
      11000,
      'E11000 duplicate key error collection: space.t index: m_u dup key: { m: "a" }',
      'DATABASE_DUPLICATE_WRITE',
      /collection: t index: m_u/,
    ],
    [2, 'unknown operator: $foo', 'DATABASE_INVALID_OPERRATOR', /\$foo/],
    [2, '$and/$or/$nor must be a nonempty array', 'DATABASE_REQUEST_FAILED', /nonempty/],
    [9, 'Unknown modifier: $foo', 'DATABASE_INVALID_OPERRATOR', /\$foo/],
    [9, 'Failed to parse', 'DATABASE_REQUEST_FAILED', /parse/],
    [168, "Unrecognized expression '$nope'", 'DATABASE_INVALID_OPERRATOR', /\$nope/],
    [
      31325,
      'Invalid $project :: caused by :: Unknown expression $nope',
      'DATABASE_INVALID_OPERRATOR',
      /\$nope/,
    ],
    [40324, "Unrecognized pipeline stage name: '$x'", 'DATABASE_INVALID_OPERRATOR', /\$x/],
    [50, 'operation exceeded time limit', 'DATABASE_TIMEOUT', /operation exceeded time limit/],
    [112, 'WriteConflict error: please retry', 'DATABASE_TRANSACTION_CONFLICT', /WriteConflict/],
    [251, 'Transaction 1 has been aborted.', 'DATABASE_TRANSACTION_FAIL', /Transaction has been/],
    [48, 'Collection space.t already exists', 'DATABASE_COLLECTION_ALREADY_EXIST', /Table exist/],
    [14, 'Cannot increment with non-numeric argument', 'DATABASE_REQUEST_FAILED', /non-numeric/],
  ]
  it.each(cases)('%i %s', async (mongoCode, text, code, message) => {
    const { db, database } = recordedApi()
    database.replies.push(new DatabaseError(text, { code: mongoCode, codeName: '' }))
    await expect(db.collection('t').get()).rejects.toMatchObject({
      code,
      mongoCode,
      requestId: 'request-1',
      message: expect.stringMatching(message),
    })
  })

  it('write errors inside a reply', async () => {
    const { db, database } = recordedApi('aliyun')
    database.replies.push({ ok: 1, n: 0, writeErrors: [{ index: 0, code: 11000, errmsg: 'E11000 x' }] })
    await expect(db.collection('t').add({ _id: '1' })).rejects.toMatchObject({
      code: 'DATABASE_DUPLICATE_WRITE',
      mongoCode: 11000,
    })
  })
})

it('references are immutable', async () => {
  const { db, database } = recordedApi('aliyun')
  const reference = db.collection('t')
  reference.where({ a: 1 })
  reference.limit(1)
  reference.orderBy('a', 'asc')
  await reference.get()
  expect(database.sent[0]).toEqual({ find: 't', filter: {}, limit: 100, batchSize: 100 })
})

it('update warns about what it ignores', async () => {
  const { db, warnings } = recordedApi('aliyun')
  await db.collection('t').where({ a: 1 }).limit(1).update({ a: 2 })
  expect(warnings).toEqual([expect.stringContaining('ignored')])
})

it('commands can be taken apart', () => {
  const { db } = recordedApi()
  const { gt, or, inc } = db.command
  expect(or(gt(1), 2).node).toMatchObject({ operator: '$or' })
  expect(inc(1).operator).toBe('$inc')
})

it('ids grow while the clock stands still or goes back', async () => {
  let now = 1_700_000_000_000
  const { createSharedIdState, ObjectIdSource } = await import('../../../database/api/index.ts')
  const state = createSharedIdState()
  const sources = [
    new ObjectIdSource({ now: () => now }, state),
    new ObjectIdSource({ now: () => now }, state),
  ]
  const ids: string[] = []
  for (let i = 0; i < 1000; i++) {
    if (i === 300) now -= 60_000
    if (i === 600) now += 120_000
    ids.push(sources[i % 2]!.next())
  }
  expect(ids).toEqual([...ids].sort())
  expect(new Set(ids).size).toBe(1000)
  expect(ids[0]!.slice(0, 8)).toBe((1_700_000_000).toString(16))
  expect(ids.at(-1)!.slice(0, 8)).toBe((1_700_000_060).toString(16))
})
