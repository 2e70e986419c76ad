import { fail } from '../engine/errors.ts'
import { isDocument } from '../engine/values/types.ts'

/** A place in the row of changes: behind that change of that commit. */
export interface Position {
  /** Number of the commit. */
  readonly seq: number
  /** Place in the commit; {@link WHOLE} stands behind all of it. */
  readonly index: number
}

export const WHOLE = 0xffff_ffff

/** A position as clients keep it. Tokens compare like the positions they stand for. */
export function tokenOf({ seq, index }: Position): { _data: string } {
  return { _data: hex(seq, 16) + hex(index, 8) }
}

/** @throws DatabaseError 260 for what is no token of ours */
export function positionOf(token: unknown): Position {
  const data = isDocument(token) ? token._data : undefined
  if (typeof data !== 'string' || !/^[0-9a-f]{24}$/i.test(data)) {
    return fail(260, 'The resume token is not one of this database')
  }
  return { seq: Number.parseInt(data.slice(0, 16), 16), index: Number.parseInt(data.slice(16), 16) }
}

// internals

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
