import { fail } from './errors.ts'
import { type Doc, isDocument } from './values/types.ts'

/** True for a command that asks for the disk: its `writeConcern` has `j: true`. */
export function wantsJournal({ writeConcern }: Doc): boolean {
  return isDocument(writeConcern) && (writeConcern.j === true || writeConcern.j === 1)
}

/** @throws DatabaseError 72 for a snapshot outside a transaction, which there is none of */
export function refuseSnapshotReads({ readConcern }: Doc): void {
  if (!isDocument(readConcern) || readConcern.level !== 'snapshot') return
  fail(
    72,
    "readConcern 'snapshot' outside a transaction is not available in the embedded database; start a transaction",
  )
}
