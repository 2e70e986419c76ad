import { encodeKey } from '../values/keys.ts'
import { setOwn } from '../values/own.ts'
import { type Doc, isDocument } from '../values/types.ts'

/** A key that is equal for documents with the same members in any order, as `$jsonSchema` compares. */
export function unorderedKey(value: unknown): string {
  return encodeKey(sorted(value))
}

// internals

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isDocument(value)) return value
  const copy: Doc = {}
  for (const key of Object.keys(value).sort()) setOwn(copy, key, sorted(value[key]))
  return copy
}
