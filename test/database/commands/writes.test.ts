import { ObjectId, Timestamp } from 'bson'
import { describe, expect, test } from 'vitest'
import { Bench, type Doc, failure } from './support.ts'

describe('arguments', () => {
  const refused: [string, Doc, number, string][] = [
    ['an unknown field', { find: 'c', fliter: {} }, 40415, "BSON field 'find.fliter' is an unknown field."],
    [
      'a filter of the wrong type',
      { find: 'c', filter: 'x' },
      14,
      "BSON field 'find.filter' is the wrong type 'string', expected type 'object'",
    ],
    [
      'an unknown verbosity',
      { explain: { find: 'c' }, verbosity: 'loud' },
      2,
      "Enumeration value 'loud' for field 'explain.verbosity' is not a valid value.",
    ],
    [
      'a limit of the wrong type',
      { find: 'c', limit: 'x' },
      14,
      "BSON field 'find.limit' is the wrong type 'string', expected types '[long, int, decimal, double]'",
    ],
    [
      'a negative limit',
      { find: 'c', limit: -1 },
      51024,
      "BSON field 'limit' value must be >= 0, actual value '-1'",
    ],
    [
      'a missing required field',
      { insert: 'c' },
      40414,
      "BSON field 'insert.documents' is missing but a required field",
    ],
    [
      'no documents',
      { insert: 'c', documents: [] },
      16,
      'Write batch sizes must be between 1 and 100000. Got 0 operations.',
    ],
    [
      'a collection name with a dollar',
      { insert: 'a$b', documents: [{}] },
      73,
      "Invalid namespace specified 'd.a$b'",
    ],
    ['no collection name', { find: '' }, 73, "Invalid namespace specified 'd.'"],
    ['a number for a collection', { find: 1 }, 73, 'collection name has invalid type int'],
    [
      'an aggregate without cursor',
      { aggregate: 'c', pipeline: [] },
      9,
      "The 'cursor' option is required, except for aggregate with the explain argument",
    ],
    [
      'an aggregate without collection',
      { aggregate: 1, pipeline: [{ $match: {} }], cursor: {} },
      73,
      "{aggregate: 1} is not valid for '$match'; a collection is required.",
    ],
    [
      'an unknown stage',
      { aggregate: 'c', pipeline: [{ $nope: 1 }], cursor: {} },
      40324,
      "Unrecognized pipeline stage name: '$nope'",
    ],
    ['a delete without limit', { delete: 'c', deletes: [{ q: {} }] }, 40414, 'limit'],
    [
      'findAndModify without anything to do',
      { findAndModify: 'c', query: {} },
      9,
      'Either an update or remove=true must be specified',
    ],
    ['an unknown command', { frobnicate: 1 }, 59, "no such command: 'frobnicate'"],
    [
      'an unknown hint',
      { find: 'c', hint: 'nope' },
      2,
      'hint provided does not correspond to an existing index',
    ],
  ]
  test.each(refused)('%s is refused', async (_name, command, code, text) => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1 }])
    const reply = await bench.run(command).catch((error: { code: number; message: string }) => error)
    const error = ((reply as Doc).writeErrors as Doc[] | undefined)?.[0] ?? reply
    expect(error).toMatchObject({ code })
    expect(String((error as Doc).errmsg ?? (error as Doc).message)).toContain(text)
  })

  test('fields of drivers and sessions are accepted by every command', async () => {
    await using bench = new Bench()
    const extra = {
      $db: 'd',
      lsid: { id: 1 },
      $clusterTime: {},
      readConcern: { level: 'local' },
      writeConcern: { w: 1 },
      maxTimeMS: 1000,
      comment: 'x',
    }
    expect(await bench.run({ insert: 'c', documents: [{ _id: 1 }], ...extra })).toMatchObject({ n: 1 })
    expect(await bench.find('c', extra)).toHaveLength(1)
  })

  test('snapshot reads outside transactions are refused', async () => {
    await using bench = new Bench()
    expect(await failure(bench.run({ find: 'c', readConcern: { level: 'snapshot' } }))).toMatchObject({
      code: 72,
    })
  })
})

describe('insert', () => {
  const ids: [string, unknown, number][] = [
    ['an array', [1], 53],
    ['a regular expression', /x/, 53],
    ['a document with a $ name', { $a: 1 }, 52],
  ]
  test.each(ids)('%s is no _id', async (_name, _id, code) => {
    await using bench = new Bench()
    expect(await bench.insert('c', [{ _id }])).toMatchObject({ n: 0, writeErrors: [{ code }] })
    expect(await bench.run({ listCollections: 1 })).toMatchObject({ cursor: { firstBatch: [] } })
  })

  test('_id moves to the front, whatever its place', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ a: 1, _id: 5 }])
    expect(Object.keys((await bench.find('c'))[0]!)).toEqual(['_id', 'a'])
  })

  test('null and missing values of _id', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: null }])
    expect(await bench.insert('c', [{ _id: null }])).toMatchObject({
      writeErrors: [
        {
          code: 11000,
          errmsg: 'E11000 duplicate key error collection: d.c index: _id_ dup key: { _id: null }',
        },
      ],
    })
  })

  test('the same number of another kind is the same _id', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1 }])
    const { Long, Decimal128 } = await import('bson')
    for (const _id of [Long.fromNumber(1), Decimal128.fromString('1.0')]) {
      expect(await bench.insert('c', [{ _id }])).toMatchObject({ writeErrors: [{ code: 11000 }] })
    }
    expect(await bench.find('c', { filter: { _id: Long.fromNumber(1) } })).toHaveLength(1)
  })

  test('an empty timestamp gets the time', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      { _id: 1, at: new Timestamp({ t: 0, i: 0 }), in: { at: new Timestamp({ t: 0, i: 0 }) } },
    ])
    const [doc] = await bench.find('c')
    expect((doc!.at as Timestamp).t).toBe(1_767_225_600)
    expect((doc!.in as { at: Timestamp }).at.t).toBe(0)
  })

  test('a document above 16 MiB is refused', async () => {
    await using bench = new Bench()
    expect(await bench.insert('c', [{ _id: 1, text: 'x'.repeat(16 * 1024 * 1024) }])).toMatchObject({
      n: 0,
      writeErrors: [{ code: 10334 }],
    })
    await bench.insert('c', [{ _id: 2, text: 'x'.repeat(15 * 1024 * 1024) }])
    const grow = {
      update: 'c',
      updates: [{ q: { _id: 2 }, u: { $set: { more: 'x'.repeat(2 * 1024 * 1024) } } }],
    }
    expect(await bench.run(grow)).toMatchObject({ writeErrors: [{ code: 10334 }] })
  })

  test('__proto__ and its like are ordinary fields', async () => {
    await using bench = new Bench()
    const document = JSON.parse('{"_id":1,"__proto__":{"a":1},"constructor":{"b":2}}') as Doc
    await bench.insert('c', [document])
    const [doc] = await bench.find('c', { filter: { 'constructor.b': 2 } })
    expect(JSON.stringify(doc)).toBe('{"_id":1,"__proto__":{"a":1},"constructor":{"b":2}}')
    expect(Object.getPrototypeOf(doc)).toBe(Object.prototype)
  })
})

describe('unique indexes', () => {
  const keys: [string, Doc, Doc, string][] = [
    ['a text', { mail: 1 }, { mail: 'a"b' }, '{ mail: "a\\"b" }'],
    [
      'an ObjectId',
      { ref: 1 },
      { ref: new ObjectId('65a1b2c3d4e5f60718293a4b') },
      "{ ref: ObjectId('65a1b2c3d4e5f60718293a4b') }",
    ],
    ['a date', { at: 1 }, { at: new Date(5) }, '{ at: new Date(5) }'],
    ['two parts', { a: 1, b: -1 }, { a: 1, b: [2] }, '{ a: 1, b: 2 }'],
    ['a missing field', { a: 1 }, {}, '{ a: null }'],
    ['a nested field', { 'a.b': 1 }, { a: { b: { c: 1 } } }, '{ a.b: { c: 1 } }'],
  ]
  test.each(keys)('%s is named in the message', async (_name, key, doc, text) => {
    await using bench = new Bench()
    await bench.index('c', key, { unique: true, name: 'u' })
    await bench.insert('c', [doc])
    const reply = await bench.insert('c', [doc])
    expect((reply.writeErrors as Doc[])[0]!.errmsg).toBe(
      `E11000 duplicate key error collection: d.c index: u dup key: ${text}`,
    )
  })

  test('sparse ones let documents without the field be', async () => {
    await using bench = new Bench()
    await bench.index('c', { a: 1 }, { unique: true, sparse: true })
    expect(
      await bench.insert('c', [{ _id: 1 }, { _id: 2 }, { _id: 3, a: 1 }, { _id: 4, a: 1 }]),
    ).toMatchObject({ n: 3, writeErrors: [{ index: 3 }] })
  })

  test('partial ones look at what their filter takes', async () => {
    await using bench = new Bench()
    await bench.index('c', { a: 1 }, { unique: true, partialFilterExpression: { on: true } })
    await bench.insert('c', [
      { _id: 1, a: 1, on: true },
      { _id: 2, a: 1 },
    ])
    const turn = (_id: number, on: boolean) =>
      bench.run({ update: 'c', updates: [{ q: { _id }, u: { $set: { on } } }] })
    expect(await turn(2, true)).toMatchObject({ writeErrors: [{ code: 11000 }] })
    await turn(1, false)
    expect(await turn(2, true)).toMatchObject({ nModified: 1 })
  })

  test('array elements count one by one, null and [] are different', async () => {
    await using bench = new Bench()
    await bench.index('c', { tags: 1 }, { unique: true })
    expect(await bench.insert('c', [{ _id: 1, tags: ['a', 'b', 'a'] }])).toMatchObject({ n: 1 })
    expect(await bench.insert('c', [{ _id: 2, tags: ['c', 'b'] }])).toMatchObject({
      writeErrors: [{ keyValue: { tags: 'b' } }],
    })
    expect(
      await bench.insert('c', [
        { _id: 3, tags: [] },
        { _id: 4, tags: null },
      ]),
    ).toMatchObject({ n: 2 })
  })

  test('a collation decides what is equal', async () => {
    await using bench = new Bench()
    await bench.index('c', { name: 1 }, { unique: true, collation: { locale: 'en', strength: 2 } })
    await bench.insert('c', [{ _id: 1, name: 'Anna' }])
    expect(await bench.insert('c', [{ _id: 2, name: 'ANNA' }])).toMatchObject({
      writeErrors: [{ code: 11000 }],
    })
    expect(await bench.insert('c', [{ _id: 3, name: 'Ännä' }])).toMatchObject({ n: 1 })
    expect(
      await bench.find('c', { filter: { name: 'anna' }, collation: { locale: 'en', strength: 2 } }),
    ).toHaveLength(1)
  })

  test('parallel arrays are refused and leave nothing behind', async () => {
    await using bench = new Bench()
    await bench.index('c', { a: 1 })
    await bench.index('c', { a: 1, b: 1 })
    expect(await bench.insert('c', [{ _id: 1, a: [1], b: [2] }])).toMatchObject({
      writeErrors: [{ code: 171 }],
    })
    expect(await bench.find('c')).toEqual([])
    expect(await bench.find('c', { filter: { a: 1 } })).toEqual([])
    await bench.insert('c', [{ _id: 2, a: [{ x: 1 }], b: 1 }])
    expect(
      await bench.run({ update: 'c', updates: [{ q: { _id: 2 }, u: { $set: { b: [1] } } }] }),
    ).toMatchObject({ writeErrors: [{ code: 171 }] })
    expect(await bench.find('c', { filter: { b: 1 } })).toHaveLength(1)
  })
})

describe('2dsphere indexes', () => {
  const point = (...coordinates: number[]) => ({ type: 'Point', coordinates })
  const refused: [string, Doc, RegExp][] = [
    ['a string', { at: 'x' }, /geo element must be an array or object: at: "x"/],
    ['a longitude that is none', { at: point(500, 1) }, /out of bounds/],
    ['a legacy point out of bounds', { at: [500, 1] }, /out of bounds/],
    ['an unknown type', { at: { type: 'Spot', coordinates: [1, 1] } }, /Can't extract geo keys/],
    ['a list of points', { at: [point(1, 1), point(2, 2)] }, /Point must only contain numeric elements/],
    [
      'an open ring',
      {
        at: {
          type: 'Polygon',
          coordinates: [
            [
              [0, 0],
              [1, 0],
              [1, 1],
            ],
          ],
        },
      },
      /Can't extract geo keys/,
    ],
    ['a wrong one among others', { stops: [{ at: point(1, 1) }, { at: 'x' }] }, /geo element/],
  ]
  test.each(refused)('%s is refused, as it would never be found', async (_what, doc, text) => {
    await using bench = new Bench()
    await bench.index('c', { at: '2dsphere' })
    await bench.index('c', { 'stops.at': '2dsphere', n: 1 })
    await bench.insert('c', [{ _id: 1, n: 1 }])
    for (const command of [
      { insert: 'c', documents: [{ _id: 2, ...doc }] },
      { update: 'c', updates: [{ q: { _id: 1 }, u: { $set: doc } }] },
    ]) {
      const reply = await bench.run(command)
      expect(reply).toMatchObject({
        n: 0,
        writeErrors: [{ code: 16755, errmsg: expect.stringMatching(text) }],
      })
    }
    await bench.insert('d', [doc])
    const key = 'at' in doc ? { at: '2dsphere' } : { 'stops.at': '2dsphere' }
    const build = bench.run({ createIndexes: 'd', indexes: [{ key, name: 'g' }] })
    expect((await failure(build)).code).toBe(16755)
  })

  test('no place, an empty one and every form of one are taken', async () => {
    await using bench = new Bench()
    await bench.index('c', { at: '2dsphere' })
    await bench.index('c', { 'stops.at': '2dsphere' })
    const docs: Doc[] = [
      {},
      { at: null },
      { at: [] },
      { at: {} },
      { at: point(1, 1) },
      { at: [1, 1] },
      { at: { lng: 1, lat: 1 } },
      { stops: [{ at: point(1, 1) }, {}, { at: point(2, 2) }] },
    ]
    await bench.insert('c', docs)
    expect(await bench.run({ count: 'c' })).toMatchObject({ n: docs.length })
  })
})

describe('update and delete', () => {
  test('what an update moves along an index is changed once', async () => {
    await using bench = new Bench()
    await bench.index('c', { n: 1 })
    await bench.insert(
      'c',
      Array.from({ length: 100 }, (_, n) => ({ _id: n, n })),
    )
    const push = { update: 'c', updates: [{ q: { n: { $gte: 0 } }, u: { $inc: { n: 1000 } }, multi: true }] }
    expect(await bench.run(push)).toMatchObject({ n: 100, nModified: 100 })
    expect(await bench.run({ count: 'c', query: { n: { $lt: 1100 } } })).toMatchObject({ n: 100 })
  })

  test('a failure in the middle keeps what came before it', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      { _id: 1, n: 1 },
      { _id: 2, n: 'x' },
      { _id: 3, n: 3 },
    ])
    const reply = await bench.run({ update: 'c', updates: [{ q: {}, u: { $inc: { n: 1 } }, multi: true }] })
    expect(reply).toMatchObject({ n: 0, nModified: 0, writeErrors: [{ index: 0, code: 14 }] })
    expect((await bench.find('c')).map(({ n }) => n)).toEqual([2, 'x', 3])
  })

  test('positional $ with sort, hint and array filters', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      {
        _id: 1,
        list: [
          { k: 1, v: 1 },
          { k: 2, v: 1 },
        ],
      },
    ])
    const u = { $set: { 'list.$.v': 5 } }
    await bench.run({ update: 'c', updates: [{ q: { 'list.k': 2 }, u, hint: '_id_' }] })
    await bench.run({
      findAndModify: 'c',
      query: {},
      update: { $inc: { 'list.$[e].v': 1 } },
      arrayFilters: [{ 'e.k': 1 }],
    })
    expect(await bench.find('c')).toEqual([
      {
        _id: 1,
        list: [
          { k: 1, v: 2 },
          { k: 2, v: 5 },
        ],
      },
    ])
  })

  describe('findAndModify with a positional field', () => {
    const documents = [
      {
        _id: 1,
        list: [
          { k: 1, v: 'a' },
          { k: 2, v: 'b' },
          { k: 2, v: 'c' },
        ],
      },
    ]
    const query = { 'list.k': 2 }
    const fields = { 'list.$': 1 }

    test('shows the element the query found, before the change or as it was removed', async () => {
      await using bench = new Bench()
      await bench.insert('c', documents)
      const update = { $set: { 'list.$.v': 'changed' } }
      const value = { _id: 1, list: [{ k: 2, v: 'b' }] }
      expect(await bench.run({ findAndModify: 'c', query, update, fields })).toMatchObject({ value })
      expect(await bench.find('c')).toMatchObject([{ list: [{}, { v: 'changed' }, { v: 'c' }] }])
      expect(await bench.run({ findAndModify: 'c', query, remove: true, fields })).toMatchObject({
        value: { list: [{ k: 2, v: 'changed' }] },
      })
    })

    test('does not go with the new document', async () => {
      await using bench = new Bench()
      await bench.insert('c', documents)
      const command = { findAndModify: 'c', query, update: { $set: { x: 1 } }, new: true, fields }
      expect(await failure(bench.run(command))).toEqual({
        code: 2,
        message: 'cannot use a positional projection and return the new document',
      })
      expect(await bench.find('c', { filter: { x: 1 } })).toEqual([])
    })

    test('must name an array that the query names', async () => {
      await using bench = new Bench()
      await bench.insert('c', documents)
      const command = { findAndModify: 'c', query: { _id: 1 }, update: { $set: { x: 1 } }, fields }
      expect(await failure(bench.run(command))).toMatchObject({ code: 31277 })
      expect(await bench.find('c', { filter: { x: 1 } })).toEqual([])
    })
  })

  test('findAndModify takes the first in the order asked for', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      { _id: 1, n: 2 },
      { _id: 2, n: 1 },
      { _id: 3, n: 3 },
    ])
    expect(
      await bench.run({ findAndModify: 'c', query: {}, sort: { n: 1 }, remove: true, fields: { _id: 1 } }),
    ).toMatchObject({ value: { _id: 2 } })
    expect(await bench.run({ findAndModify: 'c', query: { _id: 9 }, remove: true })).toMatchObject({
      value: null,
      lastErrorObject: { n: 0 },
    })
  })

  test('errors while writing name the command, errors of the request do not', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1, n: 'x' }])
    expect(
      await failure(bench.run({ findAndModify: 'c', query: {}, update: { $inc: { n: 1 } } })),
    ).toMatchObject({
      code: 14,
      message: expect.stringMatching(
        /^Plan executor error during findAndModify :: caused by :: Cannot apply \$inc/,
      ),
    })
    expect(
      (await failure(bench.run({ findAndModify: 'c', query: {}, update: { $nope: { n: 1 } } }))).message,
    ).toMatch(/^Unknown modifier: \$nope/)
  })

  test('a replacement of many is refused, one keeps its _id', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1, a: 1 }])
    expect(await bench.run({ update: 'c', updates: [{ q: {}, u: { b: 1 }, multi: true }] })).toMatchObject({
      writeErrors: [{ code: 9 }],
    })
    expect(await bench.run({ update: 'c', updates: [{ q: {}, u: { _id: 2, b: 1 } }] })).toMatchObject({
      writeErrors: [{ code: 66 }],
    })
    await bench.run({ update: 'c', updates: [{ q: {}, u: { b: 1 } }] })
    expect(await bench.find('c')).toEqual([{ _id: 1, b: 1 }])
  })
})

describe('validators', () => {
  test('strict, moderate, off, warn, bypassed', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1, n: 'old' }])
    const mod = (options: Doc) => bench.run({ collMod: 'c', ...options })
    const set = (fields: Doc, more: Doc = {}) =>
      bench.run({ update: 'c', updates: [{ q: { _id: 1 }, u: { $set: fields } }], ...more })
    await mod({ validator: { n: { $type: 'number' } } })
    expect(await set({ x: 1 })).toMatchObject({
      writeErrors: [{ code: 121, errmsg: 'Document failed validation', errInfo: { failingDocumentId: 1 } }],
    })
    expect(await set({ x: 1 }, { bypassDocumentValidation: true })).toMatchObject({ nModified: 1 })
    await mod({ validationLevel: 'moderate' })
    expect(await set({ x: 2 })).toMatchObject({ nModified: 1 })
    expect(await bench.insert('c', [{ _id: 2, n: 'new' }])).toMatchObject({ writeErrors: [{ code: 121 }] })
    await mod({ validationAction: 'warn' })
    expect(await bench.insert('c', [{ _id: 2, n: 'new' }])).toMatchObject({ n: 1 })
    await mod({ validationAction: 'error', validationLevel: 'off' })
    expect(await bench.insert('c', [{ _id: 3, n: 'new' }])).toMatchObject({ n: 1 })
    expect((await failure(mod({ validationLevel: 'sometimes' }))).code).toBe(2)
    expect((await failure(mod({ validator: { $where: '1' } }))).code).toBe(2)
  })

  test('the reason is in errInfo', async () => {
    await using bench = new Bench()
    await bench.run({
      create: 'c',
      validator: { $jsonSchema: { required: ['a'], properties: { b: { bsonType: 'int' } } } },
    })
    const reply = await bench.insert('c', [{ _id: 1, b: 'text' }])
    expect((reply.writeErrors as Doc[])[0]!.errInfo).toMatchObject({
      failingDocumentId: 1,
      details: {
        operatorName: '$jsonSchema',
        clausesNotSatisfied: [
          { operatorName: 'required', missingProperties: ['a'] },
          { propertyName: 'b', consideredValue: 'text' },
        ],
      },
    })
  })
})

describe('$out and $merge', () => {
  test('$out replaces documents and keeps indexes', async () => {
    await using bench = new Bench()
    await bench.insert('from', [
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ])
    await bench.index('to', { n: 1 }, { unique: true })
    await bench.insert('to', [{ _id: 9, n: 9 }])
    await bench.run({
      aggregate: 'from',
      pipeline: [{ $match: { n: { $gt: 1 } } }, { $out: 'to' }],
      cursor: {},
    })
    expect(await bench.find('to')).toEqual([{ _id: 2, n: 2 }])
    expect(batch2(await bench.run({ listIndexes: 'to' }))).toHaveLength(2)
    await bench.insert('from', [{ _id: 3, n: 2 }])
    expect(
      (await failure(bench.run({ aggregate: 'from', pipeline: [{ $out: 'to' }], cursor: {} }))).code,
    ).toBe(11000)
    expect(await bench.find('to')).toEqual([{ _id: 2, n: 2 }])
  })

  test('$merge: into itself, by another key, by what was there', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      { _id: 1, k: 'a', n: 1 },
      { _id: 2, k: 'b', n: 2 },
    ])
    await bench.run({
      aggregate: 'c',
      pipeline: [{ $set: { n: { $add: ['$n', 10] } } }, { $merge: 'c' }],
      cursor: {},
    })
    expect((await bench.find('c')).map(({ n }) => n)).toEqual([11, 12])
    const pipeline = [
      { $project: { _id: 0, k: 1, total: '$n' } },
      { $merge: { into: 'sums', on: 'k', whenMatched: 'replace' } },
    ]
    expect((await failure(bench.run({ aggregate: 'c', pipeline, cursor: {} }))).code).toBe(51183)
    await bench.index('sums', { k: 1 }, { unique: true })
    await bench.insert('sums', [{ _id: 'kept', k: 'a', total: 0 }])
    await bench.run({ aggregate: 'c', pipeline, cursor: {} })
    expect(await bench.find('sums', { sort: { k: 1 } })).toMatchObject([
      { _id: 'kept', k: 'a', total: 11 },
      { k: 'b', total: 12 },
    ])
  })
})

function batch2(reply: Doc): Doc[] {
  return (reply.cursor as { firstBatch: Doc[] }).firstBatch
}
