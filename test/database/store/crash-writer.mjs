// Writes to a data folder until it is killed, and says on stdout what has been acknowledged. Talks to the built engine
// thread by bare port messages, as any instance does.
import { MessageChannel, Worker } from 'node:worker_threads'

const [script, directory, storage, durability, checkpointBytes] = process.argv.slice(2)
const worker = new Worker(script, {
  workerData: {
    directory,
    storage,
    durability,
    checkpointBytes: Number(checkpointBytes),
    lockToken: `crash-${process.pid}`,
  },
})
worker.on('message', (message) => {
  if (message.kind === 'failed') {
    console.log(`failed ${JSON.stringify(message.failure)}`)
    process.exit(1)
  }
})
const { port1, port2 } = new MessageChannel()
worker.postMessage({ kind: 'connect', port: port2 }, [port2])

const pending = new Map()
let lastId = 0
port1.on('message', (texts) => {
  for (const text of texts) {
    const [id, kind, payload] = JSON.parse(text)
    const { resolve, reject } = pending.get(id)
    pending.delete(id)
    if (kind === 'reply') resolve(payload)
    else reject(new Error(payload.message))
  }
})

function run(command, call) {
  const id = ++lastId
  return new Promise((resolve, reject) => {
    pending.set(id, { resolve, reject })
    const { database = 'd', session } = call ?? {}
    port1.postMessage([JSON.stringify([id, 'command', database, command, false, { session }])])
  })
}

async function lastOf(collection) {
  const { cursor } = await run({ find: collection, projection: { _id: 1 }, sort: { _id: -1 }, limit: 1 })
  return cursor.firstBatch[0]?._id ?? 0
}

const padding = 'x'.repeat(200)
const index = (collection, key, more = {}) =>
  run({ createIndexes: collection, indexes: [{ key, name: 'index', ...more }] })

/** One commit over two collections, then plain ones that overwrite and remove. */
async function pairs() {
  await index('left', { padding: 1, _id: -1 })
  await index('right', { of: 1 }, { unique: true })
  for (let next = (await lastOf('left')) + 1; ; next++) {
    const session = { id: 'writer', txnNumber: next, autocommit: false }
    await run(
      { insert: 'left', documents: [{ _id: next, padding }] },
      { session: { ...session, startTransaction: true } },
    )
    await run({ insert: 'right', documents: [{ _id: next, of: next }] }, { session })
    await run({ commitTransaction: 1 }, { database: 'admin', session })
    process.stdout.write(`pair ${next}\n`)
    await run({
      update: 'counter',
      updates: [{ q: { _id: 1 }, u: { $set: { value: next, padding } }, upsert: true }],
    })
    process.stdout.write(`counter ${next}\n`)
    if (next % 5 === 0) await run({ delete: 'right', deletes: [{ q: { _id: next - 4 }, limit: 1 }] })
    if (next % 5 === 0) process.stdout.write(`removed ${next - 4}\n`)
  }
}

/** Many documents a command, with several indexes: all of them change, or none. */
async function batches() {
  await index('batch', { batch: 1, v: 1 })
  await run({ createIndexes: 'batch', indexes: [{ key: { tags: 1 }, name: 'tags' }] })
  const SIZE = 50
  for (let next = Math.floor((await lastOf('batch')) / SIZE) + 1; ; next++) {
    const documents = Array.from({ length: SIZE }, (_, at) => ({
      _id: next * SIZE + at,
      batch: next,
      v: 0,
      tags: [at % 7, next],
      padding,
    }))
    await run({ insert: 'batch', documents })
    process.stdout.write(`batch ${next}\n`)
    await run({
      update: 'batch',
      updates: [{ q: { batch: next }, u: { $inc: { v: 1 }, $push: { tags: 'new' } }, multi: true }],
    })
    process.stdout.write(`changed ${next}\n`)
    await run({ delete: 'batch', deletes: [{ q: { batch: { $lte: next - 10 } }, limit: 0 }] })
  }
}

// The one waits while the other writes, so that commits of both come together.
await Promise.all([pairs(), batches()])
