import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { Binary, Decimal128, Double, EJSON, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson'
import { describe, expect, test } from 'vitest'
import type { JournalStore } from '../../../database/engine/store/journal-store.ts'
import { dump, Folder } from './folder.ts'

const EVERY_TYPE = {
  _id: new ObjectId('65a1b2c3d4e5f60718293a4b'),
  int: 5,
  doubleLikeInt: new Double(5),
  double: 5.25,
  zero: -0,
  long: Long.fromString('9007199254740993'),
  decimal: Decimal128.fromString('0.10'),
  text: 'ä中😀\0',
  date: new Date(1_700_000_000_123),
  nothing: null,
  truth: [true, false],
  bytes: new Binary(new Uint8Array([0, 255]), 5),
  stamp: new Timestamp({ t: 4_000_000_000, i: 1 }),
  pattern: /a(b|c)/im,
  low: new MinKey(),
  high: new MaxKey(),
  nested: { list: [{ a: [] }, {}] },
}

async function fill(folder: Folder): Promise<void> {
  await using database = folder.open()
  const run = (command: Record<string, unknown>) => database.command('d', command)
  await run({
    insert: 'a',
    documents: [
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ],
  })
  await run({ createIndexes: 'a', indexes: [{ key: { n: 1 }, name: 'n_1', unique: true }] })
  await run({ update: 'a', updates: [{ q: { _id: 1 }, u: { $set: { n: 10 } } }] })
  await run({ insert: 'b', documents: [{ _id: 'x' }] })
  await run({ delete: 'a', deletes: [{ q: { _id: 2 }, limit: 1 }] })
  const session = database.startSession()
  await session.startTransaction()
  await database.command('d', { insert: 'a', documents: [{ _id: 3, n: 3 }] }, { session })
  await database.command('d', { insert: 'c', documents: [{ _id: 'made inside' }] }, { session })
  await session.commitTransaction()
}

describe('reopening', () => {
  test('every type of value comes back', async () => {
    using folder = new Folder()
    const database = folder.open()
    await database.command('d', { insert: 'types', documents: [EVERY_TYPE] })
    const before = await dump(database, 'd')
    await database.close()
    await using again = folder.open()
    const after = await dump(again, 'd')
    expect(EJSON.stringify(after, { relaxed: false })).toBe(EJSON.stringify(before, { relaxed: false }))
    expect(
      await again.command('d', {
        count: 'types',
        query: { doubleLikeInt: { $type: 'double' }, long: { $type: 'long' }, int: { $type: 'int' } },
      }),
    ).toMatchObject({ n: 1 })
  })

  test('documents, indexes, removals and transactions come back, in order', async () => {
    using folder = new Folder()
    await fill(folder)
    await using database = folder.open()
    expect(await dump(database, 'd')).toMatchObject({
      a: {
        documents: [
          { _id: 1, n: 10 },
          { _id: 3, n: 3 },
        ],
        indexes: [{ name: '_id_' }, { name: 'n_1', unique: true }],
      },
      b: { documents: [{ _id: 'x' }] },
      c: { documents: [{ _id: 'made inside' }] },
    })
    expect(await database.command('d', { insert: 'a', documents: [{ _id: 4, n: 10 }] })).toMatchObject({
      writeErrors: [{ code: 11000 }],
    })
    expect(folder.warnings).toEqual([])
  })

  test('options, renames and drops come back', async () => {
    using folder = new Folder()
    const database = folder.open()
    const run = (command: Record<string, unknown>) => database.command('d', command)
    await run({ create: 'v', validator: { n: { $type: 'int' } }, validationLevel: 'moderate' })
    await run({ insert: 'gone', documents: [{ _id: 1 }] })
    await run({ insert: 'old', documents: [{ _id: 1 }] })
    await run({
      createIndexes: 'old',
      indexes: [
        {
          key: { at: 1 },
          name: 'at_1',
          expireAfterSeconds: 60,
          partialFilterExpression: { at: { $gt: new Date(0) } },
        },
      ],
    })
    await run({ drop: 'gone' })
    await database.command('admin', { renameCollection: 'd.old', to: 'd.new' })
    const before = await dump(database, 'd')
    await database.close()
    await using again = folder.open()
    expect(await dump(again, 'd')).toEqual(before)
    expect(await again.command('d', { insert: 'v', documents: [{ n: 'text' }] })).toMatchObject({
      writeErrors: [{ code: 121 }],
    })
  })

  test('a retryable write is recognised', async () => {
    using folder = new Folder()
    const write = { insert: 'a', documents: [{ _id: 1 }] }
    const call = { session: { id: 'one', txnNumber: 7 } }
    const database = folder.open()
    expect(await database.execute('d', write, call)).toMatchObject({ n: 1 })
    await database.close()
    await using again = folder.open()
    const repeated = await again.execute('d', write, call)
    expect(repeated).toMatchObject({ n: 1 })
    expect(repeated).not.toHaveProperty('writeErrors')
    await expect(async () =>
      again.execute('d', write, { session: { id: 'one', txnNumber: 6 } }),
    ).rejects.toMatchObject({
      code: 225,
    })
  })

  test('a collection is decoded at its first use', async () => {
    using folder = new Folder()
    await fill(folder)
    await using database = folder.open()
    await database.command('d', { find: 'b' })
    const loaded = [...database.state.catalog.all()]
      .filter((collection) => collection.loaded)
      .map(({ name }) => name)
    expect(loaded).toEqual(['b'])
  })
})

describe('checkpoints', () => {
  const store = (database: { state: { store: unknown } }) => database.state.store as JournalStore

  test('the journal starts anew, unchanged collections keep their file, nothing is lost', async () => {
    using folder = new Folder()
    await fill(folder)
    const database = folder.open()
    await store(database).checkpoint()
    expect(files(folder)).toEqual(['c1-2.bson', 'c2-2.bson', 'c3-2.bson', 'journal-2', 'lock', 'manifest'])
    await database.command('d', { insert: 'b', documents: [{ _id: 'y' }] })
    await store(database).checkpoint()
    expect(files(folder)).toEqual(['c1-2.bson', 'c2-3.bson', 'c3-2.bson', 'journal-3', 'lock', 'manifest'])
    await database.command('d', { update: 'b', updates: [{ q: { _id: 'x' }, u: { $set: { late: 1 } } }] })
    const before = await dump(database, 'd')
    await database.close()
    await using again = folder.open()
    expect(await dump(again, 'd')).toEqual(before)
    expect(store(again).sequence).toBeGreaterThan(6)
  })

  test('what is written while one is under way belongs to the next', async () => {
    using folder = new Folder()
    const database = folder.open()
    const documents = Array.from({ length: 20_000 }, (_, at) => ({ _id: at, text: 'x'.repeat(50) }))
    await database.command('d', { insert: 'a', documents })
    const running = store(database).checkpoint()
    await new Promise((resolve) => setImmediate(resolve))
    await database.command('d', { update: 'a', updates: [{ q: {}, u: { $set: { seen: 1 } }, multi: true }] })
    await database.command('d', { delete: 'a', deletes: [{ q: { _id: { $gte: 10_000 } }, limit: 0 }] })
    await running
    await database.close()
    await using again = folder.open()
    expect(await again.command('d', { count: 'a', query: { seen: 1 } })).toMatchObject({ n: 10_000 })
    expect(await again.command('d', { count: 'a' })).toMatchObject({ n: 10_000 })
  })

  test('stopped at any moment, it has lost nothing', async () => {
    using folder = new Folder()
    const database = folder.open()
    const documents = Array.from({ length: 3000 }, (_, at) => ({ _id: at, text: 'x'.repeat(200) }))
    await database.command('d', { insert: 'a', documents })
    await database.command('d', { insert: 'b', documents: documents.slice(0, 10) })
    await store(database).checkpoint()
    await database.command('d', { update: 'a', updates: [{ q: {}, u: { $set: { round: 2 } }, multi: true }] })
    await database.command('d', { delete: 'b', deletes: [{ q: { _id: 5 }, limit: 1 }] })
    const before = await dump(database, 'd')
    const moments = new Map<string, Folder>()
    let running = true
    const checkpoint = store(database)
      .checkpoint()
      .finally(() => {
        running = false
      })
    while (running) {
      // A copy of the folder is what a killed process would have left.
      const names = files(folder).join()
      if (!moments.has(names)) moments.set(names, new Folder(folder.path))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await checkpoint
    await database.close()
    expect(moments.size).toBeGreaterThan(3)
    for (const [names, copy] of moments) {
      rmSync(copy.file('lock'))
      await using again = copy.open({ durability: 'none' })
      expect(await dump(again, 'd'), names).toEqual(before)
      expect(copy.warnings).toEqual([])
      await again.close()
      copy[Symbol.dispose]()
    }
  })

  test('one that is under way when a collection is first used takes nothing from it', async () => {
    using folder = new Folder()
    await fill(folder)
    const before = folder.open()
    const contents = await dump(before, 'd')
    await before.close()
    const database = folder.open()
    const running = store(database).checkpoint()
    await database.command('d', { insert: 'b', documents: [{ _id: 'late' }] })
    await running
    await store(database).checkpoint()
    await database.close()
    await using again = folder.open()
    const after = await dump(again, 'd')
    expect(after.a).toEqual(contents.a)
    const { documents } = contents.b as { documents: unknown[] }
    expect(after.b).toMatchObject({ documents: [...documents, { _id: 'late' }] })
  })

  test('they come by themselves when the journal has grown', async () => {
    using folder = new Folder()
    const database = folder.open({ checkpointBytes: 10_000 })
    for (let at = 0; at < 200; at++) {
      await database.command('d', {
        update: 'a',
        updates: [{ q: { _id: 1 }, u: { $set: { at, text: 'x'.repeat(200) } }, upsert: true }],
      })
      if (at % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await database.close()
    expect(existsSync(folder.file('manifest'))).toBe(true)
    expect(existsSync(folder.file('journal-1'))).toBe(false)
    await using again = folder.open()
    expect(await dump(again, 'd')).toMatchObject({ a: { documents: [{ _id: 1, at: 199 }] } })
  })

  test('a checkpoint that was interrupted leaves nothing behind', async () => {
    using folder = new Folder()
    await fill(folder)
    writeFileSync(folder.file('c1-2.bson'), 'half')
    writeFileSync(folder.file('c2-2.bson.new'), 'half')
    writeFileSync(folder.file('manifest.new'), 'half')
    writeFileSync(folder.file('journal-2'), '')
    await using database = folder.open()
    expect(await dump(database, 'd')).toMatchObject({ a: { documents: [{ _id: 1 }, { _id: 3 }] } })
    expect(files(folder)).toEqual(['journal-1', 'journal-2', 'lock'])
  })

  test('a damaged collection file is told, and left alone', async () => {
    using folder = new Folder()
    await fill(folder)
    const database = folder.open()
    await store(database).checkpoint()
    await database.close()
    const path = folder.file('c1-2.bson')
    const bytes = readFileSync(path)
    bytes[10]! ^= 1
    writeFileSync(path, bytes)
    await using again = folder.open()
    await expect(again.command('d', { find: 'a' })).rejects.toThrow(
      /c1-2\.bson is damaged: its checksum is wrong/,
    )
    expect(readFileSync(path)).toEqual(bytes)
    expect(await again.command('d', { count: 'b' })).toMatchObject({ n: 1 })
  })
})

describe('recovery', () => {
  /** Commits in the order they were made: the state after each of them is the only one allowed. */
  async function smallJournal(folder: Folder): Promise<unknown[]> {
    const states: unknown[] = [{}]
    await using database = folder.open()
    const steps = [
      { insert: 'a', documents: [{ _id: 1, text: 'one' }] },
      { update: 'a', updates: [{ q: { _id: 1 }, u: { $set: { text: 'two' } } }] },
      { insert: 'a', documents: [{ _id: 2 }, { _id: 3 }] },
      { delete: 'a', deletes: [{ q: { _id: 2 }, limit: 1 }] },
    ]
    for (const step of steps) {
      await database.command('d', step)
      states.push(await dump(database, 'd'))
    }
    return states
  }

  test('cut at any byte, the journal gives the commits before the cut', async () => {
    using original = new Folder()
    const states = await smallJournal(original)
    const { length } = readFileSync(original.file('journal-1'))
    const seen = new Set<number>()
    for (let size = 0; size < length; size++) {
      using folder = new Folder(original.path)
      truncateSync(folder.file('journal-1'), size)
      await using database = folder.open({ durability: 'none' })
      const state = await dump(database, 'd')
      const at = states.findIndex((allowed) => JSON.stringify(allowed) === JSON.stringify(state))
      expect(at, `cut at ${size}`).toBeGreaterThanOrEqual(0)
      seen.add(at)
      // It goes on from there.
      await database.command('d', { insert: 'after', documents: [{ _id: 1 }] })
      expect(folder.warnings.length).toBeLessThanOrEqual(1)
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3])
  })

  test('with any byte flipped, the journal gives the commits before it and keeps the rest aside', async () => {
    using original = new Folder()
    const states = await smallJournal(original)
    const bytes = readFileSync(original.file('journal-1'))
    for (let at = 0; at < bytes.length; at++) {
      using folder = new Folder(original.path)
      const flipped = Buffer.from(bytes)
      flipped[at]! ^= 1 << (at % 8)
      writeFileSync(folder.file('journal-1'), flipped)
      await using database = folder.open({ durability: 'none' })
      const state = await dump(database, 'd')
      expect(
        states.slice(0, 4).some((allowed) => JSON.stringify(allowed) === JSON.stringify(state)),
        `byte ${at}`,
      ).toBe(true)
      expect(folder.warnings).toHaveLength(1)
      expect(files(folder).some((name) => name.startsWith('journal-1.cut-'))).toBe(true)
    }
  })

  test('what is lost behind a damaged commit is told; an interrupted write loses nothing', async () => {
    using original = new Folder()
    await smallJournal(original)
    const bytes = readFileSync(original.file('journal-1'))
    const second = 16 + bytes.readUInt32LE(0)
    const third = second + 16 + bytes.readUInt32LE(second)
    const cases: Array<[what: string, damage: (journal: Buffer) => unknown, told: RegExp]> = [
      [
        'a wrong byte',
        (journal) => journal.writeUInt8(journal[second + 30]! ^ 1, second + 30),
        /\d+ later commits? (is|are) lost/,
      ],
      ['a wrong length', (journal) => journal.writeUInt32LE(7, second), /\d+ later commits? (is|are) lost/],
      [
        'a wrong byte in the last one',
        (journal) => journal.subarray(0, third).fill(0, third - 4),
        /interrupted/,
      ],
      ['a torn end', (journal) => journal.subarray(0, third - 3), /interrupted/],
    ]
    for (const [what, damage, told] of cases) {
      using folder = new Folder(original.path)
      const copy = Buffer.from(bytes)
      const damaged = damage(copy)
      writeFileSync(folder.file('journal-1'), Buffer.isBuffer(damaged) ? damaged : copy)
      await using _database = folder.open({ durability: 'none' })
      expect(folder.warnings, what).toEqual([expect.stringMatching(told)])
    }
  })

  test('a missing commit in the middle is refused', async () => {
    using folder = new Folder()
    await smallJournal(folder)
    const bytes = readFileSync(folder.file('journal-1'))
    const first = 16 + bytes.readUInt32LE(0)
    const second = first + 16 + bytes.readUInt32LE(first)
    writeFileSync(folder.file('journal-1'), Buffer.concat([bytes.subarray(0, first), bytes.subarray(second)]))
    expect(() => folder.open()).toThrow(/commit 2 is missing, commit 3 follows/)
    expect(existsSync(folder.file('lock'))).toBe(false)
  })

  test('a missing journal is refused', async () => {
    using folder = new Folder()
    await smallJournal(folder)
    writeFileSync(folder.file('journal-3'), '')
    expect(() => folder.open()).toThrow(/journal-2 is damaged: it is missing/)
  })
})

function files(folder: Folder): string[] {
  return readdirSync(folder.path).sort()
}
