/** The roads to the engine: its own thread over a port, the wire with the official driver. */
import path from 'node:path'
import { MongoClient } from 'mongodb'
import { EmbeddedDatabase } from '../../database/engine/engine.ts'
import { EngineThread } from '../../database/engine/engine-thread.ts'
import { type BenchDocument, batches, queries } from './documents.ts'
import { interleave } from './interleave.ts'
import { COLLECTION, DATABASE, indexes, Ours, withFolder } from './ours.ts'
import { type Row, ratio } from './rows.ts'

export function measureCarriers(size: number, repeats: number): Promise<Row[]> {
  return withFolder(async (folder) => {
    await using thread = new EngineThread()
    const { uris } = await thread.listen({ socketPath: path.join(folder, 'bench.sock') })
    await using client = await MongoClient.connect(uris[0]!)
    await using memory = new EmbeddedDatabase()
    const direct = await Ours.fill(memory, size)
    const port = await Ours.fill(thread.database, size)
    return [
      await throughPort(port, direct, repeats),
      await throughDriver(client, size, repeats),
      await bulkInsert(client, direct, Math.min(size, BULK), repeats),
    ]
  })
}

// internals

const BULK = 20_000

async function throughPort(port: Ours, direct: Ours, repeats: number): Promise<Row> {
  const found = await interleave(
    (n) => port.byId(n),
    (n) => direct.byId(n),
    repeats,
    'call',
  )
  return ratio('through the port / direct, find by `_id`', 6, found)
}

async function throughDriver(client: MongoClient, size: number, repeats: number): Promise<Row> {
  const docs = client.db(DATABASE).collection<BenchDocument>(COLLECTION)
  const admin = client.db('admin')
  const found = await interleave(
    (n) => docs.findOne(queries.byId(n, size)),
    () => admin.command({ ping: 1 }),
    repeats,
    'call',
  )
  return ratio('driver + wire find by `_id` / driver `ping`, same unix socket', 1.3, found)
}

async function bulkInsert(client: MongoClient, direct: Ours, count: number, repeats: number): Promise<Row> {
  const documents = [...batches(count)]
  const database = client.db(DATABASE)
  const wire = async (n: number) => {
    const bulk = await database.createCollection<BenchDocument>(`bulk${n}`)
    await bulk.createIndexes(indexes)
    for (const batch of documents) await bulk.insertMany(batch)
    await bulk.drop()
  }
  const here = async (n: number) => {
    const bulk = `bulk${n}`
    await direct.database.command(DATABASE, { create: bulk })
    await direct.database.command(DATABASE, { createIndexes: bulk, indexes })
    for (const batch of documents) await direct.insert(batch, bulk)
    await direct.database.command(DATABASE, { drop: bulk })
  }
  const inserted = await interleave(wire, here, repeats, 'call')
  return ratio(`bulk insert of ${count.toLocaleString('en')} over the wire / direct`, 3.5, inserted)
}
