import { type ChangeStream, type ChangeStreamDocument, MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startWired, type Wired } from './wired.ts'

/** Change streams of the official driver over the wire server (spec/embedded-database.md §15). */
type Doc = Record<string, unknown>

/** So that a read that finds nothing is soon over. */
const SHORT = { maxAwaitTimeMS: 20 }

let wired: Wired
let client: MongoClient
let count = 0
const open: ChangeStream[] = []

beforeAll(async () => {
  wired = await startWired()
  client = new MongoClient(wired.uri)
})
afterEach(async () => {
  for (const stream of open.splice(0)) await stream.close()
})
afterAll(async () => {
  await client.close()
  await wired.close()
})

function fresh() {
  return client.db('streams').collection<{ _id: number } & Doc>(`c${++count}`)
}

/** Opens a stream for certain: the driver does so with the first read, which finds nothing. */
async function watching(stream: ChangeStream): Promise<ChangeStream> {
  open.push(stream)
  expect(await stream.tryNext()).toBeNull()
  return stream
}

async function take(stream: ChangeStream, n: number): Promise<Doc[]> {
  const events: Doc[] = []
  while (events.length < n) events.push((await stream.next()) as ChangeStreamDocument as unknown as Doc)
  return events
}

describe('events', () => {
  test('of every kind, in order', async () => {
    const collection = fresh()
    const stream = await watching(collection.watch([], SHORT))
    await collection.insertOne({ _id: 1, a: 1, keep: { x: 1, y: 2 } })
    await collection.updateOne({ _id: 1 }, { $set: { 'keep.x': 5, b: 2 }, $unset: { a: 1 } })
    await collection.replaceOne({ _id: 1 }, { c: 3 })
    await collection.deleteOne({ _id: 1 })
    const ns = { db: 'streams', coll: collection.collectionName }
    const documentKey = { _id: 1 }
    expect(await take(stream, 4)).toMatchObject([
      { operationType: 'insert', ns, documentKey, fullDocument: { _id: 1, a: 1, keep: { x: 1, y: 2 } } },
      {
        operationType: 'update',
        ns,
        documentKey,
        updateDescription: {
          updatedFields: { 'keep.x': 5, b: 2 },
          removedFields: ['a'],
          truncatedArrays: [],
        },
      },
      { operationType: 'replace', ns, documentKey, fullDocument: { _id: 1, c: 3 } },
      { operationType: 'delete', ns, documentKey },
    ])
  })

  test('arrays: elements, growth, truncation', async () => {
    const collection = fresh()
    await collection.insertOne({ _id: 1, list: [1, 2, 3], deep: [{ x: 1 }] })
    const stream = await watching(collection.watch([], SHORT))
    await collection.updateOne({ _id: 1 }, { $set: { list: [1, 9], 'deep.0.x': 2 } })
    await collection.updateOne({ _id: 1 }, { $push: { deep: { x: 3 } } } as never)
    expect(await take(stream, 2)).toMatchObject([
      {
        updateDescription: {
          updatedFields: { 'list.1': 9, 'deep.0.x': 2 },
          truncatedArrays: [{ field: 'list', newSize: 2 }],
        },
      },
      { updateDescription: { updatedFields: { 'deep.1': { x: 3 } }, truncatedArrays: [] } },
    ])
  })

  test('a transaction is told when it commits', async () => {
    const collection = fresh()
    const stream = await watching(collection.watch([], SHORT))
    await client.withSession((session) =>
      session.withTransaction(async () => {
        await collection.insertMany([{ _id: 1 }, { _id: 2 }], { session })
      }),
    )
    expect((await take(stream, 2)).map(({ documentKey }) => documentKey)).toEqual([{ _id: 1 }, { _id: 2 }])
  })

  test('a stream of one collection ends with it', async () => {
    const collection = fresh()
    await collection.insertOne({ _id: 1 })
    const stream = await watching(collection.watch([], SHORT))
    await collection.drop()
    expect(await take(stream, 2)).toMatchObject([{ operationType: 'drop' }, { operationType: 'invalidate' }])
  })
})

describe('what is asked for', () => {
  test('a pipeline filters and shapes events', async () => {
    const collection = fresh()
    const pipeline = [{ $match: { 'fullDocument.n': { $gt: 1 } } }, { $project: { 'fullDocument.n': 1 } }]
    const stream = await watching(collection.watch(pipeline, SHORT))
    await collection.insertMany([1, 2, 3].map((n) => ({ _id: n, n })))
    expect((await take(stream, 2)).map(({ fullDocument }) => fullDocument)).toEqual([{ n: 2 }, { n: 3 }])
  })

  test('the document behind an update', async () => {
    const collection = fresh()
    await collection.insertOne({ _id: 1, a: 1 })
    const stream = await watching(collection.watch([], { ...SHORT, fullDocument: 'updateLookup' }))
    await collection.updateOne({ _id: 1 }, { $inc: { a: 1 } } as never)
    expect(await take(stream, 1)).toMatchObject([{ operationType: 'update', fullDocument: { _id: 1, a: 2 } }])
  })

  test('a database, and everything', async () => {
    const collection = fresh()
    const ofDatabase = await watching(client.db('streams').watch([], SHORT))
    const ofAll = await watching(client.watch([], SHORT))
    await client
      .db('elsewhere')
      .collection<Doc>('x')
      .insertOne({ _id: 0 as never })
    await collection.insertOne({ _id: 7 })
    expect(await take(ofDatabase, 1)).toMatchObject([{ documentKey: { _id: 7 } }])
    expect((await take(ofAll, 2)).map(({ ns }) => (ns as Doc).db)).toEqual(['elsewhere', 'streams'])
  })

  const refused: [string, Doc[], Doc, number][] = [
    ['a stage that is not allowed', [{ $group: { _id: null } }], {}, 20],
    ['a token of another server', [], { resumeAfter: { _data: 'zz' } }, 260],
    ['a token that is forgotten', [], { resumeAfter: { _data: '0'.repeat(24) } }, 286],
    ['versions before', [], { fullDocumentBeforeChange: 'required' }, 47],
  ]
  test.each(refused)('%s is refused', async (_name, pipeline, options, code) => {
    // More commits than the feed remembers, without ten thousand round trips.
    if (code === 286) await fresh().insertMany(Array.from({ length: 10_001 }, (_, n) => ({ _id: n })))
    const stream = fresh().watch(pipeline, options)
    open.push(stream)
    await expect(stream.next()).rejects.toMatchObject({ code })
  })
})

test('a stream goes on where another has stopped', async () => {
  const collection = fresh()
  const first = await watching(collection.watch([], SHORT))
  await collection.insertMany([1, 2, 3].map((n) => ({ _id: n })))
  const [one] = await take(first, 1)
  await first.close()
  const second = collection.watch([], { resumeAfter: one!._id })
  open.push(second)
  expect((await take(second, 2)).map(({ documentKey }) => documentKey)).toEqual([{ _id: 2 }, { _id: 3 }])
})

test('a client that goes away takes its waiting with it', async () => {
  const other = new MongoClient(wired.uri)
  const stream = other.db('streams').collection('left').watch()
  const waiting = stream.next().catch(() => 'ended')
  await other.close()
  expect(await waiting).toBe('ended')
})
