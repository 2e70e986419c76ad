import { Timestamp } from 'bson'
import type { FeedChange } from '../engine/change-feed.ts'
import type { Doc } from '../engine/values/types.ts'
import { type Position, tokenOf } from './resume-token.ts'

/** Which parts of a document an event carries besides what every event does. */
export interface EventParts {
  /** Updates carry the document as the update has left it. */
  readonly fullDocument: boolean
  /** The member for the version before is there, but empty: none is kept. */
  readonly beforeChange: boolean
}

/** A change as change streams tell it (spec/embedded-database.md §15). */
export function eventOf(change: FeedChange, parts: EventParts): Doc {
  const { kind, database, collection, document, id, update, time, seq } = change
  const shown = kind === 'insert' || kind === 'replace' || (kind === 'update' && parts.fullDocument)
  return {
    _id: tokenOf(change),
    operationType: kind,
    clusterTime: new Timestamp({ t: Math.floor(time.getTime() / 1000), i: (seq + 1) >>> 0 }),
    wallTime: time,
    ...(shown ? { fullDocument: document ?? null } : {}),
    ns: { db: database, coll: collection },
    ...(kind === 'drop' ? {} : { documentKey: { _id: id } }),
    ...(kind === 'update' ? { updateDescription: update ?? UNKNOWN_UPDATE } : {}),
    ...(parts.beforeChange && kind !== 'insert' && kind !== 'drop' ? { fullDocumentBeforeChange: null } : {}),
  }
}

/** The event that ends the stream of a collection that is gone. */
export function invalidation(position: Position, time: Date): Doc {
  return {
    _id: tokenOf(position),
    operationType: 'invalidate',
    clusterTime: new Timestamp({ t: Math.floor(time.getTime() / 1000), i: (position.seq + 1) >>> 0 }),
    wallTime: time,
  }
}

// internals

/** Of updates before the first stream was opened nothing was noted. */
const UNKNOWN_UPDATE = { updatedFields: {}, removedFields: [], truncatedArrays: [] }
