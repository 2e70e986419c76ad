import { createFrame } from './aggregate/expression.ts'
import { computeMembers, dropMembers, hasComputed, keepMembers } from './aggregate/stages/projection-tree.ts'
import { fail } from './errors.ts'
import {
  type FindProjection,
  type ProjectionEnv,
  parseFindProjection,
  type Slice,
} from './projection-parser.ts'
import { getOwn, setOwn } from './values/own.ts'
import { type Doc, isDocument, MISSING } from './values/types.ts'

export type { ProjectionEnv } from './projection-parser.ts'

/** Gives the projected copy of a document. @param arrayIndex what the matcher found, for `path.$` */
export type Project = (doc: Doc, arrayIndex?: number) => Doc

/**
 * Compiles the projection of `find` and `findAndModify` (spec/embedded-database.md §6): inclusion or exclusion,
 * `$slice`, `$elemMatch`, the positional `$`, and computed fields as MongoDB has them since 4.4.
 * @throws the locations 31249 to 31325 for whatever is malformed; 51246 while projecting when `path.$` has nothing to
 * point at
 */
export function compileProjection(spec: Doc, env: ProjectionEnv): Project {
  const parsed = parseFindProjection(spec, env)
  const { slices, positional } = parsed
  const base = compileBase(parsed)
  if (slices.length === 0 && positional === undefined) return base
  return (doc, arrayIndex) => {
    let result = base(doc)
    for (const slice of slices) result = mapPath(result, slice.path, 0, (array) => sliced(array, slice))
    return positional === undefined ? result : pickElement(result, positional, 0, arrayIndex)
  }
}

// internals

function compileBase({ inclusion, tree }: FindProjection): (doc: Doc) => Doc {
  const shape = inclusion
    ? (doc: Doc) => keepMembers(doc, tree)
    : tree.size === 0
      ? (doc: Doc) => doc
      : (doc: Doc) => dropMembers(doc, tree)
  if (!hasComputed(tree)) return shape
  const frame = createFrame()
  return (doc) => {
    frame.root = doc
    return computeMembers(shape(doc), tree, frame)
  }
}

/** Replaces the arrays at a path, also those inside elements of arrays on the way. */
function mapPath(doc: Doc, path: readonly string[], at: number, change: (array: unknown[]) => unknown): Doc {
  const name = path[at]
  if (name === undefined) return doc
  const value = getOwn(doc, name)
  if (value === MISSING) return doc
  const last = at === path.length - 1
  const result = last
    ? Array.isArray(value)
      ? change(value)
      : value
    : mapInside(value, path, at + 1, change)
  return result === value ? doc : withMember(doc, name, result)
}

function mapInside(
  value: unknown,
  path: readonly string[],
  at: number,
  change: (array: unknown[]) => unknown,
): unknown {
  if (isDocument(value)) return mapPath(value, path, at, change)
  return Array.isArray(value) ? value.map((element) => mapInside(element, path, at, change)) : value
}

function withMember(doc: Doc, name: string, value: unknown): Doc {
  const copy = { ...doc }
  setOwn(copy, name, value)
  return copy
}

function sliced(array: readonly unknown[], { skip, limit }: Slice): unknown[] {
  if (skip === undefined) return limit >= 0 ? array.slice(0, limit) : array.slice(limit)
  const start = skip < 0 ? Math.max(0, array.length + skip) : skip
  return array.slice(start, start + limit)
}

/** Leaves of the first array on the path only the element that the query matched. */
function pickElement(doc: Doc, path: readonly string[], at: number, index: number | undefined): Doc {
  const name = path[at]
  if (name === undefined) return doc
  const value = getOwn(doc, name)
  if (Array.isArray(value)) {
    if (index === undefined) {
      return fail(51246, "positional operator '.$' couldn't find a matching element in the array")
    }
    if (index >= value.length) return fail(51247, "positional operator '.$' element mismatch")
    return withMember(doc, name, [value[index]])
  }
  return isDocument(value) ? withMember(doc, name, pickElement(value, path, at + 1, index)) : doc
}
