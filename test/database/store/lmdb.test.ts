import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { DatabaseError } from '../../../database/command.ts'
import type { EmbeddedDatabase, EmbeddedOptions } from '../../../database/engine/engine.ts'
import type { LmdbStore } from '../../../database/engine/store/lmdb/lmdb-store.ts'
import { dump, Folder } from './folder.ts'

type Doc = Record<string, unknown>

const FILE = 'documents.lmdb'
const THREAD = fileURLToPath(new URL('../../../dist/database/thread.js', import.meta.url))

const open = (folder: Folder, options: EmbeddedOptions = {}) => folder.open({ storage: 'lmdb', ...options })

const insert = (collection: string, documents: Doc[]) => ({ insert: collection, documents })

async function fill(database: EmbeddedDatabase): Promise<void> {
  const steps: Doc[] = [
    {
      createIndexes: 'a',
      indexes: [
        { key: { n: 1 }, name: 'n' },
        { key: { 'list.x': -1, n: 1 }, name: 'list', sparse: true },
        { key: { unique: 1 }, name: 'unique', unique: true, partialFilterExpression: { unique: { $gt: 0 } } },
      ],
    },
    insert('a', [
      { _id: 1, n: 1, list: [{ x: 1 }, { x: 2 }], unique: 1 },
      { _id: 2, n: null, list: [] },
      { _id: 3, n: 'text', unique: 3 },
    ]),
    { update: 'a', updates: [{ q: { _id: 3 }, u: { $set: { n: 3, 'deep.er': [1, 2, 3] } } }] },
    { delete: 'a', deletes: [{ q: { _id: 2 }, limit: 1 }] },
    insert('b', [{ _id: 'x', text: 'y'.repeat(100_000) }]),
    { create: 'empty', validator: { n: { $gt: 0 } } },
  ]
  for (const step of steps) await database.command('d', step)
}

async function valid(database: EmbeddedDatabase): Promise<void> {
  for (const { database: name, name: collection } of [...database.state.catalog.all()]) {
    const { errors } = await database.command(name, { validate: collection })
    expect(errors).toEqual([])
  }
}

describe('what is kept', () => {
  test('everything is there again: documents, indexes, options, numbers of records and commits', async () => {
    using folder = new Folder()
    const database = open(folder)
    await fill(database)
    const before = await dump(database, 'd')
    const { sequence } = database.state.store
    await database.close()
    await using again = open(folder)
    expect(again.state.store.sequence).toBe(sequence)
    expect(await dump(again, 'd')).toEqual(before)
    await again.command('d', insert('a', [{ _id: 4 }]))
    const docs = (await dump(again, 'd')).a as { documents: Doc[] }
    expect(docs.documents.map(({ _id }) => _id)).toEqual([1, 3, 4])
    await valid(again)
    expect(folder.warnings).toEqual([])
  })

  test('what nobody asks for is not read', async () => {
    using folder = new Folder()
    const database = open(folder)
    await fill(database)
    await database.close()
    await using again = open(folder)
    expect(await again.command('d', { dbStats: 1 })).toMatchObject({ objects: 3, collections: 3 })
    expect([...again.state.catalog.all()].some(({ loaded }) => loaded)).toBe(false)
  })

  test('a repeated write is recognised after a restart', async () => {
    using folder = new Folder()
    const call = { session: { id: 'one', txnNumber: 7 } }
    const database = open(folder)
    await database.execute('d', insert('a', [{ _id: 1 }]), call)
    await database.close()
    await using again = open(folder)
    expect(await again.execute('d', insert('a', [{ _id: 1 }]), call)).toEqual({ n: 1, ok: 1 })
  })

  test('two at once, and one of them is a repetition: it is run once', async () => {
    using folder = new Folder()
    await using database = open(folder)
    const call = { session: { id: 'one', txnNumber: 1 } }
    const increment = { update: 'a', updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true }] }
    await Promise.all([database.execute('d', increment, call), database.execute('d', increment, call)])
    expect(await database.command('d', { find: 'a' })).toMatchObject({ cursor: { firstBatch: [{ n: 1 }] } })
  })

  test('a renamed, a changed and a dropped collection', async () => {
    using folder = new Folder()
    const database = open(folder)
    await fill(database)
    await database.close()
    const second = open(folder)
    await second.command('admin', { renameCollection: 'd.a', to: 'd.renamed' })
    await second.command('d', { collMod: 'renamed', index: { name: 'n', hidden: true } })
    await second.command('d', { drop: 'b' })
    await second.close()
    await using third = open(folder)
    const contents = await dump(third, 'd')
    expect(Object.keys(contents)).toEqual(['empty', 'renamed'])
    expect((contents.renamed as { indexes: Doc[] }).indexes[1]).toMatchObject({ name: 'n', hidden: true })
    await valid(third)
  })
})

describe('a write', () => {
  test('that fails leaves nothing, and the ones beside it are kept', async () => {
    using folder = new Folder()
    const database = open(folder)
    await database.command(
      'd',
      insert('a', [
        { _id: 1, n: 1 },
        { _id: 2, n: 1 },
      ]),
    )
    const before = await dump(database, 'd')
    const all = await Promise.allSettled([
      database.command('d', insert('b', [{ _id: 1 }])),
      database.command('d', { createIndexes: 'a', indexes: [{ key: { n: 1 }, name: 'n', unique: true }] }),
      // Both ends of the command: a collection made, and its documents, go when the last stage fails.
      database.command('d', {
        aggregate: 'a',
        pipeline: [{ $project: { n: 1, same: '1' } }, { $merge: { into: 'new', whenNotMatched: 'fail' } }],
        cursor: {},
      }),
      database.command('d', insert('c', [{ _id: 1 }])),
    ])
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(await dump(database, 'd')).toMatchObject({ a: before.a, b: {}, c: {} })
    await database.command('d', insert('a', [{ _id: 3 }]))
    await valid(database)
    await database.close()
    await using again = open(folder)
    expect(Object.keys(await dump(again, 'd'))).toEqual(['a', 'b', 'c'])
    await valid(again)
  })

  test('many at once are all kept, in the order they came', async () => {
    using folder = new Folder()
    const database = open(folder)
    const seen: unknown[] = []
    database.watch((change) => seen.push(change.id))
    await Promise.all(Array.from({ length: 300 }, (_, _id) => database.command('d', insert('a', [{ _id }]))))
    expect(seen).toEqual(Array.from({ length: 300 }, (_, id) => id))
    await database.close()
    await using again = open(folder)
    expect(await again.command('d', { count: 'a' })).toEqual({ n: 300, ok: 1 })
    expect(again.state.store.sequence).toBe(300)
  })

  test('is seen by whoever reads after it was answered, and by no snapshot from before', async () => {
    using folder = new Folder()
    await using database = open(folder)
    await database.command('d', insert('a', [{ _id: 1, n: 0 }]))
    for (let n = 1; n <= 50; n++) {
      const session = database.startSession()
      await session.startTransaction()
      const writing = database.command('d', { update: 'a', updates: [{ q: { _id: 1 }, u: { $set: { n } } }] })
      await Promise.race([writing, new Promise((resolve) => setImmediate(resolve))])
      const value = async (options: object) =>
        ((await database.command('d', { find: 'a' }, options)).cursor as { firstBatch: { n: number }[] })
          .firstBatch[0]!.n
      expect(await value({ session })).toBe(n - 1)
      await writing
      expect(await value({})).toBe(n)
      expect(await value({ session })).toBe(n - 1)
      await session.end()
    }
  })

  test('with j: true, or with durability disk, has reached the disk', async () => {
    using folder = new Folder()
    for (const durability of ['os', 'disk'] as const) {
      await using database = open(folder, { durability })
      await database.command('d', { ...insert('a', [{ _id: durability }]), writeConcern: { j: true } })
      await database.command('d', insert('a', [{ _id: `${durability} 2` }]))
    }
    await using database = open(folder)
    expect(await database.command('d', { count: 'a' })).toMatchObject({ n: 4 })
  })

  test('a file that may not grow further: the write fails, the database goes on', async () => {
    using folder = new Folder()
    const script = `
      import { MessageChannel, Worker } from 'node:worker_threads'
      process.on('SIGXFSZ', () => {})
      const worker = new Worker(${JSON.stringify(THREAD)}, { workerData: { directory: ${JSON.stringify(folder.path)}, storage: 'lmdb', lockToken: 'x' } })
      const { port1, port2 } = new MessageChannel()
      worker.postMessage({ kind: 'connect', port: port2 }, [port2])
      const run = (command) => new Promise((resolve) => { port1.once('message', ([text]) => { const [, kind, payload] = JSON.parse(text); resolve([kind, payload.code ?? payload.n ?? payload.values]) }); port1.postMessage([JSON.stringify([1, 'command', 'd', command, false, {}])]) })
      console.log(JSON.stringify([
        await run({ insert: 'a', documents: [{ _id: 1, text: 'x'.repeat(1000) }] }),
        await run({ insert: 'a', documents: [{ _id: 2, text: 'x'.repeat(1000000) }] }),
        await run({ insert: 'a', documents: [{ _id: 3, text: 'x'.repeat(1000) }] }),
        await run({ distinct: 'a', key: '_id' }),
        await run({ count: 'a' }),
      ]))
      process.exit(0)
    `
    writeFileSync(folder.file('script.mjs'), script)
    const child = spawnSync(
      'sh',
      ['-c', `ulimit -f 600; exec "${process.execPath}" "${folder.file('script.mjs')}"`],
      {
        timeout: 15_000,
      },
    )
    // On its error output lmdb complains by itself.
    expect(JSON.parse(child.stdout.toString())).toEqual([
      ['reply', 1],
      ['error', 14031],
      ['reply', 1],
      ['reply', [1, 3]],
      ['reply', 2],
    ])
    await using database = open(folder)
    expect(await database.command('d', { distinct: 'a', key: '_id' })).toMatchObject({ values: [1, 3] })
    await valid(database)
  })
})

describe('readers', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, _id) => ({ _id, n: _id % 10, text: 'x'.repeat(50) }))

  test.each([0, 50_000_000])(
    'cursors and scans go on with what they saw (%i bytes of documents kept)',
    async (cacheBytes) => {
      using folder = new Folder()
      await using database = open(folder, { cacheBytes })
      await database.command('d', { createIndexes: 'a', indexes: [{ key: { n: 1 }, name: 'n' }] })
      await database.command('d', insert('a', many(20_000)))
      const first = await database.command('d', { find: 'a', batchSize: 2 })
      const indexed = await database.command('d', { find: 'a', filter: { n: { $gte: 5 } }, batchSize: 2 })
      const sums = database.command('d', {
        aggregate: 'a',
        pipeline: [{ $group: { _id: null, n: { $sum: '$n' }, twice: { $sum: { $multiply: ['$n', 2] } } } }],
        cursor: {},
      })
      await database.command('d', { update: 'a', updates: [{ q: {}, u: { $inc: { n: 100 } }, multi: true }] })
      await database.command('d', { delete: 'a', deletes: [{ q: { _id: { $lt: 10_000 } }, limit: 0 }] })
      expect((await sums).cursor).toMatchObject({ firstBatch: [{ n: 90_000, twice: 180_000 }] })
      const rest = async (reply: Doc) => {
        const { id } = reply.cursor as { id: number }
        const more = await database.command('d', { getMore: id, collection: 'a' })
        return (more.cursor as { nextBatch: { n: number }[] }).nextBatch
      }
      const [all, some] = [await rest(first), await rest(indexed)]
      expect([all.length, some.length]).toEqual([19_998, 9_998])
      expect(Math.max(...all.map(({ n }) => n), ...some.map(({ n }) => n))).toBe(9)
      expect(await database.command('d', { count: 'a', query: { n: { $gte: 100 } } })).toMatchObject({
        n: 10_000,
      })
      expect(await database.command('d', { count: 'a', query: { n: { $lt: 100 } } })).toMatchObject({ n: 0 })
      await valid(database)
    },
  )

  test('hundreds of cursors may be open, each with its own snapshot', async () => {
    using folder = new Folder()
    await using database = open(folder, { durability: 'none' })
    await database.command('d', insert('a', many(5)))
    const ids: unknown[] = []
    for (let n = 0; n < 400; n++) {
      const { cursor } = await database.command('d', { find: 'a', batchSize: 1 })
      ids.push((cursor as { id: unknown }).id)
      await database.command('d', { update: 'a', updates: [{ q: { _id: 4 }, u: { $set: { n: -n } } }] })
    }
    for (const n of [0, 200, 399]) {
      const { cursor } = await database.command('d', { getMore: ids[n], collection: 'a' })
      const [last] = (cursor as { nextBatch: Doc[] }).nextBatch.slice(-1)
      expect(last).toMatchObject({ _id: 4, n: n === 0 ? 4 : 1 - n })
    }
    await database.command('d', { killCursors: 'a', cursors: ids })
    expect(await database.command('d', { count: 'a', query: { n: -399 } })).toMatchObject({ n: 1 })
  })

  test('open cursors and scans under way do not hinder the closing', async () => {
    using folder = new Folder()
    const database = open(folder)
    await database.command('d', insert('a', many(20_000)))
    await database.command('d', { find: 'a', batchSize: 2 })
    const scan = database
      .command('d', { aggregate: 'a', pipeline: [{ $group: { _id: '$_id' } }, { $count: 'n' }], cursor: {} })
      .catch((error: DatabaseError) => error.codeName)
    await new Promise((resolve) => setImmediate(resolve))
    const writing = database.command('d', insert('a', [{ _id: 'late' }])).catch(() => {})
    await database.close()
    expect(await scan).toBe('InterruptedAtShutdown')
    await writing
    await using again = open(folder)
    expect(await again.command('d', { count: 'a' })).toMatchObject({ n: expect.any(Number) })
  })
})

describe('what is dropped', () => {
  test('goes little by little, also over a restart, and in nobody’s way', async () => {
    using folder = new Folder()
    const database = open(folder)
    const documents = Array.from({ length: 5000 }, (_, _id) => ({ _id, n: _id, m: -_id }))
    for (const name of ['a', 'b']) {
      await database.command('d', insert(name, documents))
      await database.command('d', { createIndexes: name, indexes: [{ key: { n: 1 }, name: 'n' }] })
    }
    await database.command('d', { dropIndexes: 'a', index: 'n' })
    await database.command('d', { drop: 'b' })
    // The same names again, at once.
    await database.command('d', { createIndexes: 'a', indexes: [{ key: { m: 1 }, name: 'n' }] })
    await database.command('d', insert('b', [{ _id: 'new' }]))
    await database.close()
    await using again = open(folder)
    await expect
      .poll(() => entries(again), { timeout: 10_000 })
      .toEqual({ documents: 5001, entries: 10_001, notes: 0 })
    expect(await again.command('d', { find: 'b' })).toMatchObject({
      cursor: { firstBatch: [{ _id: 'new' }] },
    })
    await valid(again)
  })
})

/** What there is in the file, of whatever collection. */
function entries({ state }: EmbeddedDatabase): { documents: number; entries: number; notes: number } {
  const { environment } = (state.store as LmdbStore).contents
  const count = (items: Iterable<unknown>) => [...items].length
  return {
    documents: count(
      environment.documents.getKeys({ start: { slot: 0, record: 0 }, end: { slot: 1000, record: 0 } }),
    ),
    entries: count(environment.entries.getRange({ start: '\0', end: '\xff' })),
    notes: count(environment.meta.getKeys({ start: 'waste', end: 'wastf' })),
  }
}

describe('one owner', () => {
  test('a second one is told who has the folder', async () => {
    using folder = new Folder()
    await using database = open(folder)
    database.announce('mongodb://127.0.0.1:27099')
    expect(() => open(folder)).toThrow(
      /in use by process \d+\. Connect to it at mongodb:\/\/127\.0\.0\.1:27099/,
    )
  })
})

describe('a damaged file', () => {
  const damages: [name: string, damage: (path: string, size: number) => void, words: RegExp][] = [
    ['none of lmdb’s', (path) => writeFileSync(path, 'some text '.repeat(5000)), /no proper beginning/],
    ['of zeros', (path, size) => writeFileSync(path, Buffer.alloc(size)), /no proper beginning/],
    ['cut off after its beginning', (path) => truncateSync(path, 8192), /its end is missing/],
    ['cut off in its beginning', (path) => truncateSync(path, 5000), /its end is missing/],
    [
      'of another version of lmdb',
      (path) => {
        const bytes = readFileSync(path)
        bytes[28] = 99
        writeFileSync(path, bytes)
      },
      /no proper beginning/,
    ],
  ]
  test.each(damages)('%s is moved aside, and an empty one is begun', async (_name, damage, words) => {
    using folder = new Folder()
    const database = open(folder)
    await fill(database)
    await database.close()
    const path = folder.file(FILE)
    damage(path, readFileSync(path).length)
    const damaged = readFileSync(path)
    await using again = open(folder)
    expect(folder.warnings).toEqual([expect.stringMatching(words)])
    expect(readFileSync(`${path}.damaged`)).toEqual(damaged)
    expect(await dump(again, 'd')).toEqual({})
    await again.command('d', insert('a', [{ _id: 1 }]))
  })

  test('cut off anywhere, it ends no process: it is moved aside, or says so when it is read', async () => {
    using folder = new Folder()
    const database = open(folder)
    await fill(database)
    await database.close()
    const { length } = readFileSync(folder.file(FILE))
    copyFileSync(folder.file(FILE), folder.file('whole'))
    for (let size = 512; size < length; size += 4096 * 3 + 512) {
      using cut = new Folder()
      copyFileSync(folder.file('whole'), cut.file(FILE))
      truncateSync(cut.file(FILE), size)
      await using again = open(cut, { durability: 'none' })
      for (const collection of ['a', 'b']) {
        await again.command('d', { find: collection }).catch((error: DatabaseError) => {
          expect(error).toMatchObject({ code: 96, message: expect.stringContaining('is damaged') })
        })
      }
    }
  })

  test('of a later version is left alone', async () => {
    using folder = new Folder()
    const database = open(folder)
    const { records } = (database.state.store as LmdbStore).contents
    await database.state.store.write(
      () => records.putStore({ version: 2, sequence: 1, nextSlot: 1 }),
      () => {},
    )
    await database.close()
    expect(() => open(folder)).toThrow(/it has format 2, which this version does not know/)
    expect(readdirSync(folder.path).sort()).toEqual([FILE, `${FILE}-lock`])
  })
})

test.each([
  ['journal', 'lmdb'],
  ['lmdb', 'journal'],
] as const)(
  'a folder of %s, opened with %s: nothing is lost, and the way is told',
  async (before, storage) => {
    using folder = new Folder()
    const database = folder.open({ storage: before })
    await fill(database)
    await database.close()
    const other = folder.open({ storage })
    expect(folder.warnings).toEqual([
      expect.stringContaining(
        `kept with storage '${before}'. It is left as it is, and storage '${storage}' begins`,
      ),
    ])
    await other.command('d', insert('own', [{ _id: 1 }]))
    await other.close()
    folder.warnings.length = 0
    for (const [kind, name] of [
      [before, 'a'],
      [storage, 'own'],
    ] as const) {
      await using again = folder.open({ storage: kind })
      expect(Object.keys(await dump(again, 'd'))).toContain(name)
    }
    expect(folder.warnings).toEqual([])
    expect(existsSync(folder.file(FILE))).toBe(true)
  },
)
