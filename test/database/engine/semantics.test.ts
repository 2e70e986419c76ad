import { readFileSync } from 'node:fs'
import { EJSON } from 'bson'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DatabaseError, type Reply } from '../../../database/command.ts'
import { EmbeddedDatabase } from '../../../database/engine/engine.ts'
import { compareValues } from '../../../database/engine/values/compare.ts'
import { setOwn } from '../../../database/engine/values/own.ts'
import { bsonTypeName, type Doc, isDocument } from '../../../database/engine/values/types.ts'

/**
 * Replays test/conformance/mongodb-semantics-cases.json through commands on a direct engine. What an expectation
 * means is said in the README that came with the cases: numbers compare by value, decimals by text, keys in any order
 * unless `fieldOrder` is set.
 */

interface Case {
  id: string
  area: string
  op: 'find' | 'update' | 'aggregate'
  docs: Doc[]
  other?: Doc[]
  indexes?: { key: Doc }[]
  filter?: Doc
  update?: Doc | Doc[]
  multi?: boolean
  upsert?: boolean
  arrayFilters?: Doc[]
  projection?: Doc
  sort?: Doc
  collation?: Doc
  pipeline?: Doc[]
  ordered?: boolean
  expect: {
    ids?: unknown[]
    docs?: Doc[]
    fieldOrder?: boolean
    n?: unknown
    nModified?: unknown
    upserted?: unknown
    typeOf?: Record<string, string>
    error?: unknown
  }
}

/** What running a case gave. */
interface Outcome {
  /** Results of a query, or the collection after an update. */
  docs: Doc[]
  reply?: Reply
  error?: number
}

const file = new URL('../../conformance/mongodb-semantics-cases.json', import.meta.url)
const cases = EJSON.parse(readFileSync(file, 'utf8'), { relaxed: false }) as Case[]

let database: EmbeddedDatabase

beforeAll(() => {
  database = new EmbeddedDatabase({ durability: 'none', javascript: true })
})

afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

describe.each([...new Set(cases.map(({ area }) => area))])('%s', (area) => {
  it.each(cases.filter((each) => each.area === area).map((each) => [each.id, each] as const))(
    '%s',
    async (_, each) => {
      const outcome = await run(each)
      check(each, outcome)
    },
  )
})

async function run(each: Case): Promise<Outcome> {
  await database.command('semantics', { dropDatabase: 1 })
  await database.command('semantics', { create: 'self' })
  await fill('self', each.docs)
  if (each.other) await fill('other', each.other)
  if (each.indexes) {
    const indexes = each.indexes.map(({ key, ...options }, index) => ({
      key,
      name: `index${index}`,
      ...options,
    }))
    await database.command('semantics', { createIndexes: 'self', indexes })
  }
  try {
    return await runOperation(each)
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return { docs: [], error: error.code }
  }
}

async function fill(collection: string, documents: Doc[]): Promise<void> {
  if (documents.length > 0) await database.command('semantics', { insert: collection, documents })
}

async function runOperation(each: Case): Promise<Outcome> {
  const collation = each.collation ? { collation: each.collation } : {}
  if (each.op === 'find') {
    const { filter = {}, projection, sort } = each
    const reply = await database.command('semantics', {
      find: 'self',
      filter,
      batchSize: 10_000,
      ...(projection ? { projection } : {}),
      ...(sort ? { sort } : {}),
      ...collation,
    })
    return { docs: firstBatch(reply), reply }
  }
  if (each.op === 'aggregate') {
    const { pipeline = [] } = each
    const cursor = { batchSize: 10_000 }
    const reply = await database.command('semantics', { aggregate: 'self', pipeline, cursor, ...collation })
    return { docs: firstBatch(reply), reply }
  }
  return runUpdate(each, collation)
}

async function runUpdate(each: Case, collation: Doc): Promise<Outcome> {
  const { filter: q = {}, update: u = {}, multi = false, upsert = false, arrayFilters } = each
  const statement = { q, u, multi, upsert, ...(arrayFilters ? { arrayFilters } : {}), ...collation }
  const reply = await database.command('semantics', { update: 'self', updates: [statement] })
  const [failed] = (reply.writeErrors ?? []) as { code: number }[]
  if (failed) return { docs: [], reply, error: failed.code }
  const after = await database.command('semantics', { find: 'self', filter: {}, batchSize: 10_000 })
  return { docs: firstBatch(after), reply }
}

function firstBatch(reply: Reply): Doc[] {
  return (reply.cursor as { firstBatch: Doc[] }).firstBatch
}

function check({ ordered, expect: expected }: Case, { docs, reply, error }: Outcome): void {
  expect(error).toBe(expected.error === undefined ? undefined : Number(expected.error))
  if (expected.ids) {
    const ids = docs.map((doc) => doc._id)
    const order = (list: unknown[]) => (ordered ? list : [...list].sort(compareValues)).map(shown)
    expect(order(ids)).toEqual(order(expected.ids))
  }
  if (expected.docs) {
    const form = expected.fieldOrder ? shown : (doc: Doc) => shown(withSortedKeys(doc))
    expect(docs.map(form)).toEqual(expected.docs.map(form))
  }
  if (expected.n !== undefined) expect(reply?.n).toBe(Number(expected.n))
  if (expected.nModified !== undefined) expect(reply?.nModified).toBe(Number(expected.nModified))
  if (expected.upserted !== undefined) {
    const [upserted = {}] = (reply?.upserted ?? []) as Doc[]
    expect(shown(upserted._id)).toBe(shown(expected.upserted))
  }
  for (const [name, type] of Object.entries(expected.typeOf ?? {})) {
    expect(bsonTypeName(docs[0]?.[name])).toBe(type)
  }
}

/** A value as text in which equal numbers of different kinds look alike; decimals stay apart. */
function shown(value: unknown): string {
  return EJSON.stringify({ value: mapped(value) }, { relaxed: false })
}

function mapped(value: unknown): unknown {
  const type = bsonTypeName(value)
  if (type === 'int' || type === 'long' || type === 'double') return Number(value)
  if (Array.isArray(value)) return value.map(mapped)
  if (!isDocument(value)) return value
  const copy: Doc = {}
  for (const key of Object.keys(value)) setOwn(copy, key, mapped(value[key]))
  return copy
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys)
  if (!isDocument(value)) return value
  const copy: Doc = {}
  for (const key of Object.keys(value).sort()) setOwn(copy, key, withSortedKeys(value[key]))
  return copy
}
