import { ObjectId } from 'bson'
import { describe, expect, test } from 'vitest'
import { compileFilter } from '../../../database/engine/match/index.ts'
import { compileSort } from '../../../database/engine/sort.ts'
import { RandomValues } from '../engine/random-values.ts'
import { openDatabase } from '../open.ts'

type Doc = Record<string, unknown>

/** More rounds in a nightly run. */
const ROUNDS = Number(process.env.PLANNER_ROUNDS ?? 40)

describe('any query gives what a full scan gives', () => {
  test.each(Array.from({ length: 8 }, (_, seed) => seed + 1))('seed %i', async (seed) => {
    const random = new RandomValues(seed)
    for (let round = 0; round < ROUNDS; round++) await compareWithScan(random)
  })
})

async function compareWithScan(random: RandomValues): Promise<void> {
  await using database = openDatabase()
  const run = (command: Doc) => database.command('d', command)
  const documents = Array.from({ length: 30 + random.integer(60) }, (_, _id) => ({
    _id: random.integer(4) === 0 ? String(_id) : _id,
    ...randomDocument(random),
  }))
  await run({ create: 'c' })
  const indexes = randomIndexes(random)
  const early = random.integer(2) === 0
  if (early) await tryIndexes(run, indexes)
  // Documents that parallel arrays keep out of an index stay out of the comparison as well.
  await run({ insert: 'c', documents, ordered: false })
  if (!early) await tryIndexes(run, indexes)
  await change(run, random)
  const all = batch(await run({ find: 'c', hint: { $natural: 1 }, batchSize: 10_000 }))
  for (let query = 0; query < 12; query++) {
    const filter = randomFilter(random, 2)
    const sort = random.integer(2) === 0 ? randomSort(random) : undefined
    const label = JSON.stringify({ filter, sort, indexes })
    const matcher = compileFilter(filter, { now: new Date(0) })
    const expected = all.filter((doc) => matcher.matches(doc))
    const found = batch(await run({ find: 'c', filter, ...(sort ? { sort } : {}), batchSize: 10_000 }))
    expect(ids(found), label).toEqual(ids(expected))
    if (sort) inOrder(found, sort, label)
    const limit = 1 + random.integer(5)
    const limited = batch(await run({ find: 'c', filter, ...(sort ? { sort } : {}), limit }))
    expect(limited.length, label).toBe(Math.min(limit, expected.length))
    if (sort) sameRank(limited, expected, sort, label)
    expect(await run({ count: 'c', query: filter }), label).toMatchObject({ n: expected.length })
    const grouped = batch(
      await run({
        aggregate: 'c',
        pipeline: [{ $match: filter }, ...(sort ? [{ $sort: sort }, { $limit: limit }] : [])],
        cursor: { batchSize: 10_000 },
      }),
    )
    expect(grouped.length, label).toBe(sort ? limited.length : expected.length)
    if (sort) sameRank(grouped, expected, sort, label)
  }
}

async function tryIndexes(run: (command: Doc) => Promise<unknown>, indexes: Doc[]): Promise<void> {
  for (const index of indexes) {
    await run({ createIndexes: 'c', indexes: [index] }).catch((error: { code: number }) => {
      if (![171, 85, 86, 197].includes(error.code)) throw error
    })
  }
}

async function change(run: (command: Doc) => Promise<unknown>, random: RandomValues): Promise<void> {
  for (let step = random.integer(10); step > 0; step--) {
    const q = { _id: random.integer(40) }
    const path = random.pick(['a', 'b', 'a.b', 'c'])
    if (random.integer(3) === 0) await run({ delete: 'c', deletes: [{ q, limit: 1 }] })
    else await run({ update: 'c', updates: [{ q, u: { $set: { [path]: randomValue(random, 1) } } }] })
  }
}

const VALUES = [
  0,
  1,
  2,
  3,
  1.5,
  -1,
  null,
  'a',
  'ab',
  'b',
  '',
  true,
  false,
  new Date(5),
  new Date(6),
  new ObjectId('00000000000000000000000a'),
  { x: 1 },
  { b: 1 },
  /a/,
]

function randomValue(random: RandomValues, depth: number): unknown {
  const kind = random.integer(10)
  if (kind < 2 && depth > 0)
    return Array.from({ length: random.integer(4) }, () => randomValue(random, depth - 1))
  if (kind < 4 && depth > 0) return { b: randomValue(random, depth - 1), c: random.pick(VALUES) }
  return random.pick(VALUES)
}

function randomDocument(random: RandomValues): Doc {
  const doc: Doc = {}
  for (const name of ['a', 'b', 'c']) if (random.integer(5) > 0) doc[name] = randomValue(random, 2)
  return doc
}

function randomIndexes(random: RandomValues): Doc[] {
  return Array.from({ length: random.integer(4) }, (_, at) => {
    const key: Doc = {}
    const paths = ['a', 'b', 'c', 'a.b', 'a.c', 'b.c', '_id']
    for (let parts = 1 + random.integer(3); parts > 0; parts--) key[random.pick(paths)] = random.pick([1, -1])
    const kind = random.integer(5)
    return {
      key,
      name: `i${at}`,
      ...(kind === 0 ? { sparse: true } : {}),
      ...(kind === 1 ? { partialFilterExpression: { a: { $gt: 0 } } } : {}),
    }
  })
}

function randomFilter(random: RandomValues, depth: number): Doc {
  const filter: Doc = {}
  for (let parts = 1 + random.integer(2); parts > 0; parts--) {
    const kind = random.integer(8)
    if (kind === 0 && depth > 0)
      filter.$or = [randomFilter(random, depth - 1), randomFilter(random, depth - 1)]
    else if (kind === 1 && depth > 0)
      filter.$and = [randomFilter(random, depth - 1), randomFilter(random, depth - 1)]
    else if (kind === 2) filter.a = { $gt: 0 }
    else filter[random.pick(['a', 'b', 'c', 'a.b', 'a.c', 'b.c', '_id'])] = randomCondition(random)
  }
  return filter
}

function randomCondition(random: RandomValues): unknown {
  const value = () => random.pick(VALUES.filter((candidate) => !(candidate instanceof RegExp)))
  switch (random.integer(12)) {
    case 0:
      return { $gt: value() }
    case 1:
      return { $gte: value() }
    case 2:
      return { $lt: value() }
    case 3:
      return { $lte: value(), $gt: value() }
    case 4:
      return { $in: [value(), value(), value()] }
    case 5:
      return { $ne: value() }
    case 6:
      return { $exists: random.integer(2) === 0 }
    case 7:
      return random.pick([/^a/, /^ab?/, /b/, { $regex: '^a' }])
    case 8:
      return { $elemMatch: { $gte: value(), $lte: value() } }
    case 9:
      return { $elemMatch: { b: value() } }
    case 10:
      return [value()]
    default:
      return value()
  }
}

/** One path that may hold arrays: two of them are refused (code 2) as soon as a document has both. */
function randomSort(random: RandomValues): Doc {
  const sort: Doc = { [random.pick(['a', 'b', 'c', 'a.b', '_id'])]: random.pick([1, -1]) }
  if (random.integer(2) === 0) sort._id = random.pick([1, -1])
  return sort
}

function batch(reply: Doc): Doc[] {
  return (reply.cursor as { firstBatch: Doc[] }).firstBatch
}

function ids(docs: readonly Doc[]): string[] {
  return docs.map(({ _id }) => JSON.stringify(_id)).sort()
}

function inOrder(docs: readonly Doc[], sort: Doc, label: string): void {
  const compare = compileSort(sort)
  for (let at = 1; at < docs.length; at++)
    expect(compare(docs[at - 1]!, docs[at]!), label).toBeLessThanOrEqual(0)
}

/** Equal documents may stand for each other; each place must be taken by one that is equal to the sorted scan's. */
function sameRank(found: readonly Doc[], all: readonly Doc[], sort: Doc, label: string): void {
  const compare = compileSort(sort)
  const sorted = all.toSorted(compare)
  found.forEach((doc, at) => {
    expect(compare(doc, sorted[at]!) === 0, label).toBe(true)
  })
}
