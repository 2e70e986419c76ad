import type { Collection } from '../catalog.ts'
import { fail } from '../errors.ts'
import type { Pause } from '../pause.ts'
import type { Reading } from '../planner/reading.ts'
import type { EngineState } from '../state.ts'
import type { LiveUnit } from '../transactions/live-unit.ts'
import type { Session } from '../transactions/sessions.ts'
import type { Transaction } from '../transactions/transaction.ts'
import type { CollectionView } from '../transactions/unit.ts'
import type { Doc } from '../values/types.ts'

/** What a command works with. */
export interface Context {
  readonly state: EngineState
  readonly database: string
  /** What it reads from and writes to: the live collections, or its transaction. */
  readonly unit: LiveUnit | Transaction
  readonly session: Session | undefined
  /** The carrier the command came through; cursors belong to it. */
  readonly owner: object | undefined
  /** `$$NOW`: one instant for the whole command. */
  readonly now: Date
  readonly pause: Pause
  /** What the command has open to read from. */
  readonly reading: Reading
}

/**
 * A command. Those that write answer at once, so that nothing comes in between; those that only read may take turns
 * with others.
 */
export type Handler = (context: Context, command: Doc) => Doc | Promise<Doc>

/** The collection's view, or undefined when there is no such collection. */
export function viewOf(context: Context, name: string): CollectionView | undefined {
  const collection = context.unit.find(context.database, name)
  return collection && context.unit.view(collection)
}

/** The collection to write to, made when it is not there. */
export function collectionToWrite(context: Context, name: string): Collection {
  return context.unit.find(context.database, name) ?? context.unit.create(context.database, name, {})
}

/** The unit of a command that changes the catalogue, which no transaction may do. */
export function liveUnit(context: Context, command: string): LiveUnit {
  const { unit } = context
  if (unit.inTransaction) fail(263, `Cannot run '${command}' in a multi-document transaction.`)
  return unit as LiveUnit
}
