import { fail } from '../errors.ts'
import { compareValues, identicalValues } from '../values/compare.ts'
import { describeMember } from '../values/describe.ts'
import { getOwn, hasOwn, setOwn } from '../values/own.ts'
import { type Doc, MISSING } from '../values/types.ts'

/**
 * Puts a new document in the place of an old one, which keeps its `_id` when the new one brings none. `_id` comes first.
 * @returns the old document itself when nothing changes
 * @throws code 66 when the `_id` would change
 */
export function replaceDocument(old: Doc, replacement: Doc): Doc {
  const id = getOwn(old, '_id')
  const next = withIdFirst(
    hasOwn(replacement, '_id') || id === MISSING ? replacement : { _id: id, ...replacement },
  )
  if (identicalValues(old, next)) return old
  if (id !== MISSING && compareValues(getOwn(next, '_id'), id) !== 0) {
    fail(
      66,
      `After applying the update, the (immutable) field '_id' was found to have been altered to ${describeMember('_id', getOwn(next, '_id'))}`,
    )
  }
  return next
}

/** @throws code 52 for field names that begin with `$` */
export function checkReplacement(replacement: Doc): void {
  for (const name of Object.keys(replacement)) {
    if (name.startsWith('$')) {
      fail(
        52,
        `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      )
    }
  }
}

/** The document with `_id` as its first field. */
export function withIdFirst(doc: Doc): Doc {
  if (!hasOwn(doc, '_id') || Object.keys(doc)[0] === '_id') return doc
  const copy: Doc = { _id: doc._id }
  for (const key of Object.keys(doc)) {
    if (key !== '_id') setOwn(copy, key, doc[key])
  }
  return copy
}
