import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EmbeddedDatabase } from '../../../database/engine/engine.ts'
import { startWireServer, type WireOptions, type WireServer } from '../../../database/wire/wire-server.ts'

/** Doors, users and what tools ask for (spec/embedded-database.md §12). */
let engine: EmbeddedDatabase
const cleanups: (() => unknown)[] = []

beforeEach(() => {
  engine = new EmbeddedDatabase()
  cleanups.push(() => engine.close())
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(options: WireOptions, warn?: (text: string) => void): Promise<WireServer> {
  const server = await startWireServer(engine, options, warn)
  cleanups.push(() => server.close())
  return server
}

function client(uri: string): MongoClient {
  const opened = new MongoClient(uri, { serverSelectionTimeoutMS: 1000 })
  cleanups.push(() => opened.close())
  return opened
}

function folder(): string {
  const top = mkdtempSync(join(tmpdir(), 'unicloud-wire-'))
  cleanups.push(() => rmSync(top, { recursive: true }))
  return top
}

describe('doors', () => {
  test('a socket and a port lead to the same data', async () => {
    const { uris } = await start({ socketPath: join(folder(), 'mongodb.sock'), port: 0 })
    expect(uris).toHaveLength(2)
    await client(uris[0]!).db('t').collection('c').insertOne({ a: 1 })
    expect(await client(uris[1]!).db('t').collection('c').countDocuments()).toBe(1)
  })

  test('only its owner may use the socket', async () => {
    const socketPath = join(folder(), 'mongodb.sock')
    await start({ socketPath })
    expect(statSync(socketPath).mode & 0o777).toBe(0o600)
  })

  test('a socket left behind is replaced, one in use is not', async () => {
    const socketPath = join(folder(), 'mongodb.sock')
    const first = createServer().listen(socketPath)
    await new Promise((resolve) => first.once('listening', resolve))
    await expect(startWireServer(engine, { socketPath })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    first.close()
    const { uris } = await start({ socketPath })
    expect(await client(uris[0]!).db('t').command({ ping: 1 })).toMatchObject({ ok: 1 })
  })

  test('a port in use is named', async () => {
    const { uris } = await start({ port: 0 })
    const port = Number(new URL(uris[0]!).port)
    await expect(startWireServer(engine, { port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(String(port)),
    })
  })

  test('a replica set of one is found by its own name', async () => {
    const { uris } = await start({ port: 0 })
    const found = client(uris[0]!.replace('directConnection=true', 'replicaSet=rs0'))
    await found.db('t').collection('c').insertOne({ a: 1 })
    expect(await found.db('admin').command({ hello: 1 })).toMatchObject({
      setName: 'rs0',
      maxWireVersion: 21,
    })
  })

  test('closing ends connections, cursors and transactions', async () => {
    const server = await start({ port: 0 })
    const opened = client(server.uris[0]!)
    const collection = opened.db('t').collection('c')
    await collection.insertMany([{ a: 1 }, { a: 2 }, { a: 3 }])
    await collection.find({}, { batchSize: 1 }).next()
    const session = opened.startSession()
    session.startTransaction()
    await collection.insertOne({ a: 4 }, { session })
    const { cursors, transactions } = engine.state
    expect([cursors.size, transactions.count]).toEqual([1, 1])
    await server.close()
    expect([cursors.size, transactions.count]).toEqual([0, 0])
  })

  test('a client that is gone waits for nothing any more', async () => {
    const { uris } = await start({ port: 0 })
    const holder = engine.startSession()
    await holder.startTransaction()
    await engine.command('t', { insert: 'c', documents: [{ _id: 1 }] }, { session: holder })
    const waiting = client(uris[0]!)
    const write = waiting.db('t').collection<{ _id: number }>('c').insertOne({ _id: 1 })
    const failed = expect(write).rejects.toThrow()
    await new Promise((resolve) => setImmediate(resolve))
    await waiting.close()
    await failed
    await holder.commitTransaction()
    expect(await engine.command('t', { count: 'c' })).toMatchObject({ n: 1 })
  })
})

describe('users', () => {
  const users = [{ user: 'dev,=1', password: 'pässwörd' }]
  const login = (uri: string, user: string, password: string) =>
    client(uri.replace('//', `//${encodeURIComponent(user)}:${encodeURIComponent(password)}@`))

  test('who is known may do everything', async () => {
    const { uris } = await start({ host: '0.0.0.0', port: 0, users })
    const opened = login(uris[0]!.replace('0.0.0.0', '127.0.0.1'), 'dev,=1', 'pässwörd')
    await opened.db('t').collection('c').insertOne({ a: 1 })
    expect(await opened.db('admin').command({ connectionStatus: 1 })).toMatchObject({
      authInfo: { authenticatedUsers: [{ user: 'dev,=1', db: 'admin' }] },
    })
  })

  const strangers: [string, string][] = [
    ['dev,=1', 'wrong'],
    ['nobody', 'pässwörd'],
  ]
  test.each(strangers)('%s with %s is not let in', async (user, password) => {
    const { uris } = await start({ port: 0, users })
    await expect(login(uris[0]!, user, password).connect()).rejects.toMatchObject({ code: 18 })
  })

  test('who does not say who it is may only say hello', async () => {
    const { uris } = await start({ port: 0, users })
    const opened = client(uris[0]!)
    expect(await opened.db('admin').command({ ping: 1 })).toMatchObject({ ok: 1 })
    await expect(opened.db('t').collection('c').findOne()).rejects.toMatchObject({ code: 13 })
  })

  test('the local socket needs none', async () => {
    const { uris } = await start({ socketPath: join(folder(), 'mongodb.sock'), users })
    expect(await client(uris[0]!).db('t').collection('c').findOne()).toBeNull()
  })

  test.each(['0.0.0.0', '::', '192.168.1.2', 'example.org'])('%s is refused without one', async (host) => {
    await expect(startWireServer(engine, { host, port: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})

describe('tools', () => {
  const answered = [
    'buildInfo',
    'serverStatus',
    'hostInfo',
    'connectionStatus',
    'whatsmyuri',
    'replSetGetStatus',
    'replSetGetConfig',
    'currentOp',
    'top',
    'listCommands',
    'getCmdLineOpts',
    'startSession',
    'usersInfo',
    'dbStats',
    'listDatabases',
  ]
  test('are answered what they ask first', async () => {
    const { uris } = await start({ port: 0 })
    const admin = client(uris[0]!).db('admin')
    for (const name of answered) expect(await admin.command({ [name]: 1 })).toMatchObject({ ok: 1 })
    expect(await admin.command({ buildInfo: 1 })).toMatchObject({
      version: '7.0.0',
      modules: ['unicloud-local'],
    })
    expect(await admin.command({ getParameter: 1, featureCompatibilityVersion: 1 })).toMatchObject({
      featureCompatibilityVersion: { version: '7.0' },
    })
    expect(await admin.command({ getLog: 'startupWarnings' })).toMatchObject({ log: [] })
  })

  test('are told once what there is not', async () => {
    const told: string[] = []
    const { uris } = await start({ port: 0 }, (text) => told.push(text))
    const admin = client(uris[0]!).db('admin')
    for (let n = 0; n < 2; n++) {
      await expect(admin.command({ mapReduce: 1 })).rejects.toMatchObject({ code: 59 })
    }
    expect(told).toEqual([expect.stringContaining("'mapReduce'")])
  })

  test('statistics of a collection', async () => {
    const { uris } = await start({ port: 0 })
    const collection = client(uris[0]!).db('t').collection('c')
    await collection.insertMany([{ a: 1 }, { a: 2 }])
    const [stats] = await collection.aggregate([{ $collStats: { count: {}, storageStats: {} } }]).toArray()
    expect(stats).toMatchObject({ ns: 't.c', count: 2 })
    expect(await collection.aggregate([{ $indexStats: {} }]).toArray()).toMatchObject([{ name: '_id_' }])
  })
})
