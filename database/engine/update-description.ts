import { equalValues } from './values/compare.ts'
import { type Doc, isDocument } from './values/types.ts'

/** What an update has changed, as change streams tell it (spec/embedded-database.md §15). */
export interface UpdateDescription {
  readonly updatedFields: Doc
  readonly removedFields: string[]
  readonly truncatedArrays: { readonly field: string; readonly newSize: number }[]
}

/** The difference between two versions of a document, in dotted paths. */
export function describeUpdate(before: Doc, after: Doc): UpdateDescription {
  const description: UpdateDescription = { updatedFields: {}, removedFields: [], truncatedArrays: [] }
  compareDocuments(before, after, '', description)
  return description
}

// internals

function compareDocuments(before: Doc, after: Doc, prefix: string, description: UpdateDescription): void {
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) description.removedFields.push(prefix + name)
  }
  for (const [name, value] of Object.entries(after)) {
    if (Object.hasOwn(before, name)) compareMember(before[name], value, prefix + name, description)
    else description.updatedFields[prefix + name] = value
  }
}

function compareMember(before: unknown, after: unknown, path: string, description: UpdateDescription): void {
  if (before === after) return
  if (isDocument(before) && isDocument(after)) {
    compareDocuments(before, after, `${path}.`, description)
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareArrays(before, after, path, description)
  } else if (!equalValues(before, after)) {
    description.updatedFields[path] = after
  }
}

function compareArrays(
  before: readonly unknown[],
  after: readonly unknown[],
  path: string,
  description: UpdateDescription,
): void {
  // An array that has become empty is told as it is: a size of nothing would hide what it was before.
  if (after.length === 0 && before.length > 0) {
    description.updatedFields[path] = after
    return
  }
  if (after.length < before.length) {
    description.truncatedArrays.push({ field: path, newSize: after.length })
  }
  for (const [at, element] of after.entries()) {
    if (at >= before.length) description.updatedFields[`${path}.${at}`] = element
    else compareMember(before[at], element, `${path}.${at}`, description)
  }
}
