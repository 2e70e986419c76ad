import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../../clock/clock.ts'
import type { DatabaseError, SessionHandle } from '../../../database/command.ts'
import { openDatabase } from '../open.ts'

type Doc = Record<string, unknown>

class Setup implements AsyncDisposable {
  readonly clock = new ManualClock('2026-01-01')
  readonly database = openDatabase({ clock: this.clock })

  run(command: Doc, session?: SessionHandle): Promise<Doc> {
    return this.database.command('d', command, session ? { session } : {})
  }

  async begin(lifetimeMS?: number): Promise<SessionHandle> {
    const session = this.database.startSession()
    await session.startTransaction(lifetimeMS === undefined ? {} : { lifetimeMS })
    return session
  }

  insert(documents: Doc[], session?: SessionHandle): Promise<Doc> {
    return this.run({ insert: 'c', documents }, session)
  }

  set(_id: unknown, fields: Doc, session?: SessionHandle): Promise<Doc> {
    return this.run({ update: 'c', updates: [{ q: { _id }, u: { $set: fields } }] }, session)
  }

  async docs(session?: SessionHandle, more: Doc = {}): Promise<Doc[]> {
    const { cursor } = await this.run({ find: 'c', ...more }, session)
    return (cursor as { firstBatch: Doc[] }).firstBatch
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.database.close()
  }
}

describe('snapshots', () => {
  test('removed and replaced documents stay visible in their place, new ones do not appear', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }, { _id: 2 }, { _id: 3 }])
    const session = await setup.begin()
    await setup.run({ delete: 'c', deletes: [{ q: { _id: 2 }, limit: 1 }] })
    await setup.set(3, { late: true })
    await setup.insert([{ _id: 4 }])
    expect(await setup.docs(session)).toEqual([{ _id: 1 }, { _id: 2 }, { _id: 3 }])
    await setup.insert([{ _id: 5 }], session)
    expect(await setup.docs(session)).toEqual([{ _id: 1 }, { _id: 2 }, { _id: 3 }, { _id: 5 }])
    await session.commitTransaction()
    expect(await setup.docs()).toEqual([{ _id: 1 }, { _id: 3, late: true }, { _id: 4 }, { _id: 5 }])
  })

  test('index reads and sorts see the snapshot and own writes', async () => {
    await using setup = new Setup()
    await setup.run({ createIndexes: 'c', indexes: [{ key: { n: 1 }, name: 'n' }] })
    await setup.insert([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
      { _id: 3, n: 3 },
    ])
    const session = await setup.begin()
    await setup.set(1, { n: 30 })
    await setup.set(2, { n: 10 }, session)
    expect(await setup.docs(session, { filter: { n: { $lte: 2 } } })).toEqual([{ _id: 1, n: 1 }])
    expect(await setup.docs(session, { sort: { n: 1 } })).toEqual([
      { _id: 1, n: 1 },
      { _id: 3, n: 3 },
      { _id: 2, n: 10 },
    ])
    await session.abortTransaction()
  })

  test('aggregate and $lookup read the snapshot', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }])
    await setup.run({ insert: 'other', documents: [{ _id: 1, name: 'before' }] })
    const session = await setup.begin()
    await setup.run({ update: 'other', updates: [{ q: {}, u: { $set: { name: 'after' } } }] })
    const pipeline = [{ $lookup: { from: 'other', localField: '_id', foreignField: '_id', as: 'found' } }]
    const { cursor } = await setup.run({ aggregate: 'c', pipeline, cursor: {} }, session)
    expect((cursor as { firstBatch: Doc[] }).firstBatch).toEqual([
      { _id: 1, found: [{ _id: 1, name: 'before' }] },
    ])
    await session.abortTransaction()
  })

  test('a cursor opened inside reads on inside, and only there', async () => {
    await using setup = new Setup()
    await setup.insert([1, 2, 3, 4].map((_id) => ({ _id })))
    const session = await setup.begin()
    const { cursor } = await setup.run({ find: 'c', batchSize: 2 }, session)
    const { id } = cursor as { id: number }
    await setup.run({ delete: 'c', deletes: [{ q: { _id: 4 }, limit: 1 }] })
    const more = await setup.run({ getMore: id, collection: 'c' }, session)
    expect((more.cursor as { nextBatch: Doc[] }).nextBatch).toEqual([{ _id: 3 }, { _id: 4 }])
    const again = await setup.run({ find: 'c', batchSize: 1 }, session)
    await session.commitTransaction()
    await expect(
      setup.run({ getMore: (again.cursor as { id: number }).id, collection: 'c' }),
    ).rejects.toMatchObject({ code: 43 })
  })
})

describe('conflicts', () => {
  test('a document that has changed since the snapshot', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1, n: 0 }])
    const session = await setup.begin()
    await setup.set(1, { n: 1 })
    await expect(setup.set(1, { n: 2 }, session)).rejects.toMatchObject({
      code: 112,
      codeName: 'WriteConflict',
      errorLabels: ['TransientTransactionError'],
    })
    await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 })
    expect(await setup.docs()).toEqual([{ _id: 1, n: 1 }])
  })

  test('the same _id inserted twice', async () => {
    await using setup = new Setup()
    const one = await setup.begin()
    const two = await setup.begin()
    await setup.insert([{ _id: 1 }], one)
    await expect(setup.insert([{ _id: 1 }], two)).rejects.toMatchObject({ code: 112 })
    await one.commitTransaction()
    expect(await setup.docs()).toEqual([{ _id: 1 }])
  })

  test('the same unique key, by an update and by an insertion', async () => {
    await using setup = new Setup()
    await setup.run({ createIndexes: 'c', indexes: [{ key: { mail: 1 }, name: 'mail', unique: true }] })
    await setup.insert([
      { _id: 1, mail: 'a' },
      { _id: 2, mail: 'b' },
    ])
    const one = await setup.begin()
    const two = await setup.begin()
    await setup.set(1, { mail: 'x' }, one)
    await expect(setup.insert([{ _id: 3, mail: 'x' }], two)).rejects.toMatchObject({ code: 112 })
    // Giving a key up does not free it before the commit.
    const three = await setup.begin()
    expect(await setup.insert([{ _id: 4, mail: 'a' }], three)).toMatchObject({
      writeErrors: [{ code: 11000 }],
    })
    await one.commitTransaction()
    expect(await setup.insert([{ _id: 4, mail: 'a' }])).toMatchObject({ n: 1 })
  })

  test('two documents may swap a unique key within one transaction', async () => {
    await using setup = new Setup()
    await setup.run({ createIndexes: 'c', indexes: [{ key: { place: 1 }, name: 'place', unique: true }] })
    await setup.insert([
      { _id: 1, place: 1 },
      { _id: 2, place: 2 },
    ])
    const session = await setup.begin()
    await setup.set(1, { place: 0 }, session)
    await setup.set(2, { place: 1 }, session)
    await setup.set(1, { place: 2 }, session)
    await session.commitTransaction()
    expect(await setup.docs(undefined, { filter: { place: 1 } })).toEqual([{ _id: 2, place: 1 }])
    expect(await setup.insert([{ _id: 3, place: 2 }])).toMatchObject({ writeErrors: [{ code: 11000 }] })
  })

  test('a duplicate key inside ends the transaction and is reported as a write error', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }])
    const session = await setup.begin()
    expect(await setup.insert([{ _id: 2 }, { _id: 1 }, { _id: 3 }], session)).toMatchObject({
      n: 1,
      writeErrors: [{ index: 1, code: 11000 }],
    })
    await expect(setup.docs(session)).rejects.toMatchObject({ code: 251 })
    expect(await setup.docs()).toEqual([{ _id: 1 }])
  })

  test('delete and insert the same _id within one transaction', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1, old: true }])
    const session = await setup.begin()
    await setup.run({ delete: 'c', deletes: [{ q: { _id: 1 }, limit: 1 }] }, session)
    await setup.insert([{ _id: 1, old: false }], session)
    expect(await setup.docs(session)).toEqual([{ _id: 1, old: false }])
    await session.commitTransaction()
    expect(await setup.docs()).toEqual([{ _id: 1, old: false }])
    expect(await setup.docs(undefined, { filter: { _id: 1 } })).toEqual([{ _id: 1, old: false }])
  })
})

describe('plain writes that meet an intent', () => {
  test('wait for the commit and go on from what it left', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1, n: 0 }])
    const session = await setup.begin()
    await setup.set(1, { n: 10 }, session)
    const waiting = setup.run({ update: 'c', updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }] })
    await Promise.resolve()
    await session.commitTransaction()
    expect(await waiting).toMatchObject({ n: 1, nModified: 1 })
    expect(await setup.docs()).toEqual([{ _id: 1, n: 11 }])
  })

  test('wait for the abort', async () => {
    await using setup = new Setup()
    const session = await setup.begin()
    await setup.insert([{ _id: 1, by: 'transaction' }], session)
    const waiting = setup.insert([{ _id: 1, by: 'plain' }])
    await session.abortTransaction()
    expect(await waiting).toMatchObject({ n: 1 })
    expect(await setup.docs()).toEqual([{ _id: 1, by: 'plain' }])
  })

  test('are not half done while they wait', async () => {
    await using setup = new Setup()
    await setup.insert([1, 2, 3, 4].map((_id) => ({ _id, n: 0 })))
    const session = await setup.begin()
    await setup.set(3, { n: 5 }, session)
    const waiting = setup.run({ update: 'c', updates: [{ q: {}, u: { $inc: { n: 1 } }, multi: true }] })
    const removing = setup.run({ delete: 'c', deletes: [{ q: { _id: { $gte: 3 } }, limit: 0 }] })
    expect((await setup.docs()).map(({ n }) => n)).toEqual([0, 0, 0, 0])
    await session.commitTransaction()
    expect(await waiting).toMatchObject({ n: 4 })
    expect(await removing).toMatchObject({ n: 2 })
    expect(await setup.docs()).toEqual([
      { _id: 1, n: 1 },
      { _id: 2, n: 1 },
    ])
  })

  test('give up after five seconds with 50', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }])
    const session = await setup.begin()
    await setup.set(1, { n: 1 }, session)
    const waiting = setup.set(1, { n: 2 }).catch((error: DatabaseError) => error)
    await Promise.resolve()
    await setup.clock.advance(4999)
    await setup.clock.advance(1)
    expect(await waiting).toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' })
    await session.commitTransaction()
    expect(await setup.docs()).toEqual([{ _id: 1, n: 1 }])
  })

  test('give up earlier when the command says so', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }])
    const session = await setup.begin()
    await setup.set(1, { n: 1 }, session)
    const update = { update: 'c', updates: [{ q: { _id: 1 }, u: { $set: { n: 2 } } }], maxTimeMS: 100 }
    const waiting = setup.run(update).catch((error: DatabaseError) => error)
    // Writes come one after the other: when this one is answered, the one before it waits.
    await setup.insert([{ _id: 2 }])
    await setup.clock.advance(100)
    expect(await waiting).toMatchObject({ code: 50 })
    await session.abortTransaction()
  })

  test('give up when their caller does', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }])
    const session = await setup.begin()
    await setup.set(1, { n: 1 }, session)
    const controller = new AbortController()
    const update = { update: 'c', updates: [{ q: { _id: 1 }, u: { $set: { n: 2 } } }] }
    const waiting = setup.database
      .command('d', update, { signal: controller.signal })
      .catch((error: DatabaseError) => error)
    await Promise.resolve()
    controller.abort()
    expect(await waiting).toMatchObject({ code: 11601 })
    await session.abortTransaction()
    expect(await setup.docs()).toEqual([{ _id: 1 }])
  })

  test('a change of the definition waits for those who use the collection', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }])
    const session = await setup.begin()
    await setup.docs(session)
    let dropped = false
    const dropping = setup.run({ drop: 'c' }).then(() => {
      dropped = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(dropped).toBe(false)
    await session.commitTransaction()
    await dropping
    expect(await setup.docs()).toEqual([])
  })
})

describe('life', () => {
  test('a transaction ends by itself, and its session is told', async () => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }])
    const session = await setup.begin(10_000)
    await setup.set(1, { n: 1 }, session)
    await setup.clock.advance(10_000)
    await expect(setup.docs(session)).rejects.toMatchObject({
      code: 251,
      errorLabels: ['TransientTransactionError'],
    })
    expect(await setup.set(1, { n: 2 })).toMatchObject({ nModified: 1 })
    await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 })
  })

  test('ending a session aborts its transaction', async () => {
    await using setup = new Setup()
    const session = await setup.begin()
    await setup.insert([{ _id: 1 }], session)
    await session.end()
    expect(await setup.docs()).toEqual([])
    expect(setup.database.state.transactions.count).toBe(0)
  })

  test('one after the other on the same session', async () => {
    await using setup = new Setup()
    const session = await setup.begin()
    await setup.insert([{ _id: 1 }], session)
    await session.commitTransaction()
    await setup.insert([{ _id: 2 }], session)
    await session.startTransaction()
    await setup.insert([{ _id: 3 }], session)
    await expect(session.startTransaction()).rejects.toThrow('already in progress')
    await session.abortTransaction()
    expect(await setup.docs()).toEqual([{ _id: 1 }, { _id: 2 }])
    await expect(session.commitTransaction()).rejects.toThrow('No transaction started')
  })

  test("with the wire's own numbers: a second commit says yes, an abort after it 256, older numbers 225", async () => {
    await using setup = new Setup()
    const call = (txnNumber: number, startTransaction = false) => ({
      session: {
        id: 'wire',
        txnNumber,
        autocommit: false as const,
        ...(startTransaction ? { startTransaction } : {}),
      },
    })
    const { database } = setup
    await database.execute('d', { insert: 'c', documents: [{ _id: 1 }] }, call(5, true))
    await database.execute('admin', { commitTransaction: 1 }, call(5))
    expect(await database.execute('admin', { commitTransaction: 1 }, call(5))).toEqual({ ok: 1 })
    await expect(async () =>
      database.execute('admin', { abortTransaction: 1 }, call(5)),
    ).rejects.toMatchObject({
      code: 256,
    })
    await expect(async () => database.execute('d', { find: 'c' }, call(4, true))).rejects.toMatchObject({
      code: 225,
    })
    await expect(async () => database.execute('d', { find: 'c' }, call(6))).rejects.toMatchObject({
      code: 251,
    })
    await expect(async () => database.execute('d', { find: 'c' }, call(5, true))).rejects.toMatchObject({
      code: 117,
    })
  })
})

describe('what a transaction may not do', () => {
  const refused: Doc[] = [
    { count: 'c' },
    { drop: 'c' },
    { dropDatabase: 1 },
    { listCollections: 1 },
    { listIndexes: 'c' },
    { createIndexes: 'c', indexes: [{ key: { a: 1 }, name: 'a' }] },
    { aggregate: 'c', pipeline: [{ $out: 'd' }], cursor: {} },
    { explain: { find: 'c' } },
  ]
  test.each(refused)('%o', async (command) => {
    await using setup = new Setup()
    await setup.insert([{ _id: 1 }])
    const session = await setup.begin()
    await expect(setup.run(command, session)).rejects.toMatchObject({
      code: 263,
      codeName: 'OperationNotSupportedInTransaction',
    })
  })
})

describe('collections made inside', () => {
  test('appear with the commit, indexes included', async () => {
    await using setup = new Setup()
    const session = await setup.begin()
    await setup.run({ create: 'c' }, session)
    await setup.run({ createIndexes: 'c', indexes: [{ key: { n: 1 }, name: 'n', unique: true }] }, session)
    await setup.insert([{ _id: 1, n: 1 }], session)
    expect(await setup.docs(session)).toEqual([{ _id: 1, n: 1 }])
    const names = async () =>
      ((await setup.run({ listCollections: 1, nameOnly: true })).cursor as { firstBatch: Doc[] }).firstBatch
    expect(await names()).toEqual([])
    await session.commitTransaction()
    expect(await names()).toEqual([{ name: 'c', type: 'collection' }])
    expect(await setup.insert([{ _id: 2, n: 1 }])).toMatchObject({ writeErrors: [{ code: 11000 }] })
  })

  test('vanish with the abort', async () => {
    await using setup = new Setup()
    const session = await setup.begin()
    await setup.insert([{ _id: 1 }], session)
    await session.abortTransaction()
    expect(await setup.run({ listCollections: 1 })).toMatchObject({ cursor: { firstBatch: [] } })
  })

  test('the same name twice is a conflict', async () => {
    await using setup = new Setup()
    const one = await setup.begin()
    const two = await setup.begin()
    await setup.insert([{ _id: 1 }], one)
    await expect(setup.insert([{ _id: 2 }], two)).rejects.toMatchObject({ code: 112 })
    await one.commitTransaction()
    expect(await setup.docs()).toEqual([{ _id: 1 }])
  })
})

describe('retryable writes', () => {
  test('a repeat is answered, not run again', async () => {
    await using setup = new Setup()
    const { database } = setup
    await setup.insert([{ _id: 1, n: 0 }])
    const session = { id: 'retry', txnNumber: 1 }
    const increment = { findAndModify: 'c', query: { _id: 1 }, update: { $inc: { n: 1 } }, new: true }
    const first = await database.execute('d', increment, { session })
    expect(await database.execute('d', increment, { session })).toEqual(first)
    expect(await setup.docs()).toEqual([{ _id: 1, n: 1 }])
    await database.execute('d', increment, { session: { ...session, txnNumber: 2 } })
    expect(await setup.docs()).toEqual([{ _id: 1, n: 2 }])
    await expect(async () => database.execute('d', increment, { session })).rejects.toMatchObject({
      code: 225,
    })
  })

  test('sessions expire after half an hour without use', async () => {
    await using setup = new Setup()
    const { database } = setup
    await database.execute(
      'd',
      { insert: 'c', documents: [{ _id: 1 }] },
      { session: { id: 'old', txnNumber: 1 } },
    )
    await setup.clock.advance(29 * 60_000)
    expect(database.state.sessions.size).toBe(1)
    await setup.clock.advance(3 * 60_000)
    expect(database.state.sessions.size).toBe(0)
  })
})
