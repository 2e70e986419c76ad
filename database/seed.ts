/**
 * Brings a project's database files into its database (spec/database.md §14): schemas are read and handed back,
 * collections that do not exist yet are created with their indexes and initial data.
 */
import { newDocument } from './api/collection.ts'
import { longValues, refuseLongValues } from './api/index-limit.ts'
import { type Now, ObjectIdSource, randomId } from './api/object-id-source.ts'
import type { Doc } from './api/own-member.ts'
import { type DatabaseProfile, type DatabaseProvider, databaseProfiles } from './api/profile.ts'
import { isDocument } from './api/snapshot.ts'
import { toStored } from './api/stored-values.ts'
import { DatabaseError, type DocumentDatabase } from './command.ts'
import { fromExtendedJson } from './seed/extended-json.ts'
import { readIndexEntry } from './seed/index-entry.ts'
import { type SeedFile, type SeedPart, SeedPlan, type SeedProblem } from './seed/seed-plan.ts'

export type { SeedFile, SeedProblem } from './seed/seed-plan.ts'

export interface SeedOptions {
  database: DocumentDatabase
  /** MongoDB database name of the space. */
  name: string
  provider: DatabaseProvider
  files: readonly SeedFile[]
  /** Called for everything that is wrong in a file; the rest goes on. */
  report(problem: SeedProblem): void
  /** For generated ids and `now` in values. Default: the machine's time. */
  clock?: Now
  /** Source of generated ids, if the space shares one. */
  ids?: ObjectIdSource
  /**
   * `missing` (default): only collections that do not exist. `all`: an explicit re-initialisation; existing `_id`s are
   * skipped and reported, documents without one are inserted again, new indexes are added.
   */
  collections?: 'missing' | 'all'
  /** Only these collections. Default: all that the files name. */
  only?: readonly string[]
  /** False leaves the initial data out. Default true. */
  data?: boolean
}

export interface SeedOutcome {
  /** What was written, by collection; existing collections are absent unless all were asked for. */
  seeded: Record<string, SeededCollection>
  /** Schemas by collection, of existing collections as well. */
  schemas: Record<string, { schema: Record<string, unknown>; path: string }>
  /** How many collections there are now. */
  collections: number
}

export interface SeededCollection {
  created: boolean
  /** Indexes that were added. */
  indexes: number
  /** Documents that were inserted. */
  documents: number
  /** Documents of a re-initialisation that were there already, by `_id` or another unique key, if any. */
  skipped?: number
}

/** Seeds a database. Problems in files are reported, never thrown; a failing database is. */
export async function seedDatabase(options: SeedOptions): Promise<SeedOutcome> {
  const plan = await SeedPlan.of(options.files, options.report)
  const existing = await listCollections(options)
  const outcome: SeedOutcome = { seeded: {}, schemas: {}, collections: existing.size }
  for (const collection of plan.collections) {
    if (options.only && !options.only.includes(collection)) continue
    await keepSchema(options, plan, collection, outcome)
    const exists = existing.has(collection)
    if (exists && options.collections !== 'all') continue
    if (!exists) {
      await options.database.command(options.name, { create: collection })
      outcome.collections++
    }
    outcome.seeded[collection] = {
      created: !exists,
      // Indexes first: a document that violates one is then reported by its own line.
      indexes: await createIndexes(options, collection, await plan.part(collection, 'index')),
      ...(await insertDocuments(options, collection, await plan.part(collection, 'data'), exists)),
    }
  }
  return outcome
}

// internals

async function listCollections({ database, name }: SeedOptions): Promise<Set<string>> {
  const reply = await database.command(name, { listCollections: 1, nameOnly: true })
  const { firstBatch } = reply.cursor as { firstBatch: Array<{ name: string }> }
  return new Set(firstBatch.map((collection) => collection.name))
}

async function listIndexes(
  { database, name }: SeedOptions,
  collection: string,
): Promise<Array<{ name: string; key: object }>> {
  const reply = await database.command(name, { listIndexes: collection })
  return (reply.cursor as { firstBatch: Array<{ name: string; key: object }> }).firstBatch
}

async function keepSchema(
  options: SeedOptions,
  plan: SeedPlan,
  collection: string,
  outcome: SeedOutcome,
): Promise<void> {
  const part = await plan.part(collection, 'schema')
  if (!part) return
  if (isDocument(part.value)) outcome.schemas[collection] = { schema: part.value, path: part.file.path }
  else await complain(options, collection, part, [], 'the schema must be an object')
}

async function createIndexes(
  options: SeedOptions,
  collection: string,
  part: SeedPart | undefined,
): Promise<number> {
  let created = 0
  for (const [at, item] of await entries(options, collection, part, 'indexes')) {
    const entry = readIndexEntry(item, profileOf(options))
    if ('skip' in entry) continue
    if ('fault' in entry) {
      await complain(options, collection, part!, [at], entry.fault)
      continue
    }
    for (const remark of entry.remarks) await complain(options, collection, part!, [at], remark, 'warning')
    try {
      const { numIndexesBefore, numIndexesAfter } = await options.database.command(options.name, {
        createIndexes: collection,
        indexes: [{ ...entry.spec }],
      })
      if (numIndexesAfter !== numIndexesBefore) created++
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      const message = `index ${entry.spec.name} is not created: ${error.message}`
      await complain(options, collection, part!, [at], message)
    }
  }
  return created
}

const DUPLICATE_KEY = 11000
/** Documents of one insert command. */
const batchSize = 1000

/** @param exists the collection was there before: what it holds already is no problem */
async function insertDocuments(
  options: SeedOptions,
  collection: string,
  part: SeedPart | undefined,
  exists: boolean,
): Promise<{ documents: number; skipped?: number }> {
  if (options.data === false) return { documents: 0 }
  const convert = documentConverter(options)
  const indexes = await listIndexes(options, collection)
  const documents: Array<{ at: number; document: Doc }> = []
  for (const [at, item] of await entries(options, collection, part, 'documents')) {
    try {
      const warnings: string[] = []
      const document = convert(item, (message) => warnings.push(message))
      refuseLongValues(longValues(document), indexes)
      documents.push({ at, document })
      for (const warning of warnings) await complain(options, collection, part!, [at], warning, 'warning')
    } catch (error) {
      await complain(options, collection, part!, [at], (error as Error).message)
    }
  }
  let inserted = 0
  let skipped = 0
  for (let start = 0; start < documents.length; start += batchSize) {
    const batch = documents.slice(start, start + batchSize)
    const reply = await options.database.command(options.name, {
      insert: collection,
      documents: batch.map(({ document }) => document),
      ordered: false,
    })
    inserted += Number(reply.n)
    for (const error of (reply.writeErrors ?? []) as WriteError[]) {
      if (exists && error.code === DUPLICATE_KEY) skipped++
      else
        await complain(options, collection, part!, [batch[error.index]!.at], `not inserted: ${error.errmsg}`)
    }
  }
  return { documents: inserted, ...(skipped > 0 ? { skipped } : {}) }
}

interface WriteError {
  index: number
  code: number
  errmsg: string
}

/** Imported documents follow the rules of `add()` once their special members are read. */
function documentConverter(options: SeedOptions): (item: unknown, warn: (message: string) => void) => Doc {
  const profile = profileOf(options)
  const clock: Now = options.clock ?? { now: () => Date.now() }
  const ids = options.ids ?? new ObjectIdSource(clock)
  const newId = profile.generatedId === 'random-32' ? randomId : () => ids.next()
  return (item, warn) => {
    const document = fromExtendedJson(item)
    if (!isDocument(document)) throw new Error('a document must be an object')
    return newDocument(document, {
      newId,
      warn,
      stored: (data) => toStored(data, { ...profile, now: clock.now() }) as Doc,
    })
  }
}

async function entries(
  options: SeedOptions,
  collection: string,
  part: SeedPart | undefined,
  what: string,
): Promise<Array<[at: number, item: unknown]>> {
  if (part?.value === undefined) return []
  if (Array.isArray(part.value)) return [...part.value.entries()]
  await complain(options, collection, part, [], `must be an array of ${what}`)
  return []
}

function profileOf({ provider }: SeedOptions): DatabaseProfile {
  return databaseProfiles[provider]
}

async function complain(
  { report }: SeedOptions,
  collection: string,
  part: SeedPart,
  at: Array<string | number>,
  message: string,
  severity: SeedProblem['severity'] = 'error',
): Promise<void> {
  const place = await part.file.place([...part.at, ...at])
  report({ severity, ...place, collection, message })
}
