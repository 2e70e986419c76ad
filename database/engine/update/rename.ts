import { fail } from '../errors.ts'
import { describeElement, describeMember } from '../values/describe.ts'
import { getOwn, setOwn } from '../values/own.ts'
import { isIndex, parsePath } from '../values/paths.ts'
import { type Doc, isDocument, MISSING } from '../values/types.ts'
import { documentId } from './document-id.ts'
import type { Leaf } from './node.ts'

/** One `$rename`. The leaf sets the target; {@link removeSource} takes the source away afterwards. */
export interface Rename {
  readonly from: string
  readonly to: string
  readonly leaf: Leaf
}

/** @throws code 2 for a target that is no string, the same path, one path inside the other, or a dynamic one */
export function parseRename(from: string, to: unknown): Rename {
  if (typeof to !== 'string') {
    return fail(2, `The 'to' field for $rename must be a string: ${describeMember(from, to)}`)
  }
  if (to.includes('\0')) fail(2, "The 'to' field for $rename cannot contain an embedded null byte")
  const shown = describeMember(from, to)
  if (from === to) fail(2, `The source and target field for $rename must differ: ${shown}`)
  if (to.startsWith(`${from}.`) || from.startsWith(`${to}.`)) {
    fail(2, `The source and target field for $rename must not be on the same path: ${shown}`)
  }
  if (isDynamic(from)) fail(2, `The source field for $rename may not be dynamic: ${from}`)
  if (isDynamic(to)) fail(2, `The destination field for $rename may not be dynamic: ${to}`)
  return { from, to, leaf: renameLeaf(from, to) }
}

/** The document without the source of the rename; the same document when it has none. */
export function removeSource(doc: Doc, { from }: Rename): Doc {
  const result = withoutPath(doc, parsePath(from))
  if (from === '_id' && result !== doc) {
    fail(66, `Unsetting the path '${from}' using $rename would modify the immutable field '_id'`)
  }
  return result
}

// internals

function isDynamic(path: string): boolean {
  return parsePath(path).some((segment) => segment === '$' || /^\$\[.*\]$/.test(segment))
}

function renameLeaf(from: string, to: string): Leaf {
  return {
    kind: 'leaf',
    apply(value, { original }) {
      const source = findSource(original, from)
      if (source === MISSING) return value
      checkTarget(original, to)
      return source
    },
  }
}

/** The value at the source path. Arrays on the way are refused. */
function findSource(doc: Doc, from: string): unknown {
  const segments = parsePath(from)
  let value: unknown = doc
  let array: string | undefined
  for (const [at, segment] of segments.entries()) {
    if (Array.isArray(value) && isIndex(segment)) {
      array ??= segments[at - 1]
      value = Number(segment) < value.length ? value[Number(segment)] : MISSING
    } else if (isDocument(value)) {
      value = getOwn(value, segment)
    } else {
      return fail(
        28,
        `cannot use the part (${segments[at - 1]} of ${from}) to traverse the element (${describeElement(segments[at - 1] ?? '', value)})`,
      )
    }
    if (value === MISSING) return MISSING
  }
  if (array !== undefined) refuseArray('source', from, array, doc)
  return value
}

function checkTarget(doc: Doc, to: string): void {
  let value: unknown = doc
  for (const [at, segment] of parsePath(to).entries()) {
    if (Array.isArray(value)) refuseArray('destination', to, parsePath(to)[at - 1] ?? '', doc)
    if (!isDocument(value)) return
    value = getOwn(value, segment)
  }
}

function refuseArray(role: 'source' | 'destination', path: string, array: string, doc: Doc): never {
  return fail(
    2,
    `The ${role} field cannot be an array element, '${path}' in doc with ${documentId(doc)} has an array field called '${array}'`,
  )
}

function withoutPath(doc: Doc, [first = '', ...rest]: readonly string[]): Doc {
  const value = getOwn(doc, first)
  if (value === MISSING) return doc
  if (rest.length > 0 && !isDocument(value)) return doc
  const inner = rest.length === 0 ? MISSING : withoutPath(value as Doc, rest)
  if (inner === value) return doc
  const copy: Doc = {}
  for (const key of Object.keys(doc)) {
    if (key !== first) setOwn(copy, key, doc[key])
    else if (inner !== MISSING) setOwn(copy, key, inner)
  }
  return copy
}
