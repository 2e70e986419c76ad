import type { Reply } from '../command.ts'
import type { DatabasePlace } from './collections.ts'

/** What came of the documents of an import so far. */
export interface ImportCount {
  /** Documents found in the file, good or bad. */
  read: number
  inserted: number
  /** Documents that were there and are now as the file has them. */
  replaced: number
  /** Documents that were there already just as the file has them. */
  unchanged: number
  failed: number
}

/** A document that could not be written, by its place in the batch that was sent. */
export interface WriteFault {
  index: number
  code: number
  message: string
}

export interface ImportTarget extends DatabasePlace {
  collection: string
  /** `insert`: a known `_id` is an error; `upsert`: its document is replaced. */
  mode: 'insert' | 'upsert'
  /** The first document that fails is the last one tried. */
  ordered: boolean
}

/**
 * Writes some documents with one command.
 * @returns those that failed; an ordered write ends with the first
 * @throws DatabaseError when the command as a whole fails
 */
export async function writeBatch(
  target: ImportTarget,
  documents: readonly Record<string, unknown>[],
  count: ImportCount,
): Promise<WriteFault[]> {
  const { database, name, collection, mode, ordered } = target
  if (mode === 'insert') {
    const reply = await database.command(name, { insert: collection, documents, ordered })
    count.inserted += Number(reply.n)
    return faultsOf(reply)
  }
  const updates = documents.map((document) => ({
    q: { _id: { $eq: document._id } },
    u: document,
    upsert: true,
  }))
  const reply = await database.command(name, { update: collection, updates, ordered })
  const inserted = ((reply.upserted ?? []) as unknown[]).length
  count.inserted += inserted
  count.replaced += Number(reply.nModified)
  count.unchanged += Number(reply.n) - inserted - Number(reply.nModified)
  return faultsOf(reply)
}

// internals

function faultsOf({ writeErrors }: Reply): WriteFault[] {
  return ((writeErrors ?? []) as { index: number; code: number; errmsg: string }[]).map(
    ({ index, code, errmsg }) => ({ index, code, message: errmsg }),
  )
}
