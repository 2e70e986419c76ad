import type { Doc } from '../engine/values/types.ts'
import type { SessionFields } from './session-fields.ts'

/**
 * Labels the server puts on an error so that drivers know what to do about it (spec/embedded-database.md §13).
 * @param known those the error has already
 */
export function errorLabels(
  code: number | undefined,
  command: Doc,
  session: SessionFields,
  known: readonly string[] = [],
): string[] {
  const labels = new Set(known)
  if (code === undefined) return [...labels]
  const ends = 'commitTransaction' in command || 'abortTransaction' in command
  const inTransaction = session.autocommit === false
  if (inTransaction && (TRANSIENT.has(code) || (!ends && RETRYABLE.has(code)))) {
    labels.add('TransientTransactionError')
  }
  if (RETRYABLE.has(code) && (ends || (session.txnNumber !== undefined && !inTransaction))) {
    labels.add('RetryableWriteError')
  }
  return [...labels]
}

// internals

const TRANSIENT: ReadonlySet<number> = new Set([24, 112, 246, 251, 267])
const RETRYABLE: ReadonlySet<number> = new Set([
  6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
])
