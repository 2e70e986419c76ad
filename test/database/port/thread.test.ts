import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { ObjectId } from 'bson'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DatabaseError } from '../../../database/command.ts'
import { EngineThread, type EngineThreadOptions } from '../../../database/engine/engine-thread.ts'
import { PortDatabase } from '../../../database/engine/port-client.ts'
import { Folder } from '../store/folder.ts'

type Doc = Record<string, unknown>

const threads: EngineThread[] = []
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close()
})

function start(options: EngineThreadOptions = {}): EngineThread {
  const thread = new EngineThread(options)
  threads.push(thread)
  return thread
}

function docs(reply: Doc): Doc[] {
  return (reply.cursor as { firstBatch: Doc[] }).firstBatch
}

describe('ports of one engine', () => {
  test('share the data; what one of them leaves open ends with it', async () => {
    const thread = start()
    const one = new PortDatabase(thread.connect())
    const two = new PortDatabase(thread.connect())
    await one.command('d', { insert: 'c', documents: [{ _id: 1, n: 0 }, { _id: 2 }, { _id: 3 }] })
    const session = one.startSession()
    await session.startTransaction()
    await one.command('d', { update: 'c', updates: [{ q: { _id: 1 }, u: { $set: { n: 1 } } }] }, { session })
    const { cursor } = await one.command('d', { find: 'c', batchSize: 1 })
    const waiting = two.command('d', { update: 'c', updates: [{ q: { _id: 1 }, u: { $inc: { n: 5 } } }] })
    await one[Symbol.asyncDispose]()
    expect(await waiting).toMatchObject({ nModified: 1 })
    expect(docs(await two.command('d', { find: 'c', filter: { _id: 1 } }))).toEqual([{ _id: 1, n: 5 }])
    await expect(
      two.command('d', { getMore: (cursor as { id: number }).id, collection: 'c' }),
    ).rejects.toMatchObject({ code: 43 })
    await expect(one.command('d', { ping: 1 })).rejects.toMatchObject({ code: 91 })
  })

  test('errors keep code, name, labels and values', async () => {
    const { database } = start()
    const id = new ObjectId()
    const error = await database
      .command('d', { findAndModify: 'c', query: { $bad: id }, remove: true })
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DatabaseError)
    expect(error).toMatchObject({ code: 2, codeName: 'BadValue', errorLabels: [] })
    await database.command('d', {
      createIndexes: 'c',
      indexes: [{ key: { id: 1 }, name: 'id', unique: true }],
    })
    await database.command('d', { insert: 'c', documents: [{ id }] })
    const duplicate = database.command('d', {
      findAndModify: 'c',
      query: { x: 1 },
      update: { $set: { id } },
      upsert: true,
    })
    const reason = (await duplicate.catch((caught: unknown) => caught)) as DatabaseError
    expect(reason.message).toBe(
      `Plan executor error during findAndModify :: caused by :: E11000 duplicate key error collection: d.c index: id dup key: { id: ObjectId('${id}') }`,
    )
    expect(String(reason.keyValue?.id)).toBe(String(id))
  })

  test('many commands of one turn are answered in order', async () => {
    const { database } = start()
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        database.command('d', n % 2 === 0 ? { insert: 'c', documents: [{ _id: n }] } : { count: 'c' }),
      ),
    )
    expect(replies.map(({ n }) => n)).toEqual(
      Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? 1 : (n + 1) / 2)),
    )
  })

  test('what was handed over can be changed at once without harm', async () => {
    const { database } = start()
    const document = { _id: 1, list: [1] }
    const inserting = database.command('d', { insert: 'c', documents: [document] })
    document.list.push(2)
    await inserting
    expect(docs(await database.command('d', { find: 'c' }))).toEqual([{ _id: 1, list: [1] }])
  })

  test('a command given up is interrupted', async () => {
    const { database } = start()
    await fill(database, 60_000)
    const controller = new AbortController()
    const scanning = database.command(
      'd',
      { count: 'c', query: { $expr: { $gt: [{ $add: ['$n', 1] }, 5] } } },
      { signal: controller.signal },
    )
    controller.abort()
    await expect(scanning).rejects.toMatchObject({ code: 11601 })
    await expect(database.command('d', { ping: 1 }, { signal: controller.signal })).rejects.toMatchObject({
      code: 11601,
    })
  })

  test('a command over its time is ended', async () => {
    const { database } = start()
    await fill(database, 60_000)
    const slow = { count: 'c', query: { $expr: { $gt: [{ $add: ['$n', 1] }, 5] } } }
    await expect(database.command('d', slow, { maxTimeMS: 1 })).rejects.toMatchObject({ code: 50 })
    await expect(database.command('d', { ...slow, maxTimeMS: 1 })).rejects.toMatchObject({ code: 50 })
  })

  test('a long scan lets others in, and sees none of what they write', async () => {
    const { database } = start()
    await fill(database, 60_000)
    const order: string[] = []
    const query = { $expr: { $gte: [{ $add: ['$n', 0] }, 0] } }
    const scan = database.command('d', { count: 'c', query }).then(({ n }) => order.push(`scan ${n}`))
    const write = database
      .command('d', { update: 'c', updates: [{ q: { _id: 59_999 }, u: { $set: { n: -1 } } }] })
      .then(() => order.push('write'))
    const insert = database
      .command('d', { insert: 'c', documents: [{ _id: 'late', n: 1 }] })
      .then(() => order.push('insert'))
    await Promise.all([scan, write, insert])
    expect(order).toEqual(['write', 'insert', 'scan 60000'])
  })

  test('changes are told in order, to whoever listens', async () => {
    const thread = start()
    const { database } = thread
    const seen: string[] = []
    const arrived = new Promise<void>((resolve) => {
      database.watch!((change) => {
        seen.push(
          `${change.kind} ${change.database}.${change.collection} ${String(change.id)} ${JSON.stringify(change.document)}`,
        )
        if (change.kind === 'drop') resolve()
      })
    })
    const other = new PortDatabase(thread.connect())
    await other.command('d', { insert: 'c', documents: [{ _id: 1 }] })
    await other.command('d', {
      update: 'c',
      updates: [
        { q: {}, u: { $set: { a: 1 } } },
        { q: {}, u: { b: 1 } },
      ],
    })
    await other.command('d', { delete: 'c', deletes: [{ q: {}, limit: 0 }] })
    await other.command('d', { drop: 'c' })
    await arrived
    expect(seen).toEqual([
      'insert d.c 1 {"_id":1}',
      'update d.c 1 {"_id":1,"a":1}',
      'replace d.c 1 {"_id":1,"b":1}',
      'delete d.c 1 undefined',
      'drop d.c undefined undefined',
    ])
  })

  test('a port handed to another thread works there', async () => {
    const thread = start()
    await thread.ready()
    const port = thread.connect()
    const code = `
      const { workerData, parentPort } = require('node:worker_threads')
      workerData.port.on('message', ([text]) => parentPort.postMessage(JSON.parse(text).slice(1, 3)))
      const insert = { insert: 'c', documents: [{ _id: 1 }] }
      workerData.port.postMessage([JSON.stringify([1, 'command', 'd', insert, false, {}])])
    `
    const worker = new Worker(code, { eval: true, workerData: { port }, transferList: [port] })
    const answer = await new Promise((resolve) => worker.once('message', resolve))
    expect(answer).toEqual(['reply', { n: 1, ok: 1 }])
    await worker.terminate()
    expect(await thread.database.command('d', { count: 'c' })).toMatchObject({ n: 1 })
  })
})

describe('the thread', () => {
  test('one that answers nobody is told of, and closing ends it with all that was acknowledged', async () => {
    using folder = new Folder()
    const told: string[] = []
    const options = { directory: folder.path, warn: (text: string) => void told.push(text), pulseMs: 50 }
    const thread = start(options)
    await thread.database.command('d', { insert: 'c', documents: [{ _id: 1, a: 'x'.repeat(60) }] })
    const endless = thread.database.command('d', { find: 'c', filter: { a: /(x+x+)+y/ } })
    const refused = expect(endless).rejects.toBeInstanceOf(DatabaseError)
    await vi.waitFor(() => expect(told).toEqual([expect.stringContaining('answers nobody meanwhile')]))
    await thread.close()
    await refused
    const next = start({ directory: folder.path })
    expect(await next.database.command('d', { count: 'c' })).toMatchObject({ n: 1 })
  })

  test('a clock moved by hand is followed', async () => {
    const thread = start({ clock: { offsetMs: 0, frozenAt: Date.parse('2026-01-01T00:00:00Z') } })
    const now = async () => {
      const pipeline = [{ $documents: [{ now: '$$NOW' }] }]
      return docs(await thread.database.command('d', { aggregate: 1, pipeline, cursor: {} }))[0]!.now
    }
    expect(await now()).toEqual(new Date('2026-01-01T00:00:00Z'))
    thread.setClock({ offsetMs: 0, frozenAt: Date.parse('2030-06-01T12:00:00Z') })
    expect(await now()).toEqual(new Date('2030-06-01T12:00:00Z'))
  })

  test('TTL follows that clock too', async () => {
    const at = (text: string) => ({ offsetMs: 0, frozenAt: Date.parse(text) })
    const thread = start({ clock: at('2026-01-01T00:00:00Z') })
    const { database } = thread
    await database.command('d', {
      createIndexes: 'c',
      indexes: [{ key: { at: 1 }, name: 'at', expireAfterSeconds: 3600 }],
    })
    await database.command('d', {
      insert: 'c',
      documents: [
        { _id: 1, at: new Date('2026-01-01') },
        { _id: 2, at: new Date('2026-01-02') },
      ],
    })
    await thread.setClock(at('2026-01-01T01:01:00Z'))
    expect(docs(await database.command('d', { find: 'c' }))).toMatchObject([{ _id: 2 }])
  })

  test('closing brings everything to the disk', async () => {
    using folder = new Folder()
    const thread = start({ directory: folder.path })
    await thread.database.command('d', { insert: 'c', documents: [{ _id: 1 }] })
    await thread.close()
    await using again = folder.open()
    expect(await again.command('d', { count: 'c' })).toMatchObject({ n: 1 })
  })

  test('a folder in use is told to everyone who asks', async () => {
    using folder = new Folder()
    await using _owner = folder.open()
    const thread = start({ directory: folder.path })
    await expect(thread.ready()).rejects.toMatchObject({ code: 98, codeName: 'DBPathInUse' })
    await expect(thread.database.command('d', { ping: 1 })).rejects.toMatchObject({
      code: 98,
      message: expect.stringContaining('is in use by process'),
    })
  })

  test('where the database is served can be read from the lock', async () => {
    using folder = new Folder()
    const thread = start({ directory: folder.path })
    thread.announce('mongodb://127.0.0.1:5')
    await thread.database.command('d', { ping: 1 })
    expect(JSON.parse(readFileSync(folder.file('lock'), 'utf8'))).toMatchObject({
      uri: 'mongodb://127.0.0.1:5',
    })
  })

  test('commands under way when it ends are answered', async () => {
    const thread = start()
    const { database } = thread
    await database.command('d', { insert: 'c', documents: [{ _id: 1 }] })
    const session = database.startSession()
    await session.startTransaction()
    await database.command('d', { update: 'c', updates: [{ q: {}, u: { $set: { a: 1 } } }] }, { session })
    const waiting = database
      .command('d', { update: 'c', updates: [{ q: {}, u: { $set: { a: 2 } } }] })
      .catch((error: DatabaseError) => error.code)
    await thread.close()
    // Closing aborts the transaction, which may still let the waiting write through.
    expect([91, undefined]).toContain(typeof (await waiting) === 'number' ? await waiting : undefined)
    await expect(database.command('d', { ping: 1 })).rejects.toMatchObject({ code: 91 })
  })
})

async function fill(
  database: { command(name: string, command: Doc): Promise<Doc> },
  count: number,
): Promise<void> {
  const documents = Array.from({ length: count }, (_, n) => ({ _id: n, n }))
  await database.command('d', { insert: 'c', documents })
}
