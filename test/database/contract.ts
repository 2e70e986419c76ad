import { Binary, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  DatabaseError,
  type DocumentDatabase,
  type Reply,
  type SessionHandle,
} from '../../database/command.ts'

/** What a carrier is opened with, and how it is closed again. */
export interface Carrier {
  database: DocumentDatabase
  close(): Promise<void>
}

type Doc = Record<string, unknown>
type Run = (command: Doc, session?: SessionHandle) => Promise<Reply>

/**
 * What every carrier of the waist must do alike (spec/embedded-database.md §4): the engine itself, its ports, and the
 * official driver in front of any server. Only behaviour all of them share; the engine's own is tested beside it.
 * @param name shown in the report
 * @param open gives the carrier; its databases are named by chance, so that it may be a shared server
 */
export function describeContract(name: string, open: () => Promise<Carrier>): void {
  describe(`contract: ${name}`, () => {
    let carrier: Carrier
    let database = ''
    let counter = 0
    let run: Run

    beforeAll(async () => {
      carrier = await open()
      database = `contract_${new ObjectId().toHexString()}`
      run = (command, session) => carrier.database.command(database, command, session ? { session } : {})
    })
    afterAll(async () => {
      await run({ dropDatabase: 1 })
      await carrier.close()
    })

    const fresh = () => `c${++counter}`
    const filled = async (documents: Doc[]) => {
      const collection = fresh()
      await run({ insert: collection, documents })
      return collection
    }
    const all = async (collection: string, more: Doc = {}) =>
      firstBatch(await run({ find: collection, ...more }))

    describe('insert', () => {
      test('answers the count and makes up an _id', async () => {
        const collection = fresh()
        expect(await run({ insert: collection, documents: [{ a: 1 }, { a: 2 }] })).toMatchObject({
          n: 2,
          ok: 1,
        })
        const docs = await all(collection)
        expect(docs.map(({ a }) => a)).toEqual([1, 2])
        expect((docs[0]!._id as { _bsontype: string })._bsontype).toBe('ObjectId')
        expect(Object.keys(docs[0]!)).toEqual(['_id', 'a'])
      })

      test('ordered: stops at a duplicate key and says which', async () => {
        const collection = await filled([{ _id: 1 }])
        const reply = await run({ insert: collection, documents: [{ _id: 2 }, { _id: 1 }, { _id: 3 }] })
        expect(reply).toMatchObject({
          n: 1,
          ok: 1,
          writeErrors: [{ index: 1, code: 11000, keyPattern: { _id: 1 }, keyValue: { _id: 1 } }],
        })
        const [error] = reply.writeErrors as { errmsg: string }[]
        expect(error!.errmsg).toBe(
          `E11000 duplicate key error collection: ${database}.${collection} index: _id_ dup key: { _id: 1 }`,
        )
        expect(await all(collection)).toEqual([{ _id: 1 }, { _id: 2 }])
      })

      test('unordered: goes on behind a failure', async () => {
        const collection = await filled([{ _id: 1 }])
        const reply = await run({
          insert: collection,
          documents: [{ _id: 1 }, { _id: 2 }, { _id: 2 }, { _id: 3 }],
          ordered: false,
        })
        expect(reply).toMatchObject({
          n: 2,
          writeErrors: [
            { index: 0, code: 11000 },
            { index: 2, code: 11000 },
          ],
        })
      })
    })

    describe('find', () => {
      test('filter, sort, skip, limit, projection', async () => {
        const collection = await filled([1, 2, 3, 4, 5].map((n) => ({ _id: n, n, twice: n * 2 })))
        const docs = await all(collection, {
          filter: { n: { $gt: 1 } },
          sort: { n: -1 },
          skip: 1,
          limit: 2,
          projection: { twice: 1 },
        })
        expect(docs).toEqual([
          { _id: 4, twice: 8 },
          { _id: 3, twice: 6 },
        ])
      })

      test('a collection that is not there is empty', async () => {
        expect(await run({ find: fresh() })).toMatchObject({ cursor: { firstBatch: [] }, ok: 1 })
      })

      test('cursors hand out the rest in batches', async () => {
        const collection = await filled(Array.from({ length: 10 }, (_, n) => ({ _id: n })))
        const first = await run({ find: collection, sort: { _id: 1 }, batchSize: 4 })
        const { firstBatch: start, id } = first.cursor as { firstBatch: Doc[]; id: unknown }
        expect(start.map(({ _id }) => _id)).toEqual([0, 1, 2, 3])
        const second = await run({ getMore: id, collection, batchSize: 4 })
        const { nextBatch, id: still } = second.cursor as { nextBatch: Doc[]; id: unknown }
        expect(nextBatch.map(({ _id }) => _id)).toEqual([4, 5, 6, 7])
        const third = await run({ getMore: still, collection })
        expect(third.cursor).toMatchObject({ nextBatch: [{ _id: 8 }, { _id: 9 }] })
        expect(Number((third.cursor as { id: unknown }).id)).toBe(0)
      })

      test('a malformed filter is refused with its code', async () => {
        await expect(code(run({ find: fresh(), filter: { a: { $nope: 1 } } }))).resolves.toBe(2)
      })
    })

    describe('update', () => {
      test('one, many, upsert', async () => {
        const collection = await filled([
          { _id: 1, a: 1 },
          { _id: 2, a: 1 },
        ])
        const updates = [
          { q: { a: 1 }, u: { $inc: { a: 1 } } },
          { q: {}, u: { $set: { b: 1 } }, multi: true },
          { q: { _id: 9, c: 3 }, u: { $set: { d: 4 } }, upsert: true },
        ]
        expect(await run({ update: collection, updates })).toMatchObject({
          n: 4,
          nModified: 3,
          upserted: [{ index: 2, _id: 9 }],
        })
        expect(await all(collection)).toEqual([
          { _id: 1, a: 2, b: 1 },
          { _id: 2, a: 1, b: 1 },
          { _id: 9, c: 3, d: 4 },
        ])
      })

      test('no change is a match without a modification', async () => {
        const collection = await filled([{ _id: 1, a: 1 }])
        expect(
          await run({ update: collection, updates: [{ q: { _id: 1 }, u: { $set: { a: 1 } } }] }),
        ).toMatchObject({ n: 1, nModified: 0 })
      })

      test('errors stay in the reply', async () => {
        const collection = await filled([{ _id: 1, a: 'text' }])
        expect(
          await run({ update: collection, updates: [{ q: { _id: 1 }, u: { $inc: { a: 1 } } }] }),
        ).toMatchObject({
          n: 0,
          writeErrors: [{ index: 0, code: 14 }],
        })
      })
    })

    test('delete: one and all', async () => {
      const collection = await filled([
        { _id: 1, a: 1 },
        { _id: 2, a: 1 },
        { _id: 3, a: 1 },
      ])
      expect(await run({ delete: collection, deletes: [{ q: { a: 1 }, limit: 1 }] })).toMatchObject({ n: 1 })
      expect(await run({ delete: collection, deletes: [{ q: { a: 1 }, limit: 0 }] })).toMatchObject({ n: 2 })
    })

    test('findAndModify: before, after, upsert, remove', async () => {
      const collection = await filled([{ _id: 1, a: 1 }])
      const change = { query: { _id: 1 }, update: { $inc: { a: 1 } } }
      expect(await run({ findAndModify: collection, ...change })).toMatchObject({
        value: { _id: 1, a: 1 },
        lastErrorObject: { n: 1, updatedExisting: true },
      })
      expect(await run({ findAndModify: collection, ...change, new: true })).toMatchObject({
        value: { _id: 1, a: 3 },
      })
      expect(
        await run({ findAndModify: collection, query: { _id: 2 }, update: { $set: { x: 1 } }, upsert: true }),
      ).toMatchObject({
        value: null,
        lastErrorObject: { n: 1, updatedExisting: false, upserted: 2 },
      })
      expect(await run({ findAndModify: collection, query: { _id: 2 }, remove: true })).toMatchObject({
        value: { _id: 2, x: 1 },
      })
    })

    test('aggregate, count, distinct', async () => {
      const collection = await filled([
        { _id: 1, k: 'a', n: 1 },
        { _id: 2, k: 'b', n: 2 },
        { _id: 3, k: 'a', n: 3 },
      ])
      const pipeline = [{ $group: { _id: '$k', sum: { $sum: '$n' } } }, { $sort: { _id: 1 } }]
      expect(firstBatch(await run({ aggregate: collection, pipeline, cursor: {} }))).toEqual([
        { _id: 'a', sum: 4 },
        { _id: 'b', sum: 2 },
      ])
      expect(await run({ count: collection, query: { k: 'a' } })).toMatchObject({ n: 2 })
      expect(((await run({ distinct: collection, key: 'k' })).values as string[]).sort()).toEqual(['a', 'b'])
    })

    describe('indexes', () => {
      test('create, list, drop', async () => {
        const collection = await filled([{ _id: 1 }])
        const index = { key: { a: 1, b: -1 }, name: 'a_1_b_-1', unique: true }
        expect(await run({ createIndexes: collection, indexes: [index] })).toMatchObject({
          numIndexesBefore: 1,
          numIndexesAfter: 2,
        })
        expect(await run({ createIndexes: collection, indexes: [index] })).toMatchObject({
          numIndexesBefore: 2,
          numIndexesAfter: 2,
        })
        const listed = firstBatch(await run({ listIndexes: collection }))
        expect(listed).toMatchObject([{ name: '_id_', key: { _id: 1 } }, index])
        expect(await run({ dropIndexes: collection, index: 'a_1_b_-1' })).toMatchObject({ nIndexesWas: 2 })
      })

      test('a unique index refuses duplicates, also when it is built over them', async () => {
        const collection = await filled([
          { _id: 1, mail: 'x' },
          { _id: 2, mail: 'x' },
        ])
        const indexes = [{ key: { mail: 1 }, name: 'mail_1', unique: true }]
        await expect(code(run({ createIndexes: collection, indexes }))).resolves.toBe(11000)
        await run({ delete: collection, deletes: [{ q: { _id: 2 }, limit: 1 }] })
        await run({ createIndexes: collection, indexes })
        expect(await run({ insert: collection, documents: [{ _id: 3, mail: 'x' }] })).toMatchObject({
          n: 0,
          writeErrors: [{ code: 11000, keyPattern: { mail: 1 }, keyValue: { mail: 'x' } }],
        })
      })

      const conflicts: [string, Doc, number][] = [
        ['same key, other name', { key: { a: 1 }, name: 'other' }, 85],
        ['same name, other key', { key: { b: 1 }, name: 'a_1' }, 86],
      ]
      test.each(conflicts)('%s is refused', async (_name, index, expected) => {
        const collection = await filled([{ _id: 1 }])
        await run({ createIndexes: collection, indexes: [{ key: { a: 1 }, name: 'a_1' }] })
        await expect(code(run({ createIndexes: collection, indexes: [index] }))).resolves.toBe(expected)
      })

      test('_id_ stays, unknown ones are not found', async () => {
        const collection = await filled([{ _id: 1 }])
        await expect(code(run({ dropIndexes: collection, index: '_id_' }))).resolves.toBe(72)
        await expect(code(run({ dropIndexes: collection, index: 'nope' }))).resolves.toBe(27)
        await expect(code(run({ listIndexes: fresh() }))).resolves.toBe(26)
      })
    })

    test('collections: create, list, drop', async () => {
      const collection = fresh()
      await run({ create: collection })
      await expect(code(run({ create: collection, capped: true, size: 1000 }))).resolves.toBe(48)
      const listed = await run({ listCollections: 1, filter: { name: collection }, nameOnly: true })
      expect(firstBatch(listed)).toMatchObject([{ name: collection, type: 'collection' }])
      await run({ drop: collection })
      expect(firstBatch(await run({ listCollections: 1, filter: { name: collection } }))).toEqual([])
    })

    test('a validator refuses what does not fit', async () => {
      const collection = fresh()
      await run({
        create: collection,
        validator: { $jsonSchema: { required: ['name'], properties: { name: { bsonType: 'string' } } } },
      })
      expect(await run({ insert: collection, documents: [{ _id: 1, name: 5 }] })).toMatchObject({
        n: 0,
        writeErrors: [{ code: 121 }],
      })
      expect(await run({ insert: collection, documents: [{ _id: 1, name: 'x' }] })).toMatchObject({ n: 1 })
    })

    test('unknown commands are refused', async () => {
      await expect(code(run({ noSuchCommand: 1 }))).resolves.toBe(59)
    })

    test('values come back as they were', async () => {
      const value: Doc = {
        _id: new ObjectId('65a1b2c3d4e5f60718293a4b'),
        text: 'ä中😀',
        int: 5,
        double: 1.5,
        date: new Date(1_700_000_000_123),
        nothing: null,
        truth: true,
        list: [1, 'two', [3], { four: 4 }],
        nested: { deep: { deeper: 1 } },
        pattern: /ab+c/i,
        decimal: Decimal128.fromString('1.50'),
        big: Long.fromString('9223372036854775807'),
        bytes: new Binary(new Uint8Array([1, 2, 3]), 0),
        stamp: new Timestamp({ t: 5, i: 6 }),
        low: new MinKey(),
        high: new MaxKey(),
      }
      const collection = await filled([value])
      const [back] = await all(collection)
      expect(show(back)).toEqual(show(value))
      expect(
        firstBatch(
          await run({ find: collection, filter: { double: { $type: 'double' }, int: { $type: 'int' } } }),
        ),
      ).toHaveLength(1)
    })

    test('a stored 5.0 stays a double', async () => {
      const collection = await filled([{ _id: 1, a: new Double(5) }])
      expect(await run({ count: collection, query: { a: { $type: 'double' } } })).toMatchObject({ n: 1 })
      expect(await run({ count: collection, query: { a: 5 } })).toMatchObject({ n: 1 })
    })

    test('a caller can change neither stored documents by a reply nor by what was inserted', async () => {
      const mine = { _id: 1, list: [1], when: new Date(0) }
      const collection = await filled([mine])
      mine.list.push(2)
      const [first] = await all(collection)
      ;(first!.list as number[]).push(3)
      ;(first!.when as Date).setTime(5)
      expect(await all(collection)).toEqual([{ _id: 1, list: [1], when: new Date(0) }])
    })

    describe('transactions', () => {
      const session = async <T>(use: (session: SessionHandle) => Promise<T>) => {
        const handle = carrier.database.startSession()
        try {
          return await use(handle)
        } finally {
          await handle.end()
        }
      }

      test('commit shows everything at once, abort nothing', async () => {
        const collection = await filled([{ _id: 1, a: 1 }])
        await session(async (handle) => {
          await handle.startTransaction()
          await run({ update: collection, updates: [{ q: { _id: 1 }, u: { $set: { a: 2 } } }] }, handle)
          await run({ insert: collection, documents: [{ _id: 2 }] }, handle)
          expect(firstBatch(await run({ find: collection }, handle))).toHaveLength(2)
          expect(await all(collection)).toEqual([{ _id: 1, a: 1 }])
          await handle.commitTransaction()
          expect(await all(collection)).toEqual([{ _id: 1, a: 2 }, { _id: 2 }])
          await handle.startTransaction()
          await run({ delete: collection, deletes: [{ q: {}, limit: 0 }] }, handle)
          await handle.abortTransaction()
          expect(await all(collection)).toHaveLength(2)
        })
      })

      test('the second writer gets 112 with its label', async () => {
        const collection = await filled([{ _id: 1, a: 1 }])
        await session((one) =>
          session(async (two) => {
            await one.startTransaction()
            await two.startTransaction()
            await run({ find: collection }, two)
            await run({ update: collection, updates: [{ q: { _id: 1 }, u: { $inc: { a: 1 } } }] }, one)
            const loser = run(
              { update: collection, updates: [{ q: { _id: 1 }, u: { $inc: { a: 1 } } }] },
              two,
            )
            const error = await loser.catch((reason: DatabaseError) => reason)
            expect(error).toMatchObject({
              code: 112,
              codeName: 'WriteConflict',
              errorLabels: ['TransientTransactionError'],
            })
            await one.commitTransaction()
            expect(await all(collection)).toEqual([{ _id: 1, a: 2 }])
          }),
        )
      })

      test('a snapshot does not move', async () => {
        const collection = await filled([{ _id: 1, a: 1 }])
        await session(async (handle) => {
          await handle.startTransaction()
          expect(firstBatch(await run({ find: collection }, handle))).toEqual([{ _id: 1, a: 1 }])
          await run({ update: collection, updates: [{ q: { _id: 1 }, u: { $set: { a: 5 } } }] })
          await run({ insert: collection, documents: [{ _id: 2 }] })
          expect(firstBatch(await run({ find: collection }, handle))).toEqual([{ _id: 1, a: 1 }])
          await handle.commitTransaction()
        })
      })
    })
  })
}

// internals

function firstBatch(reply: Reply): Doc[] {
  return (reply.cursor as { firstBatch: Doc[] }).firstBatch
}

async function code(running: Promise<unknown>): Promise<number | undefined> {
  try {
    await running
    return undefined
  } catch (error) {
    return error instanceof DatabaseError ? error.code : Number.NaN
  }
}

/** Values with their classes spelt out, so that two copies of a class compare. */
function show(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(show)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date || value instanceof RegExp) return value
  const type = (value as { _bsontype?: string })._bsontype
  if (type === undefined)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, show(member)]))
  const text = type === 'Binary' ? Buffer.from((value as Binary).buffer).toString('hex') : String(value)
  return type === 'MinKey' || type === 'MaxKey' ? type : `${type}:${text}`
}
