import { Binary, Long, type Timestamp } from 'bson'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Doc } from '../../../database/engine/values/types.ts'
import { message, opMsg, opQuery, RawClient } from './raw-client.ts'
import { startWired, type Wired } from './wired.ts'

/** The protocol itself, byte by byte (spec/embedded-database.md §12). */
let wired: Wired
let client: RawClient

beforeAll(async () => {
  wired = await startWired()
})
beforeEach(() => {
  client = new RawClient(wired.uri)
})
afterEach(() => client.close())
afterAll(() => wired.close())

const PING = { ping: 1, $db: 'raw' }

describe('messages', () => {
  test('are answered with the id they came with', async () => {
    client.send(opMsg({ body: PING, id: 4711 }))
    expect(await client.reply()).toMatchObject({ responseTo: 4711, code: 2013, body: { ok: 1 } })
  })

  test('may come in pieces, and several at once', async () => {
    const [one, two] = [opMsg({ body: PING, id: 1 }), opMsg({ body: PING, id: 2 })]
    for (const byte of one.subarray(0, 30)) client.send(Buffer.from([byte]))
    client.send(Buffer.concat([one.subarray(30), two]))
    expect((await client.reply())!.responseTo).toBe(1)
    expect((await client.reply())!.responseTo).toBe(2)
  })

  test('a sequence of documents belongs to its command; a checksum is passed over', async () => {
    const body = { insert: 'sequence', $db: 'raw' }
    client.send(opMsg({ body, sequence: ['documents', [{ _id: 1 }, { _id: 2 }]], checksum: true }))
    expect((await client.reply())!.body).toMatchObject({ n: 2, ok: 1 })
  })

  test('moreToCome wants no answer', async () => {
    const body = { insert: 'silent', documents: [{ _id: 1 }], writeConcern: { w: 0 }, $db: 'raw' }
    client.send(opMsg({ body, flags: 2, id: 1 }))
    client.send(opMsg({ body: { count: 'silent', $db: 'raw' }, id: 2 }))
    expect(await client.reply()).toMatchObject({ responseTo: 2, body: { n: 1 } })
  })

  test('replies carry the logical time, which never goes back', async () => {
    const times: bigint[] = []
    for (let n = 0; n < 3; n++) {
      const reply = await client.ask({ insert: 'times', documents: [{ _id: n }] })
      const { clusterTime } = reply.$clusterTime as { clusterTime: Timestamp }
      expect(String(clusterTime)).toBe(String(reply.operationTime))
      times.push(BigInt(String(clusterTime)))
    }
    expect(times[1]).toBeGreaterThan(times[0]!)
    expect(times[2]).toBeGreaterThan(times[1]!)
  })
})

describe('the old form', () => {
  test.each(['isMaster', 'ismaster', 'hello'])('%s opens a connection', async (name) => {
    client.send(opQuery('admin.$cmd', { [name]: 1, helloOk: true }))
    expect(await client.reply()).toMatchObject({ code: 1, body: { helloOk: true, setName: 'rs0', ok: 1 } })
  })

  test('any other command has to come in the new one', async () => {
    client.send(opQuery('raw.$cmd', { find: 'c' }))
    expect((await client.reply())!.body).toMatchObject({
      ok: 0,
      code: 352,
      codeName: 'UnsupportedOpQueryCommand',
    })
  })
})

describe('what is no message closes the connection', () => {
  const length = (value: number) => {
    const bytes = Buffer.alloc(16)
    bytes.writeInt32LE(value)
    return bytes
  }
  const document = opMsg({ body: PING })
  const cut = Buffer.from(document)
  cut.writeInt32LE(9999, 21)
  const wrong: [string, Buffer][] = [
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['too long', length(48_000_001)],
    ['too short', length(8)],
    ['an unknown operation', message(2002, Buffer.alloc(8))],
    ['a query on a collection', opQuery('raw.c', {})],
    ['an unknown flag', opMsg({ body: PING, flags: 4 })],
    ['no section', message(2013, Buffer.alloc(4))],
    ['a document longer than its message', cut],
    ['nested too deep', opMsg({ body: { ping: nested(250), $db: 'raw' } })],
  ]
  test.each(wrong)('%s', async (_name, bytes) => {
    client.send(bytes)
    expect(await client.reply()).toBeUndefined()
    const other = new RawClient(wired.uri)
    expect(await other.ask({ ping: 1 })).toMatchObject({ ok: 1 })
    other.close()
  })
})

describe('commands', () => {
  const lsid = { id: new Binary(Buffer.alloc(16, 1), 4) }
  const refused: [string, Doc, number][] = [
    ['an unknown command', { nothing: 1 }, 59],
    ['a number without a session', { insert: 'c', documents: [{}], txnNumber: Long.ONE }, 72],
    ['autocommit without a number', { insert: 'c', documents: [{}], lsid, autocommit: false }, 72],
    [
      'a concern inside a transaction',
      {
        insert: 'c',
        documents: [{}],
        lsid,
        txnNumber: Long.ONE,
        autocommit: false,
        startTransaction: true,
        writeConcern: { w: 1 },
      },
      72,
    ],
    [
      'fail points of a server that is none for tests',
      { configureFailPoint: 'failCommand', mode: 'off' },
      59,
    ],
    ['a document above 16 MiB', { insert: 'c', documents: [{ text: 'x'.repeat(16_777_300) }] }, 10334],
    ['an empty batch', { insert: 'c', documents: [] }, 16],
  ]
  test.each(refused)('%s is refused', async (_name, command, code) => {
    const { writeErrors, ...reply } = await client.ask(command)
    const [first] = (writeErrors ?? []) as Doc[]
    expect(first?.code ?? reply.code).toBe(code)
  })

  test('a command needs a database', async () => {
    client.send(opMsg({ body: { ping: 1 } }))
    expect((await client.reply())!.body).toMatchObject({ ok: 0, code: 40571 })
  })

  test('cursor ids are 64-bit, also when they are zero', async () => {
    await client.ask({ insert: 'ids', documents: [{ _id: 1 }, { _id: 2 }, { _id: 3 }] })
    client.send(opMsg({ body: { find: 'ids', batchSize: 1, $db: 'raw' } }))
    const { body } = (await client.reply())!
    const { id } = body.cursor as { id: number }
    expect(id).toBeGreaterThan(2 ** 31)
    expect(await client.ask({ getMore: Long.fromNumber(id), collection: 'other' })).toMatchObject({
      code: 13,
    })
    expect(await client.ask({ getMore: Long.fromNumber(id), collection: 'ids' })).toMatchObject({
      cursor: { nextBatch: [{ _id: 2 }, { _id: 3 }], id: 0 },
    })
    expect(await client.ask({ getMore: Long.fromNumber(id), collection: 'ids' })).toMatchObject({ code: 43 })
  })

  test('batches end at 16 MiB', async () => {
    const text = 'x'.repeat(1_000_000)
    for (let n = 0; n < 20; n++) await client.ask({ insert: 'large', documents: [{ _id: n, text }] })
    const { cursor } = (await client.ask({ find: 'large' })) as { cursor: { firstBatch: Doc[]; id: number } }
    expect(cursor.firstBatch.length).toBeGreaterThan(14)
    expect(cursor.firstBatch.length).toBeLessThan(20)
    const rest = await client.ask({ getMore: Long.fromNumber(cursor.id), collection: 'large' })
    expect(cursor.firstBatch.length + (rest.cursor as { nextBatch: Doc[] }).nextBatch.length).toBe(20)
  })

  test('a reply above the size of a message is an error', async () => {
    const text = (n: number) => `${n}`.repeat(15_000_000)
    for (let n = 1; n < 5; n++) await client.ask({ insert: 'huge', documents: [{ _id: n, text: text(n) }] })
    expect(await client.ask({ distinct: 'huge', key: 'text' })).toMatchObject({ ok: 0, code: 10334 })
    await client.ask({ drop: 'huge' })
  })

  test('a repeated write is answered, not repeated', async () => {
    const write = {
      update: 'twice',
      updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true }],
      lsid,
      txnNumber: Long.fromNumber(7),
    }
    const first = await client.ask(write)
    expect(await client.ask(write)).toMatchObject({ n: first.n, upserted: first.upserted })
    expect(await client.ask({ find: 'twice' })).toMatchObject({ cursor: { firstBatch: [{ _id: 1, n: 1 }] } })
  })

  test('a write concern that one member cannot meet is told beside the result', async () => {
    const insert = (w: unknown) => client.ask({ insert: 'concern', documents: [{}], writeConcern: { w } })
    expect(await insert(3)).toMatchObject({ n: 1, writeConcernError: { code: 100 } })
    expect(await insert('somewhere')).toMatchObject({ n: 1, writeConcernError: { code: 79 } })
    expect(await insert('majority')).not.toHaveProperty('writeConcernError')
  })

  test('endSessions aborts what the session has open', async () => {
    const other = { id: new Binary(Buffer.alloc(16, 2), 4) }
    const inside = { lsid: other, txnNumber: Long.ONE, autocommit: false }
    await client.ask({ insert: 'ended', documents: [{ _id: 1 }], ...inside, startTransaction: true })
    expect(wired.engine.state.transactions.count).toBe(1)
    await client.ask({ endSessions: [other] })
    expect(wired.engine.state.transactions.count).toBe(0)
    expect(await client.ask({ commitTransaction: 1, ...inside, $db: 'admin' })).toMatchObject({
      code: 251,
      errorLabels: ['TransientTransactionError'],
    })
  })
})

function nested(levels: number): Doc {
  let doc: Doc = {}
  for (let level = 0; level < levels; level++) doc = { a: doc }
  return doc
}
