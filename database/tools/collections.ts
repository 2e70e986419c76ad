import { LocalError } from '../../errors/errors.ts'
import type { DocumentDatabase, Reply } from '../command.ts'

/** A database on a server or in a folder: the waist, and the name to use there. */
export interface DatabasePlace {
  readonly database: DocumentDatabase
  /** MongoDB database name of the space. */
  readonly name: string
}

/** The collections of a database, by name; those the server keeps for itself, and views, are left out. */
export async function listCollections({ database, name }: DatabasePlace): Promise<string[]> {
  const names: string[] = []
  for await (const entry of batches(database, name, { listCollections: 1, nameOnly: true })) {
    const { name: collection, type } = entry as { name: string; type?: string }
    if (type !== 'view' && !collection.startsWith('system.')) names.push(collection)
  }
  return names.sort()
}

/** The indexes of a collection, as `createIndexes` takes them, without the one on `_id`; none when it is not there. */
export async function listIndexes(
  { database, name }: DatabasePlace,
  collection: string,
): Promise<Record<string, unknown>[]> {
  const indexes: Record<string, unknown>[] = []
  try {
    for await (const { v: _, ns: __, ...index } of batches(database, name, { listIndexes: collection })) {
      if (index.name !== '_id_') indexes.push(index)
    }
  } catch (error) {
    if ((error as { code?: unknown }).code !== NAMESPACE_NOT_FOUND) throw error
  }
  return indexes
}

/** How many documents a collection holds, by its own books. */
export async function countDocuments(
  { database, name }: DatabasePlace,
  collection: string,
  query?: object,
): Promise<number> {
  return Number((await database.command(name, { count: collection, ...(query ? { query } : {}) })).n)
}

/**
 * Checks that the collections a user has named exist.
 * @throws LocalError USAGE naming those that do not, with what there is
 */
export function requireCollections(asked: readonly string[], existing: readonly string[]): void {
  const missing = asked.filter((name) => !existing.includes(name))
  if (missing.length === 0) return
  const has = existing.length === 0 ? 'the database is empty' : `there are: ${existing.join(', ')}`
  throw new LocalError('USAGE', `there is no collection ${missing.join(', ')}`, { hint: has })
}

/**
 * All that a cursor command gives, batch after batch; a reader that stops early closes the cursor.
 * @param size documents of the next batch, asked for each; default: as many as the server likes
 */
export async function* batches(
  database: DocumentDatabase,
  name: string,
  command: Readonly<Record<string, unknown>>,
  size?: () => number,
): AsyncGenerator<Record<string, unknown>, void, void> {
  const batchSize = () => (size ? { batchSize: size() } : {})
  const first = 'find' in command ? batchSize() : { cursor: batchSize() }
  let cursor = cursorOf(await database.command(name, { ...command, ...first }))
  const collection = cursor.ns.slice(name.length + 1)
  try {
    for (;;) {
      yield* cursor.batch
      if (isZero(cursor.id)) return
      cursor = cursorOf(await database.command(name, { getMore: cursor.id, collection, ...batchSize() }))
    }
  } finally {
    // Whatever has ended the reading counts; a cursor left open ends by itself.
    if (!isZero(cursor.id)) {
      await database.command(name, { killCursors: collection, cursors: [cursor.id] }).catch(() => {})
    }
  }
}

// internals

const NAMESPACE_NOT_FOUND = 26

interface Batch {
  id: unknown
  ns: string
  batch: Record<string, unknown>[]
}

function cursorOf(reply: Reply): Batch {
  const cursor = reply.cursor as { id: unknown; ns: string; firstBatch?: unknown; nextBatch?: unknown }
  const batch = (cursor.firstBatch ?? cursor.nextBatch ?? []) as Record<string, unknown>[]
  return { id: cursor.id, ns: cursor.ns, batch }
}

/** Ids are numbers, or longs. */
function isZero(id: unknown): boolean {
  return String(id) === '0'
}
