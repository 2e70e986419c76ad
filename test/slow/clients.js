// Other clients of the wire server (spec/embedded-database.md §14, point 8): installs each of them into a folder of its
// own and lets it do what its users do first. Slow, and needs the registry: run it by hand with
// `npm run build && node test/slow/clients.js [name …]`.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'

const run = promisify(execFile)
const thread = new URL('../../dist/database/thread.js', import.meta.url)

/** What every version of the driver can do. */
const driver = `
  const { MongoClient } = require('mongodb')
  const assert = require('node:assert/strict')
  module.exports = async (uri) => {
    const client = new MongoClient(uri, { serverSelectionTimeoutMS: 3000 })
    await client.connect()
    const things = client.db('slow').collection('things')
    await things.deleteMany({})
    await things.createIndex({ name: 1 }, { unique: true })
    await things.insertMany([{ _id: 1, name: 'a', n: 1 }, { _id: 2, name: 'b', n: 2.5 }, { _id: 3, name: 'c', tags: ['x'] }])
    await assert.rejects(things.insertOne({ name: 'a' }), { code: 11000 })
    assert.equal((await things.updateOne({ _id: 1 }, { $inc: { n: 1 } })).modifiedCount, 1)
    assert.deepEqual(await things.find({ n: { $gt: 0 } }, { sort: { _id: 1 }, projection: { n: 1 } }).toArray(), [{ _id: 1, n: 2 }, { _id: 2, n: 2.5 }])
    assert.deepEqual(await things.aggregate([{ $group: { _id: null, sum: { $sum: '$n' } } }]).toArray(), [{ _id: null, sum: 4.5 }])
    assert.equal(await things.find({}, { batchSize: 1 }).toArray().then((all) => all.length), 3)
    const session = client.startSession()
    await session.withTransaction(async () => {
      await things.updateOne({ _id: 2 }, { $set: { n: 0 } }, { session })
      await things.deleteOne({ _id: 3 }, { session })
    })
    await session.endSession()
    assert.equal(await things.countDocuments(), 2)
    const stream = things.watch([], { maxAwaitTimeMS: 50 })
    await stream.tryNext()
    await things.insertOne({ _id: 4, name: 'd' })
    assert.equal((await stream.next()).documentKey._id, 4)
    await stream.close()
    await client.close()
  }`

const mongoose = `
  const mongoose = require('mongoose')
  const assert = require('node:assert/strict')
  module.exports = async (uri) => {
    await mongoose.connect(uri, { dbName: 'slow', serverSelectionTimeoutMS: 3000 })
    const author = new mongoose.Schema({ name: { type: String, unique: true }, age: Number }, { timestamps: true })
    const book = new mongoose.Schema({ title: String, author: { type: mongoose.ObjectId, ref: 'Author' } })
    const Author = mongoose.model('Author', author)
    const Book = mongoose.model('Book', book)
    await Promise.all([Author.deleteMany(), Book.deleteMany()])
    await Author.init()
    const someone = await Author.create({ name: 'someone', age: 40 })
    await Book.insertMany([{ title: 'one', author: someone }, { title: 'two', author: someone }])
    await assert.rejects(Author.create({ name: 'someone' }), { code: 11000 })
    const [first] = await Book.find().sort('title').populate('author')
    assert.equal(first.author.name, 'someone')
    someone.age++
    await someone.save()
    assert.equal((await Author.findOne({ age: 41 })).name, 'someone')
    await mongoose.connection.transaction(async (session) => {
      await Book.updateOne({ title: 'one' }, { title: 'first' }, { session })
    })
    assert.deepEqual(await Book.distinct('title'), ['first', 'two'])
    await mongoose.disconnect()
  }`

const clients = {
  'mongodb 4': { packages: ['mongodb@4'], code: driver },
  'mongodb 5': { packages: ['mongodb@5'], code: driver },
  'mongodb 6': { packages: ['mongodb@6'], code: driver },
  'mongodb 7': { packages: ['mongodb@7'], code: driver },
  mongoose: { packages: ['mongoose@latest'], code: mongoose },
  mongosh: { packages: ['mongosh@latest'] },
}

/** What is typed into the shell, and what has to come out. */
const shell = [
  [
    "db.getSiblingDB('slow').shell.drop(); db.getSiblingDB('slow').shell.insertMany([{_id: 1, a: 1}, {_id: 2, a: 5.5}]).acknowledged",
    'true',
  ],
  [
    "EJSON.stringify(db.getSiblingDB('slow').shell.find({a: {$gte: 1}}).sort({_id: -1}).toArray())",
    '[{"_id":2,"a":5.5},{"_id":1,"a":1}]',
  ],
  ["db.getSiblingDB('slow').shell.createIndex({a: 1})", 'a_1'],
  [
    "db.getSiblingDB('slow').shell.explain().find({a: 1}).finish().queryPlanner.winningPlan.inputStage.stage",
    'IXSCAN',
  ],
  [
    "db.adminCommand({listDatabases: 1, nameOnly: true}).databases.some((one) => one.name === 'slow')",
    'true',
  ],
  ['rs.status().members[0].stateStr', 'PRIMARY'],
  ['db.version()', '7.0.0'],
  ["db.getSiblingDB('slow').shell.stats().count", '2'],
  [
    "var s = db.getMongo().startSession(); s.startTransaction(); s.getDatabase('slow').shell.insertOne({_id: 3}); s.abortTransaction(); db.getSiblingDB('slow').shell.countDocuments()",
    '2',
  ],
]

const wanted = process.argv.slice(2)
const worker = new Worker(thread, { workerData: { lockToken: 'slow' } })
const folder = mkdtempSync(join(tmpdir(), 'unicloud-clients-'))
const doors = await listen()
let passed = 0
let failed = 0
for (const [name, { packages, code }] of Object.entries(clients)) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue
  const home = join(folder, name.replace(/\W/g, '-'))
  try {
    const version = await install(home, packages)
    for (const [door, uri] of Object.entries(doors)) {
      await (code ? useDriver(home, code, uri) : useShell(home, uri))
      console.log(`ok      ${name} ${version} over ${door}`)
    }
    passed++
  } catch (error) {
    failed++
    console.log(`FAILED  ${name}: ${error.stderr || error.stack || error.message}`)
  }
}
await worker.terminate()
rmSync(folder, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

/** Opens both doors of a database in memory. */
async function listen() {
  const options = { port: 0, socketPath: join(folder, 'mongodb.sock') }
  const uris = await new Promise((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (message) => {
      if (message.kind === 'ready') worker.postMessage({ kind: 'listen', id: 1, options })
      else if (message.kind === 'listening') resolve(message.uris)
      else if (message.kind === 'warning') console.log(`note    ${message.text}`)
      else if (message.kind === 'notListening' || message.kind === 'failed')
        reject(new Error(JSON.stringify(message)))
    })
  })
  const [socket, port] = uris
  return { socket, port, 'port as replica set': port.replace('directConnection=true', 'replicaSet=rs0') }
}

async function install(home, packages) {
  await run('mkdir', ['-p', home])
  writeFileSync(join(home, 'package.json'), '{"private": true}')
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: home })
  const [name] = packages[0].split('@')
  const { stdout } = await run('node', ['-p', `require('./node_modules/${name}/package.json').version`], {
    cwd: home,
  })
  return stdout.trim()
}

async function useDriver(home, code, uri) {
  writeFileSync(join(home, 'use.js'), code)
  const script =
    'require("./use.js")(process.argv[1]).catch((error) => { console.error(error); process.exit(1) })'
  await run('node', ['-e', script, uri], { cwd: home, timeout: 60_000 })
}

async function useShell(home, uri) {
  for (const [typed, expected] of shell) {
    const shellProgram = join(home, 'node_modules/.bin/mongosh')
    const { stdout } = await run(shellProgram, [uri, '--quiet', '--norc', '--eval', typed], {
      cwd: home,
      timeout: 60_000,
    })
    if (!stdout.trim().endsWith(expected))
      throw new Error(`${typed}\n  gave ${stdout.trim()}\n  instead of ${expected}`)
  }
}
