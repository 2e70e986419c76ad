import { DatabaseError } from '../../command.ts'
import { databaseError } from '../errors.ts'

/** Inside a transaction some errors invite the caller to try the whole of it again: they get a label that says so. */
export function labelled(error: unknown): unknown {
  if (!(error instanceof DatabaseError) || !TRANSIENT.has(error.code)) return error
  if (error.hasErrorLabel('TransientTransactionError')) return error
  return databaseError(error.code, error.message, {
    errorLabels: [...error.errorLabels, 'TransientTransactionError'],
    cause: error,
  })
}

// internals

const TRANSIENT: ReadonlySet<number> = new Set([24, 112, 246, 251, 267])
