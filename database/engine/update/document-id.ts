import { describeMember } from '../values/describe.ts'
import { getOwn } from '../values/own.ts'
import { type Doc, MISSING } from '../values/types.ts'

/** The `_id` as error texts name a document: `_id: 1`. */
export function documentId(doc: Doc): string {
  const id = getOwn(doc, '_id')
  return id === MISSING ? 'no id' : describeMember('_id', id)
}
