import { sessionId } from '../engine/commands/sessions.ts'
import { fail } from '../engine/errors.ts'
import type { SessionCall } from '../engine/transactions/sessions.ts'
import { isNumber, toDouble } from '../engine/values/numbers.ts'
import { type Doc, isDocument } from '../engine/values/types.ts'

/** The members of a command that name its session. */
export interface SessionFields {
  readonly txnNumber?: number
  readonly autocommit?: false
}

/** Those members, unchecked: enough to label an error. */
export function sessionFields(command: Doc): SessionFields {
  const { txnNumber, autocommit } = command
  return {
    ...(isNumber(txnNumber) ? { txnNumber: toDouble(txnNumber) } : {}),
    ...(autocommit === false ? { autocommit } : {}),
  }
}

/**
 * The session a command runs in, as the engine knows sessions.
 * @throws DatabaseError 72 when the members contradict each other
 */
export function sessionOf(command: Doc): SessionCall | undefined {
  const { lsid, txnNumber, autocommit, startTransaction } = command
  if (lsid === undefined) {
    if (txnNumber !== undefined) fail(72, 'Transaction number requires a session ID to also be specified')
    return undefined
  }
  const id = isDocument(lsid) ? sessionId(lsid.id) : undefined
  if (id === undefined) return fail(14, "BSON field 'OperationSessionInfo.lsid' must hold a UUID as its id")
  if (txnNumber === undefined) {
    if (autocommit !== undefined)
      fail(72, "'autocommit' field requires a transaction number to also be specified")
    return { id }
  }
  if (!isNumber(txnNumber)) fail(14, "BSON field 'OperationSessionInfo.txnNumber' must be of type 'long'")
  if (autocommit === true) {
    fail(72, 'Specifying autocommit=true is not allowed.')
  }
  if (autocommit === undefined && startTransaction !== undefined) {
    fail(72, "'startTransaction' field requires 'autocommit' field to also be specified")
  }
  if (autocommit === false) checkTransaction(command)
  const { autocommit: inTransaction } = sessionFields(command)
  return {
    id,
    txnNumber: toDouble(txnNumber),
    ...(inTransaction === false ? { autocommit: false } : {}),
    ...(startTransaction === true ? { startTransaction: true } : {}),
  }
}

// internals

/** Concerns belong to a transaction as a whole. */
function checkTransaction(command: Doc): void {
  const ends = 'commitTransaction' in command || 'abortTransaction' in command
  if (command.startTransaction === false) fail(72, 'Specifying startTransaction=false is not allowed.')
  if (command.writeConcern !== undefined && !ends) {
    fail(72, 'writeConcern is not allowed within a multi-statement transaction')
  }
  if (command.readConcern !== undefined && command.startTransaction !== true) {
    fail(72, 'Only the first command in a transaction may specify a readConcern')
  }
}
