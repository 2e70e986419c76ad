import type { Doc } from '../values/types.ts'
import { aggregate, endsInWrite } from './aggregate.ts'
import {
  collMod,
  create,
  drop,
  dropDatabase,
  listCollections,
  listDatabases,
  renameCollection,
} from './collections.ts'
import type { Handler } from './context.ts'
import { count } from './count.ts'
import { getMore, killCursors } from './cursor-commands.ts'
import { remove } from './delete.ts'
import { distinct } from './distinct.ts'
import { explain } from './explain.ts'
import { find } from './find.ts'
import { findAndModify } from './find-and-modify.ts'
import { createIndexes, dropIndexes, listIndexes } from './indexes.ts'
import { insert } from './insert.ts'
import { endSessions, noTransaction, ping, refreshSessions } from './sessions.ts'
import { collStats, dbStats } from './statistics.ts'
import { update } from './update.ts'
import { validate } from './validate.ts'

/** How a command is run. */
export interface CommandEntry {
  readonly run: Handler
  /** `read`: may take turns with others. `write`: runs to its end at once and is stored as one commit. */
  readonly kind: 'read' | 'write'
  /** Tells which commands of a kind that reads do write after all. */
  readonly writes?: (command: Doc) => boolean
  /** May be run inside a transaction; the rest get 263. */
  readonly transactional: boolean
}

/** Every command the engine knows (spec/embedded-database.md §4); any other name is answered with 59. */
export const COMMANDS: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  ['find', { run: find, kind: 'read', transactional: true }],
  ['getMore', { run: getMore, kind: 'read', transactional: true }],
  ['killCursors', { run: killCursors, kind: 'read', transactional: true }],
  ['aggregate', { run: aggregate, kind: 'read', writes: endsInWrite, transactional: true }],
  ['count', { run: count, kind: 'read', transactional: false }],
  ['distinct', { run: distinct, kind: 'read', transactional: true }],
  ['explain', { run: explain, kind: 'read', transactional: false }],
  ['insert', { run: insert, kind: 'write', transactional: true }],
  ['update', { run: update, kind: 'write', transactional: true }],
  ['delete', { run: remove, kind: 'write', transactional: true }],
  ['findAndModify', { run: findAndModify, kind: 'write', transactional: true }],
  ['findandmodify', { run: findAndModify, kind: 'write', transactional: true }],
  ['create', { run: create, kind: 'write', transactional: true }],
  ['createIndexes', { run: createIndexes, kind: 'write', transactional: true }],
  ['collMod', { run: collMod, kind: 'write', transactional: false }],
  ['drop', { run: drop, kind: 'write', transactional: false }],
  ['dropDatabase', { run: dropDatabase, kind: 'write', transactional: false }],
  ['dropIndexes', { run: dropIndexes, kind: 'write', transactional: false }],
  ['deleteIndexes', { run: dropIndexes, kind: 'write', transactional: false }],
  ['renameCollection', { run: renameCollection, kind: 'write', transactional: false }],
  ['listIndexes', { run: listIndexes, kind: 'read', transactional: false }],
  ['listCollections', { run: listCollections, kind: 'read', transactional: false }],
  ['listDatabases', { run: listDatabases, kind: 'read', transactional: false }],
  ['dbStats', { run: dbStats, kind: 'read', transactional: false }],
  ['dbstats', { run: dbStats, kind: 'read', transactional: false }],
  ['collStats', { run: collStats, kind: 'read', transactional: false }],
  ['collstats', { run: collStats, kind: 'read', transactional: false }],
  ['validate', { run: validate, kind: 'read', transactional: false }],
  ['ping', { run: ping, kind: 'read', transactional: true }],
  ['commitTransaction', { run: noTransaction, kind: 'read', transactional: true }],
  ['abortTransaction', { run: noTransaction, kind: 'read', transactional: true }],
  ['endSessions', { run: endSessions, kind: 'read', transactional: false }],
  ['killSessions', { run: endSessions, kind: 'read', transactional: false }],
  ['refreshSessions', { run: refreshSessions, kind: 'read', transactional: false }],
])
