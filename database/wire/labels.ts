import type { Doc } from '../engine/values/types.ts'
import type { SessionFields } from './session-fields.ts'

/**
 * Labels the server puts on an error so that drivers know what to do about it (spec/embedded-database.md §13).
 * @param known those the error has already
 */
export function errorLabels(
  code: number,
  command: Doc,
  session: SessionFields,
  known: readonly string[] = [],
): string[] {
  const labels = new Set([...known, ...concernLabels(code, command, session)])
  const inTransaction = session.autocommit === false
  if (inTransaction && (TRANSIENT.has(code) || (!endsTransaction(command) && RETRYABLE.has(code)))) {
    labels.add('TransientTransactionError')
  }
  return [...labels]
}

/** The labels of an error about a write's confirmation: the write itself has been done. */
export function concernLabels(code: number, command: Doc, session: SessionFields): string[] {
  const retryable =
    endsTransaction(command) || (session.txnNumber !== undefined && session.autocommit !== false)
  return retryable && RETRYABLE.has(code) ? ['RetryableWriteError'] : []
}

// internals

const TRANSIENT: ReadonlySet<number> = new Set([24, 112, 246, 251, 267])
const RETRYABLE: ReadonlySet<number> = new Set([
  6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
])

function endsTransaction(command: Doc): boolean {
  return 'commitTransaction' in command || 'abortTransaction' in command
}
