import { Double } from 'bson'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DatabaseError } from '../../../database/command.ts'
import { DriverDatabase } from '../../../database/driver/driver-database.ts'
import type { Doc } from '../../../database/engine/values/types.ts'
import { startWired, type Wired } from '../wire/wired.ts'

/** What the driver carrier does beyond what all carriers do: lost connections, big writes, cursors. */
let wired: Wired
let database: DriverDatabase
let count = 0

beforeAll(async () => {
  wired = await startWired({ port: 0, testCommands: true })
  database = await DriverDatabase.connect(wired.uri)
})
afterEach(() => database.command('admin', { configureFailPoint: 'failCommand', mode: 'off' }))
afterAll(async () => {
  await database.close()
  await wired.close()
})

const run = (command: Doc, more = {}) => database.command('carrier', command, more)
const fresh = () => `c${++count}`
const failing = (failCommands: string[], data: Doc, times = 1) =>
  database.command('admin', {
    configureFailPoint: 'failCommand',
    mode: { times },
    data: { failCommands, ...data },
  })

describe('a lost connection', () => {
  const reads: [string, (collection: string) => Doc][] = [
    ['find', (find) => ({ find })],
    ['aggregate', (aggregate) => ({ aggregate, pipeline: [], cursor: {} })],
    ['count', (name) => ({ count: name })],
    ['distinct', (distinct) => ({ distinct, key: 'a' })],
    ['listIndexes', (listIndexes) => ({ listIndexes })],
  ]
  test.each(reads)('%s is asked again', async (name, command) => {
    const collection = fresh()
    await run({ insert: collection, documents: [{ _id: 1, a: 1 }] })
    await failing([name], { closeConnection: true }, 2)
    expect(await run(command(collection))).toMatchObject({ ok: 1 })
  })

  test('a write that was done is not done again', async () => {
    const collection = fresh()
    const fault = { configureFailPoint: 'onPrimaryTransactionalWrite', mode: { times: 1 } }
    await database.command('admin', fault)
    await run({ insert: collection, documents: [{ _id: 1, n: 0 }] })
    await database.command('admin', fault)
    const updates = [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }]
    expect(await run({ update: collection, updates })).toMatchObject({ n: 1, nModified: 1 })
    expect(await run({ find: collection })).toMatchObject({ cursor: { firstBatch: [{ _id: 1, n: 1 }] } })
  })

  test('a write of many is not sent again: nobody could tell what was done', async () => {
    const collection = fresh()
    await run({ insert: collection, documents: [{ _id: 1, n: 0 }] })
    await failing(['update'], { closeConnection: true })
    const updates = [{ q: {}, u: { $inc: { n: 1 } }, multi: true }]
    const error = (await run({ update: collection, updates }).catch(
      (reason: unknown) => reason,
    )) as DatabaseError
    expect(error).toMatchObject({ name: 'DatabaseError', code: 6, codeName: 'HostUnreachable' })
    expect(error.message).toMatch(/^the database at 127\.0\.0\.1:\d+ cannot be reached/)
    expect(await run({ count: collection, query: { n: 0 } })).toMatchObject({ n: 1 })
  })

  test('a transaction is ended by it, and may be tried again as a whole', async () => {
    const collection = fresh()
    const session = database.startSession()
    await session.startTransaction()
    await failing(['insert'], { closeConnection: true })
    await expect(run({ insert: collection, documents: [{}] }, { session })).rejects.toMatchObject({
      errorLabels: ['TransientTransactionError'],
    })
    await session.abortTransaction()
    await session.startTransaction()
    await run({ insert: collection, documents: [{}] }, { session })
    await session.commitTransaction()
    await session.end()
    expect(await run({ count: collection })).toMatchObject({ n: 1 })
  })

  test('an error of the server that is to be retried', async () => {
    const collection = fresh()
    await failing(['insert'], { errorCode: 10107, errorLabels: ['RetryableWriteError'] })
    expect(await run({ insert: collection, documents: [{}] })).toMatchObject({ n: 1 })
    await failing(['find'], { errorCode: 11600 })
    expect(await run({ find: collection })).toMatchObject({ ok: 1 })
  })
})

describe('transactions', () => {
  test('live as long as they are given', async () => {
    const collection = fresh()
    const session = database.startSession()
    await session.startTransaction({ lifetimeMS: 1 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await expect(run({ insert: collection, documents: [{}] }, { session })).rejects.toMatchObject({
      code: 251,
    })
    await session.end()
    expect(wired.engine.state.transactions.count).toBe(0)
  })
})

describe('writes larger than a message', () => {
  const text = 'x'.repeat(1_000_000)
  const many = (n: number, from = 0) => Array.from({ length: n }, (_, at) => ({ _id: from + at, text }))

  test('are sent in parts, answered as one', async () => {
    const collection = fresh()
    expect(await run({ insert: collection, documents: many(40) })).toMatchObject({ n: 40, ok: 1 })
    expect(await run({ count: collection })).toMatchObject({ n: 40 })
  })

  test('name failures by their place in the whole', async () => {
    const collection = fresh()
    await run({ insert: collection, documents: [{ _id: 30 }, { _id: 35 }] })
    const insert = { insert: collection, documents: many(40), ordered: false }
    expect(await run(insert)).toMatchObject({
      n: 38,
      writeErrors: [
        { index: 30, code: 11000 },
        { index: 35, code: 11000 },
      ],
    })
    const ordered = await run({ insert: collection, documents: many(40, 20) })
    expect(ordered).toMatchObject({ n: 0, writeErrors: [{ index: 0, code: 11000 }] })
  })
})

describe('cursors', () => {
  test('an empty first batch', async () => {
    const collection = fresh()
    await run({ insert: collection, documents: [{ _id: 1 }, { _id: 2 }] })
    const { cursor } = (await run({ find: collection, batchSize: 0 })) as { cursor: Doc }
    expect(cursor.firstBatch).toEqual([])
    expect(await run({ getMore: cursor.id, collection })).toMatchObject({
      cursor: { nextBatch: [{ _id: 1 }, { _id: 2 }], id: 0 },
    })
  })

  test('are closed on demand, and by nobody twice', async () => {
    const collection = fresh()
    await run({ insert: collection, documents: [{ _id: 1 }, { _id: 2 }] })
    const { cursor } = (await run({ find: collection, batchSize: 1 })) as { cursor: Doc }
    const { id } = cursor
    const wrong = { getMore: id, collection: 'other' }
    await expect(run(wrong)).rejects.toMatchObject({ code: 13 })
    expect(await run({ killCursors: collection, cursors: [id] })).toMatchObject({ cursorsKilled: [id] })
    expect(await run({ killCursors: collection, cursors: [id] })).toMatchObject({ cursorsNotFound: [id] })
    await expect(run({ getMore: id, collection })).rejects.toMatchObject({ code: 43 })
    expect(wired.engine.state.cursors.size).toBe(0)
  })

  test('a limit within the first batch needs none', async () => {
    const collection = fresh()
    await run({ insert: collection, documents: [{ _id: 1 }, { _id: 2 }, { _id: 3 }] })
    expect(await run({ find: collection, limit: 2 })).toMatchObject({
      cursor: { firstBatch: [{ _id: 1 }, { _id: 2 }], id: 0 },
    })
    expect(wired.engine.state.cursors.size).toBe(0)
  })
})

test('numbers keep their kind, also in replies of findAndModify', async () => {
  const collection = fresh()
  await run({ insert: collection, documents: [{ _id: 1, double: new Double(5), int: 5 }] })
  const { value } = await run({
    findAndModify: collection,
    query: {},
    update: { $inc: { int: 1 } },
    new: true,
  })
  expect(value).toEqual({ _id: 1, double: new Double(5), int: 6 })
})

test('what a caller gives up is interrupted', async () => {
  const controller = new AbortController()
  controller.abort()
  const options = { signal: controller.signal }
  await expect(run({ count: fresh() }, options)).rejects.toMatchObject({ code: 11601 })
})
