// Writes to a data folder until it is killed, and says on stdout what has been acknowledged. Talks to the built engine
// thread by bare port messages, as any instance does.
import { MessageChannel, Worker } from 'node:worker_threads'

const [script, directory, durability, checkpointBytes] = process.argv.slice(2)
const worker = new Worker(script, {
  workerData: {
    directory,
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
port1.on('message', (replies) => {
  for (const [id, kind, payload] of replies) {
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
    port1.postMessage([[id, 'command', call?.database ?? 'd', command, call && { session: call.session }]])
  })
}

const { cursor } = await run({ find: 'left', projection: { _id: 1 }, sort: { _id: -1 }, limit: 1 })
let next = (cursor.firstBatch[0]?._id ?? 0) + 1
const padding = 'x'.repeat(200)
for (; ; next++) {
  // One commit over two collections, then plain ones that overwrite and remove.
  const session = { id: 'writer', txnNumber: next, autocommit: false }
  await run(
    { insert: 'left', documents: [{ _id: next, padding }] },
    { session: { ...session, startTransaction: true } },
  )
  await run({ insert: 'right', documents: [{ _id: next }] }, { session })
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
