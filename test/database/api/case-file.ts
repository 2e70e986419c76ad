/**
 * Runs cases of the format `unicloud-db-cases/1` (see `about` in test/conformance/database-cases.json).
 */
import { expect } from 'vitest'
import {
  createDatabaseApi,
  type DatabaseApi,
  type DatabaseProvider,
  databaseProfiles,
} from '../../../database/api/index.ts'
import type { DocumentDatabase } from '../../../database/command.ts'
import { readIndexEntry } from '../../../database/seed/index-entry.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

interface Step {
  call: string
  pick?: string
  expect?: Json
  error?: { code?: string; message?: string }
}

export interface DatabaseCase {
  id: string
  title: string
  area: string
  provider?: DatabaseProvider
  seed: Record<string, Json[]>
  indexes?: Record<string, Json[]>
  steps: Step[]
  after?: Record<string, Json[]>
}

const name = 'space'

export async function runCase(database: DocumentDatabase, { provider = 'aliyun', ...test }: DatabaseCase) {
  const db = createDatabaseApi({
    database,
    name,
    provider,
    clock: { now: () => Date.now() },
    requestId: () => 'request',
    warn: () => {},
  })
  await seed(database, db, provider, test)
  const results: unknown[] = []
  for (const step of test.steps) results.push(await runStep(db, results, step))
  for (const [collection, documents] of Object.entries(test.after ?? {})) {
    const { data } = (await db.collection(collection).limit(1000).get()) as { data: unknown[] }
    expectMatch(byId(data), byId(documents), `after: ${collection}`)
  }
}

// internals

async function seed(
  database: DocumentDatabase,
  db: DatabaseApi,
  provider: DatabaseProvider,
  { seed, indexes = {} }: Pick<DatabaseCase, 'seed' | 'indexes'>,
): Promise<void> {
  for (const collection of Object.keys(seed)) await database.command(name, { create: collection })
  for (const [collection, entries] of Object.entries(indexes)) {
    for (const entry of entries) {
      const read = readIndexEntry(entry, databaseProfiles[provider])
      if (!('spec' in read)) throw new Error(`index of the case: ${JSON.stringify(read)}`)
      await database.command(name, { createIndexes: collection, indexes: [{ ...read.spec }] })
    }
  }
  for (const [collection, documents] of Object.entries(seed)) {
    for (const document of documents) await db.collection(collection).add(special(document) as object)
  }
}

async function runStep(db: DatabaseApi, results: unknown[], step: Step): Promise<unknown> {
  let result: unknown
  try {
    const call = new Function('db', '_', '$', 'r', `return (${step.call})`)
    result = await call(db, db.command, db.command.aggregate, results)
  } catch (error) {
    if (!step.error) throw new Error(`${step.call}\nfailed: ${(error as Error).message}`, { cause: error })
    expectError(error as { code?: unknown; message?: unknown }, step)
    return undefined
  }
  if (step.error) throw new Error(`${step.call}\nshould have failed, but gave ${show(result)}`)
  if ('expect' in step) expectMatch(pick(result, step.pick ?? ''), step.expect!, step.call)
  return result
}

function expectError(error: { code?: unknown; message?: unknown }, { call, error: wanted = {} }: Step): void {
  if (wanted.code !== undefined) expect(error.code, call).toBe(wanted.code)
  if (wanted.message !== undefined) expect(error.message, call).toMatch(new RegExp(wanted.message))
  if (wanted.code === undefined && wanted.message === undefined) {
    expect(error.code, `${call}\n${error.message}`).toMatch(/./)
  }
}

/** `data[].l[]._id`: a dot path in which `[n]` is an index and `[]` maps over an array. */
function pick(value: unknown, path: string): unknown {
  const [step, ...rest] = path.match(/\[\d*\]|[^.[\]]+/g) ?? []
  if (step === undefined) return value
  const next = rest.join('.').replaceAll('.[', '[')
  if (step === '[]') return (value as unknown[]).map((item) => pick(item, next))
  const name = step.startsWith('[') ? step.slice(1, -1) : step
  return pick((value as Record<string, unknown>)[name], next)
}

function expectMatch(actual: unknown, wanted: Json, where: string): void {
  if (!matches(actual, wanted)) {
    throw new Error(`${where}\n  gave     ${show(actual)}\n  expected ${JSON.stringify(wanted)}`)
  }
}

function matches(actual: unknown, wanted: Json): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => matches(actual[index], item))
    )
  }
  if (typeof wanted !== 'object' || wanted === null) return Object.is(actual, wanted) || actual === wanted
  const [first] = Object.keys(wanted)
  const checker = first === undefined ? undefined : checkers[first]
  if (checker) return checker(actual, wanted[first!]!)
  if (typeof actual !== 'object' || actual === null || Object.getPrototypeOf(actual) !== Object.prototype) {
    return false
  }
  const members = Object.entries(actual).filter(([, member]) => member !== undefined)
  return (
    members.length === Object.keys(wanted).length &&
    members.every(([name, member]) => Object.hasOwn(wanted, name) && matches(member, wanted[name]!))
  )
}

const checkers: Record<string, (actual: unknown, wanted: Json) => boolean> = {
  $date: (actual, wanted) => actual instanceof Date && actual.getTime() === Date.parse(String(wanted)),
  $matches: (actual, wanted) => typeof actual === 'string' && new RegExp(String(wanted)).test(actual),
  $type: (actual, wanted) => typeof actual === wanted,
  $nan: (actual) => Number.isNaN(actual),
  $num: (actual, wanted) => Object.is(actual, Number(wanted)),
  $any: (actual) => actual !== undefined,
  $approx: (actual, wanted) => {
    const [value, tolerance] = wanted as [number, number]
    return typeof actual === 'number' && Math.abs(actual - value) <= tolerance
  },
  $unordered: (actual, wanted) => {
    if (!Array.isArray(actual) || actual.length !== (wanted as Json[]).length) return false
    const rest = [...actual]
    return (wanted as Json[]).every((item) => {
      const index = rest.findIndex((candidate) => matches(candidate, item))
      if (index >= 0) rest.splice(index, 1)
      return index >= 0
    })
  },
}

/** A seeded value: the special values that stand for something that can be stored. */
function special(value: Json): unknown {
  if (Array.isArray(value)) return value.map(special)
  if (typeof value !== 'object' || value === null) return value
  if ('$date' in value) return new Date(String(value.$date))
  if ('$nan' in value) return Number.NaN
  if ('$num' in value) return Number(value.$num)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, special(member)]))
}

function byId<T>(documents: T[]): T[] {
  const key = (document: T) => String((document as { _id: unknown })._id)
  return [...documents].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

function show(value: unknown): string {
  return JSON.stringify(value, (_name, member) => (typeof member === 'bigint' ? `${member}n` : member))
}
