import { describe, expect, test } from 'vitest'
import { Bench, batch, type Doc, failure } from './support.ts'

describe('indexes', () => {
  const refused: [string, Doc, number][] = [
    ['an empty key', { key: {}, name: 'x' }, 67],
    ['a key that is no document', { key: 'a', name: 'x' }, 9],
    ['an empty field', { key: { 'a..b': 1 }, name: 'x' }, 67],
    ['a $ field', { key: { $a: 1 }, name: 'x' }, 67],
    ['direction 0', { key: { a: 0 }, name: 'x' }, 67],
    ['an unknown kind', { key: { a: 'nope' }, name: 'x' }, 67],
    ['a direction of another type', { key: { a: true }, name: 'x' }, 67],
    [
      'too many parts',
      { key: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`f${n}`, 1])), name: 'x' },
      13103,
    ],
    ['an unknown option', { key: { a: 1 }, name: 'x', unqiue: true }, 197],
    ['partial and sparse', { key: { a: 1 }, name: 'x', sparse: true, partialFilterExpression: {} }, 67],
    ['TTL over two fields', { key: { a: 1, b: 1 }, name: 'x', expireAfterSeconds: 5 }, 67],
    ['a TTL below zero', { key: { a: 1 }, name: 'x', expireAfterSeconds: -1 }, 67],
    ['a TTL that is no number', { key: { a: 1 }, name: 'x', expireAfterSeconds: 'soon' }, 14],
    ['an empty name', { key: { a: 1 }, name: '' }, 67],
    ['the name *', { key: { a: 1 }, name: '*' }, 2],
  ]
  test.each(refused)('%s is refused', async (_name, index, code) => {
    await using bench = new Bench()
    expect((await failure(bench.run({ createIndexes: 'c', indexes: [index] }))).code).toBe(code)
  })

  test('same key, other options: 85; a second text index: 67', async () => {
    await using bench = new Bench()
    await bench.index('c', { a: 1 })
    expect((await failure(bench.index('c', { a: 1 }, { unique: true }))).code).toBe(85)
    expect(
      await bench.index('c', { a: 1 }, { name: 'collated', collation: { locale: 'en', strength: 2 } }),
    ).toMatchObject({ numIndexesAfter: 3 })
    await bench.index('c', { t: 'text' })
    expect((await failure(bench.index('c', { u: 'text' }))).code).toBe(67)
  })

  test('no more than 64', async () => {
    await using bench = new Bench()
    const indexes = Array.from({ length: 64 }, (_, n) => ({ key: { [`f${n}`]: 1 }, name: `f${n}` }))
    expect((await failure(bench.run({ createIndexes: 'c', indexes }))).code).toBe(67)
    expect(await bench.run({ createIndexes: 'c', indexes: indexes.slice(1) })).toMatchObject({
      numIndexesAfter: 64,
    })
  })

  test('a failed build leaves none of the command behind, not even the collection', async () => {
    await using bench = new Bench()
    await bench.insert('c', [
      { _id: 1, a: 1 },
      { _id: 2, a: 1 },
    ])
    const indexes = [
      { key: { b: 1 }, name: 'b' },
      { key: { a: 1 }, name: 'a', unique: true },
    ]
    expect((await failure(bench.run({ createIndexes: 'c', indexes }))).code).toBe(11000)
    expect(batch(await bench.run({ listIndexes: 'c' }))).toHaveLength(1)
    const wrong = [
      { key: { b: 1 }, name: 'b' },
      { key: { c: 1 }, name: 'b' },
    ]
    expect((await failure(bench.run({ createIndexes: 'fresh', indexes: wrong }))).code).toBe(86)
    expect((await failure(bench.run({ listIndexes: 'fresh' }))).code).toBe(26)
  })

  test('listed as they were made', async () => {
    await using bench = new Bench()
    const index = {
      key: { at: -1 },
      name: 'ttl',
      expireAfterSeconds: 60,
      partialFilterExpression: { on: true },
      sparse: false,
      hidden: true,
    }
    await bench.run({
      createIndexes: 'c',
      indexes: [index, { key: { 'a.b': 1 }, name: 'plain', background: true }],
    })
    expect(batch(await bench.run({ listIndexes: 'c' }))).toEqual([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      {
        v: 2,
        key: { at: -1 },
        name: 'ttl',
        hidden: true,
        partialFilterExpression: { on: true },
        expireAfterSeconds: 60,
      },
      { v: 2, key: { 'a.b': 1 }, name: 'plain' },
    ])
  })

  test('dropped by name, names, key, or all', async () => {
    await using bench = new Bench()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await bench.index('c', { [name]: 1 })
    const drop = (index: unknown) => bench.run({ dropIndexes: 'c', index })
    expect(await drop('a_1')).toMatchObject({ nIndexesWas: 6 })
    expect(await drop(['b_1', 'c_1'])).toMatchObject({ nIndexesWas: 5 })
    expect(await drop({ d: 1 })).toMatchObject({ nIndexesWas: 3 })
    expect((await failure(drop({ d: 1 }))).message).toContain("can't find index with key")
    expect((await failure(drop('_id_'))).code).toBe(72)
    expect(await drop('*')).toMatchObject({ nIndexesWas: 2 })
    expect(batch(await bench.run({ listIndexes: 'c' }))).toHaveLength(1)
    expect((await failure(bench.run({ dropIndexes: 'none', index: '*' }))).code).toBe(26)
  })
})

describe('TTL', () => {
  test('documents go when their time has come', async () => {
    await using bench = new Bench()
    await bench.index('c', { at: 1 }, { expireAfterSeconds: 100 })
    const at = (seconds: number) => new Date(bench.clock.now() + seconds * 1000)
    const removed: unknown[] = []
    bench.database.watch((change) => {
      if (change.kind === 'delete') removed.push(change.id)
    })
    await bench.insert('c', [
      { _id: 'past', at: at(-200) },
      { _id: 'soon', at: at(0) },
      { _id: 'later', at: at(60) },
      { _id: 'list', at: [at(1000), at(-200)] },
      { _id: 'text', at: 'never' },
      { _id: 'none' },
    ])
    await bench.advance(60_000)
    expect(removed.sort()).toEqual(['list', 'past'])
    await bench.advance(60_000)
    expect(removed).toContain('soon')
    await bench.advance(60_000)
    expect((await bench.find('c')).map(({ _id }) => _id)).toEqual(['text', 'none'])
  })

  test('collMod changes the time, a partial filter narrows it', async () => {
    await using bench = new Bench()
    await bench.index('c', { at: 1 }, { expireAfterSeconds: 10_000, partialFilterExpression: { done: true } })
    await bench.insert('c', [
      { _id: 1, at: new Date(bench.clock.now()), done: true },
      { _id: 2, at: new Date(bench.clock.now()) },
    ])
    await bench.advance(120_000)
    expect(await bench.find('c')).toHaveLength(2)
    expect(
      await bench.run({ collMod: 'c', index: { keyPattern: { at: 1 }, expireAfterSeconds: 1 } }),
    ).toMatchObject({ expireAfterSeconds_old: 10_000, expireAfterSeconds_new: 1 })
    await bench.advance(60_000)
    expect((await bench.find('c')).map(({ _id }) => _id)).toEqual([2])
  })
})

describe('collections and databases', () => {
  test('described with options', async () => {
    await using bench = new Bench()
    await bench.run({ create: 'b', validator: { n: 1 }, collation: { locale: 'en', strength: 2 } })
    await bench.insert('a', [{ _id: 1 }])
    const listed = batch(await bench.run({ listCollections: 1 }))
    expect(listed).toMatchObject([
      { name: 'a', type: 'collection', options: {}, info: { readOnly: false }, idIndex: { name: '_id_' } },
      { name: 'b', options: { validator: { n: 1 }, collation: { locale: 'en' } } },
    ])
    expect(
      batch(
        await bench.run({
          listCollections: 1,
          filter: { 'options.validator': { $exists: true } },
          nameOnly: true,
        }),
      ),
    ).toEqual([{ name: 'b', type: 'collection' }])
  })

  test("a collation of a collection is its queries' and indexes'", async () => {
    await using bench = new Bench()
    await bench.run({ create: 'c', collation: { locale: 'en', strength: 2 } })
    await bench.index('c', { name: 1 }, { unique: true })
    await bench.insert('c', [{ _id: 1, name: 'Anna' }])
    expect(await bench.find('c', { filter: { name: 'ANNA' } })).toHaveLength(1)
    expect(await bench.insert('c', [{ _id: 2, name: 'anna' }])).toMatchObject({
      writeErrors: [{ code: 11000 }],
    })
  })

  const refused: [string, Doc, number][] = [
    ['a view', { create: 'v', viewOn: 'c', pipeline: [] }, 115],
    ['a time series', { create: 'v', timeseries: { timeField: 't' } }, 115],
    ['an unknown option', { create: 'v', nope: 1 }, 40415],
  ]
  test.each(refused)('%s is refused', async (_name, command, code) => {
    await using bench = new Bench()
    expect((await failure(bench.run(command))).code).toBe(code)
  })

  test('rename, also over another one and into another database', async () => {
    await using bench = new Bench()
    const rename = (command: Doc) => bench.database.command('admin', command)
    await bench.insert('a', [{ _id: 1 }])
    await bench.insert('b', [{ _id: 2 }])
    expect((await failure(rename({ renameCollection: 'd.a', to: 'd.b' }))).code).toBe(48)
    expect((await failure(rename({ renameCollection: 'd.none', to: 'd.x' }))).code).toBe(26)
    expect((await failure(bench.run({ renameCollection: 'd.a', to: 'd.x' }))).code).toBe(13)
    await rename({ renameCollection: 'd.a', to: 'd.b', dropTarget: true })
    expect(await bench.find('b')).toEqual([{ _id: 1 }])
    await rename({ renameCollection: 'd.b', to: 'e.b' })
    expect(await bench.run({ listCollections: 1 })).toMatchObject({ cursor: { firstBatch: [] } })
    expect(batch(await bench.database.command('e', { find: 'b' }))).toEqual([{ _id: 1 }])
  })

  test('databases come with their first collection and go with their last', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1, text: 'x'.repeat(100) }])
    await bench.database.command('other', { create: 'c' })
    const list = async () =>
      (await bench.database.command('admin', { listDatabases: 1, nameOnly: true })).databases
    expect(await list()).toEqual([{ name: 'd' }, { name: 'other' }])
    expect(await bench.database.command('admin', { listDatabases: 1, filter: { name: 'd' } })).toMatchObject({
      databases: [{ name: 'd', empty: false, sizeOnDisk: 125 }],
    })
    expect(await bench.run({ dropDatabase: 1 })).toMatchObject({ dropped: 'd' })
    await bench.database.command('other', { drop: 'c' })
    expect(await list()).toEqual([])
    expect((await failure(bench.database.command('a.b', { create: 'c' }))).code).toBe(73)
  })

  test('statistics', async () => {
    await using bench = new Bench()
    await bench.insert('c', [{ _id: 1 }, { _id: 2 }])
    await bench.index('c', { a: 1 })
    expect(await bench.run({ collStats: 'c' })).toMatchObject({
      ns: 'd.c',
      count: 2,
      size: 28,
      nindexes: 2,
      ok: 1,
    })
    expect(await bench.run({ dbStats: 1 })).toMatchObject({
      db: 'd',
      collections: 1,
      objects: 2,
      indexes: 2,
      dataSize: 28,
    })
  })
})

test('the change feed remembers the last changes', async () => {
  await using bench = new Bench()
  for (let n = 0; n < 5; n++) await bench.insert('c', [{ _id: n }])
  const { feed } = bench.database.state
  expect(feed.since(3)?.map(({ seq, id }) => [seq, id])).toEqual([
    [4, 3],
    [5, 4],
  ])
  await bench.insert(
    'c',
    Array.from({ length: 10_000 }, (_, n) => ({ _id: `n${n}` })),
  )
  expect(feed.since(1)).toBeUndefined()
  expect(feed.since(5)).toHaveLength(10_000)
})

test('a listener that goes hears no more', async () => {
  await using bench = new Bench()
  const seen: unknown[] = []
  const watching = bench.database.watch(({ id }) => seen.push(id))
  await bench.insert('c', [{ _id: 1 }])
  watching[Symbol.dispose]()
  await bench.insert('c', [{ _id: 2 }])
  expect(seen).toEqual([1])
})
