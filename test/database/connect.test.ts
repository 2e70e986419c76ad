import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type ConnectedDatabase, connectDatabase } from '../../database/connect.ts'
import { PortDatabase } from '../../database/engine/port-client.ts'
import type { LocalError } from '../../errors/errors.ts'
import { describeContract } from './contract.ts'
import { startWired } from './wire/wired.ts'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  vi.unstubAllEnvs()
})

function folder(...below: string[]): string {
  const top = mkdtempSync(join(tmpdir(), 'unicloud-connect-'))
  cleanups.push(() => rmSync(top, { recursive: true, force: true }))
  return join(top, ...below)
}

async function open(...args: Parameters<typeof connectDatabase>): Promise<ConnectedDatabase> {
  const opened = await connectDatabase(...args)
  cleanups.push(() => opened.close())
  return opened
}

describeContract('driver in a thread, over the wire server', async () => {
  const wired = await startWired()
  const opened = await connectDatabase(wired.uri)
  const close = async () => {
    await opened.close()
    await wired.close()
  }
  return { database: opened.database, close }
})

describe('embedded', () => {
  test('opens a socket in the data folder, and closes it', async () => {
    const directory = folder()
    const opened = await connectDatabase('embedded', { directory })
    await opened.database.command('t', { insert: 'c', documents: [{ _id: 1, from: 'port' }] })
    const socket = join(directory, 'mongodb.sock')
    await vi.waitFor(() => expect(existsSync(socket)).toBe(true))
    expect(await readOne(`mongodb://${encodeURIComponent(socket)}/?directConnection=true`)).toEqual({
      _id: 1,
      from: 'port',
    })
    await opened.close()
    expect(existsSync(socket)).toBe(false)
  })

  test('keeps documents in the storage that is asked for', async () => {
    const directory = folder()
    const opened = await connectDatabase('embedded', { directory, storage: 'lmdb' })
    await opened.database.command('t', { insert: 'c', documents: [{ _id: 1 }] })
    await opened.close()
    expect(existsSync(join(directory, 'documents.lmdb'))).toBe(true)
    const again = await open('embedded', { directory, storage: 'lmdb' })
    expect(await again.database.command('t', { count: 'c' })).toMatchObject({ n: 1 })
  })

  test('a path too long for a socket gets a link to one', async () => {
    const directory = folder('a-folder-with-a-long-name'.repeat(2), 'and-another-one-below-it'.repeat(2))
    await open('embedded', { directory })
    const link = join(directory, 'mongodb.sock')
    await vi.waitFor(() => expect(readlinkSync(link)).toMatch(/unicloud-local-.*\.sock$/))
    await readOne(`mongodb://${encodeURIComponent(readlinkSync(link))}/?directConnection=true`)
  })

  test('opens a port when asked to', async () => {
    const opened = await open('memory')
    const { uris, close } = await opened.listen({ port: 0 })
    await opened.database.command('t', { insert: 'c', documents: [{ _id: 2 }] })
    expect(await readOne(uris[0]!)).toEqual({ _id: 2 })
    await close()
    await expect(readOne(uris[0]!)).rejects.toThrow()
  })

  test('refuses to be open to the network without a user', async () => {
    const opening = connectDatabase('memory', { wire: { host: '0.0.0.0', port: 0 } })
    await expect(opening).rejects.toMatchObject({ name: 'LocalError', code: 'CONFIG_INVALID' })
  })
})

describe('a server by connection string', () => {
  test('instances reach it through ports', async () => {
    const wired = await startWired()
    cleanups.push(() => wired.close())
    const opened = await open(wired.uri)
    expect(opened.database.kind).toBe('driver')
    expect(opened.database.describe()).toMatchObject({ server: 'MongoDB 7.0.0', transactions: true })
    const instance = new PortDatabase(opened.connect())
    const session = instance.startSession()
    await session.startTransaction({ lifetimeMS: 10_000 })
    await instance.command('t', { insert: 'c', documents: [{ _id: 1 }] }, { session })
    await session.commitTransaction()
    await session.end()
    expect(await instance.command('t', { count: 'c' })).toMatchObject({ n: 1 })
    await instance[Symbol.asyncDispose]()
  })

  test('changes of others are seen, in order', async () => {
    const wired = await startWired()
    cleanups.push(() => wired.close())
    const opened = await open(wired.uri)
    const seen: unknown[] = []
    const watching = opened.database.watch!(({ kind, database, collection, id, document }) => {
      seen.push([kind, `${database}.${collection}`, id, document])
    })
    await opened.database.command('t', { insert: 'c', documents: [{ _id: 1, a: 1.5 }] })
    await wired.engine.command('t', { update: 'c', updates: [{ q: {}, u: { $set: { b: [1] } } }] })
    await wired.engine.command('t', { delete: 'c', deletes: [{ q: {}, limit: 0 }] })
    await vi.waitFor(() =>
      expect(seen).toEqual([
        ['insert', 't.c', 1, { _id: 1, a: 1.5 }],
        ['update', 't.c', 1, { _id: 1, a: 1.5, b: [1] }],
        ['delete', 't.c', 1, undefined],
      ]),
    )
    watching[Symbol.dispose]()
  })

  test('an end of the port ends its transaction', async () => {
    const wired = await startWired()
    cleanups.push(() => wired.close())
    const opened = await open(wired.uri)
    const instance = new PortDatabase(opened.connect())
    const session = instance.startSession()
    await session.startTransaction()
    await instance.command('t', { insert: 'c', documents: [{ _id: 1 }] }, { session })
    await instance[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(wired.engine.state.transactions.count).toBe(0))
  })

  test('functions survive a restart of the server', async () => {
    const first = await startWired()
    const port = Number(new URL(first.uri).port)
    const opened = await open(first.uri)
    await opened.database.command('t', { insert: 'c', documents: [{ _id: 1 }] })
    await first.close()
    const second = await startWired({ port })
    cleanups.push(() => second.close())
    expect(await opened.database.command('t', { count: 'c' })).toMatchObject({ n: 0 })
    expect(await opened.database.command('t', { insert: 'c', documents: [{ _id: 2 }] })).toMatchObject({
      n: 1,
    })
  })

  const unreachable: [string, string, Partial<LocalError>][] = [
    ['nobody listens', 'mongodb://someone:secret@127.0.0.1:PORT/app', { code: 'DATABASE_UNAVAILABLE' }],
    ['no connection string', 'mongodb://someone:secret@/app', { code: 'CONFIG_INVALID' }],
    ['an unknown option', 'mongodb://someone:secret@127.0.0.1:PORT/?nonsense=1', { code: 'CONFIG_INVALID' }],
    ['another setting', 'postgres://someone:secret@127.0.0.1:PORT', { code: 'CONFIG_INVALID' }],
  ]
  test.each(unreachable)('%s: says so without the password', async (_name, setting, expected) => {
    const uri = setting.replace('PORT', String(await unusedPort()))
    const options = uri.includes('?') || uri.includes('@/') ? '' : '?serverSelectionTimeoutMS=300'
    const error = (await connectDatabase(uri + options).catch((reason: unknown) => reason)) as LocalError
    expect(error).toMatchObject({ name: 'LocalError', ...expected })
    const told = `${error.message} ${error.hint}`
    expect(told).not.toContain('secret')
    expect(error.hint).toBeTruthy()
    if (expected.code === 'DATABASE_UNAVAILABLE')
      expect(told).toMatch(/127\.0\.0\.1:\d+ cannot be reached: nothing listens/)
  })

  test('a certificate that is not there is named, and it is no matter of the address', async () => {
    const uri = `mongodb://u:p@127.0.0.1:${await unusedPort()}/?tls=true&tlsCAFile=/no/such.pem`
    await expect(connectDatabase(uri)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'database: the file /no/such.pem cannot be read (ENOENT)',
      hint: expect.stringContaining('tlsCAFile'),
    })
  })

  test('a short name or password does not mutilate what is told', async () => {
    const uri = 'mongodb://u:s@nowhere.invalid:1/?serverSelectionTimeoutMS=300'
    await expect(connectDatabase(uri)).rejects.toMatchObject({
      message: expect.stringMatching(
        /nowhere\.invalid:1 cannot be reached: (there is no such host|its name cannot)/,
      ),
    })
  })
})

describe('mongod', () => {
  test('says which package is missing', async () => {
    vi.stubEnv('PATH', '')
    await expect(connectDatabase('mongod')).rejects.toMatchObject({
      code: 'PACKAGE_MISSING',
      hint: expect.stringContaining('mongodb-memory-server-core'),
    })
  })
})

async function readOne(uri: string): Promise<unknown> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 500 })
  try {
    return await client.db('t').collection('c').findOne()
  } finally {
    await client.close()
  }
}

async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
