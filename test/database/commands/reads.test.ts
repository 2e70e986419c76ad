import { Long } from 'bson'
import { describe, expect, test } from 'vitest'
import { Bench, batch, type Doc, failure } from './support.ts'

describe('cursors', () => {
  const sizes: [string, Doc, number, boolean][] = [
    ['batchSize 0', { batchSize: 0 }, 0, true],
    ['batchSize 1', { batchSize: 1 }, 1, true],
    ['batchSize beyond', { batchSize: 500 }, 300, false],
    ['none', {}, 101, true],
    ['singleBatch', { batchSize: 5, singleBatch: true }, 5, false],
    ['limit below batchSize', { batchSize: 50, limit: 20 }, 20, false],
    ['limit above batchSize', { batchSize: 50, limit: 60 }, 50, true],
    ['sorted', { batchSize: 50, sort: { n: -1 } }, 50, true],
  ]
  test.each(sizes)('%s', async (_name, options, count, open) => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      Array.from({ length: 300 }, (_, n) => ({ _id: n, n })),
    )
    const { cursor } = await bench.run({ find: 'c', ...options })
    const { firstBatch, id } = cursor as { firstBatch: Doc[]; id: number }
    expect(firstBatch).toHaveLength(count)
    expect(id !== 0).toBe(open)
    if (!open) return
    const more = await bench.run({ getMore: id, collection: 'c' })
    const wanted = options.limit === undefined ? 300 : Number(options.limit)
    expect(more.cursor).toMatchObject({ id: 0, ns: 'd.c' })
    expect((more.cursor as { nextBatch: Doc[] }).nextBatch).toHaveLength(wanted - count)
    expect((await failure(bench.run({ getMore: id, collection: 'c' }))).code).toBe(43)
  })

  test('show what there was when they were opened', async () => {
    await using bench = new Bench()
    await bench.index('c', { n: 1 })
    await bench.insert(
      'c',
      Array.from({ length: 10 }, (_, n) => ({ _id: n, n })),
    )
    for (const options of [{}, { filter: { n: { $gte: 0 } } }, { sort: { n: 1 } }]) {
      const { cursor } = await bench.run({ find: 'c', batchSize: 2, ...options })
      await bench.run({ update: 'c', updates: [{ q: {}, u: { $inc: { n: 100 } }, multi: true }] })
      await bench.run({ delete: 'c', deletes: [{ q: { _id: 9 }, limit: 0 }] })
      const more = await bench.run({ getMore: (cursor as { id: number }).id, collection: 'c' })
      expect((more.cursor as { nextBatch: Doc[] }).nextBatch.map(({ _id, n }) => [_id, n])).toEqual(
        Array.from({ length: 8 }, (_, n) => [n + 2, n + 2]),
      )
      await bench.run({ update: 'c', updates: [{ q: {}, u: { $inc: { n: -100 } }, multi: true }] })
      await bench.insert('c', [{ _id: 9, n: 9 }])
    }
  })

  test('belong to a collection, can be killed, go with it, and expire', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      [1, 2, 3].map((_id) => ({ _id })),
    )
    const open = async () => ((await bench.run({ find: 'c', batchSize: 1 })).cursor as { id: number }).id
    expect(await failure(bench.run({ getMore: await open(), collection: 'other' }))).toMatchObject({
      code: 13,
    })
    const [one, two] = [await open(), await open()]
    expect(await bench.run({ killCursors: 'c', cursors: [Long.fromNumber(one), 5] })).toMatchObject({
      cursorsKilled: [expect.anything()],
      cursorsNotFound: [5],
    })
    expect((await failure(bench.run({ getMore: one, collection: 'c' }))).code).toBe(43)
    await bench.clock.advance(5 * 60_000)
    await bench.run({ getMore: two, collection: 'c', batchSize: 1 })
    await bench.clock.advance(9 * 60_000)
    await bench.run({ getMore: two, collection: 'c', batchSize: 1 })
    const three = await open()
    await bench.clock.advance(12 * 60_000)
    expect((await failure(bench.run({ getMore: three, collection: 'c' }))).code).toBe(43)
    const four = await open()
    await bench.run({ drop: 'c' })
    expect((await failure(bench.run({ getMore: four, collection: 'c' }))).code).toBe(43)
  })

  test('a batch holds at most 16 MiB', async () => {
    await using bench = new Bench()
    for (let n = 0; n < 5; n++) await bench.insert('c', [{ _id: n, text: 'x'.repeat(5 * 1024 * 1024) }])
    const { cursor } = await bench.run({ find: 'c' })
    expect((cursor as { firstBatch: Doc[] }).firstBatch).toHaveLength(4)
    const sorted = await bench.run({ find: 'c', sort: { _id: -1 }, projection: { text: 1 } })
    expect(batch(sorted)).toHaveLength(4)
    const piped = await bench.run({ aggregate: 'c', pipeline: [{ $set: { a: 1 } }], cursor: {} })
    expect(batch(piped)).toHaveLength(4)
  })

  test('of sessions are theirs', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      [1, 2, 3].map((_id) => ({ _id })),
    )
    const session = bench.database.startSession()
    const { cursor } = await bench.run({ find: 'c', batchSize: 1 }, session)
    const more = { getMore: (cursor as { id: number }).id, collection: 'c' }
    expect((await failure(bench.run(more))).code).toBe(13)
    expect(await bench.run(more, session)).toMatchObject({ cursor: { nextBatch: [{ _id: 2 }, { _id: 3 }] } })
  })
})

describe('sort', () => {
  test('with a limit, and by $natural', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      Array.from({ length: 500 }, (_, n) => ({ _id: n, n: (n * 37) % 500 })),
    )
    expect((await bench.find('c', { sort: { n: -1 }, skip: 3, limit: 3 })).map(({ n }) => n)).toEqual([
      496, 495, 494,
    ])
    expect((await bench.find('c', { sort: { $natural: -1 }, limit: 2 })).map(({ _id }) => _id)).toEqual([
      499, 498,
    ])
  })

  test('equal documents stay in the order they were inserted in', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      Array.from({ length: 300 }, (_, n) => ({ _id: 300 - n, group: n % 3 })),
    )
    const expected = Array.from({ length: 100 }, (_, n) => 300 - n * 3)
    expect((await bench.find('c', { sort: { group: 1 }, limit: 10 })).map(({ _id }) => _id)).toEqual(
      expected.slice(0, 10),
    )
    expect((await bench.find('c', { sort: { group: 1 }, limit: 100 })).map(({ _id }) => _id)).toEqual(
      expected,
    )
  })
})

describe('count and distinct', () => {
  test('limits, skips, hints', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      Array.from({ length: 20 }, (_, n) => ({ _id: n, n: n % 4, tags: [n % 2, 'x'] })),
    )
    expect(await bench.run({ count: 'c', query: { n: 1 } })).toEqual({ n: 5, ok: 1 })
    expect(await bench.run({ count: 'c', query: { n: 1 }, skip: 2, limit: 2 })).toMatchObject({ n: 2 })
    expect(await bench.run({ count: 'c', limit: -3 })).toMatchObject({ n: 3 })
    expect(await bench.run({ count: 'c', skip: 100 })).toMatchObject({ n: 0 })
    expect(await bench.run({ count: 'none' })).toMatchObject({ n: 0 })
    expect(await bench.run({ distinct: 'c', key: 'tags' })).toEqual({ values: [0, 'x', 1], ok: 1 })
    expect(await bench.run({ distinct: 'c', key: 'n', query: { n: { $gt: 1 } } })).toMatchObject({
      values: [2, 3],
    })
  })

  test('distinct by collation', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      ['a', 'A', 'b'].map((k) => ({ k })),
    )
    expect(
      await bench.run({ distinct: 'c', key: 'k', collation: { locale: 'en', strength: 2 } }),
    ).toMatchObject({ values: ['a', 'b'] })
  })
})

describe('explain', () => {
  async function explained(bench: Bench, command: Doc): Promise<{ plan: Doc; stats: Doc }> {
    const { queryPlanner, executionStats } = await bench.run({
      explain: command,
      verbosity: 'executionStats',
    })
    return { plan: (queryPlanner as { winningPlan: Doc }).winningPlan, stats: executionStats as Doc }
  }

  const plans: [string, Doc, Doc, Doc][] = [
    ['by _id', { filter: { _id: 5 } }, { stage: 'IDHACK' }, { totalDocsExamined: 1, nReturned: 1 }],
    ['no index', { filter: { other: 5 } }, { stage: 'COLLSCAN' }, { totalDocsExamined: 100, nReturned: 1 }],
    [
      'equality',
      { filter: { a: 3 } },
      { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: 'a_1_b_1' } },
      { totalKeysExamined: 10, totalDocsExamined: 10, nReturned: 10 },
    ],
    [
      'equality and range',
      { filter: { a: 3, b: { $gte: 5 } } },
      { inputStage: { indexName: 'a_1_b_1' } },
      { totalKeysExamined: 5, nReturned: 5 },
    ],
    [
      '$in',
      { filter: { a: { $in: [1, 2] } } },
      { inputStage: { indexName: 'a_1_b_1' } },
      { totalKeysExamined: 20, nReturned: 20 },
    ],
    [
      'regex prefix',
      { filter: { t: /^a1/ } },
      { inputStage: { indexName: 't_-1' } },
      { totalKeysExamined: 11, nReturned: 11 },
    ],
    [
      'sort by index',
      { sort: { a: -1, b: -1 }, limit: 3 },
      { stage: 'LIMIT', inputStage: { stage: 'FETCH', inputStage: { direction: 'backward' } } },
      { totalKeysExamined: 3, nReturned: 3 },
    ],
    [
      'sort behind an equality',
      { filter: { a: 4 }, sort: { b: 1 } },
      { stage: 'FETCH' },
      { totalKeysExamined: 10 },
    ],
    [
      'sort without index',
      { filter: { a: 4 }, sort: { other: 1 } },
      { stage: 'SORT', inputStage: { stage: 'FETCH' } },
      { totalKeysExamined: 10 },
    ],
    [
      '$or',
      { filter: { $or: [{ a: 1 }, { t: 'a5' }] } },
      { inputStage: { stage: 'OR' } },
      { totalKeysExamined: 11, nReturned: 11 },
    ],
    [
      '$or with a branch without index',
      { filter: { $or: [{ a: 1 }, { other: 5 }] } },
      { stage: 'COLLSCAN' },
      { totalDocsExamined: 100 },
    ],
    ['negation', { filter: { a: { $ne: 1 } } }, { stage: 'COLLSCAN' }, { nReturned: 90 }],
    [
      'hint',
      { filter: { a: 3 }, hint: { $natural: 1 } },
      { stage: 'COLLSCAN' },
      { totalDocsExamined: 100, nReturned: 10 },
    ],
    [
      'hint without bounds',
      { filter: { other: 5 }, hint: 't_-1' },
      { stage: 'FETCH' },
      { totalKeysExamined: 100, nReturned: 1 },
    ],
    [
      'collation',
      { filter: { t: 'a5' }, collation: { locale: 'en' } },
      { stage: 'COLLSCAN' },
      { nReturned: 1 },
    ],
    [
      '$elemMatch and array',
      { filter: { tags: 3 } },
      { inputStage: { indexName: 'tags_1', isMultiKey: true } },
      { totalKeysExamined: 20, nReturned: 20 },
    ],
    [
      'projection',
      { filter: { a: 3 }, projection: { a: 1 } },
      { stage: 'PROJECTION_DEFAULT' },
      { nReturned: 10 },
    ],
  ]
  test.each(plans)('%s', async (_name, query, plan, stats) => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      Array.from({ length: 100 }, (_, n) => ({
        _id: n,
        a: n % 10,
        b: Math.floor(n / 10),
        t: `a${n}`,
        other: n,
        tags: [n % 10, (n + 1) % 10],
      })),
    )
    await bench.index('c', { a: 1, b: 1 })
    await bench.index('c', { t: -1 })
    await bench.index('c', { tags: 1 })
    const found = await explained(bench, { find: 'c', ...query })
    expect(found.plan).toMatchObject(plan)
    expect(found.stats).toMatchObject(stats)
  })

  test('aggregate, update, count, and what is not there', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1, a: 1 }])
    await bench.index('c', { a: 1 })
    const pipeline = [{ $match: { a: 1 } }, { $group: { _id: '$a' } }]
    expect(await bench.run({ explain: { aggregate: 'c', pipeline, cursor: {} } })).toMatchObject({
      stages: [{ $cursor: { queryPlanner: { winningPlan: { stage: 'FETCH' } } } }, ...pipeline],
    })
    expect(
      await explained(bench, { update: 'c', updates: [{ q: { a: 1 }, u: { $set: { b: 1 } } }] }),
    ).toMatchObject({ plan: { stage: 'UPDATE' } })
    expect(await bench.find('c')).toEqual([{ _id: 1, a: 1 }])
    expect(await explained(bench, { count: 'c', query: { a: 1 } })).toMatchObject({
      plan: { stage: 'COUNT' },
    })
    expect(await explained(bench, { find: 'none' })).toMatchObject({ plan: { stage: 'EOF' } })
    expect((await failure(bench.run({ explain: { insert: 'c' } }))).code).toBe(59)
  })
})

describe('aggregate', () => {
  test('uses an index for what it begins with', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      Array.from({ length: 100 }, (_, n) => ({ _id: n, n })),
    )
    await bench.index('c', { n: 1 })
    const pipeline = [
      { $match: { n: { $gte: 10 } } },
      { $sort: { n: -1 } },
      { $limit: 2 },
      { $project: { n: 1 } },
    ]
    expect(batch(await bench.run({ aggregate: 'c', pipeline, cursor: {} }))).toEqual([
      { _id: 99, n: 99 },
      { _id: 98, n: 98 },
    ])
    const { executionStats } = (await bench.run({
      explain: { aggregate: 'c', pipeline: [{ $match: { n: { $lte: 9 } } }], cursor: {} },
    })) as { executionStats: Doc }
    expect(executionStats).toMatchObject({ totalKeysExamined: 10 })
  })

  test('$lookup over an index, $geoNear and statistics', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      { _id: 1, ref: 2, at: { type: 'Point', coordinates: [0, 0] } },
      { _id: 2, at: { type: 'Point', coordinates: [1, 1] } },
    ])
    const lookup = [
      { $lookup: { from: 'c', localField: 'ref', foreignField: '_id', as: 'found' } },
      { $match: { _id: 1 } },
    ]
    expect(batch(await bench.run({ aggregate: 'c', pipeline: lookup, cursor: {} }))).toMatchObject([
      { found: [{ _id: 2 }] },
    ])
    const near = [
      { $geoNear: { near: { type: 'Point', coordinates: [1, 1] }, distanceField: 'd' } },
      { $project: { _id: 1 } },
    ]
    expect((await failure(bench.run({ aggregate: 'c', pipeline: near, cursor: {} }))).code).toBe(27)
    await bench.index('c', { at: '2dsphere' })
    expect(batch(await bench.run({ aggregate: 'c', pipeline: near, cursor: {} }))).toEqual([
      { _id: 2 },
      { _id: 1 },
    ])
    const count = [{ $collStats: { count: {}, storageStats: {} } }]
    expect(batch(await bench.run({ aggregate: 'c', pipeline: count, cursor: {} }))).toMatchObject([
      { ns: 'd.c', count: 2, storageStats: { count: 2 } },
    ])
    expect(
      batch(await bench.run({ aggregate: 'c', pipeline: [{ $indexStats: {} }], cursor: {} })),
    ).toMatchObject([{ name: '_id_' }, { name: 'at_2dsphere' }])
  })

  test('a match over a big collection, sliced', async () => {
    await using bench = new Bench()
    await bench.insert(
      'c',
      Array.from({ length: 20_000 }, (_, n) => ({ _id: n, n: n % 10 })),
    )
    const pipeline = [
      { $match: { n: { $lt: 5 } } },
      { $group: { _id: '$n', count: { $sum: 1 } } },
      { $sort: { _id: 1 } },
    ]
    expect(batch(await bench.run({ aggregate: 'c', pipeline, cursor: {} }))).toEqual(
      [0, 1, 2, 3, 4].map((_id) => ({ _id, count: 2000 })),
    )
  })

  test('$near without a geo index is refused', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      { _id: 1, at: [0, 0] },
      { _id: 2, at: [5, 5] },
    ])
    const filter = { at: { $near: [4, 4] } }
    expect((await failure(bench.find('c', { filter }))).code).toBe(291)
    await bench.index('c', { at: '2d' })
    expect((await bench.find('c', { filter })).map(({ _id }) => _id)).toEqual([2, 1])
    expect((await bench.find('c', { filter, sort: { _id: 1 } })).map(({ _id }) => _id)).toEqual([1, 2])
  })

  test.each([
    ['$near of a pair', 'flat', { $near: [0, 0] }, 1],
    ['$near of a pair', 'sphere', { $near: [0, 0] }, 291],
    ['$near of a point', 'sphere', { $near: { $geometry: { type: 'Point', coordinates: [0, 0] } } }, 1],
    ['$near of a point', 'flat', { $near: { $geometry: { type: 'Point', coordinates: [0, 0] } } }, 291],
    ['$nearSphere of a pair', 'sphere', { $nearSphere: [0, 0] }, 1],
    ['$nearSphere of a pair', 'flat', { $nearSphere: [0, 0] }, 1],
    ['$near of a pair', 'none', { $near: [0, 0] }, 291],
  ])('%s wants an index of its kind on its own field: %s', async (_name, field, near, expected) => {
    await using bench = new Bench()
    await bench.insert('c', [{ flat: [1, 1], sphere: [1, 1], none: [1, 1] }])
    await bench.index('c', { flat: '2d' })
    await bench.index('c', { sphere: '2dsphere' })
    const found = bench.find('c', { filter: { [field]: near } })
    if (expected === 291) await expect(found).rejects.toMatchObject({ code: 291 })
    else expect(await found).toHaveLength(expected)
  })
})
