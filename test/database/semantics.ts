import { readFileSync } from 'node:fs'
import { EJSON } from 'bson'
import { expect } from 'vitest'
import { DatabaseError, type DocumentDatabase, type Reply } from '../../database/command.ts'
import { compareValues } from '../../database/engine/values/compare.ts'
import { bsonTypeName, type Doc, isDocument } from '../../database/engine/values/types.ts'

/** One case of test/conformance/mongodb-semantics-cases.json. */
export interface SemanticCase {
  id: string
  op: 'find' | 'update' | 'aggregate'
  docs: Doc[]
  other?: Doc[]
  indexes?: Doc[]
  filter?: Doc
  projection?: Doc
  sort?: Doc
  collation?: Doc
  pipeline?: Doc[]
  update?: Doc | Doc[]
  multi?: boolean
  upsert?: boolean
  arrayFilters?: Doc[]
  /** The ids are expected in this order. */
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

export function readSemanticCases(): SemanticCase[] {
  const file = new URL('../conformance/mongodb-semantics-cases.json', import.meta.url)
  return EJSON.parse(readFileSync(file, 'utf8'), { relaxed: false }) as unknown as SemanticCase[]
}

/** Runs a case in a database of its own and checks what it expects. */
export async function runSemanticCase(
  carrier: DocumentDatabase,
  database: string,
  item: SemanticCase,
): Promise<void> {
  const run = (command: Doc) => carrier.command(database, command)
  await prepare(run, item)
  const wanted = item.expect
  if (wanted.error !== undefined) {
    await expect(codeOf(() => operate(run, item))).resolves.toBe(Number(wanted.error))
    return
  }
  const reply = await operate(run, item)
  const results = item.op === 'update' ? await contents(run) : batchOf(reply)
  checkResults(results, item)
  if (wanted.n !== undefined) expect(Number(reply.n)).toBe(Number(wanted.n))
  if (wanted.nModified !== undefined) expect(Number(reply.nModified)).toBe(Number(wanted.nModified))
  if (wanted.upserted !== undefined) {
    const [entry] = (reply.upserted ?? []) as Doc[]
    expect(canonical(entry?._id)).toEqual(canonical(wanted.upserted))
  }
}

// internals

type Run = (command: Doc) => Promise<Reply>

async function prepare(run: Run, { docs, other, indexes }: SemanticCase): Promise<void> {
  await run({ create: 'self' })
  if (docs.length > 0) await run({ insert: 'self', documents: docs })
  if (other && other.length > 0) await run({ insert: 'other', documents: other })
  if (indexes && indexes.length > 0) {
    const named = indexes.map((index, at) => ({ name: `index${at}`, ...index }))
    await run({ createIndexes: 'self', indexes: named })
  }
}

function operate(run: Run, item: SemanticCase): Promise<Reply> {
  const { filter = {}, projection, sort, collation, pipeline, update, multi, upsert, arrayFilters } = item
  const shared = collation ? { collation } : {}
  switch (item.op) {
    case 'find':
      return run({
        find: 'self',
        filter,
        ...(projection ? { projection } : {}),
        ...(sort ? { sort } : {}),
        ...shared,
      })
    case 'aggregate':
      return run({ aggregate: 'self', pipeline, cursor: {}, ...shared })
    case 'update':
      return run({
        update: 'self',
        updates: [
          {
            q: filter,
            u: update,
            multi: multi === true,
            upsert: upsert === true,
            ...(arrayFilters ? { arrayFilters } : {}),
            ...shared,
          },
        ],
      })
  }
}

async function contents(run: Run): Promise<Doc[]> {
  return batchOf(await run({ find: 'self' }))
}

function batchOf(reply: Reply): Doc[] {
  return (reply.cursor as { firstBatch: Doc[] }).firstBatch
}

/** The code a command fails with, be it as a whole or in its only statement. */
async function codeOf(operation: () => Promise<Reply>): Promise<number | undefined> {
  try {
    const { writeErrors } = await operation()
    return (writeErrors as { code: number }[] | undefined)?.[0]?.code
  } catch (error) {
    if (error instanceof DatabaseError) return error.code
    throw error
  }
}

function checkResults(results: Doc[], { ordered, expect: wanted }: SemanticCase): void {
  const { ids, docs, fieldOrder, typeOf } = wanted
  if (docs) {
    expect(results.map((doc) => canonical(doc, fieldOrder))).toEqual(
      docs.map((doc) => canonical(doc, fieldOrder)),
    )
  }
  if (ids) {
    const shown = (list: unknown[]) =>
      (ordered ? list : list.toSorted(compareValues)).map((id) => canonical(id))
    expect(shown(results.map((doc) => doc._id))).toEqual(shown(ids))
  }
  for (const [name, type] of Object.entries(typeOf ?? {})) expect(bsonTypeName(results[0]?.[name])).toBe(type)
}

/** Values in a form that compares numbers by value and keeps decimals apart. */
function canonical(value: unknown, keepOrder = false): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item, keepOrder))
  switch (bsonTypeName(value)) {
    case 'decimal':
      return { decimal: String(value) }
    case 'int':
    case 'long':
    case 'double':
      return Number(value)
    case 'date':
      return { date: (value as Date).getTime() }
    case 'object': {
      const entries = Object.entries(value as Doc).map(([key, member]) => [key, canonical(member, keepOrder)])
      return keepOrder ? entries : Object.fromEntries(entries)
    }
    default:
      return isDocument(value) || typeof value !== 'object' ? value : String(value)
  }
}
