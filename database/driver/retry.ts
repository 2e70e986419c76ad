import { MongoError, MongoServerSelectionError } from 'mongodb'
import { type Doc, isDocument } from '../engine/values/types.ts'
import { isRoadFailure } from './road.ts'

/**
 * What may be sent a second time. The driver retries through its typed helpers only; the waist's commands go as they
 * are, so that their replies come back whole, and are retried here by the same rules (same number), twice: a server that
 * was restarted may have left more than one dead connection.
 */

/** True for writes the server recognises when they come again with the same `txnNumber`. */
export function isRetryableWrite(name: string, command: Doc): boolean {
  switch (name) {
    case 'insert':
    case 'findAndModify':
    case 'findandmodify':
      return true
    case 'update':
      return !statements(command.updates).some(({ multi }) => multi === true)
    case 'delete':
      return !statements(command.deletes).some(({ limit }) => Number(limit ?? 0) === 0)
    default:
      return false
  }
}

/** True for commands that change nothing. */
export function isRetryableRead(name: string, command: Doc): boolean {
  if (name !== 'aggregate') return READS.has(name)
  const { pipeline } = command
  return !(
    Array.isArray(pipeline) &&
    pipeline.some((stage) => isDocument(stage) && ('$out' in stage || '$merge' in stage))
  )
}

/** True when the failure was one of the road and not of the command. */
export function worthRetry(error: unknown, kind: 'read' | 'write'): boolean {
  // A search for the server has waited long enough.
  if (error instanceof MongoServerSelectionError) return false
  if (isRoadFailure(error)) return true
  if (!(error instanceof MongoError)) return false
  if (kind === 'write') return error.hasErrorLabel('RetryableWriteError')
  return RETRYABLE_READ.has(Number(error.code))
}

/**
 * Runs something that may be run again.
 * @param again tells whether a failure is worth another try
 */
export async function retrying<T>(run: () => Promise<T>, again: (error: unknown) => boolean): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !again(error)) throw error
    }
  }
}

/** True when a write was done but not confirmed for a reason that may pass. */
export function unconfirmed(reply: Doc): boolean {
  const { errorLabels } = reply
  return Array.isArray(errorLabels) && errorLabels.includes('RetryableWriteError')
}

// internals

const MAX_ATTEMPTS = 3

const READS: ReadonlySet<string> = new Set([
  'find',
  'count',
  'distinct',
  'listCollections',
  'listIndexes',
  'listDatabases',
  'explain',
  'dbStats',
  'dbstats',
  'collStats',
  'collstats',
  'ping',
])

const RETRYABLE_READ: ReadonlySet<number> = new Set([
  6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
])

function statements(list: unknown): Doc[] {
  return Array.isArray(list) ? list.filter(isDocument) : []
}
